package cli

import (
	"errors"
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
	var operations map[string][]kms.Operation
	if a.namesKMS() {
		operations = operationsByName()
	}
	names := slices.Sorted(maps.Keys(operations))
	c := &cobra.Command{
		Use: "kms OPERATION", Short: "Call one operation of KMS by its API name", GroupID: groupRaw,
		Long: `Call one operation of KMS: by API name (kms ListKeys) or in kebab case (kms list-keys).
Parameters are flags in kebab case (PageSize is -page-size). A parameter that holds
plaintext, a password or key material is never a flag: -plaintext-file reads it from a file,
or from standard input with "-". Any other parameter may be a file's content as well:
-policy @FILE, or @- for standard input (@@ stands for an @). A file of bytes is taken as it is, or
as base64 with -base64. -request FILE gives parameters by their API names in JSON.

-field prints one field of the answer alone, -decode without its base64, -o into a file.

Operations that both gateways offer (Encrypt, GetPublicKey …) go to the gateway block's
instance when it has one; -via=public or -via=instance says otherwise.`,
		Example: `  kmsplan kms Encrypt -key-id alias/orders -plaintext-file config.yaml -field CiphertextBlob -decode -o config.sealed
  kmsplan kms Decrypt -ciphertext-blob-file config.sealed -field Plaintext -decode -o config.yaml
  kmsplan kms CreateKey -request key.json -field KeyMetadata.KeyId`,
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

// namesKMS reports whether the command line can be about an operation. Half of all that a short command makes would be theirs:
// a hundred commands with all their flags.
func (a *app) namesKMS() bool {
	return len(a.proc.Args) == 0 || slices.Contains(a.proc.Args, "kms")
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
	files   map[string]*string // by parameter name: where to read it
	request string             // a file of parameters in JSON
	base64  bool               // files of bytes hold base64
	field   string             // of the answer
	decode  bool               // out of base64
	out     string             // a file for it
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
	c.Flags().StringVar(&call.request, "request", "", "read parameters by their API names from a JSON `FILE`, or from standard input with -; flags go before it")
	c.Flags().BoolVar(&call.base64, "base64", false, "the files of bytes hold base64, as answers do")
	c.Flags().BoolVar(&call.json, "json", false, "print the answer as the service sent it")
	c.Flags().StringVar(&call.field, "field", "", "print this `FIELD` of the answer alone, such as KeyMetadata.KeyId")
	c.Flags().BoolVar(&call.decode, "decode", false, "decode the -field from base64")
	c.Flags().StringVarP(&call.out, "output", "o", "", "write the answer, or its -field, to `FILE`, which only its owner reads")
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
	if (p.Secret || p.Type == kms.TypeBytes) && r.files[p.Name] == nil {
		r.files[p.Name] = c.Flags().String(name+"-file", "", "read "+p.Name+" from `FILE`, or from standard input with -")
	}
	if !p.Secret && r.values[p.Name] == nil {
		r.values[p.Name] = c.Flags().String(name, "", p.Name+" ("+text+")")
	}
}

// callOperation gathers the parameters, makes the call and prints the answer.
func (a *app) callOperation(c *cobra.Command, r *rawCall) error {
	a.answerIn(r.json)
	if r.decode && r.field == "" {
		return usageError{errors.New("-decode is about one field of the answer; name it with -field")}
	}
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

// params turns the request file and the flags that were set into parameters of the gateway's operation. A flag goes
// before what the request says.
func (r *rawCall) params(a *app, c *cobra.Command, op kms.Operation) (map[string]any, error) {
	files, out := &paramFiles{app: a, base64: r.base64}, map[string]any{}
	if r.request != "" {
		given, err := files.request(r.request, op)
		if err != nil {
			return nil, err
		}
		out = given
	}
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		if flag := kms.Kebab(name); c.Flags().Changed(flag) {
			if err := r.put(op, name, flag, out, func(p kms.Param) (any, error) { return files.flagValue(p, flag, *r.values[name]) }); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		flag := kms.Kebab(name) + "-file"
		if !c.Flags().Changed(flag) {
			continue
		}
		if value := r.values[name]; value != nil && c.Flags().Changed(kms.Kebab(name)) {
			return nil, usageError{fmt.Errorf("-%s and -%s both give %s; leave one out", kms.Kebab(name), flag, name)}
		}
		if err := r.put(op, name, flag, out, func(p kms.Param) (any, error) {
			content, err := files.read(flag, *r.files[name])
			if err != nil {
				return nil, err
			}
			return files.value(p, content)
		}); err != nil {
			return nil, err
		}
	}
	return out, missing(op, out)
}

// put adds the parameter of one flag.
func (r *rawCall) put(op kms.Operation, name, flag string, out map[string]any, value func(kms.Param) (any, error)) error {
	p, ok := op.Param(name)
	if !ok {
		return usageError{fmt.Errorf("-%s is no parameter of %s on the %s gateway", flag, op.Name, op.Gateway)}
	}
	got, err := value(p)
	if err != nil {
		if errors.As(err, new(usageError)) || strings.HasPrefix(err.Error(), "-") {
			return err
		}
		return usageError{fmt.Errorf("-%s: %w", flag, err)}
	}
	out[name] = got
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
