package cli

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// keyUse is a use of a key as commands tell it.
type keyUse struct {
	state.Use
	DaysAgo int `json:"days_ago"`
}

func usesOf(list []state.Use, now time.Time) []keyUse {
	out := make([]keyUse, 0, len(list))
	for _, u := range list {
		out = append(out, keyUse{u, max(0, int(now.Sub(u.Last)/(24*time.Hour)))})
	}
	return out
}

func (u keyUse) sentence() string {
	version := ""
	if u.KeyVersion != "" {
		version = ", version " + u.KeyVersion
	}
	return fmt.Sprintf("%s%s.", plan.UsedWords(u.Use, u.DaysAgo), version)
}
