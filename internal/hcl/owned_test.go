package hcl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownedModule = `
gateway "dev" {
  emulator { path = "emu" }
}
kmsplan {
  backend "local" { path = "st/My.State" }
}
`

// Case P3: what kmsplan or git owns is known by every spelling.
func TestOwnedPlacesAreKnownByEverySpelling(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": ownedModule}, Inputs{Vars: []Assignment{{File: "prod.hcl"}}})
	if c == nil || len(diags) == 0 { // the variable file does not exist
		t.Fatal(diags)
	}
	o := c.Owned()
	for path, want := range map[string]string{
		"st/My.State":                      ownState,
		"./st//x/../My.State":              ownState,
		"ST/my.state":                      ownState,
		"st/My.\u017ftate":                 ownState, // long s
		"st/My.State.":                     ownState, // what Windows cuts off
		"st/My.State::$DATA":               ownState,
		"st/My.State.journal":              ownState,
		"st/My.State.lock":                 ownState,
		"st/My.State.d/000001.json":        ownState,
		"st":                               ownState, // the state could not be written any more
		"emu/root.key":                     ownEmulator,
		"EMU/root.key":                     ownEmulator,
		"emu":                              ownEmulator,
		".kmsplan/x":                       ownWork,
		"sub/.KMSPLAN/x":                   ownWork,
		"kmspla~1/x":                       ownWork,
		".kmsplan-1234":                    ownWork,
		"main.kms.hcl":                     ownConfig,
		"sub/Main.KMS.json":                ownConfig,
		"kmsplan.kmsvars.hcl":              ownVars,
		"x.auto.kmsvars.json":              ownVars,
		"prod.hcl":                         ownVars,
		".git/config":                      ownGit,
		"sub/.GIT/hooks/post-checkout":     ownGit,
		".g\u200bit/config":                ownGit, // HFS+ ignores it
		"GIT~1/config":                     ownGit,
		".gitattributes":                   ownGit,
		"dist/app.enc":                     "",
		"st/my.state@prod":                 ownState,
		"ST/My.State@prod.d/000001.json":   ownState,
		"st/other":                         "",
		".github/secrets.enc":              "",
		"main.kms.hcl.enc":                 "",
		"kmsplan.state.json":               "", // this module's state is elsewhere
		"emulator/x":                       "",
		"gitignore":                        "",
		strings.Repeat("a/", 100) + "file": "",
	} {
		if got := o.Named(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	for glob, want := range map[string]string{
		".kmsplan/**": ownWork, "**/.git/*": ownGit, "emu/**/*.enc": ownEmulator, "st/My.State.d/*": ownState,
		"*.kms.hcl": ownConfig, "**/*.enc": "", "archive/*": "", "st/*": "",
	} {
		if got := o.Pattern(glob); got != want {
			t.Errorf("%s reaches %q, want %q", glob, got, want)
		}
	}
}

// sealedAs is the beginning of an envelope with that context.
func sealedAs(context string) string {
	return "kmsplan.dev/envelope/v1\n-> body AEAD_AES_256_GCM SHA-512 c2sp.org/chunked-encryption@v1\n\n-> gen 1\n\n-> ctx " + context + "\n\n-> alikms x\n"
}

// Case P3: links do not hide where a path leads.
func TestOwnedPlacesAreKnownThroughLinks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kmsplan.state.json": "{}", ".kmsplan/emulator/root.key": "key", ".git/config": "", "main.kms.hcl": "", "dist/x.enc": "x",
		"saved": `{"kind":"kmsplan-plan","format_version":2}`, "real.json": "{}",
		"sealed":   sealedAs("kmsplan:place=local:a kmsplan:purpose=plan"),
		"longer":   sealedAs("a=" + strings.Repeat("x", 7900) + " kmsplan:purpose=plan team=orders"),
		"ordinary": sealedAs("a=kmsplan:purpose=plan kmsplan:purpose=planet"),
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	link := func(make func(string, string) error, old, name string) {
		if err := make(old, filepath.Join(dir, name)); err != nil {
			t.Skip("this file system has no links:", err)
		}
	}
	link(os.Symlink, ".kmsplan/emulator", "d")
	link(os.Symlink, "d", "dd")
	link(os.Symlink, "kmsplan.state.json", "s")
	link(os.Symlink, "dist", "e")
	link(os.Symlink, "real.json", "linked.json")
	link(os.Link, filepath.Join(dir, ".kmsplan/emulator/root.key"), "hard")
	link(os.Link, filepath.Join(dir, ".git/config"), "hardgit")

	o := NewOwned(dir, DefaultState, nil, nil)
	for path, want := range map[string]string{
		"d/root.key": ownWork, "dd/new/file": ownWork, "s": ownState, "hard": ownWork, "hardgit": ownGit, "saved": ownPlan,
		"sealed": ownPlan, "longer": ownPlan, "ordinary": "",
		"e/x.enc": "", "e/new": "", "new/dir/file": "", "dist/x.enc": "", "kmsplan.state.json": ownState,
	} {
		if got := o.Reaches(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	// A state that is itself a link: its target and what stands beside it.
	o = NewOwned(dir, "linked.json", nil, nil)
	for _, path := range []string{"linked.json", "real.json", "real.json.journal", "real.json.d/1.json"} {
		if got := o.Reaches(path); got != ownState {
			t.Errorf("%s is %q", path, got)
		}
	}
	// And a state that is named by an absolute path.
	if got := NewOwned(dir, filepath.Join(dir, "st.json"), nil, nil).Named("st.json.lock"); got != ownState {
		t.Error(got)
	}
}

// Case P3: validate refuses every block that would write there.
func TestNoBlockWritesWhatKmsplanOwns(t *testing.T) {
	blocks := `
key "k" {}
data "encrypt" "e" {
  key    = key.k.id
  source = "plain"
  output = "OUT"
}
data "decrypt" "d" {
  source = "x.enc"
  output = "OUT2"
}
data "rewrap" "r" {
  source = "GLOB"
  key    = key.k.id
}
`
	load := func(out, out2, glob string) string {
		src := strings.NewReplacer("OUT2", out2, "OUT", out, "GLOB", glob).Replace(dev + blocks)
		_, diags := inModule(t, map[string]string{"main.kms.hcl": src}, Inputs{})
		return shown(diags)
	}
	if got := load("a.enc", "a", "**/*.enc"); got != "" {
		t.Fatal(got)
	}
	for _, bad := range [][3]string{
		{"kmsplan.state.json", "a", "*.enc"}, {"a.enc", ".kmsplan/emulator/root.key", "*.enc"}, {"a.enc", "a", ".kmsplan/**"},
		{"./main.kms.hcl", "a", "*.enc"}, {"a.enc", ".git/hooks/pre-commit", "*.enc"}, {"a.enc", "a", "kmsplan.state.json"},
	} {
		if got := load(bad[0], bad[1], bad[2]); strings.Count(got, "not yours to write") != 1 {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

// Case P3: what another stack or another emulator keeps is known by what it holds, under any name and in any directory;
// and so is what would come to stand among it.
func TestWhatOthersOwnIsKnownByWhatItHolds(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "module")
	const (
		v1   = "{\n  \"version\": 1,\n  \"serial\": 2,\n  \"lineage\": \"ae54\",\n  \"writer\": \"0.1.0\","
		line = `af9984db 0 {"op":"open","header":{"format":1}}` + "\n"
	)
	for name, text := range map[string]string{
		"module/main.kms.hcl": "", "module/backup/old.txt": v1, "module/backup/pulled": `{"version":2,"serial":9,"lineage":"x"}`,
		"module/backup/tf": `{"version": 4, "terraform_version": "1.9", "serial": 3, "lineage": "y"}`, "module/backup/lines": line,
		"module/plain.json": `{"version":2,"serial":9}`, "module/deep.json": `{"state":{"version":2,"serial":9,"lineage":"x"}}`, "module/text": "af9984db 0 and so on",
		"other/kmsplan.state.json": v1, "other/kmsplan.state.json.d/000001.json": v1, "other/notes.d/x": "", "other/notes": "",
		"emulator/root.key": "k", "emulator/kms.db": "b", "emulator/snapshots/a.snapshot": "", "half/root.key": "k",
	} {
		writeFile(t, filepath.Join(top, name), text)
	}
	o := NewOwned(dir, DefaultState, nil, nil)
	for path, want := range map[string]string{
		"backup/old.txt": ownStrangeState, "backup/pulled": ownStrangeState, "backup/tf": ownStrangeState, "backup/lines": ownStrangeJournal,
		"backup/old.txt.journal": ownStrangeState, "backup/old.txt.d/new": ownStrangeState, "backup/old.txt.enc": "", "backup/new": "",
		"plain.json": "", "deep.json": "", "text": "",
		"../other/kmsplan.state.json": ownStrangeState, "../other/kmsplan.state.json.d/000002.json": ownStrangeState,
		"../other/kmsplan.state.json.lock": ownStrangeState, "../other/notes.d/x": "",
		"../emulator/root.key": ownStrangeEmulator, "../emulator/new": ownStrangeEmulator, "../emulator/snapshots/b.snapshot": ownStrangeEmulator,
		"../half/root.key": "", "../half/new": "",
	} {
		if got := o.Reaches(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
