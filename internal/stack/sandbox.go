package stack

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// maxSandbox bounds what of a module's files a sandbox copies, bytes.
const maxSandbox = 64 << 20

// emulated makes every gateway an emulator below a directory, one for each account that the gateways mean: the service is
// never called.
func emulated(module, dir string) func(*hcl.Gateway) {
	if dir == "" {
		return nil
	}
	return func(g *hcl.Gateway) {
		e := &hcl.EmulatorGateway{Path: filepath.Join(dir, "emulators", account(g))}
		if g.Emulator != nil && g.Emulator.Seed != "" {
			if e.Seed = g.Emulator.Seed; !filepath.IsAbs(e.Seed) {
				e.Seed = filepath.Join(module, e.Seed)
			}
		}
		g.Emulator, g.Public, g.Instance = e, nil, nil
	}
}

// isolate makes files be read and written in a copy of the module's, so that nothing of the module's is written.
func isolate(cfg *hcl.Config, dir string) error {
	cfg.Settings.Encryption = nil // the state is in memory
	files := filepath.Join(dir, "files", digest(cfg.Dir))
	var err error
	if worksOnFiles(cfg) {
		err = copyFiles(cfg.Dir, files)
	} else {
		err = os.MkdirAll(files, 0o700)
	}
	cfg.Dir = files
	return err
}

// account tells apart what gateways mean: those with one profile, or one emulator, share an emulator.
func account(g *hcl.Gateway) string {
	name := ""
	switch {
	case g.Emulator != nil:
		name = "emulator " + g.Emulator.Path + g.Emulator.ReadyFile
	case g.Public != nil:
		name = "profile " + g.Public.Profile
	}
	return digest(name)
}

func digest(name string) string {
	h := fnv.New64a()
	h.Write([]byte(name))
	return fmt.Sprintf("%x", h.Sum64())
}

func worksOnFiles(cfg *hcl.Config) bool {
	for _, b := range cfg.Blocks {
		if b.Addr.Data && (b.Addr.Kind == "encrypt" || b.Addr.Kind == "decrypt" || b.Addr.Kind == "rewrap") {
			return true
		}
	}
	return false
}

// copyFiles copies the regular files of a module, but for what begins with a dot. It is done once for a sandbox: later runs
// find what earlier ones wrote.
func copyFiles(from, to string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	left := int64(maxSandbox)
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		switch {
		case rel != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		n, err := copyFile(p, filepath.Join(to, rel), left)
		left -= n
		return err
	})
}

func copyFile(from, to string, most int64) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = hint(fmt.Errorf("the module's directory has more than %d bytes of files, too many to test on a copy", maxSandbox),
			"Keep what its data blocks do not need outside of the module.")
	}
	return n, errors.Join(err, out.Close())
}

// Advance moves the clocks of the emulators of the module forward, by a duration such as 90d.
func (s *Stack) Advance(ctx context.Context, by string) error {
	moved := map[string]bool{}
	for _, b := range s.Config.Gateways {
		if b.Emulator == nil || moved[b.Emulator.Path] {
			continue
		}
		moved[b.Emulator.Path] = true
		g, err := s.gateways.get(ctx, b.Name)
		if err != nil {
			return err
		}
		if _, err := g.control.Advance(ctx, by); err != nil {
			return err
		}
	}
	return nil
}

// ObjectsAfter are the objects as they are once a plan is carried out: planned reads them off the plan, otherwise off the state.
func (s *Stack) ObjectsAfter(p *plan.Plan, planned bool) *hcl.ObjectMap {
	objects := plan.Remember(s.Config, s.State, s.live)
	if planned {
		for _, c := range p.Changes {
			if c.After != cty.NilVal {
				objects.Set(c.Addr, c.After)
			}
		}
	}
	return objects
}
