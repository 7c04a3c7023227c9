package cli

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/kind"
)

// notApplied are what of the language no example of the documentation that is applied has, and why. It may get shorter.
var notApplied = notAppliedBackends()

// notAppliedBackends are the arguments of remote stores: they need a server, and docs/state.md shows them. The tests over
// servers (stores_test.go and its siblings) apply stacks over each.
func notAppliedBackends() map[string]string {
	out := map[string]string{}
	for _, b := range kind.Backends() {
		for _, a := range b.Attributes {
			if b.Name != kind.DefaultBackend {
				out["kmsplan.backend."+b.Name+"."+a.Name] = "it needs a server"
			}
		}
	}
	return out
}

// TestEveryBlockAndAttributeHasAnExample holds that each block and argument of the language's tables stands in an example
// of docs/ that TestTheDocumentationsExamplesApply plans and applies, or in one of examples/ that .ci/examples applies.
func TestEveryBlockAndAttributeHasAnExample(t *testing.T) {
	shown := map[string]bool{}
	for name, source := range appliedExamples(t) {
		file, diags := hclsyntax.ParseConfig([]byte(source), name, hclv2.InitialPos)
		if diags.HasErrors() {
			t.Errorf("%s: %s", name, diags)
			continue
		}
		notePaths(file.Body.(*hclsyntax.Body), "", shown)
	}
	all := languagePaths()
	for _, path := range slices.Sorted(maps.Keys(all)) {
		switch why := notApplied[path]; {
		case shown[path] && why != "":
			t.Errorf("%s is in an example by now: take it out of the list", path)
		case !shown[path] && why == "":
			t.Errorf("%s stands in no example that is applied", path)
		}
	}
	for path := range notApplied {
		if !all[path] {
			t.Errorf("there is no %s", path)
		}
	}
	if len(all) < 200 {
		t.Errorf("only %d blocks and arguments were found", len(all))
	}
}

// appliedExamples are the sources by their names.
func appliedExamples(t *testing.T) map[string]string {
	out := map[string]string{}
	names, _ := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	for _, name := range append(names, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		examples, modules := hclExamples(string(text))
		for key, source := range examples {
			if completions[key].unapplied == "" {
				out[filepath.Base(name)+": "+key] = source
			}
		}
		for module, source := range modules {
			if strings.HasSuffix(module, ".hcl") {
				out[filepath.Base(name)+": "+module] = source
			}
		}
	}
	for _, example := range []string{"quickstart", "teams"} {
		err := filepath.WalkDir(filepath.Join("..", "..", "examples", example), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".kms.hcl") {
				return err
			}
			source, err := os.ReadFile(path)
			out[path] = string(source)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// notePaths notes the paths of all blocks and arguments of a body: key.description, data.encrypt.context,
// kmsplan.limits.deletions.
func notePaths(body *hclsyntax.Body, prefix string, into map[string]bool) {
	for name := range body.Attributes {
		into[prefix+name] = true
	}
	for _, b := range body.Blocks {
		path := prefix + b.Type
		switch {
		case prefix == "" && (b.Type == "data" || b.Type == "ephemeral"), prefix == "kmsplan." && b.Type == "backend":
			path += "." + b.Labels[0]
		case b.Type == "data":
			notePaths(b.Body, "data."+b.Labels[0]+".", into)
		case b.Type == "dynamic":
			path = prefix + b.Labels[0]
			for _, content := range b.Body.Blocks {
				notePaths(content.Body, path+".", into)
			}
		}
		into[path] = true
		notePaths(b.Body, path+".", into)
		if b.Type == "lifecycle" {
			notePaths(b.Body, "lifecycle.", into)
		}
	}
}

// languagePaths are the paths of all that the tables have and that may be written.
func languagePaths() map[string]bool {
	all := map[string]bool{}
	var block func(b *kind.Block, path string)
	attributes := func(list []kind.Attribute, path string) {
		for i := range list {
			if list[i].Mode != kind.Computed && list[i].Refused == "" {
				all[path+"."+list[i].Name] = true
			}
		}
	}
	block = func(b *kind.Block, path string) {
		if b.Refused != "" {
			return
		}
		attributes(b.Attributes, path)
		for i := range b.Blocks {
			if inner := &b.Blocks[i]; inner.Refused == "" && inner.Name != "backend" {
				all[path+"."+inner.Name] = true
				block(inner, path+"."+inner.Name)
			}
		}
	}
	for _, b := range kind.Language() {
		block(b, b.Name)
	}
	for _, b := range kind.Backends() {
		block(b, "kmsplan.backend."+b.Name)
	}
	kinds := append(slices.Clone(kind.Kinds()), kind.Batch())
	for _, name := range kind.EphemeralKinds() {
		kinds = append(kinds, kind.Ephemeral(name))
	}
	for _, k := range kinds {
		path := k.Name
		switch {
		case k.Ephemeral:
			path = "ephemeral." + k.Name
		case k.Data():
			path = "data." + k.Name
		}
		all[path] = true
		attributes(k.Attributes, path)
		for i := range k.Blocks {
			all[path+"."+k.Blocks[i].Name] = true
			block(&k.Blocks[i], path+"."+k.Blocks[i].Name)
		}
	}
	for _, meta := range []string{"gateway", "for_each", "count", "depends_on"} {
		all["key."+meta] = true
	}
	return all
}
