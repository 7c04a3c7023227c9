package resource

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// LookUp answers one question of a lookup. It reads metadata and nothing else: no secret's value is asked for. That
// nothing is there is a *plan.NothingFound in the answer; every other error is a failure.
func LookUp(ctx context.Context, c GatewayClients, ask plan.Ask) plan.Answer {
	l := &looking{GatewayClients: c, args: ask.Arguments}
	read := map[string]func(context.Context) (map[string]cty.Value, error){
		"key": l.key, "keys": l.keys, "public_key": l.publicKey, "alias": l.alias, "aliases": l.aliases,
		"secret": l.secret, "secrets": l.secrets, "instance": l.instance,
	}[ask.Kind]
	if read == nil {
		return plan.Answer{Err: fmt.Errorf("this version of kmsplan looks up no %s", ask.Kind)}
	}
	found, err := read(ctx)
	return plan.Answer{Attributes: found, Err: err}
}

// LookUpAll answers questions of several gateways, a few at a time. Those of a gateway that is not among the clients stay
// without an answer.
func LookUpAll(ctx context.Context, gateways map[string]GatewayClients, asks []plan.Ask) map[plan.Question]plan.Answer {
	answers := make([]plan.Answer, len(asks))
	var g errgroup.Group
	g.SetLimit(readers)
	for i, ask := range asks {
		if c, ok := gateways[ask.Gateway]; ok {
			g.Go(func() error { answers[i] = LookUp(ctx, c, ask); return nil })
		}
	}
	_ = g.Wait() // what went wrong is in the answers
	out := make(map[plan.Question]plan.Answer, len(asks))
	for i, ask := range asks {
		if _, ok := gateways[ask.Gateway]; ok {
			out[ask.Question] = answers[i]
		}
	}
	return out
}

// looking is the work on one question.
type looking struct {
	GatewayClients
	args map[string]cty.Value
}

func (l *looking) text(name string) string { return text(l.args[name]) }

// nothing is the error of an object that is not there; any other stays what it is.
func (l *looking) nothing(err error, argument, format string, args ...any) error {
	if err != nil && !kms.IsNotFound(err) {
		return err
	}
	return &plan.NothingFound{Argument: argument, What: fmt.Sprintf(format, args...)}
}

// fits reports whether a name fits the filters prefix and name_regex.
func (l *looking) fits() (func(name string) bool, error) {
	prefix, pattern := l.text("prefix"), l.text("name_regex")
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is no pattern: %w", pattern, err) // the language refused it, unless it was known only now
	}
	return func(name string) bool { return strings.HasPrefix(name, prefix) && re.MatchString(name) }, nil
}

// named reports whether the lookup filters by names at all.
func (l *looking) named() bool { return l.text("prefix") != "" || l.text("name_regex") != "" }

// tagged reports whether tags are among an object's.
func tagged(want, has map[string]string) bool {
	for key, value := range want {
		if got, ok := has[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// list is a list of texts, sorted.
func list(texts []string) cty.Value {
	if len(texts) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	sorted := slices.Sorted(slices.Values(texts))
	vals := make([]cty.Value, len(sorted))
	for i, s := range sorted {
		vals[i] = cty.StringVal(s)
	}
	return cty.ListVal(vals)
}

// mapping is a map of values of one type, empty rather than null.
func mapping(of cty.Type, m map[string]cty.Value) cty.Value {
	if len(m) == 0 {
		return cty.MapValEmpty(of)
	}
	return cty.MapVal(m)
}
