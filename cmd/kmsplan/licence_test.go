package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// licences are those that what kmsplan is linked and tested with may stand under, each known by
// sentences that no other licence has. A module under another one is not taken up.
var licences = []struct {
	name string
	says []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0", "Grant of Patent License"}},
	{"Apache-2.0", []string{"## License [Apache-2.0](http://www.apache.org/licenses/LICENSE-2.0)"}}, // a README of the vendor's
	{"MPL-2.0", []string{"Mozilla Public License", "2.0", "Covered Software"}},
	{"BSD", []string{"Redistribution and use in source and binary forms", "THIS SOFTWARE IS PROVIDED BY"}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "THE SOFTWARE IS PROVIDED \"AS IS\""}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "THE SOFTWARE IS PROVIDED “AS IS”"}}, // the same text, typeset (riverqueue/apiframe)
	{"ISC", []string{"Permission to use, copy, modify, and", "THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS"}},
}

// unwanted are sentences of licences that ask more of whoever distributes kmsplan than notices.
var unwanted = []string{"GNU GENERAL PUBLIC LICENSE", "GNU AFFERO", "Server Side Public License", "Business Source License", "Commons Clause"}

// unstated are helpers of the vendor's SDK, generated into modules of a file or two without any licence text;
// the SDK that needs them, and every other module of it, states Apache-2.0. Known, and looked at again when one is updated.
var unstated = map[string]bool{
	"github.com/alibabacloud-go/alibabacloud-gateway-pop": true, "github.com/alibabacloud-go/darabonba-array": true,
	"github.com/alibabacloud-go/darabonba-encode-util": true, "github.com/alibabacloud-go/darabonba-map": true,
	"github.com/alibabacloud-go/darabonba-signature-util": true,
}

// TestDependenciesMayBeUsed reads the licence of every module that the program or its tests are built from.
func TestDependenciesMayBeUsed(t *testing.T) {
	modules := linkedModules(t)
	if len(modules) < 30 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	for path, dir := range modules {
		switch stated := licenceOf(licenceText(t, dir)) != ""; {
		case !stated && !unstated[path]:
			t.Errorf("%s states no licence that is on the list; read %s before it is taken up", path, dir)
		case stated && unstated[path]:
			t.Errorf("%s states a licence now; take it off the list of those that do not", path)
		}
	}
}

// TestUnwantedLicencesAreNamed holds that the check above can fail.
func TestUnwantedLicencesAreNamed(t *testing.T) {
	for _, text := range []string{"", "All rights reserved.", "GNU GENERAL PUBLIC LICENSE\nVersion 3", "Apache License Version 2.0 Grant of Patent License, with the Commons Clause"} {
		if name := licenceOf(text); name != "" {
			t.Errorf("%q is taken for %s", text, name)
		}
	}
	own, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil || licenceOf(string(own)) != "Apache-2.0" {
		t.Errorf("our own LICENSE is not Apache-2.0: %v", err)
	}
}

// licenceOf is the listed licence whose sentences the text has, or "".
func licenceOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(s)) }
	if slices.ContainsFunc(unwanted, has) && !has("Mozilla Public License") {
		return ""
	}
	for _, l := range licences {
		if !slices.ContainsFunc(l.says, func(s string) bool { return !has(s) }) {
			return l.name
		}
	}
	return ""
}

// licenceText is what a module says of its licence, in the directory its source lies in.
func licenceText(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.Type().IsRegular() && (strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || name == "README.MD") {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}

// linkedModules are the modules whose packages the program and its tests use, with the directories of
// their sources.
func linkedModules(t *testing.T) map[string]string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-json=Module", "./...")
	c.Dir = filepath.Join("..", "..")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && !p.Module.Main {
			found[p.Module.Path] = p.Module.Dir
		}
	}
}
