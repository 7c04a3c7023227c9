package tfstate

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Use is a place in Terraform's configuration where a resource is declared or referred to.
type Use struct {
	Address  string `json:"address"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Declares bool   `json:"declares"`
}

// Uses finds where the files of a Terraform module, in its root directory, declare resources and refer to them. Files that
// do not parse are passed over: Terraform says what is wrong with them.
func Uses(module fs.FS, addresses []string) ([]Use, error) {
	names, err := fs.Glob(module, "*.tf")
	if err != nil {
		return nil, err
	}
	u := &uses{of: map[string]bool{}}
	for _, a := range addresses {
		u.of[a] = true
	}
	for _, name := range names {
		src, err := fs.ReadFile(module, name)
		if err != nil {
			return nil, err
		}
		file, _ := hclsyntax.ParseConfig(src, path.Base(name), hclv2.InitialPos)
		if file == nil {
			continue
		}
		if body, ok := file.Body.(*hclsyntax.Body); ok {
			u.body(body)
		}
	}
	return u.found, nil
}

type uses struct {
	of    map[string]bool
	found []Use
}

func (u *uses) body(b *hclsyntax.Body) {
	for _, inner := range b.Blocks {
		if inner.Type == "resource" && len(inner.Labels) == 2 {
			u.add(strings.Join(inner.Labels, "."), inner.TypeRange, true)
		}
		u.body(inner.Body)
	}
	for _, name := range sortedNames(b.Attributes) {
		for _, t := range hclsyntax.Variables(b.Attributes[name].Expr) {
			if step, ok := next(t); ok {
				u.add(t.RootName()+"."+step, t.SourceRange(), false)
			}
		}
	}
}

func next(t hclv2.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	step, ok := t[1].(hclv2.TraverseAttr)
	return step.Name, ok
}

func (u *uses) add(address string, at hclv2.Range, declares bool) {
	use := Use{address, at.Filename, at.Start.Line, declares}
	if u.of[address] && !slices.Contains(u.found, use) {
		u.found = append(u.found, use)
	}
}
