package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/state"
)

// announced is a store whose lock says once whom it waits for: a pipeline that stands still should say why.
type announced struct {
	state.Store
	waiting func(error)
	patient bool // a lock that is held is waited for
	once    sync.Once
}

// Lock implements state.Store.
func (a *announced) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	u, err := a.Store.Lock(ctx, info)
	if a.patient && errors.Is(err, state.ErrLocked) {
		a.once.Do(func() { a.waiting(err) })
	}
	return u, err
}

// waiting notes who holds what this process waits for, and since when.
func (o Options) waiting(err error) {
	what, holder := "", ""
	var held *state.LockedError
	var data *store.LockedError
	switch {
	case errors.As(err, &held) && held.Info.ID != "":
		what, holder = "the state's lock", fmt.Sprintf("%s for %s since %s", held.Info.Holder(), held.Info.Operation, held.Info.Since.UTC().Format(time.RFC3339))
	case errors.As(err, &data) && data.Holder.PID != 0:
		what, holder = "the emulator in "+data.Path, fmt.Sprintf("process %d on %s since %s", data.Holder.PID, data.Holder.Host, data.Holder.Since.UTC().Format(time.RFC3339))
	default:
		what, holder = "a lock", "another process"
	}
	o.withDefaults().Note(fmt.Sprintf("waiting for %s, held by %s, for at most %s", what, holder, o.LockTimeout))
}
