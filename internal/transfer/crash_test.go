package transfer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/ops"
)

// TestACrashOfATransferLeavesTheOldFileOrTheNew: of every prefix of the writes, with unsynced ones dropped, torn or
// out of order, the whole old file is left or the whole new one; what was reported as moved stays so; and the next
// run goes on from either.
func TestACrashOfATransferLeavesTheOldFileOrTheNew(t *testing.T) {
	r := newRig(t)
	var old bytes.Buffer
	for _, plain := range []string{"one", "two", "three"} {
		fmt.Fprintf(&old, "%s: %s # and what stands beside it\n", plain, base64.StdEncoding.EncodeToString(r.sealed(plain, nil)))
	}
	old.WriteString(string(bytes.Repeat([]byte("# a long end\n"), 300)))
	disks, wrong := r.crashes(old.Bytes(), nil)
	if len(wrong) > 0 || disks < 20 {
		t.Errorf("%d of %d disks are wrong: %v", len(wrong), disks, errors.Join(wrong...))
	}
	t.Log(disks, "disks")
	for _, kind := range []durable.Kind{durable.Sync, durable.SyncDir} {
		if _, wrong := r.crashes(old.Bytes(), func(op durable.Op) error {
			if op.Kind == kind {
				return durable.ErrSkip
			}
			return nil
		}); len(wrong) == 0 {
			t.Errorf("without %s nothing breaks", kind)
		}
	}
}

// crashes moves a file on a disk that is recorded, and goes on from every disk that a crash may leave.
func (r *rig) crashes(old []byte, disk durable.Seam) (disks int, wrong []error) {
	r.t.Helper()
	root := r.t.TempDir()
	rec := durabletest.NewRecord(root)
	d, err := durable.Open(root, rec.Seam(nil))
	r.must(err)
	r.must(errors.Join(d.WriteFile("f", old, 0o600), d.Close()))
	rec.Mark("made")
	journal, err := OpenJournal(filepath.Join(r.t.TempDir(), "transfer.jsonl"))
	r.must(err)
	defer journal.Close()
	kept := func(j *Job, _ *ops.Options) { j.Journal = journal }
	job := r.job(kept, func(_ *Job, o *ops.Options) { o.Disk = rec.Seam(disk) })
	r.only(job.File(r.t.Context(), filepath.Join(root, "f"), Run), StatusMoved, 3)
	rec.Mark("moved")
	fresh := r.read(filepath.Join(root, "f"))
	clones, next := r.t.TempDir(), r.job(kept)
	rec.Disks(func(d durabletest.Disk) {
		if len(d.Promises) == 0 {
			return // the file itself was not there yet
		}
		disks++
		clone := filepath.Join(clones, fmt.Sprint(disks))
		r.must(errors.Join(os.Mkdir(clone, 0o700), d.Fill(clone)))
		if err := r.goesOn(next, filepath.Join(clone, "f"), old, fresh, len(d.Promises) == 2); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", d.Name, err))
		}
	})
	return disks, wrong
}

// goesOn holds a file after a crash to be the old or the new one, and lets the next run bring it to the end.
func (r *rig) goesOn(j *Job, path string, old, fresh []byte, promised bool) error {
	content, err := os.ReadFile(path)
	switch {
	case err != nil:
		return err
	case bytes.Equal(content, fresh):
	case promised || !bytes.Equal(content, old):
		return fmt.Errorf("%d bytes of something else", len(content))
	}
	for _, item := range j.File(r.t.Context(), path, Run) {
		if item.Status != StatusMoved {
			return fmt.Errorf("the next run: %+v", item)
		}
	}
	if !bytes.Equal(r.read(path), fresh) { // what the journal has is used again
		return errors.New("the next run makes another file")
	}
	return nil
}
