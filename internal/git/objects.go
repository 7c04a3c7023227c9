package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Entry is a file in the index.
type Entry struct {
	Path   string // from the top, with slashes
	Object string
	Mode   string // 100644, 100755, 120000 for a link, 160000 for a submodule
	Stage  int    // 0; 1 is the base, 2 ours and 3 theirs of a merge that is not resolved
}

// Regular tells of files with a content of their own.
func (e Entry) Regular() bool { return strings.HasPrefix(e.Mode, "100") }

// Index lists the index below the paths, all of it where there are none.
func (r *Repository) Index(ctx context.Context, paths ...string) ([]Entry, error) {
	for i, p := range paths {
		paths[i] = ":(literal,top)" + p
	}
	out, err := r.Run(ctx, nil, append([]string{"ls-files", "--stage", "-z", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if line == "" {
			continue
		}
		facts, path, ok := strings.Cut(line, "\t")
		words := strings.Fields(facts)
		if !ok || len(words) != 3 {
			return nil, fmt.Errorf("git ls-files said %q", line)
		}
		stage, err := strconv.Atoi(words[2])
		if err != nil {
			return nil, fmt.Errorf("git ls-files said %q", line)
		}
		all = append(all, Entry{Path: path, Mode: words[0], Object: words[1], Stage: stage})
	}
	return all, nil
}

// Read gives the contents of the entries to use, in order, of each at most limit bytes: whole says whether that is
// all of it. The bytes are good until use returns.
func (r *Repository) Read(ctx context.Context, entries []Entry, limit int64, use func(e Entry, content []byte, whole bool) error) error {
	if len(entries) == 0 {
		return nil
	}
	var asked bytes.Buffer
	for _, e := range entries {
		asked.WriteString(e.Object + "\n")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := r.command(ctx, "cat-file", "--batch")
	c.Stdin = &asked
	pipe, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = readBatch(bufio.NewReaderSize(pipe, 1<<16), entries, limit, use)
	if err != nil {
		cancel()
	}
	return errors.Join(err, ignoreAfter(err, c.Wait()))
}

// ignoreAfter leaves out how git ended that was ended because of err.
func ignoreAfter(err, ended error) error {
	if err != nil {
		return nil
	}
	return ended
}

func readBatch(in *bufio.Reader, entries []Entry, limit int64, use func(Entry, []byte, bool) error) error {
	for _, e := range entries {
		line, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		words := strings.Fields(line)
		if len(words) != 3 {
			return fmt.Errorf("git cat-file: %s of %s", strings.TrimSpace(line), e.Path)
		}
		size, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return fmt.Errorf("git cat-file said %q", line)
		}
		content := make([]byte, min(size, limit))
		if _, err := io.ReadFull(in, content); err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		if _, err := io.CopyN(io.Discard, in, size-int64(len(content))+1); err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		if err := use(e, content, size <= limit); err != nil {
			return err
		}
	}
	return nil
}

// Holding lists files that hold a text, as they stand in the index, or as they lie in the work tree: those that are
// not tracked yet and not ignored then too.
func (r *Repository) Holding(ctx context.Context, text string, index bool) ([]string, error) {
	where := "--untracked"
	if index {
		where = "--cached"
	}
	out, err := r.Run(ctx, nil, "grep", "-l", "-z", "-a", "-F", "--no-textconv", where, "-e", text)
	if code(err) == 1 {
		return nil, nil
	}
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
}

// Uncovered are those of the paths that have not kmsplan's diff driver.
func (r *Repository) Uncovered(ctx context.Context, paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	out, err := r.Run(ctx, strings.NewReader(strings.Join(paths, "\x00")+"\x00"), "check-attr", "--stdin", "-z", "diff")
	if err != nil {
		return nil, err
	}
	words := strings.Split(string(out), "\x00")
	var left []string
	for i := 0; i+2 < len(words); i += 3 {
		if words[i+2] != driver {
			left = append(left, words[i])
		}
	}
	return left, nil
}
