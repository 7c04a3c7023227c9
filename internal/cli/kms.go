package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// kmsCommand calls one operation of KMS by its API name. Its subcommands, flags and
// completion come from the table of operations.
func (a *app) kmsCommand() *cobra.Command {
	operations := operationsByName()
	names := slices.Sorted(maps.Keys(operations))
	c := &cobra.Command{
		Use: "kms OPERATION", Short: "Call one operation of KMS by its API name", GroupID: groupRaw,
		Long: `Call one operation of KMS: by API name (kms ListKeys) or in kebab case (kms list-keys).
Parameters are flags in kebab case (PageSize is -page-size). A parameter that holds
plaintext, a password or key material is never a flag: -plaintext-file reads it from a file,
or from standard input with "-".

Operations that both gateways offer (Encrypt, GetPublicKey …) go to the gateway block's
instance when it has one; -via=public or -via=instance says otherwise.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("name an operation, for example kms ListKeys; kms -help lists them")}
			}
			return usageError{fmt.Errorf("there is no operation %q%s", args[0], suggest.Clause(args[0], names))}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	for _, name := range names {
		c.AddCommand(a.operationCommand(name, operations[name]))
	}
	return c
}

// rawCall is one kms command's flags.
type rawCall struct {
	vars    variables
	name    string
	gateway string
	via     string
	json    bool
	reveal  bool
	values  map[string]*string // by parameter name
	files   map[string]*string // secret parameters: where to read them
}

// operationCommand makes the command of one operation.
func (a *app) operationCommand(name string, variants []kms.Operation) *cobra.Command {
	call := &rawCall{name: name, values: map[string]*string{}, files: map[string]*string{}}
	c := &cobra.Command{
		Use: name, Aliases: []string{kms.Kebab(name)}, Short: variants[0].Doc, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.callOperation(c, call) },
	}
	for _, op := range variants {
		for _, p := range op.Params {
			call.flag(c, op, p)
		}
	}
	call.vars.flags(c)
	c.Flags().StringVar(&call.gateway, "gateway", "", "the gateway block to use (default: the first)")
	if len(variants) > 1 {
		c.Flags().StringVar(&call.via, "via", "", "which gateway serves it: public or instance")
	}
	c.Flags().BoolVar(&call.json, "json", false, "print the answer as the service sent it")
	if variants[0].SecretAnswer || variants[len(variants)-1].SecretAnswer {
		c.Flags().BoolVar(&call.reveal, "reveal", false, "print secret parts of the answer on a terminal too")
	}
	return c
}

// flag adds the flag of one parameter, once.
func (r *rawCall) flag(c *cobra.Command, op kms.Operation, p kms.Param) {
	name := kms.Kebab(p.Name)
	text := p.Form()
	if p.Required {
		text += ", required"
	}
	switch {
	case p.Secret && r.files[p.Name] == nil:
		r.files[p.Name] = c.Flags().String(name+"-file", "", "read "+p.Name+" from `FILE`, or from standard input with -")
	case !p.Secret && r.values[p.Name] == nil:
		r.values[p.Name] = c.Flags().String(name, "", p.Name+" ("+text+")")
	}
}

// callOperation gathers the parameters, makes the call and prints the answer.
func (a *app) callOperation(c *cobra.Command, r *rawCall) error {
	a.answerIn(r.json)
	if r.via != "" && r.via != kms.GatewayPublic && r.via != kms.GatewayInstance {
		return usageError{fmt.Errorf("-via %q is not known; write public or instance", r.via)}
	}
	gateways, err := a.openGateways(&r.vars, nil)
	if err != nil {
		return err
	}
	defer a.closing(gateways.Close)
	caller, op, err := gateways.Caller(c.Context(), r.gateway, r.name, r.via)
	if err != nil {
		return err
	}
	params, err := r.params(a, c, op)
	if err != nil {
		return err
	}
	answer, err := caller.Raw(c.Context(), r.name, params)
	if err != nil {
		return err
	}
	return a.printAnswer(r, op, answer)
}

// printAnswer shows an answer. Its secret parts are not put on a terminal unasked.
func (a *app) printAnswer(r *rawCall, op kms.Operation, answer json.RawMessage) error {
	if op.SecretAnswer && a.term.Live && !r.reveal {
		redacted, err := redactAnswer(answer)
		if err != nil {
			return err
		}
		answer = redacted
	}
	a.view.Answer(answer)
	return nil
}

// params turns the flags that were set into parameters of the gateway's operation.
func (r *rawCall) params(a *app, c *cobra.Command, op kms.Operation) (map[string]any, error) {
	out := map[string]any{}
	for name, value := range r.values {
		if !c.Flags().Changed(kms.Kebab(name)) {
			continue
		}
		p, ok := op.Param(name)
		if !ok {
			return nil, usageError{fmt.Errorf("-%s is no parameter of %s on the %s gateway", kms.Kebab(name), op.Name, op.Gateway)}
		}
		parsed, err := parseParam(p, *value)
		if err != nil {
			return nil, usageError{fmt.Errorf("-%s: %w", kms.Kebab(name), err)}
		}
		out[name] = parsed
	}
	if err := r.secretParams(a, op, out); err != nil {
		return nil, err
	}
	return out, missing(op, out)
}

// secretParams reads the parameters that are never flags.
func (r *rawCall) secretParams(a *app, op kms.Operation, out map[string]any) error {
	for name, file := range r.files {
		if *file == "" {
			continue
		}
		p, ok := op.Param(name)
		if !ok {
			return usageError{fmt.Errorf("-%s-file is no parameter of %s on the %s gateway", kms.Kebab(name), op.Name, op.Gateway)}
		}
		content, err := a.readSecret(*file)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		out[name] = secretParam(p, content)
	}
	return nil
}

// missing names the required parameters that were not given.
func missing(op kms.Operation, given map[string]any) error {
	var names []string
	for _, p := range op.Params {
		if _, ok := given[p.Name]; !ok && p.Required {
			flag := "-" + kms.Kebab(p.Name)
			if p.Secret {
				flag += "-file"
			}
			names = append(names, flag)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return usageError{fmt.Errorf("%s needs %s", op.Name, strings.Join(names, ", "))}
}
