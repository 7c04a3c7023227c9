package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// longestName bounds a line of a list, bytes.
const longestName = 64 << 10

// listOf tells of the objects whose names a file holds, one a line, in ascending order of their bytes. Empty lines are none.
func listOf(file string) func(context.Context, func(source.Object) error) error {
	return func(ctx context.Context, each func(source.Object) error) error {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("read the list of objects: %w", err)
		}
		defer f.Close()
		in, last := bufio.NewReaderSize(f, longestName), ""
		for n := 1; ; n++ {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				return fmt.Errorf("%s, line %d: a name is longer than %d bytes", file, n, longestName)
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the list of objects: %w", err)
			}
			if name := strings.TrimRight(string(line), "\r\n"); name != "" {
				if name <= last {
					return fmt.Errorf("%s, line %d: %q comes after %q; sort the list by bytes, each name once: LC_ALL=C sort -u", file, n, name, last)
				}
				last = name
				if err := each(source.Object{Name: name, Size: -1}); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
}

// namesOf tells of objects by their names.
func namesOf(names []string) func(context.Context, func(source.Object) error) error {
	return func(_ context.Context, each func(source.Object) error) error {
		for _, name := range names {
			if err := each(source.Object{Name: name, Size: -1}); err != nil {
				return err
			}
		}
		return nil
	}
}
