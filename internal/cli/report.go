package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// reportCommand groups reports on the cryptography of a stack.
func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "report", Short: "Report the algorithms, origins and ages of keys and files, and what a ban of one would cost", GroupID: groupCare, Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.reportCryptoCommand(), a.reportAgilityCommand())
	return c
}

// The forms of a report.
var tableForms = []string{"human", "json", "csv", "markdown"}

// reporting are the flags of a report.
type reporting struct {
	vars   variables
	format string
	json   bool
}

func (o *reporting) flags(c *cobra.Command) {
	o.vars.flags(c)
	c.Flags().StringVar(&o.format, "format", "human", "the `FORM` of the report: "+strings.Join(tableForms, ", "))
	jsonFlag(c, &o.json)
}

// parse settles the form.
func (o *reporting) parse() error {
	switch {
	case o.json && o.format != "human" && o.format != "json":
		return usageError{fmt.Errorf("-json and -format=%s both say what is printed; leave one out", o.format)}
	case o.json:
		o.format = "json"
	case !slices.Contains(tableForms, o.format):
		return usageError{fmt.Errorf("-format=%s: write one of %s", o.format, strings.Join(tableForms, ", "))}
	}
	return nil
}

// stock is the inventory of the module.
func (a *app) stock(ctx context.Context, o *reporting) (stock census.Inventory, err error) {
	err = a.withRemembered(ctx, &o.vars, 0, func(stored *stack.Stored, st state.State) error {
		looked := census.Look(ctx, stored.Dir(), st.Files)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		stock = census.TakeStock(st, looked)
		return nil
	})
	return stock, err
}

func (a *app) reportCryptoCommand() *cobra.Command {
	var o reporting
	c := &cobra.Command{
		Use: "crypto", Short: "List algorithm, origin, protection level, rotation age and context of every key and file", Args: cobra.NoArgs,
		Long: `List every key of the state, its predecessors, and keys that its files need, with spec, usage, origin, protection
level and how long ago the primary version was made; and every encrypted file with suite, key version and context. Keys are as
the state saw them last, files as they are; nothing is called. What nothing tells is left empty.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.parse(); err != nil {
				return err
			}
			a.answerIn(o.format == "json")
			in, err := a.stock(c.Context(), &o)
			if err != nil {
				return err
			}
			keys, files := keyTable(in, a.now()), fileTable(in)
			switch o.format {
			case "json":
				a.view.Result(in)
			case "csv":
				a.view.Listed(nil, csvLines(joined("key", keys, "file", files))...)
			case "markdown":
				a.view.Listed(nil, slices.Concat(markdownLines("Keys", keys), markdownLines("Files", files))...)
			default:
				a.tables(keys, files)
			}
			return nil
		},
	}
	o.flags(c)
	return c
}

func (a *app) tables(list ...table) {
	for _, t := range list {
		if len(t.rows) > 0 {
			a.view.Table(nil, t.head, t.rows)
			a.view.Result(nil, "")
		}
	}
}

func keyTable(in census.Inventory, now time.Time) table {
	t := table{head: []string{"KEY", "SPEC", "USAGE", "ORIGIN", "LEVEL", "STATE", "PRIMARY SINCE", "ROTATES", "FILES", "SECRETS", "ALIASES"}}
	for _, k := range in.Keys {
		since := ""
		if age, ok := k.Age(now); ok {
			since = fmt.Sprintf("%s (%d days)", k.Rotated.UTC().Format(time.DateOnly), int(age/(24*time.Hour)))
		}
		t.rows = append(t.rows, []string{cmp.Or(k.Address, k.ID), k.Spec, k.Usage, k.Origin, k.Level, k.State, since, days(k.RotationInterval),
			fmt.Sprint(k.Files), fmt.Sprint(k.Secrets), fmt.Sprint(k.Aliases)})
	}
	return t
}

// days is an interval of KMS as people say it.
func days(interval string) string {
	d, err := kind.ParseDuration(interval)
	if err != nil || d < 24*time.Hour {
		return interval
	}
	return fmt.Sprintf("every %d days", int(d/(24*time.Hour)))
}

func fileTable(in census.Inventory) table {
	called := map[string]string{}
	for _, k := range in.Keys {
		called[k.ID] = cmp.Or(k.Address, k.ID)
	}
	t := table{head: []string{"FILE", "SUITE", "FORM", "KEY", "VERSION", "CONTEXT", "BREAK-GLASS", "STATUS"}}
	for _, f := range in.Files {
		form, glass := "envelope", "no"
		if f.Format != "" {
			form = "values of " + f.Format
		}
		if f.BreakGlass {
			glass = "yes"
		}
		if f.Suite == "" {
			form, glass = "", ""
		}
		t.rows = append(t.rows, []string{pathWord(string(f.Path)), f.Suite, form, called[f.Key], f.KeyVersion, strings.Join(f.Context, "; "), glass, f.Status})
	}
	return t
}

func (a *app) reportAgilityCommand() *cobra.Command {
	var o reporting
	var banned []string
	var rate float64
	c := &cobra.Command{
		Use: "agility -ban SPEC", Short: "Reckon what it would cost to be without a key spec or a suite", Args: cobra.NoArgs,
		Long: `Reckon what it takes to leave a key spec, or a suite of file bodies, behind: keys that need a successor, files to rewrap
or to encrypt anew, secrets to make anew, with the calls and the hours they take at the quota. Nothing is called or changed.
-rate is for key operations: the shared gateway's quota is 1,000 calls per second, of which kmsplan leaves four tenths to
applications; an instance has what was bought.`,
		Example: `  kmsplan report agility -ban Aliyun_AES_256
  kmsplan report agility -ban RSA_2048 -ban EC_P256 -format markdown`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.parse(); err != nil {
				return err
			}
			if err := checkBan(banned, rate); err != nil {
				return err
			}
			a.answerIn(o.format == "json")
			in, err := a.stock(c.Context(), &o)
			if err != nil {
				return err
			}
			a.showBan(census.Agility(in, banned, ratesAt(rate)), o.format)
			return nil
		},
	}
	o.flags(c)
	repeated(c.Flags(), &banned, "ban", "a key `SPEC` such as Aliyun_AES_256, or a suite such as AES_256_GCM; repeatable (required)")
	c.Flags().Float64Var(&rate, "rate", transport.QuotaPace(kms.QuotaSymmetric), "key operations per second")
	return c
}

func checkBan(banned []string, rate float64) error {
	if len(banned) == 0 {
		return usageError{errors.New("-ban is required: a key spec or a suite")}
	}
	if !(rate > 0 && rate <= 1e6) {
		return usageError{errors.New("-rate is a number of calls per second")}
	}
	known := slices.Concat(kind.SpecNames(), envelope.SuiteNames())
	for _, b := range banned {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, b) }) {
			return usageError{fmt.Errorf("-ban=%s: there is no such key spec or suite%s; there are %s", b, suggest.Clause(b, known), strings.Join(known, ", "))}
		}
	}
	return nil
}

func ratesAt(crypto float64) census.Rates {
	return census.Rates{
		Crypto: crypto, CreateKey: transport.QuotaPace(kms.QuotaCreateKey), KeyWrite: transport.QuotaPace(kms.QuotaKeyWrite),
		SecretRead: transport.QuotaPace(kms.QuotaSecretRead), SecretWrite: transport.QuotaPace(kms.QuotaSecretWrite),
	}
}

func (a *app) showBan(b census.Ban, form string) {
	calls := table{head: []string{"OPERATION", "CALLS", "PER SECOND", "WHY"}}
	for _, c := range b.Calls {
		calls.rows = append(calls.rows, []string{c.Operation, fmt.Sprint(c.Calls), fmt.Sprint(c.PerSecond), c.Why})
	}
	switch form {
	case "json":
		a.view.Result(b)
	case "csv":
		a.view.Listed(nil, csvLines(calls)...)
	case "markdown":
		a.view.Listed(nil, append(markdownLines("Without "+strings.Join(b.Banned, ", "), calls), banLines(b)...)...)
	default:
		a.tables(calls)
		a.view.Result(nil, banLines(b)...)
	}
}

func banLines(b census.Ban) (lines []string) {
	lines = append(lines, fmt.Sprintf("Without %s: %s to succeed, %s to rewrap, %s to encrypt anew (%d bytes), %s to make anew.", strings.Join(b.Banned, ", "),
		countOf(len(b.Keys), "key"), countOf(b.Rewraps, "file"), countOf(b.Reencrypt, "file"), b.Bytes, countOf(b.Secrets, "secret")))
	for _, k := range b.Keys {
		lines = append(lines, fmt.Sprintf("  %s (%s), %s", cmp.Or(k.Address, "no block of this stack"), k.ID, k.Spec))
	}
	if b.Signing > 0 {
		lines = append(lines, countOf(b.Signing, "key")+" sign: what they signed, and who verifies it, nobody knows here.")
	}
	if n := len(b.Untold); n > 0 {
		lines = append(lines, countOf(n, "key")+" of a spec that nothing here tells; kmsplan kms DescribeKey shows it.")
	}
	if b.Missing > 0 {
		lines = append(lines, countOf(b.Missing, "file")+" of the census not there, and not reckoned.")
	}
	return append(lines, fmt.Sprintf("%d calls, %.2f hours, one quota after the other.", b.Total, b.Hours))
}
