package plan

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// UsedWords say when a key was used last: "Last used 3 days ago by ram:user/alice (Decrypt)".
func UsedWords(u state.Use, days int) string {
	verb := "Last used"
	if u.Refused {
		verb = "Last asked for, in vain,"
	}
	return fmt.Sprintf("%s %s by %s (%s, %s)", verb, ago(days), u.Principal, u.Operation, u.Last.UTC().Format(time.DateTime+" UTC"))
}

func ago(days int) string {
	switch days {
	case 0:
		return "today"
	case 1:
		return "yesterday"
	}
	return fmt.Sprintf("%d days ago", days)
}
