package tfstate

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Resource is one instance of a resource or data source of a state.
type Resource struct {
	Module string // module.a["x"].module.b; "" = the root
	Data   bool
	Type   string
	Name   string
	Index  string // "" or as it is written behind the name, with brackets
	// Deposed is the id of an object that a replacement left behind: Terraform deletes it in its next apply.
	Deposed string
	Attrs   map[string]any
}

// Address is the instance's address in Terraform.
func (r Resource) Address() string { return r.block() + r.Index }

// block is the address without the instance's key.
func (r Resource) block() string {
	text := r.Type + "." + r.Name
	if r.Data {
		text = "data." + text
	}
	if r.Module != "" {
		text = r.Module + "." + text
	}
	return text
}

// errNoState says what a state is. What stands in the document is never repeated: it holds secrets.
var errNoState = errors.New("it is no Terraform state: give a file terraform.tfstate of version 4 (terraform state pull), or the answer of terraform show -json")

// Read reads a state of version 4, or the answer of terraform show -json to a state or a plan.
func Read(doc []byte) ([]Resource, error) {
	var s struct {
		Version   int             `json:"version"`
		Format    string          `json:"format_version"`
		Resources []storedBlock   `json:"resources"`
		Values    *shownValues    `json:"values"`
		Prior     json.RawMessage `json:"prior_state"`
	}
	if err := json.Unmarshal(doc, &s); err != nil {
		return nil, errNoState
	}
	switch {
	case s.Format != "" && s.Prior != nil:
		return Read(s.Prior)
	case s.Format != "" && s.Values != nil:
		return s.Values.Root.all(nil), nil
	case s.Format != "":
		return nil, nil // of an empty state
	case s.Version == 4:
		return stored(s.Resources), nil
	case s.Version > 0:
		return nil, fmt.Errorf("it is a Terraform state of version %d; terraform state pull of a current Terraform gives version 4", s.Version)
	}
	return nil, errNoState
}

// storedBlock is a resource of a state file.
type storedBlock struct {
	Module    string `json:"module"`
	Mode      string `json:"mode"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Instances []struct {
		Index   any            `json:"index_key"`
		Deposed string         `json:"deposed"`
		Attrs   map[string]any `json:"attributes"`
	} `json:"instances"`
}

func stored(blocks []storedBlock) (out []Resource) {
	for _, b := range blocks {
		for _, in := range b.Instances {
			out = append(out, Resource{Module: b.Module, Data: b.Mode == "data", Type: b.Type, Name: b.Name, Index: index(in.Index), Deposed: in.Deposed, Attrs: in.Attrs})
		}
	}
	return out
}

// shownValues and shownModule are of terraform show -json.
type shownValues struct {
	Root shownModule `json:"root_module"`
}

type shownModule struct {
	Address   string `json:"address"`
	Resources []struct {
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Name    string         `json:"name"`
		Index   any            `json:"index"`
		Deposed string         `json:"deposed_key"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	Children []shownModule `json:"child_modules"`
}

func (m shownModule) all(out []Resource) []Resource {
	for _, r := range m.Resources {
		out = append(out, Resource{Module: m.Address, Data: r.Mode == "data", Type: r.Type, Name: r.Name, Index: index(r.Index), Deposed: r.Deposed, Attrs: r.Values})
	}
	for _, c := range m.Children {
		out = c.all(out)
	}
	return out
}

// index is an instance's key as it is written.
func index(key any) string {
	switch key := key.(type) {
	case string:
		return "[" + strconv.Quote(key) + "]"
	case float64:
		return "[" + strconv.FormatFloat(key, 'f', -1, 64) + "]"
	}
	return ""
}

// words are the parts of an address that a name can be made of: modules, the resource's name and the keys.
func (r Resource) words() string {
	text := strings.NewReplacer("module.", "", `["`, "_", `"]`, "", "[", "_", "]", "").Replace(r.Module)
	parts := []string{}
	for _, p := range []string{text, r.Name, strings.Trim(r.Index, `[]"`)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "_")
}
