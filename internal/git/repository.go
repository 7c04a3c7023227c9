package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is a git repository with a work tree.
type Repository struct {
	Top    string // the top of the work tree, absolute
	Common string // the directory that all its work trees share, absolute

	env []string
}

// Find finds the repository that a directory lies in. env is the environment git runs with: a hook of git's finds the
// index that is about to be committed by it.
func Find(ctx context.Context, dir string, env []string) (*Repository, error) {
	r := &Repository{Top: dir, env: env}
	out, err := r.Run(ctx, nil, "rev-parse", "--show-toplevel", "--git-common-dir")
	if err != nil {
		return nil, fmt.Errorf("find the git repository of %s: %w", dir, err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != 2 {
		return nil, fmt.Errorf("find the git repository of %s: its path has line breaks, or it has no work tree", dir)
	}
	common := filepath.FromSlash(lines[1])
	if !filepath.IsAbs(common) {
		common = filepath.Join(dir, common)
	}
	r.Top, r.Common = filepath.FromSlash(lines[0]), common
	return r, nil
}

// Run runs git at the top of the work tree and gives its standard output.
func (r *Repository) Run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	c := r.command(ctx, args...)
	c.Stdin, c.Stdout, c.Stderr = stdin, &out, &said
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is not installed, or not in PATH")
	case err != nil:
		return out.Bytes(), &Failed{Args: args, Said: strings.TrimSpace(said.String()), Err: err}
	}
	return out.Bytes(), nil
}

func (r *Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir, c.Env = r.Top, r.env
	return c
}

// Failed is a git command that failed.
type Failed struct {
	Args []string
	Said string // on standard error
	Err  error
}

func (f *Failed) Error() string {
	said := f.Said
	if said == "" {
		said = f.Err.Error()
	}
	return fmt.Sprintf("git %s: %s", f.Args[0], said)
}

func (f *Failed) Unwrap() error { return f.Err }

// code is the exit code of a git command, 0 where it did not fail by one.
func code(err error) int {
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return exited.ExitCode()
	}
	return 0
}

// Inside is a path as the repository names it, from the top, with slashes.
func (r *Repository) Inside(path string) (string, error) {
	top, err := filepath.EvalSymlinks(r.Top)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(top, filepath.Join(dir, filepath.Base(path)))
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s lies outside the repository %s", path, r.Top)
	}
	return filepath.ToSlash(rel), nil
}
