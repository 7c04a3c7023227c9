package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/git"
	"kmsplan.dev/kmsplan/internal/keycache"
	"kmsplan.dev/kmsplan/internal/view"
)

// gitCommand lets git show and merge encrypted files.
func (a *app) gitCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "git", Short: "Let git show and merge encrypted files", GroupID: groupFiles, Args: noSuchSubcommand,
		Long: `Let git show the differences of encrypted files, envelopes and documents whose values are sealed,
as those of their plaintext, and merge them. kmsplan git install sets up the repository; what git
calls from then on are textconv and merge. No plaintext gets into git's objects or into files.`,
		RunE: needCommand,
	}
	c.AddCommand(a.gitInstallCommand(), a.gitUninstallCommand(), a.gitStatusCommand(), a.gitTextconvCommand(), a.gitMergeCommand(), a.gitResolveCommand(), a.gitCacheCommand())
	return c
}

func (a *app) gitInstallCommand() *cobra.Command {
	var patterns []string
	c := &cobra.Command{
		Use: "install", Short: "Set up .gitattributes and the repository's configuration", Args: cobra.NoArgs,
		Long: `Write lines into the .gitattributes at the top of the repository and drivers into its configuration,
so that git diff, git log -p, git show and git blame show the plaintext of encrypted files, and
git merge and git rebase merge them. The gateways are those of the module in the working directory.

The files are *.enc, those of -pattern, and where documents, whose values are sealed, are
not among them, all files that end as they do, so that a renamed one is merged too. What is not
encrypted is shown and merged as before. Patterns that were installed before stay. Commit .gitattributes; everybody runs kmsplan git install once in
each clone. A second run changes nothing.`,
		Example: `  kmsplan git install
  kmsplan -chdir=infra git install -pattern 'secrets/**'`,
		RunE: func(c *cobra.Command, _ []string) error { return a.gitInstall(c.Context(), patterns) },
	}
	repeated(c.Flags(), &patterns, "pattern", "also the files of this `PATTERN` of .gitattributes; repeatable")
	return c
}

func (a *app) gitInstall(ctx context.Context, patterns []string) error {
	for _, p := range patterns {
		if err := git.CheckPattern(p); err != nil {
			return usageError{fmt.Errorf("-pattern: %w", err)}
		}
	}
	r, setup, err := a.gitSetup(ctx)
	if err != nil {
		return err
	}
	documents, keys, err := repositoryDocuments(ctx, r)
	if err != nil {
		return err
	}
	setup.Patterns = append([]string{git.DefaultPattern}, patterns...)
	changed, err := r.Install(ctx, setup)
	if err != nil {
		return err
	}
	uncovered, err := r.Uncovered(ctx, documents)
	if err != nil {
		return err
	}
	if len(uncovered) > 0 {
		setup.Patterns = kindsOf(uncovered)
		if changed, err = r.Install(ctx, setup); err != nil {
			return err
		}
	}
	if keys > 1 {
		a.view.Notef("%s", underDataKeys(len(documents), keys))
	}
	if !changed {
		a.view.Result(nil, "Everything is set up already.")
		return nil
	}
	a.view.Result(nil, "git shows and merges encrypted files of "+r.Top+" now. Commit .gitattributes, and run kmsplan git install in every clone.")
	return nil
}

// kindsOf are patterns of all files that are named like these.
func kindsOf(names []string) []string {
	var out []string
	for _, name := range names {
		pattern := "*" + path.Ext(name)
		if pattern == "*" {
			pattern = path.Base(name)
		}
		if !slices.Contains(out, pattern) {
			out = append(out, pattern)
		}
	}
	return out
}

func (a *app) gitUninstallCommand() *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "Take away what install set up", Args: cobra.NoArgs,
		Long: `Take kmsplan's lines out of the .gitattributes at the top of the repository, and its drivers out of
the repository's configuration. Encrypted files stay as they are.`,
		RunE: func(c *cobra.Command, _ []string) error {
			r, _, err := a.gitSetup(c.Context())
			if err != nil {
				return err
			}
			changed, err := r.Uninstall(c.Context())
			switch {
			case err != nil:
				return err
			case changed:
				a.view.Result(nil, "git treats encrypted files of "+r.Top+" as any others now.")
			default:
				a.view.Result(nil, "Nothing was set up.")
			}
			return nil
		},
	}
}

func (a *app) gitStatusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Show whether the repository is set up", Args: cobra.NoArgs,
		Long: `Compare .gitattributes and git's configuration, the user's and the system's included, with what
install sets up, and find documents that no pattern names. Exits 1 when something is wrong.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.gitStatus(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) gitStatus(ctx context.Context, asJSON bool) error {
	a.answerIn(asJSON)
	r, setup, err := a.gitSetup(ctx)
	if err != nil {
		return err
	}
	checks, err := r.Status(ctx, setup)
	if err != nil {
		return err
	}
	documents, keys, err := repositoryDocuments(ctx, r)
	if err != nil {
		return err
	}
	if len(documents) > 0 {
		checks = append(checks, git.Check{Check: "data keys", OK: true, Detail: underDataKeys(len(documents), keys)})
	}
	uncovered, err := r.Uncovered(ctx, documents)
	if err != nil {
		return err
	}
	for _, name := range uncovered {
		checks = append(checks, git.Check{Check: name, Detail: "is a document that no pattern in .gitattributes names: kmsplan git install adds it"})
	}
	var list []view.Finding
	bad := false
	for _, c := range checks {
		list, bad = append(list, view.Finding{Check: c.Check, OK: c.OK, Detail: c.Detail}), bad || !c.OK
	}
	a.view.Findings(list)
	if bad {
		return exit{exitError}
	}
	return nil
}

// gitSetup finds the repository of the module's directory, and what is set up in it.
func (a *app) gitSetup(ctx context.Context) (*git.Repository, git.Setup, error) {
	dir, err := a.dir()
	if err != nil {
		return nil, git.Setup{}, err
	}
	r, err := git.Find(ctx, dir, a.proc.Env)
	if err != nil {
		return nil, git.Setup{}, err
	}
	module, err := r.Inside(filepath.Join(dir, "."))
	if dir == r.Top {
		module, err = ".", nil
	}
	return r, git.Setup{Program: program(), Module: module}, err
}

// program is how a shell starts this program: by its name where PATH leads to it, so that an upgrade is followed.
func program() string {
	self, err := os.Executable()
	if err != nil {
		return "kmsplan"
	}
	found, err := exec.LookPath("kmsplan")
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return self
	}
	ours, err1 := os.Stat(self)
	theirs, err2 := os.Stat(found)
	if err1 == nil && err2 == nil && os.SameFile(ours, theirs) {
		return "kmsplan"
	}
	return self
}

// underDataKeys says what a look at all documents costs.
func underDataKeys(documents, keys int) string {
	what := fmt.Sprintf("%d documents have %d data keys between them: git diff of all asks KMS as often", documents, keys)
	switch {
	case documents == 1:
		what = "one document: git diff asks KMS once"
	case keys == 1:
		what = fmt.Sprintf("%d documents share a data key: git diff of all asks KMS once", documents)
	}
	if !keycache.Kept {
		what = fmt.Sprintf("on this system no process keeps data keys: git diff asks KMS for each version of each of %d documents", documents)
	}
	if keys > 1 && keycache.Kept {
		what += "; kmsplan reencrypt -scope run FILE… lets those of one key and context share one"
	}
	return what
}

// repositoryDocuments are the files whose values are sealed, but for those that are ignored, and how many data keys they have.
func repositoryDocuments(ctx context.Context, r *git.Repository) (out []string, dataKeys int, err error) {
	held, err := r.Holding(ctx, document.Signature, false)
	if err != nil {
		return nil, 0, err
	}
	wraps := map[keycache.ID]bool{}
	for _, name := range held {
		content, err := os.ReadFile(filepath.Join(r.Top, filepath.FromSlash(name)))
		if err != nil {
			continue // deleted in the work tree
		}
		h, err := document.Read(content)
		if err != nil {
			continue
		}
		out = append(out, name)
		if id, err := wrapsOf(h.Suite, h.Stanzas, h.Context); err == nil {
			wraps[id] = true
		}
	}
	return out, len(wraps), nil
}
