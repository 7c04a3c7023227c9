package resource

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// ChangedError says that an object is no longer what the plan was made on, seen
// just before a call that changes it. Nothing was called.
type ChangedError struct {
	Address string
	ID      string
	Planned plan.PreImage
	Found   plan.PreImage
	What    string // what changed, where the pre-images do not say it
}

func (e *ChangedError) Error() string {
	what := fmt.Sprintf("its state was %s and is %s", orNone(e.Planned.State), orNone(e.Found.State))
	if e.What != "" {
		what = e.What
	} else if e.Planned.State == e.Found.State {
		what = "its attributes are not those the plan was made on"
	}
	return fmt.Sprintf("%s (%s) changed since it was planned: %s; nothing was called; plan again", e.Address, e.ID, what)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// unchanged holds a fresh reading against the plan's pre-image.
func (s *Session) unchanged(o *plan.Object) error {
	if s.Change.PreImage == nil || safety.Off(safety.ReadAgain) {
		return nil
	}
	if found := plan.PreImageOf(o); !found.Equal(*s.Change.PreImage) {
		return &ChangedError{Address: s.Change.Addr.String(), ID: o.ID, Planned: *s.Change.PreImage, Found: *found}
	}
	return nil
}
