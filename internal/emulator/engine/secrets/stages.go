package secrets

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// The service's own stage labels.
const (
	stageCurrent  = "ACSCurrent"
	stagePrevious = "ACSPrevious"
)

var stageNames = pattern.New(undocumented.StagePattern)

// secretVersions are all versions of one secret, oldest first, in memory while an
// operation moves labels between them.
type secretVersions []*core.SecretVersion

func versionsOf(e *core.Engine, tx *store.Tx, s *core.Secret) secretVersions {
	all := make(secretVersions, 0, len(s.Versions))
	for _, id := range s.Versions {
		if v, found := e.Table.SecretVersion.Get(tx, core.SecretVersionPlace(s.Account, s.Region, s.Name, id)); found {
			all = append(all, &v)
		}
	}
	return all
}

// saveVersions stores the secret and its versions, and deletes those that are no
// longer listed.
func saveVersions(e *core.Engine, tx *store.Tx, s *core.Secret, all secretVersions) {
	kept := make([]string, 0, len(all))
	for _, v := range all {
		kept = append(kept, v.ID)
		putSecretVersion(e, tx, v)
	}
	for _, id := range s.Versions {
		if !slices.Contains(kept, id) {
			e.Table.SecretVersion.Delete(tx, core.SecretVersionPlace(s.Account, s.Region, s.Name, id))
		}
	}
	s.Versions = kept
	putSecret(e, tx, s)
}

func (all secretVersions) byID(id string) *core.SecretVersion {
	for _, v := range all {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// holder finds the one version with the label; nil if none has it.
func (all secretVersions) holder(stage string) *core.SecretVersion {
	for _, v := range all {
		if slices.Contains(v.Stages, stage) {
			return v
		}
	}
	return nil
}

// take removes the label from whichever version has it.
func (all secretVersions) take(stage string) {
	if v := all.holder(stage); v != nil {
		v.Stages = slices.DeleteFunc(v.Stages, func(s string) bool { return s == stage })
	}
}

// give moves a label to a version. The version that loses ACSCurrent becomes
// ACSPrevious (KMS: rotate generic secrets).
func (all secretVersions) give(stage string, to *core.SecretVersion) {
	before := all.holder(stage)
	if before == to {
		return
	}
	all.take(stage)
	if stage == stageCurrent && before != nil {
		all.take(stagePrevious)
		before.Stages = append(before.Stages, stagePrevious)
	}
	to.Stages = append(to.Stages, stage)
}

// labels counts the secret's labels.
func (all secretVersions) labels() int {
	n := 0
	for _, v := range all {
		n += len(v.Stages)
	}
	return n
}

// evict drops the oldest versions beyond ten, those without a label first.
// Refusal: Rejected.LimitExceeded for more labels than a secret may have.
func (all secretVersions) evict() (secretVersions, error) {
	if all.labels() > core.SecretStageLimit {
		return nil, core.ErrLimitExceeded("version stage")
	}
	for len(all) > core.SecretVersionLimit {
		// Eight labels at most leave a version without one.
		oldest := slices.IndexFunc(all, func(v *core.SecretVersion) bool { return len(v.Stages) == 0 })
		all = slices.Delete(all, oldest, oldest+1)
	}
	return all, nil
}

// parseStages reads VersionStages, a JSON array of labels; absent is ACSCurrent.
// ACSPrevious follows ACSCurrent on its own and cannot be asked for.
func parseStages(v *string) ([]string, error) {
	if core.Text(v) == "" {
		return []string{stageCurrent}, nil
	}
	var stages []string
	if err := core.ParseJSON("VersionStages", *v, &stages); err != nil {
		return nil, err
	}
	for i, stage := range stages {
		if !stageNames.MatchString(stage) || stage == stagePrevious || slices.Contains(stages[:i], stage) {
			return nil, core.ErrInvalidParameter("VersionStages")
		}
	}
	if len(stages) == 0 {
		return nil, core.ErrInvalidParameter("VersionStages")
	}
	return stages, nil
}
