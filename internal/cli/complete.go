package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	batchreport "kmsplan.dev/kmsplan/internal/batch/report"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/view"
)

// complete is how cobra asks for the words that may stand at a place.
type complete = cobra.CompletionFunc

// completions says what each argument and flag takes. What a shell asks for is read from the module
// and its state, quietly: a broken module completes nothing.
func (a *app) completions(root *cobra.Command) {
	arguments := map[string]complete{
		"kmsplan state show": a.stateAddresses, "kmsplan state list": a.stateAddresses, "kmsplan state mv": a.stateAddresses,
		"kmsplan usage show": a.keyNames, "kmsplan usage forget": a.keyNames,
		"kmsplan workspace select": a.workspaceNames, "kmsplan workspace delete": a.workspaceNames,
		"kmsplan state rm": a.stateAddresses, "kmsplan state rollback": a.keptSerials, "kmsplan run": a.dataAddresses, "kmsplan import": a.managedAddresses, "kmsplan import-from-terraform": terraformStates, "kmsplan output": a.outputNames,
		"kmsplan decrypt": envelopes, "kmsplan verify": envelopes, "kmsplan rewrap": envelopes, "kmsplan reencrypt": envelopes, "kmsplan inspect": envelopes,
		"kmsplan batch plan": a.batchAddresses, "kmsplan batch start": a.batchAddresses, "kmsplan batch status": a.batchAddresses, "kmsplan batch watch": a.batchAddresses,
		"kmsplan batch pause": a.batchAddresses, "kmsplan batch resume": a.batchAddresses, "kmsplan batch cancel": a.batchAddresses, "kmsplan batch retry-failed": a.batchAddresses,
		"kmsplan batch rate": a.batchAddresses, "kmsplan batch verify": a.batchAddresses, "kmsplan batch report": a.batchAddresses, "kmsplan worker": a.batchAddresses,
		"kmsplan set": a.fileThenPaths, "kmsplan unset": a.fileThenPaths,
	}
	flags := map[string]complete{
		"target": a.declaredAddresses, "gateway": a.gatewayNames, "via": words("public", "instance"), "key": a.keyNames,
		"group-by": words("none", "prefix", "tag:"), "config": directories,
		"suite": words("AES_256_GCM", "SM4_GCM"), "scope": words("file", "directory", "run"),
		"auth": words("strict", "permissive", "off"), "throttle": words("off", "documented"), "quotas": words("documented", "off"), "queue": words(kind.QueueLocal, kind.QueuePostgres, kind.QueueShards),
		"chdir": directories, "only": ruleIDs, "skip": ruleIDs, "min-severity": words(lint.Severities()...), "pack": words(packNames()...),
		"format": formNames, "ban": words(slices.Concat(kind.SpecNames(), envelope.SuiteNames())...), "report": reportForms, "file": a.namedFiles,
	}
	for name, values := range parameterWords {
		flags[name] = words(values...)
	}
	completeTree(root, arguments, flags)
}

// parameterWords are the values that parameters of operations take (KMS: CreateKey and the operations on
// keys, secrets and signatures).
var parameterWords = map[string][]string{
	"key-usage":          {"ENCRYPT/DECRYPT", "SIGN/VERIFY", "GENERATE/VERIFY_MAC"},
	"origin":             {"Aliyun_KMS", "EXTERNAL"},
	"message-type":       {"RAW", "DIGEST"},
	"resource-type":      {"key", "secret"},
	"automatic-rotation": {"Enabled", "Disabled"},
}

func completeTree(c *cobra.Command, arguments, flags map[string]complete) {
	if f := arguments[c.CommandPath()]; f != nil {
		c.ValidArgsFunction = f
	}
	for name, f := range flags {
		if c.LocalFlags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, f) // it was registered already: a flag of a parent
		}
	}
	for _, sub := range c.Commands() {
		completeTree(sub, arguments, flags)
	}
}

// words completes from a fixed list.
func words(list ...string) complete {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

// envelopes completes files that encrypt made.
func envelopes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{strings.TrimPrefix(ops.Suffix, ".")}, cobra.ShellCompDirectiveFilterFileExt
}

// terraformStates completes files that Terraform keeps its state in.
func terraformStates(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"tfstate", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// declared is the module as far as it loads.
func (a *app) declared() *hcl.Config {
	cfg, _ := a.load(&variables{}, true)
	return cfg
}

// remembered is the module's state, empty where it cannot be read.
func (a *app) remembered(c *cobra.Command) state.State {
	stored, err := a.openState(0)
	if err != nil {
		return state.State{}
	}
	st, _, err := stored.Read(c.Context())
	if err != nil {
		return state.State{}
	}
	return st
}

func (a *app) stateAddresses(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	names, err := state.Select(a.remembered(c))
	if err != nil {
		names = nil
	}
	return beginning(begun, names)
}

// workspaceNames are the workspaces there are.
func (a *app) workspaceNames(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.inWorkspaces(0, func(w *stack.Workspaces) (err error) { names, err = w.List(c.Context()); return err })
	return beginning(begun, names)
}

// keptSerials are the serials that one could go back to.
func (a *app) keptSerials(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var serials []string
	if stored, err := a.openState(0); err == nil {
		kept, _ := stored.History(c.Context())
		for _, k := range kept[min(1, len(kept)):] {
			serials = append(serials, strconv.FormatUint(k.Version.Serial, 10))
		}
	}
	return beginning(begun, serials)
}

func (a *app) outputNames(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for name := range a.remembered(c).Outputs {
		names = append(names, name)
	}
	return beginning(begun, names)
}

// declaredAddresses are the module's blocks and their instances.
func (a *app) declaredAddresses(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return beginning(begun, a.addresses(false))
}

func (a *app) dataAddresses(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return beginning(begun, a.addresses(true))
}

// batchAddresses are the batches of the module.
func (a *app) batchAddresses(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []addr.Address
	for _, b := range a.declared().Batches {
		all = append(all, b.Instances...)
	}
	return beginning(begun, addr.Names(all))
}

// managedAddresses are the instances that import may name.
func (a *app) managedAddresses(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []addr.Address
	for _, b := range a.declared().Blocks {
		if !b.Addr.Data {
			all = append(all, b.Instances...)
		}
	}
	return beginning(begun, addr.Names(all))
}

func (a *app) addresses(data bool) []string {
	var all []addr.Address
	for _, b := range a.declared().Blocks {
		if !data || b.Kind.File() {
			all = append(append(all, b.Addr), b.Instances...)
		}
	}
	return addr.Names(all)
}

func (a *app) gatewayNames(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, g := range a.declared().Gateways {
		names = append(names, g.Name)
	}
	return beginning(begun, names)
}

// ruleIDs are the rules of lint, each with what it finds.
func ruleIDs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, r := range lint.Rules() {
		out = append(out, cobra.CompletionWithDesc(r.ID, r.Title))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// formNames are the forms of the command's answer, or the formats of documents where -format is about a file.
func formNames(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	switch c.Name() {
	case "encrypt", "edit", "decrypt", "exec", "set", "unset":
		return beginning(begun, document.Names())
	case "report":
		if c.Parent().Name() == "batch" {
			return beginning(begun, []string{batchreport.JSONLines, batchreport.CSV})
		}
		return beginning(begun, tableForms)
	case "graph":
		return beginning(begun, []string{"dot", "mermaid"})
	case "crypto", "agility":
		return beginning(begun, tableForms)
	}
	f := formFlags{command: c.Name()}
	return beginning(begun, f.forms())
}

// reportForms begin FORM=FILE; once the form is there, files are completed.
func reportForms(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(begun, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []string
	for _, name := range view.FormsOf(c.Name()) {
		out = append(out, name+"=")
	}
	return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// keyNames are the aliases and keys that the state remembers.
func (a *app) keyNames(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, r := range a.remembered(c).Resources {
		if r.Kind == "alias" || r.Kind == "key" {
			names = append(names, r.ID)
		}
	}
	return beginning(begun, names)
}

// beginning keeps the words that go on from what was typed.
func beginning(begun string, names []string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, begun) {
			out = append(out, name)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
