package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// importCensusCommand takes up encrypted files that no data block of this stack keeps.
func (a *app) importCensusCommand() *cobra.Command {
	var vars variables
	var forget, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "import-census PATH …", Short: "Take encrypted files that others made into the census, so that their keys are kept for them", GroupID: groupFiles,
		Long: `Read the headers of files, and of all files below directories, and record those that are encrypted in the state's
census: by kmsplan encrypt, or by other stacks. From then on their keys are neither retired nor disabled without a
word. Nothing is called and nothing proved; no link is followed, and a directory whose name begins with a dot only when
it is named. What a data block keeps stays its block's. Files that are taken up again are renewed.

Paths are kept relative to the module. plan and status look at the files again, and a missing one goes on counting;
-forget drops what was taken up, as kmsplan state rm 'census.file["PATH"]' does.`,
		Example: `  kmsplan import-census /srv/archive
  kmsplan import-census -forget old/letter.enc`,
		Args: needPaths,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.withState(&vars, lockTimeout, func(stored *stack.Stored) error {
				if forget {
					return a.forgetCensus(c.Context(), stored, args)
				}
				return a.takeCensus(c.Context(), stored, args)
			})
		},
	}
	vars.flags(c)
	c.Flags().BoolVar(&forget, "forget", false, "drop from the census what was taken up of these files, and below these directories")
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func needPaths(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("name files, or directories to look through")}
	}
	return nil
}

// takenAnswer is the document of import-census.
type takenAnswer struct {
	Taken   []state.File   `json:"taken"`
	Renewed []state.File   `json:"renewed"`
	Same    int            `json:"same"`
	Kept    []state.File   `json:"kept"`        // of data blocks
	Loose   []string       `json:"without_kms"` // paths: no KMS key opens them
	Plain   int            `json:"plain"`       // files of directories that are not encrypted
	Gone    []state.File   `json:"gone"`        // taken up once, of these paths, and not there any more; they go on counting
	Passed  []statusPassed `json:"passed"`
}

func (a *app) takeCensus(ctx context.Context, stored *stack.Stored, paths []string) error {
	found := census.Find(stored.Dir(), paths, true)
	found.Entries = slices.DeleteFunc(found.Entries, func(e census.Entry) bool {
		what := stored.Owned(e.Path)
		if what != "" {
			a.view.Notef("%s is %s, and is not taken up", pathWord(e.Path), what)
		}
		return what != ""
	})
	var t census.Taken
	if len(found.Entries) > 0 {
		err := stored.EditCensus(ctx, "import-census", func(st state.State) (state.State, error) {
			st, t = census.Take(st, found.Entries)
			return st, nil
		})
		if err != nil {
			return err
		}
	}
	gone, err := goneOf(ctx, stored, paths)
	if err != nil {
		return err
	}
	answer := takenAnswer{
		Gone: gone, Taken: append([]state.File{}, t.New...), Renewed: append([]state.File{}, t.Renewed...), Same: t.Same, Kept: append([]state.File{}, t.Kept...),
		Loose: []string{}, Plain: found.Plain, Passed: passed(found.Passed),
	}
	for _, e := range t.Loose {
		answer.Loose = append(answer.Loose, pathWord(e.Path))
	}
	a.view.Result(answer, takenLines(answer)...)
	return a.passedErrors(found.Passed)
}

// goneOf are the entries that were taken up of these paths and whose files are not there.
func goneOf(ctx context.Context, stored *stack.Stored, paths []string) ([]state.File, error) {
	st, err := stored.Remembered(ctx)
	if err != nil {
		return nil, err
	}
	below, err := census.Below(stored.Dir(), paths)
	gone := []state.File{}
	for _, f := range st.Files {
		if _, there := os.Lstat(census.At(stored.Dir(), f.Path)); f.Imported() && err == nil && below(f.Path) && errors.Is(there, fs.ErrNotExist) {
			gone = append(gone, f)
		}
	}
	return gone, err
}

func takenLines(t takenAnswer) (lines []string) {
	for _, f := range t.Taken {
		lines = append(lines, fmt.Sprintf("%s: under %s, version %s", pathWord(f.Path), f.KeyID, f.KeyVersion))
	}
	for _, f := range t.Renewed {
		lines = append(lines, fmt.Sprintf("%s: renewed, under %s, version %s", pathWord(f.Path), f.KeyID, f.KeyVersion))
	}
	for _, f := range t.Kept {
		lines = append(lines, fmt.Sprintf("%s is kept by %s already.", pathWord(f.Path), f.Address))
	}
	for _, f := range t.Gone {
		lines = append(lines, fmt.Sprintf("%s is not there any more, and goes on counting for %s; kmsplan import-census -forget drops it.", pathWord(f.Path), f.KeyID))
	}
	for _, name := range t.Loose {
		lines = append(lines, name+" is opened by no KMS key, so that there is nothing to count.")
	}
	return append(lines, fmt.Sprintf("Census: %d taken up, %d renewed, %d as they were; %d files are not encrypted.", len(t.Taken), len(t.Renewed), t.Same, t.Plain))
}

func (a *app) forgetCensus(ctx context.Context, stored *stack.Stored, paths []string) error {
	below, err := census.Below(stored.Dir(), paths)
	if err != nil {
		return err
	}
	var gone []string
	err = stored.EditCensus(ctx, "import-census", func(st state.State) (state.State, error) {
		gone = []string{}
		st.Files = slices.DeleteFunc(slices.Clone(st.Files), func(f state.File) bool {
			drop := f.Imported() && below(f.Path)
			if drop {
				gone = append(gone, f.Address)
			}
			return drop
		})
		if len(gone) == 0 {
			return st, errors.New("the census has taken up nothing of that; kmsplan status shows what it has")
		}
		return st, nil
	})
	if err == nil {
		a.view.Result(map[string]any{"forgotten": gone}, fmt.Sprintf("Forgotten: %s.", strings.Join(gone, ", ")))
	}
	return err
}
