package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/load"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/stack"
)

// benchmark is what bench was asked to do.
type benchmark struct {
	vars     variables
	stream   streamFlags
	gateway  string
	via      string
	key      string
	secret   string
	params   []string
	request  string
	dataSize int
	work     load.Work
	plot     string
	yes      bool
	mutating bool
}

// mostOnService is -max-calls where it is not given and the gateway is no emulator.
const mostOnService = 10_000

// benchCommand calls one operation from several workers for a while.
func (a *app) benchCommand() *cobra.Command {
	b := &benchmark{}
	c := &cobra.Command{
		Use: "bench OPERATION", Short: "Measure how fast a gateway answers one operation", GroupID: groupTools,
		Long: `Call one operation of KMS from several workers for a while, and say how often and how fast it was
answered: a row each period, percentiles and failures by kind at the end. OPERATION is any API name,
in any spelling: encrypt, GetSecretValue, get_secret_value.

What a call needs and was not given is made: a plaintext of -data-size bytes, one ciphertext for
decrypt, one signature for verify. Every call is made once, without retries. The first one is made
alone, and if it fails nothing follows.

A gateway that is no emulator is asked about first (-yes answers), gets at most -max-calls calls,
10000 unless another number is given, and no operation that changes something without -mutating.`,
		Example: `  kmsplan bench encrypt -key-id alias/orders -duration 30s
  kmsplan bench verify -key-id key-hzz… -via instance -concurrency 64 -plot verify.svg
  kmsplan bench get_secret_value -secret-name orders/db/password -count 5000 -json`,
		Args: needOperation,
		RunE: func(c *cobra.Command, args []string) error { return a.bench(c, b, args[0]) },
	}
	b.flags(c)
	return c
}

func needOperation(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("name one operation, for example bench encrypt")}
	}
	return nil
}

func (b *benchmark) flags(c *cobra.Command) {
	b.vars.flags(c)
	b.stream.flags(c)
	f := c.Flags()
	f.StringVar(&b.gateway, "gateway", "", "the gateway block to use (default: the first)")
	f.StringVar(&b.via, "via", "", "which gateway serves it: public or instance")
	f.StringVar(&b.key, "key-id", "", "the key `ID`, ARN or alias")
	f.StringVar(&b.secret, "secret-name", "", "the secret's `NAME`")
	repeated(f, &b.params, "param", "another parameter by its API name, `NAME=VALUE`, or NAME=@FILE; {n} is the call's number; repeatable")
	f.StringVar(&b.request, "request", "", "read parameters by their API names from a JSON `FILE`, or from standard input with -")
	f.IntVar(&b.dataSize, "data-size", 32, "plaintexts that are made have `N` bytes")
	f.IntVar(&b.work.Workers, "concurrency", 32, "call from `N` workers at once")
	f.DurationVar(&b.work.Duration, "duration", 10*time.Second, "measure for so long; 0 is without an end")
	f.DurationVar(&b.work.Every, "period", time.Second, "report every so often")
	f.DurationVar(&b.work.Warmup, "warm-up", time.Second, "first call for so long without measuring")
	f.IntVar(&b.work.Count, "count", 0, "measure `N` calls, however long they take unless -duration is given too")
	f.IntVar(&b.work.Most, "max-calls", 0, "never make more than `N` calls, warm-up and preparation included; 0 is without a limit")
	f.StringVar(&b.plot, "plot", "", "also draw rates and latencies into an SVG `FILE`")
	f.BoolVar(&b.yes, "yes", false, "do not ask before a service is called")
	f.BoolVar(&b.mutating, "mutating", false, "let an operation that changes something be called on a service")
}

// ready checks the flags and fills in what depends on others.
func (b *benchmark) ready(c *cobra.Command) error {
	w := &b.work
	switch {
	case w.Workers < 1 || w.Workers > 1000:
		return usageError{fmt.Errorf("-concurrency %d: 1 to 1000 workers can call at once", w.Workers)}
	case w.Every < 100*time.Millisecond:
		return usageError{fmt.Errorf("-period %s: a period lasts at least 100ms", w.Every)}
	case w.Duration < 0 || w.Warmup < 0 || w.Count < 0 || w.Most < 0 || b.dataSize < 0 || b.dataSize > maxParam:
		return usageError{fmt.Errorf("-duration, -warm-up, -count and -max-calls are not negative, and -data-size is 0 to %d", maxParam)}
	case b.via != "" && b.via != kms.GatewayPublic && b.via != kms.GatewayInstance:
		return usageError{fmt.Errorf("-via %q is not known; write public or instance", b.via)}
	}
	if w.Count > 0 && !c.Flags().Changed("duration") {
		w.Duration = 0
	}
	return nil
}

func (a *app) bench(c *cobra.Command, b *benchmark, name string) error {
	if err := b.ready(c); err != nil {
		return err
	}
	if err := a.openViews(b.stream); err != nil {
		return err
	}
	if err := errors.Join(a.outputPlaces(&b.vars)(b.plot), a.apart("-plot", b.plot)); err != nil {
		return err
	}
	gateways, err := a.benchGateways(b)
	if err != nil {
		return err
	}
	defer a.closing(gateways.Close)
	block, emulated, err := gateways.Emulated(b.gateway)
	if err != nil {
		return err
	}
	t, err := b.target(c.Context(), gateways, name)
	if err != nil {
		return err
	}
	if !emulated {
		if err := a.mayCall(c, b, t.op, block); err != nil {
			return err
		}
	}
	if err := t.prepare(c.Context(), a, b); err != nil {
		return err
	}
	return a.measure(c.Context(), b, t)
}

// benchGateways opens the gateways with every call made once and a connection for each worker.
func (a *app) benchGateways(b *benchmark) (*stack.Gateways, error) {
	m, err := a.module(&b.vars)
	if err != nil {
		return nil, err
	}
	o := a.options(stack.DefaultLockTimeout)
	o.Once, o.Connections = true, b.work.Workers
	return stack.OpenGateways(m, o)
}

// mayCall asks before a service is called thousands of times.
func (a *app) mayCall(c *cobra.Command, b *benchmark, op kms.Operation, block string) error {
	if op.Mutating && !b.mutating {
		return usageError{fmt.Errorf("%s changes something at the service with every call; say -mutating if that is meant", op.Name)}
	}
	if !c.Flags().Changed("max-calls") {
		b.work.Most = mostOnService
	}
	if b.yes {
		return nil
	}
	if b.stream.json || !a.asks() {
		return withHint(errors.New("approval is needed, and nobody can be asked"), "Add -yes.")
	}
	most := fmt.Sprintf("at most %d calls", b.work.Most)
	if b.work.Most == 0 {
		most = "any number of calls"
	}
	a.view.Result(nil, "", fmt.Sprintf("%s on the %s gateway of %q, %d at once, %s.", op.Name, op.Gateway, block, b.work.Workers, most),
		"They take from the quota that others share, and where calls are charged for each is charged. Do it? Only 'yes' is accepted:")
	switch yes, err := a.readYes(); {
	case err != nil:
		return withHint(err, "Add -yes.")
	case !yes:
		a.view.Result(nil, "Cancelled. Nothing was called.")
		return exit{exitError}
	}
	return nil
}

// measure calls, shows and draws. A measurement in which nothing was answered is an error.
func (a *app) measure(ctx context.Context, b *benchmark, t *benchTarget) error {
	w := b.work
	w.Call, w.Failure, w.Period = t.call, benchFailure, a.view.BenchPeriod
	if b.work.Most > 0 {
		if w.Most = b.work.Most - t.made; w.Most <= 0 {
			return usageError{fmt.Errorf("-max-calls %d is used up: %d calls were made to prepare", b.work.Most, t.made)}
		}
	}
	r := load.Run(ctx, w)
	a.view.Benched(r)
	if b.plot != "" {
		title := fmt.Sprintf("%s, %s gateway, %d workers: %d answered, %.1f a second", t.op.Name, t.op.Gateway, w.Workers, r.Answered, r.PerSecond)
		err := ops.WriteFile(a.path(b.plot), 0o644, func(to io.Writer) error { return load.Plot(to, title, r.Periods) })
		if err != nil {
			return fmt.Errorf("-plot: %w", err)
		}
	}
	if r.Requests > 0 && r.Answered == 0 {
		return fmt.Errorf("nothing was answered: %w", r.First)
	}
	return nil
}
