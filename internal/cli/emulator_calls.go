package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// emulatorCallsCommand shows and counts what clients called.
func (a *app) emulatorCallsCommand() *cobra.Command {
	s := &steering{}
	var f calllog.Filter
	var count, unread, clear bool
	expect := -1
	c := &cobra.Command{
		Use: "calls", Short: "Show, count and assert what clients called", Args: cobra.NoArgs,
		Long: `Show the calls the emulator answered, redacted. -count prints their number; -expect N exits 1
when it is another, which makes it an assertion for scripts.`,
		Example: `  kmsplan emulator calls -operation CreateKey -count
  kmsplan emulator calls -operation CreateKey -expect 1`,
	}
	fl := c.Flags()
	fl.StringVar(&f.Gateway, "gateway", "", "only calls of this gateway: public, dedicated or instance")
	fl.StringVar(&f.Operation, "operation", "", "only calls of this operation")
	fl.StringVar(&f.Caller, "caller", "", "only calls of this AccessKey or ClientKey id")
	fl.StringVar(&f.Key, "key", "", "only calls that name this key, alias or secret")
	fl.StringVar(&f.Code, "code", "", "only calls answered with this error code")
	fl.IntVar(&f.Status, "status", 0, "only calls answered with this HTTP status")
	fl.IntVar(&f.Limit, "limit", 0, "only the last `N` calls")
	fl.BoolVar(&count, "count", false, "print the number of calls")
	fl.IntVar(&expect, "expect", -1, "exit 1 unless there are exactly `N` calls")
	fl.BoolVar(&unread, "unread", false, "print the parameters clients sent that no handler reads, by operation")
	fl.BoolVar(&clear, "clear", false, "empty the call log")
	return a.steer(c, s, func(ctx context.Context, client *control.Client, _ []string) error {
		switch {
		case clear:
			return client.ClearCalls(ctx)
		case unread:
			return a.printUnread(ctx, client)
		case count || expect >= 0:
			return a.countCalls(ctx, client, f, expect)
		}
		calls, err := client.Calls(ctx, f)
		if err != nil {
			return err
		}
		var lines []string
		for _, call := range calls {
			lines = append(lines, callText(call))
		}
		a.view.Result(calls, lines...)
		return nil
	})
}

func callText(c calllog.Call) string {
	outcome := fmt.Sprint(c.Status)
	if c.Code != "" {
		outcome += " " + c.Code
	}
	if c.Fault != "" {
		outcome += " [" + c.Fault + "]"
	}
	return strings.TrimRight(fmt.Sprintf("%6d  %s  %-9s  %-26s  %-36s  %s", c.Seq, c.Time.UTC().Format(timeLayout), c.Gateway, c.Operation, c.Key, outcome), " ")
}

func (a *app) countCalls(ctx context.Context, client *control.Client, f calllog.Filter, expect int) error {
	got, err := client.CountCalls(ctx, f)
	if err != nil {
		return err
	}
	a.view.Result(got, strconv.Itoa(got.Count))
	if got.Dropped > 0 {
		a.view.Notef("%d older calls are no longer in the log and not counted", got.Dropped)
	}
	if expect >= 0 && got.Count != expect {
		return fmt.Errorf("expected %d calls, the log has %d", expect, got.Count)
	}
	return nil
}

func (a *app) printUnread(ctx context.Context, client *control.Client) error {
	unread, err := client.Unread(ctx)
	if err != nil {
		return err
	}
	var lines []string
	for _, operation := range slices.Sorted(maps.Keys(unread)) {
		lines = append(lines, operation+": "+strings.Join(unread[operation], ", "))
	}
	a.view.Result(unread, lines...)
	return nil
}
