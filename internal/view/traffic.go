package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Traffic is what a run made of one quota of calls.
type Traffic struct {
	Gateway string         `json:"gateway"`
	Group   string         `json:"group"`
	Limit   float64        `json:"limit_per_second"`
	Allowed float64        `json:"allowed_per_second,omitempty"` // 0 = as many as it can
	Calls   map[string]int `json:"calls"`
	Waited  time.Duration  `json:"waited_ns"`
	Refused int            `json:"refused"`
}

func (t Traffic) total() (n int) {
	for _, calls := range t.Calls {
		n += calls
	}
	return n
}

// operations are those that were called, most first.
func (t Traffic) operations() string {
	names := slices.Sorted(maps.Keys(t.Calls))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(t.Calls[b], t.Calls[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", t.Calls[name], name)
	}
	return strings.Join(names, ", ")
}

// Traffic prints how many calls went to each quota, and how long they waited for it.
func (t *Terminal) Traffic(list []Traffic) {
	rows := make([][]string, len(list))
	for i, x := range list {
		allowed := "not held back"
		if x.Allowed > 0 {
			allowed = fmt.Sprintf("%.4g of %.4g", x.Allowed, x.Limit)
		}
		rows[i] = []string{x.Gateway, cmp.Or(x.Group, "none"), itoa(x.total()), allowed, x.Waited.Round(time.Millisecond).String(), itoa(x.Refused), x.operations()}
	}
	fmt.Fprint(t.beside(), "\n"+t.table([]string{"GATEWAY", "QUOTA", "CALLS", "PER SECOND", "WAITED", "REFUSED", "OPERATIONS"}, rows))
}

// Traffic writes a line for each quota.
func (l *Lines) Traffic(list []Traffic) {
	for _, x := range list {
		l.emit("info", "quota_use", fmt.Sprintf("%s, %s: %d calls", x.Gateway, cmp.Or(x.Group, "none"), x.total()), map[string]any{"quota": x})
	}
}
