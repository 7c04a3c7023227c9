package ops

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestAFileThatChangedUnderneathStays opens a file, changes it as somebody else would, and puts an edited text in its
// place: what the other wrote stays, be it other content, none, or another file of that name.
func TestAFileThatChangedUnderneathStays(t *testing.T) {
	r := newRig(t)
	s := documents(r.aesKey())
	for name, meanwhile := range map[string]func(){
		"written": func() { r.write("app.yaml", []byte("mine: 1\n"), 0o644) },
		"exchanged": func() {
			r.write("new.yaml", []byte("mine: 2\n"), 0o644)
			r.must(os.Rename(r.path("new.yaml"), r.path("app.yaml")))
		},
		"removed": func() { r.must(os.Remove(r.path("app.yaml"))) },
	} {
		t.Run(name, func(t *testing.T) {
			e := r.engine()
			r.write("plain.yaml", []byte(documentSource), 0o644)
			r.must(removed(r.path("app.yaml")))
			_, err := e.EncryptFile(t.Context(), r.path("plain.yaml"), r.path("app.yaml"), s, nil)
			r.must(err)
			o, err := e.Open(t.Context(), r.path("app.yaml"), Unseal{})
			r.must(err)
			defer o.Close()
			content, _, err := o.Seal(t.Context(), []byte(strings.Replace(documentSource, "two", "three", 1)))
			r.must(err)
			meanwhile()
			before, _ := os.ReadFile(r.path("app.yaml"))
			if err := o.Replace(t.Context(), content, false); !errors.Is(err, ErrUnderneath) {
				t.Errorf("it was not refused: %v", err)
			}
			if after, _ := os.ReadFile(r.path("app.yaml")); string(after) != string(before) {
				t.Errorf("what was written meanwhile is gone:\n%s", after)
			}
		})
	}
}

func removed(name string) error {
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
