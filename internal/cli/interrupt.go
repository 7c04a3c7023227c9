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
	heir      atomic.Pointer[func(os.Signal)]
	// background says that this process was started with interrupts ignored, as a shell does it with &.
	background bool
}

// before has something undone if an interrupt ends the process before the returned function is called.
func (i *interrupt) before(undo func()) (done func()) {
	earlier := i.undo.Swap(&undo)
	return func() { i.undo.Store(earlier) }
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
	i := &interrupt{requested: make(chan struct{}), done: make(chan struct{}), signals: make(chan os.Signal, 16), background: signal.Ignored(os.Interrupt)}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go i.watch()
	return i
}

func (i *interrupt) watch() {
	for heard := false; ; {
		select {
		case s := <-i.signals:
			if heir := i.heir.Load(); heir != nil {
				(*heir)(s)
				continue
			}
			if heard || !i.claimed.Load() {
				i.end()
			}
			heard = true
			close(i.requested)
		case <-i.done:
			return
		}
	}
}

// handOver gives every signal to somebody else, a program that this one runs, until the returned function is called.
func (i *interrupt) handOver(heir func(os.Signal)) (back func()) {
	i.heir.Store(&heir)
	return func() { i.heir.Store(nil) }
}

// deaf lets the system discard a signal until the returned function is called: one that was sent before then does not
// arrive late. What was started before hears it still.
func (i *interrupt) deaf(s os.Signal) (again func()) {
	signal.Ignore(s)
	return func() { signal.Notify(i.signals, s) }
}

// hear also watches for further signals, until the command ends.
func (i *interrupt) hear(more ...os.Signal) { signal.Notify(i.signals, more...) }

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
