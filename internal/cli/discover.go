package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/stack"
)

// discovering is what discover was asked to do.
type discovering struct {
	vars             variables
	lockTimeout      time.Duration
	what             stack.Discovering
	out, groupBy     string
	include, exclude []string
	json, trace      bool
}

// discoverCommand draws a region.
func (a *app) discoverCommand() *cobra.Command {
	var o discovering
	c := &cobra.Command{
		Use: "discover", Short: "Write the configuration of what an account has in a region", GroupID: groupState, Args: cobra.NoArgs,
		Long: `Read all keys, aliases and secrets of an account in a region, and its network rules, access policies and
access points, and write the configuration that takes them up: blocks named after aliases, with references
between them, rotation policies, and import blocks.
The plan of it is of imports only, and after its apply there are no changes.

-out names a new file, or a directory for a file per group and one of the imports; left out, all is printed. Left out and
named are keys that cloud services made for themselves, what waits for its deletion, what carries another stack's tags,
and what this stack manages already. No secret's value is read: a secret's block does not manage its value.

-include and -exclude choose by NAME (an alias, a key's id, a secret's name) or tag:KEY=VALUE, where * stands for any
text. A key costs a call, and one in an instance a second for its policy; the account's quota sets the pace.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.runDiscover(c.Context(), &o) },
	}
	o.vars.flags(c)
	f := c.Flags()
	f.StringVar(&o.what.Gateway, "gateway", "", "the gateway block to use (default: the first)")
	f.StringVar(&o.what.Region, "region", "", "the `REGION` to read; one that no gateway block names gets a block, and the credentials of the chain")
	f.StringVar(&o.out, "out", "", "write to a new `FILE` that ends in .kms.hcl, or to new files in a directory")
	f.StringVar(&o.groupBy, "group-by", "none", "how blocks are put into files: none, prefix (of alias and secret names) or `tag:KEY`")
	repeated(f, &o.include, "include", "only what fits `PATTERN`; repeatable")
	repeated(f, &o.exclude, "exclude", "leave out what fits `PATTERN`; repeatable")
	f.IntVar(&o.what.Limit, "limit", 0, "at most `N` keys and secrets")
	f.BoolVar(&o.what.Policies, "policies", true, "read the policies of keys and secrets in instances")
	f.BoolVar(&o.what.Access, "access", true, "read network rules, access policies and access points")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.trace, "trace-calls", false, "say how many calls went to each quota, and how long they waited for it")
	lockTimeoutFlag(c, &o.lockTimeout)
	return c
}

func (a *app) runDiscover(ctx context.Context, o *discovering) (err error) {
	a.answerIn(o.json)
	if o.what.Filter, err = draft.NewFilter(o.include, o.exclude); err != nil {
		return usageError{err}
	}
	if o.what.Group, err = draft.GroupBy(o.groupBy); err != nil {
		return usageError{fmt.Errorf("-group-by: %w", err)}
	}
	if err := a.discoverPlace(o.out); err != nil {
		return err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	defer a.traced(&planOptions{trace: o.trace}, s)
	found, err := s.Discover(ctx, o.what)
	if err != nil {
		return err
	}
	files := discoveredFiles(s.Config, found, o.out, a.isDir(o.out))
	if o.out != "" {
		if err := a.writeNew("-out", files); err != nil {
			return err
		}
	}
	a.discovered(found, files, o)
	return nil
}

// discoverPlace looks at what -out names before anything is called.
func (a *app) discoverPlace(out string) error {
	switch {
	case out == "" || a.isDir(out):
		return nil
	case strings.HasSuffix(out, sourceEnding):
		return a.newSourcePlace("-out", out)
	case strings.HasSuffix(out, ".hcl") || strings.HasSuffix(out, ".tf"):
		return usageError{fmt.Errorf("-out=%s: a module is made of files whose names end in %s; name one, or a directory", out, sourceEnding)}
	}
	return a.vacantPlace("-out", out)
}

func (a *app) isDir(name string) bool {
	info, err := os.Stat(a.path(name))
	return name != "" && err == nil && info.IsDir()
}

// discoveredFiles puts what was discovered into files: one, or one for each group and one of the imports.
func discoveredFiles(cfg *hcl.Config, found stack.Discovered, out string, isDir bool) (files []newFile) {
	var head []draft.Block
	if found.Missing != nil {
		head = append(head, *found.Missing)
		if name := gatewayFile(cfg, found.Missing.Labels[0]); name != "" && out != "" {
			files, head = append(files, newFile{filepath.Join(directoryOf(out, isDir), name), string(draft.Source(head))}), nil
		}
	}
	if !isDir && (out == "" || strings.HasSuffix(out, sourceEnding)) {
		for _, g := range found.Groups {
			head = append(head, g.Blocks...)
		}
		return append(files, newFile{out, string(draft.Source(append(head, found.Imports...)))})
	}
	add := func(name string, blocks []draft.Block) {
		if len(blocks) > 0 {
			files = append(files, newFile{filepath.Join(out, name+sourceEnding), string(draft.Source(blocks))})
		}
	}
	add("gateway", head)
	for _, g := range found.Groups {
		add(groupFile(g.Name), g.Blocks)
	}
	add("imports", found.Imports)
	return files
}

// directoryOf is the directory that files go to.
func directoryOf(out string, isDir bool) string {
	if isDir || !strings.HasSuffix(out, sourceEnding) {
		return out
	}
	return filepath.Dir(out)
}

// groupFile is the name of a group's file, apart from those of others.
func groupFile(group string) string {
	switch group {
	case "":
		return "discovered"
	case "gateway", "imports", "discovered":
		return group + "_group"
	}
	return group
}

// mostLeft bounds the objects that are named one by one; in JSON all are.
const mostLeft = 20

// discovered says what was found and what was left out.
func (a *app) discovered(found stack.Discovered, files []newFile, o *discovering) {
	for i, l := range found.Left {
		if i == mostLeft && !o.json {
			a.view.Notef("%d more are left out; -json names them all", len(found.Left)-mostLeft)
			break
		}
		a.view.Notef("left out: %s %s: %s", l.Kind, l.ID, l.Why)
	}
	if found.Unchosen > 0 {
		a.view.Notef("%s left out by -include and -exclude", amount(found.Unchosen, "object is", "objects are"))
	}
	value := map[string]any{"files": paths(files, o.out), "objects": found.Count, "left": found.Left, "unchosen": found.Unchosen}
	if o.out == "" {
		a.view.Listed(value, strings.TrimSuffix(files[0].Source, "\n"))
		return
	}
	lines := []string{fmt.Sprintf("Discovered: %s.", counted(found.Count))}
	for _, f := range files {
		lines = append(lines, "Wrote "+f.Path+".")
	}
	a.view.Result(value, append(lines, "Review it, and run kmsplan plan: it shows imports only.")...)
}

// paths are files without their text, where that is on disk.
func paths(files []newFile, out string) []newFile {
	if out == "" {
		return files
	}
	list := make([]newFile, len(files))
	for i, f := range files {
		list[i] = newFile{Path: f.Path}
	}
	return list
}

// counted says how many objects of each kind there are, in the order of the reference.
func counted(count map[string]int) string {
	var list []string
	for _, k := range kind.Kinds() {
		if n := count[k.Name]; n > 0 && !k.Data() {
			list = append(list, fmt.Sprintf("%d %s", n, wordsOf(k.Name, n)))
		}
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// wordsOf is a kind's name in a sentence.
func wordsOf(name string, n int) string {
	text := strings.ReplaceAll(name, "_", " ")
	switch {
	case n == 1:
		return text
	case strings.HasSuffix(text, "y") && !strings.HasSuffix(text, "key"):
		return strings.TrimSuffix(text, "y") + "ies"
	case strings.HasSuffix(text, "s"):
		return text + "es"
	}
	return text + "s"
}

func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
