package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// interrupt watches for SIGINT and SIGTERM. A command that has something to finish claims the
// first of them; any other command ends at it, as a program does that cannot be told to wait.
// The second always ends the process at once, as an operator who insists expects.
type interrupt struct {
	requested chan struct{} // closed at the first interrupt, if it was claimed
	done      chan struct{}
	signals   chan os.Signal
	claimed   atomic.Bool
	undo      atomic.Pointer[func()] // before the process ends
}

// before has something undone if an interrupt ends the process before the returned function is called.
func (i *interrupt) before(undo func()) (done func()) {
	i.undo.Store(&undo)
	return func() { i.undo.Store(nil) }
}

// end ends the process.
func (i *interrupt) end() {
	if undo := i.undo.Load(); undo != nil {
		(*undo)()
	}
	os.Exit(exitInterrupted)
}

// watchInterrupts begins to watch; release ends it.
func watchInterrupts() *interrupt {
	i := &interrupt{requested: make(chan struct{}), done: make(chan struct{}), signals: make(chan os.Signal, 2)}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go i.watch()
	return i
}

func (i *interrupt) watch() {
	select {
	case <-i.signals:
	case <-i.done:
		return
	}
	if !i.claimed.Load() {
		i.end()
	}
	close(i.requested)
	select {
	case <-i.signals:
		i.end()
	case <-i.done:
	}
}

func (i *interrupt) release() {
	signal.Stop(i.signals)
	close(i.done)
}

// claim makes the first interrupt a request; the channel is closed when it comes.
func (i *interrupt) claim() <-chan struct{} {
	i.claimed.Store(true)
	return i.requested
}

// interruptible ends a context at the first interrupt: file commands leave no half-written output.
func (a *app) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := a.stop.claim()
	go func() {
		select {
		case <-stop:
			cancel(errors.New("interrupted; files that were not finished are as they were before"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// patient claims the first interrupt for an apply, and says that it was heard: what is in flight
// is finished, which can take a while.
func (a *app) patient() (stop <-chan struct{}, done func()) {
	stop = a.stop.claim()
	finished := make(chan struct{})
	go func() {
		select {
		case <-stop:
			a.view.Notef("interrupted: nothing new is started, and what is under way is finished and recorded; a second interrupt ends at once")
		case <-finished:
		}
	}()
	return stop, func() { close(finished) }
}
