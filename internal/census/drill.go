package census

import (
	"context"
	"errors"
	"math/rand/v2"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
)

// Drilled is what became of a drill.
type Drilled struct {
	Of      int // files with an age recipient, among which the sample was drawn
	Without int // files that only KMS opens
	Lost    int // files of the census that are missing, or cannot be read
	Opened  []string
	Failed  []Failure
}

// Failure is a file that the identities did not open to its end.
type Failure struct {
	Path string
	Err  error
}

// Drill opens a random sample of the census to its last byte by age identities alone, and writes nothing. No KMS is asked. n is
// how many at most; 0 = all.
func Drill(ctx context.Context, dir string, looked []Entry, identities []envelope.Identity, n int) (d Drilled, err error) {
	var paths []string
	seen := map[string]bool{}
	for i := range looked {
		e := &looked[i]
		path := sealed(e.File)
		switch {
		case seen[path]:
			continue
		case e.Status == Missing || e.Status == Unreadable:
			d.Lost++
		case e.BreakGlass:
			paths = append(paths, path)
		default:
			d.Without++
		}
		seen[path] = true
	}
	d.Of = len(paths)
	rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	if n > 0 && len(paths) > n {
		paths = paths[:n]
	}
	engine := ops.New(ops.Options{Keyring: noKMS{}, Identities: identities})
	defer engine.Close()
	for _, path := range paths {
		if ctx.Err() != nil {
			return d, context.Cause(ctx)
		}
		if _, err := engine.Verify(ctx, At(dir, path), ops.Unseal{}, nil); err != nil {
			d.Failed = append(d.Failed, Failure{path, err})
			continue
		}
		d.Opened = append(d.Opened, path)
	}
	return d, nil
}

// noKMS is a ring without gateways.
type noKMS struct{}

var errNoKMS = errors.New("none of the identities opens it, and a drill asks no KMS")

func (noKMS) Gateway(context.Context, string) (ops.Gateway, error)  { return ops.Gateway{}, errNoKMS }
func (noKMS) ForKey(context.Context, string) ([]ops.Gateway, error) { return nil, errNoKMS }
