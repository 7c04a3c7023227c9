package secrets

import (
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

type ListSecretsRequest struct {
	Filters              *string // JSON [{"Key":…,"Values":[…]}], ≤ 10
	FetchTags            *string // "true" or "false"
	PageNumber, PageSize *int64
}

type listedSecret struct {
	CreateTime             string
	PlannedDeleteTime      string `json:",omitempty"`
	SecretName, SecretType string
	Tags                   *secretTagList `json:",omitempty"`
	UpdateTime             string
}

type ListSecretsResponse struct {
	PageNumber, PageSize int
	SecretList           struct{ Secret []listedSecret }
	TotalCount           int
}

// listSecrets pages through the secrets by creation, those that wait for deletion
// included (KMS: ListSecrets).
func listSecrets(e *core.Engine, c *core.Call, in *ListSecretsRequest) (*ListSecretsResponse, error) {
	p, err := core.PageOf(in.PageNumber, in.PageSize, core.SecretPageMax)
	if err != nil {
		return nil, err
	}
	fetch, err := textFlag("FetchTags", in.FetchTags, false)
	if err != nil {
		return nil, err
	}
	passes, err := secretFilter(e, core.Text(in.Filters))
	if err != nil {
		return nil, err
	}
	out := &ListSecretsResponse{PageNumber: p.Number, PageSize: p.Size}
	out.SecretList.Secret = []listedSecret{}
	add := func(s *core.Secret) {
		row := listedSecret{
			CreateTime: core.Timestamp(s.Created), PlannedDeleteTime: core.Timestamp(s.DeleteAt),
			SecretName: s.Name, SecretType: s.Type, UpdateTime: core.Timestamp(s.Updated),
		}
		if fetch {
			row.Tags = tagList(e.TagsOfSecret(s))
		}
		out.SecretList.Secret = append(out.SecretList.Secret, row)
	}
	err = e.View(func(tx *store.Tx) error {
		out.TotalCount = pageSecrets(e, tx, c, p, passes, add)
		return nil
	})
	return out, err
}

// pageSecrets gives add one page of the secrets that pass; without a filter its
// cost is that of the page.
func pageSecrets(e *core.Engine, tx *store.Tx, c *core.Call, p core.Page, passes func(*core.Secret) bool, add func(*core.Secret)) (total int) {
	if passes == nil {
		return core.ListPage(tx, e.Table.Secrets, core.ByCreation, c.Scope(""), p, add)
	}
	for _, s := range e.Table.Secrets.ScanIndex(tx, core.ByCreation, c.Scope(""), 0) {
		if !passes(s) {
			continue
		}
		if total >= p.Offset() && total < p.Offset()+p.Size {
			add(s)
		}
		total++
	}
	return total
}

// secretFilter reads Filters, up to ten pairs, which must all pass; nil lets everything
// pass (KMS: ListSecrets, 2025-10; older pages allow one pair). Names and descriptions match
// when they contain a value, tag keys and values when they equal one.
func secretFilter(e *core.Engine, s string) (func(*core.Secret) bool, error) {
	filters, err := core.ParseFilters(s, func(key string) bool {
		return slices.Contains([]string{filterName, filterDescription, filterTagKey, filterTagValue}, key)
	})
	if err != nil || len(filters) == 0 {
		return nil, err
	}
	return func(s *core.Secret) bool {
		return filters.MatchBy(func(key, value string) bool { return secretMatches(e, s, key, value) })
	}, nil
}

// The keys of Filters.
const (
	filterName        = "SecretName"
	filterDescription = "Description"
	filterTagKey      = "TagKey"
	filterTagValue    = "TagValue"
)

func secretMatches(e *core.Engine, s *core.Secret, key, value string) bool {
	part := func(text string) bool {
		return text == value || undocumented.FilterSecretsByPart && strings.Contains(text, value)
	}
	switch key {
	case filterName:
		return part(s.Name)
	case filterDescription:
		return part(s.Description)
	case filterTagKey:
		_, has := e.TagsOfSecret(s)[value]
		return has
	}
	return slices.Contains(slices.Collect(maps.Values(e.TagsOfSecret(s))), value)
}

type ListSecretVersionIDsRequest struct {
	SecretName           *string // required
	IncludeDeprecated    *string // "true" or "false"
	PageNumber, PageSize *int64
}

type listedSecretVersion struct {
	CreateTime, VersionId string
	VersionStages         versionStages
}

type ListSecretVersionIDsResponse struct {
	PageNumber, PageSize int
	SecretName           string
	TotalCount           int
	VersionIds           struct{ VersionId []listedSecretVersion }
}

// listSecretVersionIDs pages through the versions, oldest first; those without a
// label are deprecated and hidden unless asked for (KMS: ListSecretVersionIds).
func listSecretVersionIDs(e *core.Engine, c *core.Call, in *ListSecretVersionIDsRequest) (*ListSecretVersionIDsResponse, error) {
	p, err := core.PageOf(in.PageNumber, in.PageSize, core.SecretPageMax)
	if err != nil {
		return nil, err
	}
	deprecated, err := textFlag("IncludeDeprecated", in.IncludeDeprecated, false)
	if err != nil {
		return nil, err
	}
	out := &ListSecretVersionIDsResponse{PageNumber: p.Number, PageSize: p.Size}
	out.VersionIds.VersionId = []listedSecretVersion{}
	err = e.View(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "ListSecretVersionIds", core.Text(in.SecretName))
		if err != nil {
			return err
		}
		all := versionsOf(e, tx, s)
		if !deprecated {
			all = slices.DeleteFunc(all, func(v *core.SecretVersion) bool { return len(v.Stages) == 0 })
		}
		out.SecretName, out.TotalCount = s.Name, len(all)
		for _, v := range core.Cut(all, p) {
			out.VersionIds.VersionId = append(out.VersionIds.VersionId, listedSecretVersion{core.Timestamp(v.Created), v.ID, stagesAnswer(v)})
		}
		return nil
	})
	return out, err
}
