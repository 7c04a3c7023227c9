package state_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/state"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Case S11.
func TestAPathSurvivesWhateverItsBytesAre(t *testing.T) {
	for path, want := range map[string]string{
		"cfg/app.yaml": `"cfg/app.yaml"`, "schlüssel/日本.yaml": `"schlüssel/日本.yaml"`, "n\xff.yaml": `"n\\xff.yaml"`,
		`back\slash`: `"back\\\\slash"`, `n\xff.yaml`: `"n\\\\xff.yaml"`, "\ufffd": `"` + "\ufffd" + `"`, "": `""`,
		"a\x00\n": `"a\u0000\n"`, "\xed\xa0\x80": `"\\xed\\xa0\\x80"`,
	} {
		text, err := json.Marshal(state.PathText(path))
		if err != nil || string(text) != want {
			t.Errorf("%q is written %s, %v; want %s", path, text, err, want)
		}
	}
}

func FuzzPathText(f *testing.F) {
	f.Add("n\xff.yaml")
	f.Add(`a\\x\x41`)
	f.Fuzz(func(t *testing.T, path string) {
		text, err := json.Marshal(state.PathText(path))
		if err != nil || !utf8.Valid(text) {
			t.Fatalf("%q: %q, %v", path, text, err)
		}
		var back state.PathText
		if err := json.Unmarshal(text, &back); err != nil || string(back) != path {
			t.Errorf("%q came back as %q, %v", path, back, err)
		}
		if utf8.ValidString(path) && !strings.Contains(path, `\`) {
			if plain, err := json.Marshal(path); err != nil || string(plain) != string(text) {
				t.Errorf("%q is not readable: %s", path, text)
			}
		}
	})
}

func TestABackslashThatStandsForNothingIsRefused(t *testing.T) {
	for _, text := range []string{`"a\\"`, `"\\x4"`, `"\\xzz"`, `"\\n"`, `"\\x-1"`, `"\\x+1"`} {
		var p state.PathText
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s was read as %q", text, p)
		}
	}
}
