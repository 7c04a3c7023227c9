package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/stack"
)

// leftOver says what a worker that works once leaves, so that who waits for its end (a pod of a Job, a script) does not take it
// for the end of the work.
func (a *app) leftOver(ctx context.Context, w *stack.BatchWorker, interrupted bool) error {
	left, none, err := w.Left(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	if none {
		return withHint(errors.New("no batch that this worker works on was ever started"), "Start one with kmsplan batch start, and the worker after it.")
	}
	for _, r := range left {
		switch at := typed(r.Spec.Address); {
		case r.Status == batch.Paused:
			a.view.Notef("%s is paused%s, with %d of %d objects dealt with; kmsplan batch resume %s goes on", r.Spec.Address, reasonOf(r), r.Tally.Objects, r.Spec.Objects, at)
		case interrupted:
			a.view.Notef("%s is not done: %d of %d objects are dealt with; a worker goes on where it stands", r.Spec.Address, r.Tally.Objects, r.Spec.Objects)
		default:
			a.view.Notef("nothing of %s is left for this worker; others have the rest", r.Spec.Address)
			continue
		}
		err = exit{exitChanges}
	}
	return err
}

// pausedHere are the batches that a worker paused.
type pausedHere struct {
	mu  sync.Mutex
	all []string
}

func (p *pausedHere) add(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, address)
}

// err is for who worked once.
func (p *pausedHere) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return nil
	}
	return fmt.Errorf("%s failed everywhere and was paused", strings.Join(p.all, ", "))
}
