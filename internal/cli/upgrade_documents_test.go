package cli

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Documents, whose values are sealed one by one, that a release keeps, and beside them what they say.
const (
	documentsDir = "documents"
	plainsDir    = "documents-plain"
)

// noDocuments are the releases before there were any.
var noDocuments = []string{"0.1.0-eb8e053", "0.1.0-ae0b622"}

// keptDocuments are one of each format, by the name that says it. Whoever reads them changes the value made-up.
var keptDocuments = map[string]string{
	"app.yaml":   "# of orders\ndb: &db\n  pass: made-up # why\n  ports: [1, 2]\n  'a name': |\n    one\n    two\nuse: *db\n---\nlast:\n",
	"app.json":   "{\n  \"db\": {\"pass\": \"made-up\", \"ports\": [1, true, null]},\n  \"a\": \"\\u00e9\"\n}\n",
	"app.jsonc":  "// of orders\n{\"pass\": \"made-up\", /* why */ \"ports\": [1, 2,],}\n",
	"app.toml":   "# of orders\ntitle = 'x'\n[[db]]\npass = \"made-up\" # why\nports = [ # in\n  {}, 1 ]\nwhen = 1979-05-27 07:32:00\n",
	".env":       "# of orders\nexport PASS=\"made-up\" # why\nPORT=1\nFROM_HOST\n",
	"app.ini":    "; of orders\n[db]\npass = made-up\nlist = one\n  # why\n  two\n",
	"app.hcl":    "# of orders\ndb \"main\" {\n  pass = \"made-up\" // why\n  port = 1\n  url  = \"u:${var.x}\"\n  text = <<E\none\nE\n}\n",
	"second.yml": "pass: made-up\nkept: as it was\n", // its second generation
	"only.yaml":  "password: made-up\nhost: readable\n",
}

// documents are sealed, one of them in two generations and one by rules.
func (w releaseWriter) documents(dir, key string) {
	w.t.Helper()
	if _, help, _ := w.try(dir, "encrypt", "-help"); !bytes.Contains(help, []byte("-values")) {
		return
	}
	for _, sub := range []string{documentsDir, plainsDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	for name, text := range keptDocuments {
		sealed := path.Join(documentsDir, name)
		w.file(dir, path.Join(plainsDir, name), text)
		w.file(dir, sealed, strings.Replace(text, "kept: as", "kept: not as", 1))
		args := []string{"encrypt", "-values", "-in-place", "-key", key, "-context", "app=orders"}
		if name == "only.yaml" {
			args = append(args, "-only", "^password$")
		}
		w.run(dir, append(args, sealed)...)
		if name == "second.yml" {
			w.edited(dir, sealed, text)
		}
	}
}

// edited writes another text into a document as an editor would.
func (w releaseWriter) edited(dir, name, text string) {
	w.t.Helper()
	w.file(dir, "edited", text)
	w.env = append(slices.Clip(w.env), "KMSPLAN_EDITOR=cp "+filepath.ToSlash(filepath.Join(dir, "edited")))
	w.run(dir, "edit", name)
}

var documentToken = regexp.MustCompile(`kmsplan:v1:[a-z]+:[A-Za-z0-9_-]+`)

// documents: each is opened into what it said, edited in one value, so that no other one changes its ciphertext, and wrapped anew.
func (r keptStack) documents(stack string) {
	r.t.Helper()
	plains := r.kept.under(stack + "/" + plainsDir + "/")
	if len(plains) == 0 && !slices.Contains(noDocuments, r.release) {
		r.t.Error("no document was kept")
	}
	for name, plain := range plains {
		sealed := path.Join(documentsDir, name)
		r.says(sealed, plain.data)
		before := documentToken.FindAll(r.text(sealed), -1)
		changed := bytes.Replace(plain.data, []byte("made-up"), []byte("made-anew"), 1)
		r.edited(r.dir, sealed, string(changed))
		r.says(sealed, changed)
		fresh := slices.DeleteFunc(documentToken.FindAll(r.text(sealed), -1), func(token []byte) bool {
			return slices.ContainsFunc(before, func(old []byte) bool { return bytes.Equal(old, token) })
		})
		if len(before) == 0 || len(fresh) != 1 {
			r.t.Errorf("%s: %d of %d values have another ciphertext after one was changed", name, len(fresh), len(before))
		}
		r.run(r.dir, "rewrap", "-key", "alias/"+stack, sealed)
		r.says(sealed, changed)
		r.run(r.dir, "verify", sealed)
	}
}

// says holds what a document is opened into.
func (r keptStack) says(name string, want []byte) {
	r.t.Helper()
	if got := r.run(r.dir, "decrypt", "-o", "-", name); !bytes.Equal(got, want) {
		r.t.Errorf("%s says %q, want %q", name, got, want)
	}
}
