package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/git"
	"kmsplan.dev/kmsplan/internal/merge"
	"kmsplan.dev/kmsplan/internal/ops"
)

// resolution is how a conflict is decided.
type resolution struct {
	drivers
	ours, theirs, show bool
	oursAt, theirsAt   []string
	from               string
}

func (a *app) gitResolveCommand() *cobra.Command {
	r := &resolution{}
	c := &cobra.Command{
		Use: "resolve FILE", Short: "Show and decide a conflict in an encrypted file", Args: cobra.ExactArgs(1),
		Long: `Without a flag, say in what both sides of a merge conflict, without the values; -show prints the
contested parts as plaintext on standard output. -ours and -theirs take that side of each conflict,
and what does not conflict from both; -ours-at and -theirs-at decide one value of a document, as its
place is named without a flag, or all below a name, and go before -ours and -theirs; -from reads the
merged plaintext. FILE is then written encrypted; git add marks it as resolved. While one conflict is
not decided, nothing is written.`,
		Example: `  kmsplan git resolve -theirs config/app.yaml
  kmsplan git resolve -ours-at database.password -theirs-at tls config/app.yaml
  kmsplan git resolve -show config/app.yaml
  printf 'password: new\n' | kmsplan git resolve -from - config/app.yaml`,
		RunE: func(c *cobra.Command, args []string) error { return a.gitResolve(c.Context(), r, args[0]) },
	}
	r.flags(c)
	c.Flags().BoolVar(&r.ours, "ours", false, "take our side of each conflict")
	c.Flags().BoolVar(&r.theirs, "theirs", false, "take their side of each conflict")
	repeated(c.Flags(), &r.oursAt, "ours-at", "take our value of this `PLACE`, and of all below it; repeatable")
	repeated(c.Flags(), &r.theirsAt, "theirs-at", "take their value of this `PLACE`, and of all below it; repeatable")
	c.Flags().BoolVar(&r.show, "show", false, "print the conflicts as plaintext")
	c.Flags().StringVar(&r.from, "from", "", "read the merged plaintext from `FILE`, - for standard input")
	c.MarkFlagsMutuallyExclusive("ours", "theirs", "show", "from")
	for _, at := range []string{"ours-at", "theirs-at"} {
		c.MarkFlagsMutuallyExclusive(at, "show")
		c.MarkFlagsMutuallyExclusive(at, "from")
	}
	return c
}

func (r *resolution) decisions() merge.Decisions {
	d := merge.Decisions{Rest: r.side()}
	for _, place := range r.oursAt {
		d.At = append(d.At, merge.Decision{Place: place, Side: merge.SideOurs})
	}
	for _, place := range r.theirsAt {
		d.At = append(d.At, merge.Decision{Place: place, Side: merge.SideTheirs})
	}
	return d
}

func (r *resolution) side() ops.Side {
	switch {
	case r.ours:
		return ops.Ours
	case r.theirs:
		return ops.Theirs
	}
	return ops.Neither
}

func (a *app) gitResolve(ctx context.Context, r *resolution, name string) error {
	path, err := filepath.Abs(a.path(name))
	if err != nil {
		return err
	}
	plain, err := a.resolved(r)
	if err != nil {
		return err
	}
	keys, done := a.driverKeys(&r.drivers)
	defer done()
	stages, err := a.stages(ctx, path)
	if err != nil {
		return err
	}
	v, err := ops.OpenVersions(ctx, stages[1], stages[2], stages[3], keys)
	if err != nil {
		return fmt.Errorf("resolve %s: %w", name, err)
	}
	if r.show {
		for _, c := range v.Conflicts() {
			if _, err := io.WriteString(a.proc.Stdout, c); err != nil {
				return err
			}
		}
		return nil
	}
	if plain == nil {
		plain, err = v.Decide(r.decisions())
	}
	var sealed []byte
	if err == nil {
		sealed, err = v.Seal(plain, r.side())
	}
	if err != nil {
		return withHint(fmt.Errorf("resolve %s: %w", name, err), "-show prints the conflicts, -ours and -theirs take one side of each, -ours-at PLACE and -theirs-at PLACE of one value, and -from FILE or -from - reads the merged plaintext.")
	}
	perm := fs.FileMode(0o644)
	if info, err := os.Lstat(path); err == nil {
		perm = info.Mode().Perm()
	}
	if err := ops.WriteFile(path, perm, func(w io.Writer) error { _, err := w.Write(sealed); return err }); err != nil {
		return err
	}
	a.view.Notef("%s is merged and encrypted; git add %s marks it as resolved", name, name)
	return nil
}

// resolved is the plaintext of -from, nil without it.
func (a *app) resolved(r *resolution) ([]byte, error) {
	if r.from == "" {
		return nil, nil
	}
	in, err := a.open(r.from)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	plain, err := io.ReadAll(io.LimitReader(in, maxShown+1))
	switch {
	case err != nil:
		return nil, err
	case len(plain) > maxShown:
		return nil, fmt.Errorf("%s has more than %d bytes", r.from, maxShown)
	case merge.HasMarks(string(plain)):
		return nil, errors.New("-from: the text has marks of conflicts still; decide each and take the marks out")
	case ops.IsSealed(plain):
		return nil, errors.New("-from takes the plaintext, and this is encrypted")
	}
	return plain, nil
}

// stages are the versions of a file that git keeps while a merge of it is not resolved, by stage.
func (a *app) stages(ctx context.Context, path string) (stages [4][]byte, err error) {
	r, err := git.Find(ctx, filepath.Dir(path), a.proc.Env)
	if err != nil {
		return stages, err
	}
	inside, err := r.Inside(path)
	if err != nil {
		return stages, err
	}
	entries, err := r.Index(ctx, inside)
	if err != nil {
		return stages, err
	}
	err = r.Read(ctx, entries, maxShown, func(e git.Entry, content []byte, whole bool) error {
		if !whole {
			return fmt.Errorf("%s has more than %d bytes", path, maxShown)
		}
		stages[e.Stage] = content
		return nil
	})
	if err == nil && (stages[2] == nil || stages[3] == nil) {
		err = fmt.Errorf("%s has no conflict of two versions in git's index: git status lists what has", inside)
	}
	return stages, err
}
