package hcl

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// seeds are all the configurations the tests have.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.kms.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/design.kms.hcl") {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
}

// No file makes loading panic, and what loads without an error evaluates without a panic.
func FuzzLoad(f *testing.F) {
	seeds(f)
	f.Add([]byte(`{"gateway": {"dev": {"emulator": {}}}, "key": {"k": {"description": "${file(\"x\")}"}}}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, name := range []string{"main" + nativeSuffix, "main" + jsonSuffix} {
			loadAndEvaluate(dir, name, src)
		}
	})
}

// loadAndEvaluate does all that a plan does with a file.
func loadAndEvaluate(dir, name string, src []byte) {
	file, diags := parseSource(src, name)
	c, _ := load(Inputs{Dir: dir, Version: "0.1.0"}, []source{{name, src, file}}, diags)
	c.Sources()
	objects := NewObjectMap()
	for _, b := range c.Blocks {
		for _, a := range b.Instances {
			c.Body(a, objects)
			c.DependsOn(a)
		}
	}
	for _, o := range c.Outputs {
		c.OutputValue(o.Name, objects)
	}
}

// Formatting never panics, changes nothing twice, and what parsed before parses after.
func FuzzFormat(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := Format(src, "a"+nativeSuffix)
		if diags.HasErrors() {
			if !bytes.Equal(once, src) {
				t.Error("a file that does not parse was changed")
			}
			return
		}
		twice, diags := Format(once, "a"+nativeSuffix)
		if diags.HasErrors() {
			t.Fatalf("does not parse any more: %s\n%q", shown(diags), once)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("formatting again changes it: %q, %q", once, twice)
		}
	})
}

// No value of a variable, from the command line or a file, makes assigning it panic.
func FuzzVariables(f *testing.F) {
	f.Add(`["a"]`, `x = 1`, `{"x": 1}`)
	f.Add(`{a = 1, b = null}`, "x = <<E\na\nE\n", `{"x": "${1}"}`)
	types := "variable \"x\" {\n default = null\n type = any\n}\nvariable \"y\" {\n default = {}\n type = object({ a = optional(list(number), [1]) })\n}\n"
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, native, json string) {
		file, diags := parseSource([]byte(types), "main.kms.hcl")
		writeFile(t, filepath.Join(dir, "v.hcl"), native)
		writeFile(t, filepath.Join(dir, "v.json"), json)
		in := Inputs{Dir: dir, Vars: []Assignment{{Name: "x", Value: text}, {Name: "y", Value: text}, {File: "v.hcl"}, {File: "v.json"}}}
		load(in, []source{{"main.kms.hcl", nil, file}}, diags)
	})
}
