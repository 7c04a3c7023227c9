package resource

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// detailPrimary is what an intent remembers of a rotation: the primary version before it.
const detailPrimary = "primary"

// rotate makes a new version. CreateKeyVersion has no token: the primary version from before the call tells whether it
// took effect, and while a late commit is possible nobody makes another.
func (w *keyWork) rotate(ctx context.Context) error {
	if planned := attrDiff(w.Change, "primary_version"); planned != "" && planned != w.key.PrimaryVersion {
		return &ChangedError{Address: w.Change.Addr.String(), ID: w.key.ID, What: fmt.Sprintf("its primary version was %s and is %s", planned, orNone(w.key.PrimaryVersion))}
	}
	id, before := w.key.ID, w.key.PrimaryVersion
	return w.Call(ctx, "CreateKeyVersion", id, map[string]string{detailPrimary: before}, func(ctx context.Context) (string, error) {
		_, err := w.Manager.CreateKeyVersion(ctx, id)
		return id, settle(err, func() (bool, error) {
			k, err := w.Manager.DescribeKey(ctx, id)
			return k.PrimaryVersion != "" && k.PrimaryVersion != before, err
		})
	})
}

// attrDiff is the text that an attribute of a change had when it was planned, or "".
func attrDiff(c plan.Change, name string) string {
	for _, d := range c.Diff {
		if d.Name == name {
			return text(d.Before)
		}
	}
	return ""
}

// resolveRotation finds out what became of a CreateKeyVersion: another primary version than before says that it, or a
// rotation that KMS made by itself meanwhile, took effect.
func (w *keyWork) resolveRotation(open state.Intent, key kms.Key, r *state.Resource) Resolution {
	if key.PrimaryVersion != "" && key.PrimaryVersion != open.Detail[detailPrimary] {
		return Resolution{Committed: true, Resource: r}
	}
	until := w.lateUntil(open)
	return Resolution{Pending: w.Now().Before(until) && !safety.Off(safety.NoSecondVersion), Until: until, Resource: r}
}
