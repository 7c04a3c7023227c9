package public

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the list's length and the server's page size, all rows come back
// once and in order.
func TestAllPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 1050).Draw(t, "total")
		cap := rapid.SampledFrom([]int{100, 100, 50, 7}).Draw(t, "cap")
		liesBy := rapid.SampledFrom([]int{0, 0, -1, 3}).Draw(t, "liesBy") // the list moved after the first page
		got, err := allPages(context.Background(), func(s string) string { return s }, func(_ context.Context, n int) (page[string], error) {
			var rows []string
			for i := (n - 1) * cap; i < min(n*cap, total); i++ {
				rows = append(rows, fmt.Sprint(i))
			}
			said := total
			if n == 1 && total > cap {
				said = max(total+liesBy, cap)
			}
			return page[string]{rows, said}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// A server that caps pages below ours and undercounts cannot be told
		// from one whose list ends there.
		if cap < pageSize && liesBy < 0 {
			return
		}
		if len(got) != total {
			t.Fatalf("%d of %d rows", len(got), total)
		}
		for i, row := range got {
			if row != fmt.Sprint(i) {
				t.Fatalf("row %d is %s", i, row)
			}
		}
	})
}

func TestAllPagesDropsRowsSeenTwice(t *testing.T) {
	got, err := allPages(context.Background(), func(s string) string { return s }, func(_ context.Context, n int) (page[string], error) {
		rows := make([]string, pageSize)
		for i := range rows {
			rows[i] = fmt.Sprint((n-1)*(pageSize-1) + i) // a row was inserted before page 2 was read
		}
		if n == 3 {
			rows = rows[:10]
		}
		return page[string]{rows, 210}, nil
	})
	if err != nil || len(got) != 208 {
		t.Error(len(got), err)
	}
}

func TestAllPagesFailsWhole(t *testing.T) {
	boom := errors.New("boom")
	got, err := allPages(context.Background(), func(s string) string { return s }, func(_ context.Context, n int) (page[string], error) {
		if n == 3 {
			return page[string]{}, boom
		}
		rows := make([]string, pageSize)
		for i := range rows {
			rows[i] = fmt.Sprint(n, i)
		}
		return page[string]{rows, 500}, nil
	})
	if !errors.Is(err, boom) || got != nil {
		t.Error(len(got), err)
	}
}
