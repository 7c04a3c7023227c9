package ops

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// files makes files below a new directory; a name that ends in / is a directory.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	anEnvelope = "kmsplan.dev/envelope/v1\n"
	aDocument  = "a: 1\n# kmsplan.dev/document/v1 yaml\n"
)

// choose runs a choice in a directory, and tells of it in lines.
func choose(dir string, c Choice, names ...string) []string {
	c.Path = func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	got := Choose(names, c)
	out := slices.Clone(got.Files)
	for _, p := range got.Passed {
		out = append(out, "passed "+p.Name+": "+p.Why)
	}
	for _, err := range got.Errors {
		out = append(out, "error: "+err.Error())
	}
	return out
}

func TestChoose(t *testing.T) {
	dir := files(t, map[string]string{
		"t/a": "x", "t/a.enc": anEnvelope, "t/b.yaml": "b: 1\n", "t/sub/.env": "A=1\n", "t/sub/gone.enc": anEnvelope,
		"t/odd.enc": "text", "t/doc.yaml": aDocument, "t/.git/config": "x", "t/age": "age-encryption.org/v1\n", "t/[x]": "y",
	})
	if err := os.Symlink("a", filepath.Join(dir, "t/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/", filepath.Join(dir, "t/up")); err != nil {
		t.Fatal(err)
	}
	owned := func(name string) string {
		if strings.HasSuffix(name, ".git") {
			return "git's own files"
		}
		return ""
	}
	links := []string{"passed t/link: " + whyLink, "passed t/up: " + whyLink}
	for _, c := range []struct {
		name  string
		c     Choice
		names []string
		want  []string
	}{
		{"what is plain", Choice{Recursive: true}, []string{"t"}, append([]string{"t/[x]", "t/a", "t/b.yaml", "t/sub/.env",
			"passed t/.git: git's own files", "passed t/age: an age file already", "passed t/doc.yaml: " + formDocument + " already"}, append(slices.Clone(links[:1]),
			"passed t/odd.enc: "+whySuffix, "passed t/sub/gone.enc: an envelope already", links[1])...)},
		{"what is plain, in place", Choice{Recursive: true, InPlace: true}, []string{"t/sub", "t/a.enc"}, []string{"t/sub/.env", "t/a.enc", "passed t/sub/gone.enc: an envelope already"}},
		{"what has a format", Choice{Recursive: true, InPlace: true, Values: &Values{}}, []string{"t/**/*.{yaml,}", "t/[ab]"}, []string{"t/b.yaml", "passed t/doc.yaml: " + formDocument + " already", "passed t/a: " + whyFormat}},
		{"envelopes with a suffix", Choice{Recursive: true, Sealed: true}, []string{"t/sub", "t/"}, append([]string{"t/sub/gone.enc", "t/a.enc", "t/odd.enc",
			"passed t/sub/.env: no envelope", "passed t/.git: git's own files", "passed t/[x]: no envelope", "passed t/a: no envelope", "passed t/age: an age file",
			"passed t/b.yaml: no envelope", "passed t/doc.yaml: " + whyNoSuffix}, append(slices.Clone(links[:1]), "passed t/sub/.env: no envelope", links[1])...)},
		{"envelopes of any name", Choice{Recursive: true, Sealed: true, AnyName: true}, []string{"t/**/*.{yaml,enc}"}, []string{"t/a.enc", "t/doc.yaml", "t/odd.enc", "t/sub/gone.enc", "passed t/b.yaml: no envelope"}},
		{"a name with the characters of a pattern", Choice{}, []string{"t/[x]"}, []string{"t/[x]"}},
		{"named twice", Choice{Recursive: true}, []string{"t/a", "./t/a", "-"}, []string{"t/a", "-"}},
		{"a directory without -r", Choice{}, []string{"t"}, []string{"error: t is a directory; say -r for the files in it"}},
		{"nothing matches", Choice{}, []string{"t/*.none", "none/*"}, []string{"error: nothing matches t/*.none", "error: nothing matches none/*: none: no such file or directory"}},
		{"a link that is named", Choice{}, []string{"t/link"}, []string{"t/link"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.c.Owned = owned
			if got := choose(dir, c.c, c.names...); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// TestIgnoresAsGitDoes holds ignore files against those of git, rule by rule and file by file.
func TestIgnoresAsGitDoes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git to compare with")
	}
	var names []string
	for _, dir := range []string{"", "a/", "a/b/", "b/", "logs/", "a/logs/", "{x}/", "b/a/b/"} {
		for _, base := range []string{"a", "x.log", "keep.log", "foo", "foobar", "#hash", "!bang", "sp ", "x{y}", "[z]", ".env"} {
			names = append(names, dir+base)
		}
	}
	for _, rules := range []string{
		"*.log", "/*.log", "*.log\n!keep.log", "logs/", "/logs", "a/b", "a/**", "**/b", "a/**/foo", "foo*", "f??", "\\#hash", "\\!bang", "#hash",
		"sp\\ ", "sp ", "{x}", "x{y}", "[a-f]oo", "[!a-e]oo", "\\[z\\]", "b/\n!b/a/", "a/*\n!a/b", "/", "**", "**/", "*", "!a", "*\n!*/\n!foo", "a/logs/", "b/**/b", "\r\n*.log\r", "\xef\xbb\xbf.env", "a**b", "logs/*.log\n!logs/keep.log",
	} {
		dir := t.TempDir()
		for _, name := range names {
			path := filepath.Join(dir, name)
			if os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.IsExist(os.WriteFile(path, []byte("x"), 0o644)) {
				continue // a is a directory
			}
		}
		for _, name := range []string{IgnoreFile, ".gitignore"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(rules), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		git := func(args ...string) string {
			cmd := exec.Command("git", append([]string{"-C", dir, "-c", "core.excludesFile="}, args...)...)
			cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("git %v: %v", args, err)
			}
			return string(out)
		}
		git("init", "-q")
		want := strings.Split(strings.TrimSuffix(git("ls-files", "-z", "--others", "--exclude-standard"), "\x00"), "\x00")
		want = slices.DeleteFunc(want, func(name string) bool { return name == "" || name == IgnoreFile || name == ".gitignore" })
		got := Choose([]string{"."}, Choice{Recursive: true, Path: func(name string) string { return filepath.Join(dir, name) }, Owned: func(name string) string {
			return map[bool]string{true: "git's"}[name == ".git"]
		}})
		if len(got.Errors) > 0 && rules != "/" {
			t.Fatalf("%q: %v", rules, got.Errors)
		}
		taken := slices.DeleteFunc(slices.Clone(got.Files), func(name string) bool { return name == ".gitignore" })
		slices.Sort(taken)
		slices.Sort(want)
		if rules != "/" && !slices.Equal(taken, want) {
			t.Errorf("%q leaves\n  %q\ngit leaves\n  %q", rules, taken, want)
		}
	}
}

func TestIgnoreFilesHoldFromTheWorkingDirectoryOn(t *testing.T) {
	dir := files(t, map[string]string{IgnoreFile: "/t/a\n*.log\n", "t/a": "x", "t/b": "x", "t/x.log": "x", "t/s/" + IgnoreFile: "!x.log\n/b\n", "t/s/x.log": "x", "t/s/b": "x"})
	want := []string{"t/b", "t/s/x.log", "passed t/a: " + whyIgnored, "passed t/s/b: " + whyIgnored, "passed t/x.log: " + whyIgnored}
	for _, arg := range []string{"t", "t/**"} {
		if got := choose(dir, Choice{Recursive: true}, arg); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", arg, got, want)
		}
	}
	for _, bad := range []string{"[a", "!"} {
		dir := files(t, map[string]string{"t/a": "x", "t/" + IgnoreFile: "ok\n" + bad + "\n"})
		got := choose(dir, Choice{Recursive: true}, "t")
		if len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("t/%s, line 2", IgnoreFile)) {
			t.Errorf("%q: got %q", bad, got)
		}
	}
}
