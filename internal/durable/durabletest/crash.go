package durabletest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"kmsplan.dev/kmsplan/internal/durable"
)

// Disk is one disk that a crash may leave behind.
type Disk struct {
	Name     string // how it came about
	Promises []any  // the marks set before the crash
	names    map[string]*inode
	made     []string // directories that were made in the record; their names may be lost
	pick     func(*inode) []byte
}

// Fill writes the disk's content below an empty directory.
func (d Disk) Fill(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if d.lost(filepath.Dir(name)) {
			continue
		}
		var err error
		if in := d.names[name]; in.dir {
			err = os.Mkdir(filepath.Join(dir, name), 0o700)
		} else {
			err = os.WriteFile(filepath.Join(dir, name), d.pick(in), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lost reports whether a directory, or one above it, has no name on this disk.
func (d Disk) lost(dir string) bool {
	return dir != "." && (slices.Contains(d.made, dir) && d.names[dir] == nil || d.lost(filepath.Dir(dir)))
}

// inode is a file, whatever its names, or a directory.
type inode struct {
	dir     bool
	synced  []byte
	pending []durable.Op // writes and cuts since the last sync
}

// content is what the file holds when those pending steps for which keep says so reached the disk; a
// negative torn leaves the last of them whole, others cut its data there.
func (in *inode) content(keep func(i int) bool, torn int) []byte {
	data := bytes.Clone(in.synced)
	for i, op := range in.pending {
		if !keep(i) {
			continue
		}
		if op.Kind == durable.Truncate {
			data = append(data, make([]byte, max(0, int(op.Offset)-len(data)))...)[:op.Offset]
			continue
		}
		written := op.Data
		if torn >= 0 && i == len(in.pending)-1 {
			written = written[:min(torn, len(written))]
		}
		end := int(op.Offset) + len(written)
		data = append(data, make([]byte, max(0, end-len(data)))...)
		copy(data[op.Offset:], written)
	}
	return data
}

func all(int) bool  { return true }
func none(int) bool { return false }

// image follows the steps.
type image struct {
	now, disk map[string]*inode // names, as the system shows them and as they are on disk
	files     map[*durable.File]*inode
	made      []string
	promises  []any
}

// sector is how much a disk writes at once.
const sector = 512

// Disks calls visit with every disk that a crash after any prefix of the record may leave: names kept or
// dropped since their directory was synced, content kept, dropped, torn at a sector, or written out of order since the
// file was synced.
func (r *Record) Disks(visit func(Disk)) {
	im := &image{now: map[string]*inode{}, disk: map[string]*inode{}, files: map[*durable.File]*inode{}}
	im.visit(r, -1, visit)
	for i, s := range r.steps {
		if s.mark != nil {
			im.promises = append(im.promises, s.mark)
		} else {
			im.take(r, s.Op)
		}
		im.visit(r, i, visit)
	}
}

func (im *image) take(r *Record, op durable.Op) {
	in := im.files[op.File]
	if in == nil && op.File != nil { // created, or opened by a name that is there
		if in = im.now[r.inside(op.Dir, op.Name)]; in == nil || op.Kind == durable.Create {
			in = &inode{}
		}
		im.files[op.File] = in
	}
	switch op.Kind {
	case durable.Create:
		if op.Name != "" {
			im.now[r.inside(op.Dir, op.Name)] = in
		}
	case durable.Write, durable.Truncate:
		in.pending = append(in.pending, op)
	case durable.Sync:
		in.synced, in.pending = in.content(all, -1), nil
	case durable.Link:
		if in == nil {
			in = im.now[r.inside(op.Dir, op.Name)]
		}
		im.now[r.inside(op.Dir, op.To)] = in
	case durable.Rename:
		im.now[r.inside(op.Dir, op.To)] = im.now[r.inside(op.Dir, op.Name)]
		delete(im.now, r.inside(op.Dir, op.Name))
	case durable.Remove:
		delete(im.now, r.inside(op.Dir, op.Name))
	case durable.Mkdir:
		name := r.inside(op.Dir, op.Name)
		im.now[name], im.made = &inode{dir: true}, append(im.made, name)
	case durable.SyncDir:
		im.syncDir(r.inside(op.Dir, ""))
	}
}

func (im *image) syncDir(dir string) {
	maps.DeleteFunc(im.disk, func(name string, _ *inode) bool { return filepath.Dir(name) == dir })
	for name, in := range im.now {
		if filepath.Dir(name) == dir {
			im.disk[name] = in
		}
	}
}

func (im *image) visit(r *Record, at int, visit func(Disk)) {
	show := func(how string, names map[string]*inode, pick func(*inode) []byte) {
		visit(Disk{
			Name: fmt.Sprintf("after step %d (%s): %s", at+1, r.describe(at), how), Promises: slices.Clone(im.promises),
			names: names, made: slices.Clone(im.made), pick: pick,
		})
	}
	whole := func(in *inode) []byte { return in.content(all, -1) }
	synced := func(in *inode) []byte { return in.content(none, -1) }
	show("everything reached the disk", im.now, whole)
	show("only what was synced", im.disk, synced)
	show("new names, synced content", im.now, synced)
	show("synced names, new content", im.disk, whole)
	longest := 0
	for _, in := range im.now {
		if n := len(in.pending); n > 0 {
			longest = max(longest, len(in.pending[n-1].Data))
		}
		if len(in.pending) > 1 {
			show("the first write is missing, later ones are not", im.now, func(in *inode) []byte {
				return in.content(func(i int) bool { return i > 0 || len(in.pending) == 1 }, -1)
			})
		}
	}
	for cut := sector; cut < longest; cut += sector {
		show(fmt.Sprintf("the last write is torn at %d", cut), im.now, func(in *inode) []byte { return in.content(all, cut) })
	}
	for _, cut := range []int{1, longest / 2, longest - 1} {
		if cut > 0 && cut < longest {
			show(fmt.Sprintf("the last write is torn at %d", cut), im.now, func(in *inode) []byte { return in.content(all, cut) })
		}
	}
}

func (r *Record) describe(at int) string {
	if at < 0 {
		return "the beginning"
	}
	s := r.steps[at]
	if s.mark != nil {
		return fmt.Sprint("promised ", s.mark)
	}
	return fmt.Sprint(s.Kind, " ", s.Name, " ", s.To)
}
