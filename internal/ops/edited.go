package ops

import (
	"errors"
	"fmt"
	"io"
	"os"

	"kmsplan.dev/kmsplan/internal/safety"
)

// errSame says that an output holds already what would be written.
var errSame = errors.New("it is the same already")

// unedited refuses to put a plaintext in the place of a file that holds another one: somebody may have edited it. It
// gives errSame for one that holds the same.
func unedited(to place, out *output) error {
	f, info, err := openRegular(to, os.O_RDONLY)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if out.file != nil {
		fresh, err := out.file.OS().Stat()
		if err != nil {
			return err
		}
		if fresh.Size() == info.Size() {
			same, err := sameContent(f, out.file.OS(), info.Size())
			if err != nil {
				return fmt.Errorf("compare with %s: %w", to, err)
			}
			if same {
				return errSame
			}
		}
	} else if info.Size() == 0 {
		return errSame
	}
	if safety.Off(safety.NothingEditedLost) {
		return nil
	}
	return editedError(to)
}

func editedError(to place) error {
	return fmt.Errorf("%s is there already and holds something else: it was edited, or belongs to an older envelope; say -force to replace it, or -o FILE to write elsewhere", to)
}

// sameContent compares n bytes of two files.
func sameContent(a, b io.ReaderAt, n int64) (bool, error) {
	one, err := digestOfReader(io.NewSectionReader(a, 0, n))
	if err != nil {
		return false, err
	}
	other, err := digestOfReader(io.NewSectionReader(b, 0, n))
	return one == other, err
}

// replaceable refuses to put an envelope in the place of a file that is none, or is of another context.
func replaceable(to place, s Seal) error {
	f, info, err := openRegular(to, os.O_RDONLY)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	switch {
	case safety.Off(safety.NothingElseReplaced):
	case err != nil:
		return fmt.Errorf("%s is there already and is no envelope that could be replaced; say -force to replace it all the same, or -o FILE to write elsewhere: %w", to, err)
	case !h.Context.Equal(s.Context):
		return fmt.Errorf("%s is there already, and its context is another one; say -force to replace it, or -o FILE to write elsewhere", to)
	}
	return nil
}
