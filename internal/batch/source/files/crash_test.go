package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// plainKey is a recipient and identity that hides nothing.
type plainKey struct{ name string }

func (k plainKey) Wrap(_ context.Context, dataKey []byte, _ envelope.Context) ([]*envelope.Stanza, error) {
	s, err := envelope.KMSStanza{KeyARN: "acs:kms:cn-hangzhou:1234:key/" + k.name, KeyVersionID: "v1", Protocol: envelope.ProtocolAdvance, Blob: bytes.Clone(dataKey)}.Stanza()
	return []*envelope.Stanza{s}, err
}

func (k plainKey) Unwrap(_ context.Context, stanzas []*envelope.Stanza, _ envelope.Context) ([]byte, error) {
	for _, s := range stanzas {
		if parsed, err := envelope.ParseKMSStanza(s); err == nil && strings.HasSuffix(parsed.KeyARN, "/"+k.name) {
			return parsed.Blob, nil
		}
	}
	return nil, envelope.ErrIncorrectIdentity
}

// sealed is an envelope of n bytes under the key old.
func sealed(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := envelope.Seal(t.Context(), &b, envelope.Options{Suite: envelope.AES256, Size: int64(n), Recipients: []envelope.Recipient{plainKey{"old"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("p"), n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// under opens an envelope whole with the new key, or the old one, and says which.
func under(data []byte) (string, error) {
	for _, name := range []string{"new", "old"} {
		r, err := envelope.Open(context.Background(), bytes.NewReader(data), envelope.OpenOptions{Identities: []envelope.Identity{plainKey{name}}})
		if errors.Is(err, envelope.ErrIncorrectIdentity) {
			continue
		}
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return name, err
	}
	return "", errors.New("neither key opens it")
}

// rewrap brings a file under the new key, in place where there is room for that, or whole.
func rewrap(s *Source, name, key string) error {
	ctx := context.Background()
	h, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer h.Close()
	whole := io.NewSectionReader(h, 0, h.Object().Size)
	_, dataKey, err := envelope.Unlock(ctx, whole, envelope.OpenOptions{Identities: []envelope.Identity{plainKey{"old"}, plainKey{"new"}}})
	if err != nil {
		return err
	}
	stanzas, err := plainKey{key}.Wrap(ctx, dataKey, nil)
	if err != nil {
		return err
	}
	in, ok := h.(source.InPlace)
	if !ok {
		return errors.New("it is not written in place")
	}
	if _, err = envelope.Rewrap(in, dataKey, stanzas); !errors.Is(err, envelope.ErrNeedsRewrite) {
		return errors.Join(err, h.Close())
	}
	var next bytes.Buffer
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, _, err := envelope.RewriteHeader(&next, whole, dataKey, stanzas); err != nil {
		return err
	}
	_, err = h.Replace(ctx, source.Content{Head: &next, Size: int64(next.Len()), Keep: -1})
	return err
}

// Whatever disk a power cut leaves, the file opens whole: under the old key or the new one, and under the new one once that was
// promised.
func TestEveryCrashLeavesAWholeFile(t *testing.T) {
	for _, size := range []int{1000, 100_000} {
		old := sealed(t, size)
		dir := t.TempDir()
		rec := durabletest.NewRecord(dir)
		d, err := durable.Open(dir, rec.Seam(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.WriteFile("a", old, 0o600), d.Close()); err != nil {
			t.Fatal(err)
		}
		rec.Mark("old")
		s, err := Open(Options{Root: dir, Disk: rec.Seam(nil)})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rewrap(s, "a", "new"), s.Close()); err != nil {
			t.Fatal(err)
		}
		rec.Mark("new")
		disks := 0
		rec.Disks(func(d durabletest.Disk) {
			if len(d.Promises) == 0 {
				return
			}
			disks++
			clone := t.TempDir()
			if err := d.Fill(clone); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(clone, "a"))
			if err != nil {
				t.Fatalf("%s: %v", d.Name, err)
			}
			if key, err := under(data); err != nil || len(d.Promises) == 2 && key != "new" {
				t.Errorf("%d bytes, %s: under %q, %v", size, d.Name, key, err)
			}
		})
		if disks < 10 {
			t.Errorf("%d disks", disks)
		}
	}
}

// A worker that is killed leaves a whole file, and no lock and no other name.
func TestAKilledWorkerLeavesAWholeFile(t *testing.T) {
	if dir := os.Getenv("KMSPLAN_TEST_FILES_WORK"); dir != "" {
		work(dir)
		return
	}
	s, dir := tree(t, nil)
	for _, name := range []string{"small", "large"} {
		put(t, dir, name, sealed(t, map[string]int{"small": 1000, "large": 100_000}[name]))
	}
	for range 15 {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAKilledWorkerLeavesAWholeFile$")
		c.Env = append(os.Environ(), "KMSPLAN_TEST_FILES_WORK="+dir)
		ready, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 6)
		if _, err := io.ReadFull(ready, line); err != nil || string(line) != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
		c.Process.Kill()
		c.Wait()
		for _, name := range []string{"small", "large"} {
			if key, err := under(get(t, dir, name)); err != nil {
				t.Errorf("%s: under %q, %v", name, key, err)
			}
			if err := rewrap(s, name, "new"); err != nil {
				t.Errorf("%s cannot be rewritten after: %v", name, err)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "small" && e.Name() != "large" && !strings.HasSuffix(e.Name(), ".tmp") {
				t.Errorf("left: %s", e.Name())
			}
		}
	}
}

// work rewraps without end.
func work(dir string) {
	s, err := Open(Options{Root: dir})
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	for n := 0; ; n++ {
		for _, name := range []string{"small", "large"} {
			if err := rewrap(s, name, []string{"old", "new"}[n%2]); err != nil {
				panic(err)
			}
		}
	}
}
