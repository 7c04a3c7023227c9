package lint

import (
	"strconv"
	"strings"
)

// quotedList joins names for a sentence: "a", "b" or "c" without the or.
func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}
