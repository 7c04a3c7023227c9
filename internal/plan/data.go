package plan

import (
	"path"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

// DataValue is what references to a data block see: what is configured, and of its file what the census has.
// A nil file is one that is yet to be written.
func DataValue(k *kind.Kind, body hcl.Body, file *state.File) cty.Value {
	vals := make(map[string]cty.Value, len(k.Attributes))
	for i := range k.Attributes {
		at := &k.Attributes[i]
		v, written := body.Attrs[at.Name]
		switch {
		case written && at.Mode != kind.Computed:
			vals[at.Name] = v
		case at.Mode != kind.Computed:
			vals[at.Name] = cty.NullVal(at.Type)
		default:
			vals[at.Name] = fileValue(at, file)
		}
	}
	return cty.ObjectVal(vals)
}

func fileValue(at *kind.Attribute, file *state.File) cty.Value {
	if file != nil {
		switch at.Name {
		case "key_version":
			return stringOrNull(file.KeyVersion)
		case "commitment":
			return stringOrNull(file.Commitment)
		}
	}
	return cty.UnknownVal(at.Type)
}

// Census is what state has of files, by the data block that wrote them.
type Census map[string][]state.File

// CensusOf parts the census by block.
func CensusOf(files []state.File) Census {
	c := make(Census, len(files))
	for _, f := range files {
		c[f.Address] = append(c[f.Address], f)
	}
	return c
}

// File is the entry of the one file that a data block writes, or nil.
func (c Census) File(a addr.Address, body hcl.Body) *state.File {
	output := body.Attrs["output"]
	if output == cty.NilVal || output.IsNull() || !output.IsKnown() {
		return nil
	}
	for _, f := range c[a.String()] {
		if path.Clean(f.Path) == path.Clean(output.AsString()) {
			return &f
		}
	}
	return nil
}

// knowData makes the values of a data block visible to what refers to it. What the plan writes anew has a key
// version and a commitment after apply only. Whoever made the statuses reported what is wrong with the block.
func (p *planner) knowData(block *hcl.Block) {
	if !block.Referred {
		return
	}
	for _, a := range block.Instances {
		body, diags := p.in.Config.Body(a, p.objects)
		if diags.HasErrors() {
			continue
		}
		var file *state.File
		if !p.targeted(a) || !p.stale[a] && !p.keyMoves(a, body) {
			file = p.census.File(a, body)
		}
		p.objects.Set(a, DataValue(block.Kind, body, file))
	}
}

// Stale are the data blocks with files that will be written, or that cannot be worked on.
func Stale(files []FileStatus) map[addr.Address]bool {
	stale := map[addr.Address]bool{}
	for _, f := range files {
		if f.Notice == "" && (f.Problem != "" || f.change().Action != NoOp) {
			stale[f.Addr] = true
		}
	}
	return stale
}
