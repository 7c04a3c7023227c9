package engine

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

type listSecretsRequest struct {
	Filters              *string // JSON [{"Key":…,"Values":[…]}], one pair
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

type listSecretsResponse struct {
	PageNumber, PageSize int
	SecretList           struct{ Secret []listedSecret }
	TotalCount           int
}

// listSecrets pages through the secrets by creation, those that wait for deletion
// included (KMS: ListSecrets).
func (e *Engine) listSecrets(c *Call, in *listSecretsRequest) (*listSecretsResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, secretPageMax)
	if err != nil {
		return nil, err
	}
	fetch, err := textFlag("FetchTags", in.FetchTags, false)
	if err != nil {
		return nil, err
	}
	passes, err := e.secretFilter(text(in.Filters))
	if err != nil {
		return nil, err
	}
	out := &listSecretsResponse{PageNumber: p.number, PageSize: p.size}
	out.SecretList.Secret = []listedSecret{}
	add := func(s *Secret) {
		row := listedSecret{
			CreateTime: timestamp(s.Created), PlannedDeleteTime: timestamp(s.DeleteAt),
			SecretName: s.Name, SecretType: s.Type, UpdateTime: timestamp(s.Updated),
		}
		if fetch {
			row.Tags = tagList(e.tagsOfSecret(s))
		}
		out.SecretList.Secret = append(out.SecretList.Secret, row)
	}
	err = e.view(func(tx *store.Tx) error {
		out.TotalCount = e.pageSecrets(tx, c, p, passes, add)
		return nil
	})
	return out, err
}

// pageSecrets gives add one page of the secrets that pass; without a filter its
// cost is that of the page.
func (e *Engine) pageSecrets(tx *store.Tx, c *Call, p page, passes func(*Secret) bool, add func(*Secret)) (total int) {
	if passes == nil {
		return listPage(tx, e.table.secrets, byCreation, c.scope(""), p, add)
	}
	for _, s := range e.table.secrets.ScanIndex(tx, byCreation, c.scope(""), 0) {
		if !passes(s) {
			continue
		}
		if total >= p.offset() && total < p.offset()+p.size {
			add(s)
		}
		total++
	}
	return total
}

// secretFilter reads Filters; nil lets everything pass. Names and descriptions
// match when they contain a value, tag keys and values when they equal one.
func (e *Engine) secretFilter(s string) (func(*Secret) bool, error) {
	if s == "" {
		return nil, nil
	}
	var items []struct {
		Key    string
		Values []string
	}
	if err := parseJSON("Filters", s, &items); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, nil
	}
	if len(items) > 1 {
		return nil, errInvalidParameter("Filters")
	}
	values := items[0].Values
	within := func(s string) bool {
		return slices.ContainsFunc(values, func(v string) bool {
			return s == v || undocumented.FilterSecretsByPart && strings.Contains(s, v)
		})
	}
	switch items[0].Key {
	case "SecretName":
		return func(s *Secret) bool { return within(s.Name) }, nil
	case "Description":
		return func(s *Secret) bool { return within(s.Description) }, nil
	case "TagKey":
		return func(s *Secret) bool {
			return slices.ContainsFunc(values, func(v string) bool { _, has := e.tagsOfSecret(s)[v]; return has })
		}, nil
	case "TagValue":
		return func(s *Secret) bool {
			for _, value := range e.tagsOfSecret(s) {
				if slices.Contains(values, value) {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, errInvalidParameter("Filters")
}

type listSecretVersionIDsRequest struct {
	SecretName           *string // required
	IncludeDeprecated    *string // "true" or "false"
	PageNumber, PageSize *int64
}

type listedSecretVersion struct {
	CreateTime, VersionId string
	VersionStages         versionStages
}

type listSecretVersionIDsResponse struct {
	PageNumber, PageSize int
	SecretName           string
	TotalCount           int
	VersionIds           struct{ VersionId []listedSecretVersion }
}

// listSecretVersionIDs pages through the versions, oldest first; those without a
// label are deprecated and hidden unless asked for (KMS: ListSecretVersionIds).
func (e *Engine) listSecretVersionIDs(c *Call, in *listSecretVersionIDsRequest) (*listSecretVersionIDsResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, secretPageMax)
	if err != nil {
		return nil, err
	}
	deprecated, err := textFlag("IncludeDeprecated", in.IncludeDeprecated, false)
	if err != nil {
		return nil, err
	}
	out := &listSecretVersionIDsResponse{PageNumber: p.number, PageSize: p.size}
	out.VersionIds.VersionId = []listedSecretVersion{}
	err = e.view(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "ListSecretVersionIds", text(in.SecretName))
		if err != nil {
			return err
		}
		all := e.versionsOf(tx, s)
		if !deprecated {
			all = slices.DeleteFunc(all, func(v *SecretVersion) bool { return len(v.Stages) == 0 })
		}
		out.SecretName, out.TotalCount = s.Name, len(all)
		for _, v := range cut(all, p) {
			out.VersionIds.VersionId = append(out.VersionIds.VersionId, listedSecretVersion{timestamp(v.Created), v.ID, stagesAnswer(v)})
		}
		return nil
	})
	return out, err
}
