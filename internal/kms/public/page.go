package public

import (
	"context"

	"golang.org/x/sync/errgroup"
)

const (
	pageSize     = 100 // the API's largest
	pagesAtOnce  = 4   // pages read together once the total is known
	maxPages     = 10000
	tagIDsAtOnce = 50 // ListTagResources and TagResources
	tagsAtOnce   = 20
)

// page is one page of a list and the service's total.
type page[T any] struct {
	rows  []T
	total int
}

// allPages reads a paged list: the first page, then the rest, a few at a time.
// Rows that appear twice because the list moved meanwhile are dropped; a page
// that grew behind the total is followed until a short one.
func allPages[T any](ctx context.Context, id func(T) string, fetch func(ctx context.Context, number int) (page[T], error)) ([]T, error) {
	first, err := fetch(ctx, 1)
	if err != nil || len(first.rows) == 0 || len(first.rows) < pageSize && first.total <= len(first.rows) {
		return first.rows, err
	}
	size := len(first.rows) // the server's, should it cap pages below ours
	last := min((first.total+size-1)/size, maxPages)
	pages := make([]page[T], max(last, 1))
	pages[0] = first
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(pagesAtOnce)
	for i := 1; i < last; i++ {
		group.Go(func() error {
			var err error
			pages[i], err = fetch(groupCtx, i+1)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for len(pages[len(pages)-1].rows) == size && len(pages) < maxPages {
		next, err := fetch(ctx, len(pages)+1)
		if err != nil {
			return nil, err
		}
		pages = append(pages, next)
	}
	return distinct(pages, id), nil
}

func distinct[T any](pages []page[T], id func(T) string) []T {
	seen := make(map[string]bool, len(pages)*pageSize)
	rows := make([]T, 0, len(pages)*pageSize)
	for _, p := range pages {
		for _, row := range p.rows {
			if !seen[id(row)] {
				seen[id(row)] = true
				rows = append(rows, row)
			}
		}
	}
	return rows
}
