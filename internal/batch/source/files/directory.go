package files

import (
	"io/fs"
	"os"
	"path"

	"kmsplan.dev/kmsplan/internal/durable"
)

// directory is one that is written to. A batch goes through its files in order, so that the last one is the next one's most
// times, and stays open.
type directory struct {
	*durable.Dir
	of   *Source
	name string
	info fs.FileInfo // of what is open
	uses int         // under of.mu; the source's own is one
}

// directoryOf opens the directory of a file, which is there. Who is done with it leaves it.
func (s *Source) directoryOf(name string) (*directory, error) {
	at := path.Dir(name)
	named, err := s.root.Lstat(at)
	if err != nil {
		return nil, err
	}
	if d := s.again(at, named); d != nil {
		return d, nil
	}
	dir, err := durable.In(s.root, at, 0o755, s.o.Disk)
	if err != nil {
		return nil, err
	}
	d := &directory{Dir: dir, of: s, name: at, uses: 1}
	if d.info, err = dir.Root().Stat("."); err != nil {
		dir.Close()
		return nil, err
	}
	s.remember(d)
	return d, nil
}

// again is the last directory, if that is what the name stands for now.
func (s *Source) again(at string, named fs.FileInfo) *directory {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.last; d != nil && d.name == at && os.SameFile(d.info, named) {
		d.uses++
		return d
	}
	return nil
}

// remember keeps a directory open until there is another.
func (s *Source) remember(d *directory) {
	s.mu.Lock()
	before := s.last
	if s.last = d; d != nil {
		d.uses++
	}
	s.mu.Unlock()
	if before != nil {
		before.leave()
	}
}

func (d *directory) leave() {
	d.of.mu.Lock()
	d.uses--
	unused := d.uses == 0
	d.of.mu.Unlock()
	if unused {
		d.Close()
	}
}
