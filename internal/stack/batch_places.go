package stack

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/source"
)

// openSource opens the place in a batch's source, by the name of its block and its arguments.
func (s *Stack) openSource(_ context.Context, place string, _ map[string]string) (source.Source, error) {
	return nil, fmt.Errorf("this version of kmsplan cannot open a source of batches in %s", place)
}

// openQueue opens what keeps a batch, likewise.
func (s *Stack) openQueue(_ context.Context, place string, _ map[string]string) (queue.Queue, error) {
	return nil, fmt.Errorf("this version of kmsplan cannot open a queue of batches in %s", place)
}
