package clitest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// ScriptsOrBusy runs the scripts of a directory. With -short, and with it under the race detector, it runs those in which the
// most happens at the same time.
func ScriptsOrBusy(t *testing.T, dir string, busy ...string) {
	t.Helper()
	if !testing.Short() {
		Scripts(t, dir)
		return
	}
	var files []string
	for _, name := range busy {
		files = append(files, filepath.Join(dir, name+".txtar"))
	}
	Scripts(t, "", files...)
}

// Scripts runs the scripts of a directory, or these files.
func Scripts(t *testing.T, dir string, files ...string) {
	ScriptsWith(t, func(*testscript.Env) error { return nil }, dir, files...)
}

// ScriptsWith prepares the directory of each script before it runs.
func ScriptsWith(t *testing.T, prepare func(*testscript.Env) error, dir string, files ...string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NO_COLOR", "1")
			return prepare(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":   exitCodeIs,
			"absent": absent,
			"flip":   flip,
			"edit":   edit,
			"gitlab": (&gitLab{}).command,
			"bucket": bucket,
		},
	})
}

// exitCodeIs runs kmsplan and demands an exit code: code 3 kmsplan plan.
func exitCodeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N kmsplan ARG …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		got = exitStatus(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// exitStatus reads the code out of exec's error.
func exitStatus(err error) int {
	var code int
	if _, scan := fmt.Sscanf(err.Error(), "exit status %d", &code); scan != nil {
		return -1
	}
	return code
}

// absent demands that a text is in no file below the working directory but those named, neither as it is nor in base64
// at any alignment, in hexadecimal, or with its quotes escaped: absent TEXT [FILE …].
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: absent TEXT [FILE …]")
	}
	needles := Disguises(args[0])
	allowed := map[string]bool{}
	for _, name := range args[1:] {
		allowed[ts.MkAbs(name)] = true
	}
	searched := 0
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || allowed[path] {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		for _, needle := range needles {
			if bytes.Contains(content, needle) {
				ts.Fatalf("%s holds %q, as %s", path, args[0], needle)
			}
		}
		return nil
	}))
	if searched == 0 {
		ts.Fatalf("no file was searched")
	}
}

// flip inverts one bit of a file: flip FILE OFFSET; a negative offset counts from the end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	content := []byte(ts.ReadFile(args[0]))
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	if offset < 0 {
		offset += len(content)
	}
	content[offset] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content, 0o644))
}

// edit replaces a text in a file, and demands that it was there: edit FILE OLD NEW.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	old := ts.ReadFile(args[0])
	if !strings.Contains(old, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(old, args[1], args[2], 1)), 0o644))
}
