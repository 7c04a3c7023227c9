package lint

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// quotedList joins names for a sentence: "a", "b" or "c" without the or.
func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// days shows a duration as the configuration writes it.
func days(d time.Duration) string {
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
