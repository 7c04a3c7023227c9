package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// output is standard output, or a file that stands for it, with a memory: the first write that
// failed is kept, so that a full disk is an error and not a short answer that looks whole.
type output struct {
	mu  sync.Mutex
	to  io.Writer
	err error
}

// newOutput remembers failed writes to standard output. SIGPIPE is kept from ending the process:
// an apply whose reader went away still finishes and records what it began. It is caught, not
// ignored, because programs that kmsplan starts would inherit the latter.
func newOutput(to io.Writer) *output {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return &output{to: to}
}

// Write implements io.Writer. One writes at a time: commands work on several files at once, and each tells of its own.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// failed is the first write's error that failed, or nil.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// delivered turns an answer that did not reach standard output into a failure. A reader that went
// away, as head does, lost nothing it wanted.
func (o *output) delivered(err error) error {
	lost := o.failed()
	var shown exit
	switch {
	case lost == nil:
		return err
	case errors.Is(lost, syscall.EPIPE) && errors.Is(err, syscall.EPIPE):
		return exit{exitPipe}
	case errors.Is(lost, syscall.EPIPE) || (err != nil && !errors.As(err, &shown)):
		return err
	}
	return cutShort{fmt.Errorf("the output is not complete: write standard output: %w", lost)}
}

// cutShort is an answer that did not reach standard output whole.
type cutShort struct{ error }

func (e cutShort) Unwrap() error { return e.error }
