package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Document is the view of -json where a command has one answer: one JSON document on standard output, and
// whatever else there is to say, for people, on standard error.
type Document struct {
	*Terminal
	out     io.Writer
	version string
}

var _ View = Document{}

// NewDocument makes the view for a terminal's streams.
func NewDocument(t *Terminal, version string) Document {
	return Document{t.onErr(), t.Out, version}
}

// indented is a value as a JSON document with an end of line.
func indented(v any) ([]byte, error) {
	doc, err := json.MarshalIndent(v, "", "  ")
	return append(inert(doc), '\n'), err
}

// document writes one JSON document, indented, that cannot drive a terminal. A value of ours that has no JSON
// is a mistake of the programmer's.
func document(w io.Writer, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("view: a %T has no JSON: %v", v, err))
	}
	fmt.Fprintf(w, "%s\n", inert(b))
}

func (d Document) Validated(diags hclv2.Diagnostics, files map[string]*hclv2.File) {
	document(d.out, validateJSON(diags, files))
}
func (d Document) Plan(p *plan.Plan) { document(d.out, planJSON(p, d.version)) }
func (d Document) State(st state.State, checks []plan.Checked) {
	document(d.out, stateJSON(st, checks, d.version))
}
func (d Document) Resource(r state.Resource, st state.State) {
	document(d.out, resourceDocument{r, neededBy(r, st)})
}
func (d Document) Census(files []state.File)      { document(d.out, files) }
func (d Document) Outputs(outputs map[string]any) { document(d.out, outputsJSON(outputs)) }
func (d Document) Output(value any)               { document(d.out, value) }
func (d Document) Inspect(list []Envelope)        { document(d.out, list) }
func (d Document) Findings(list []Finding)        { document(d.out, list) }

// Result prints the value; sentences that stand for none go where the talk goes.
func (d Document) Result(value any, lines ...string) {
	if value == nil {
		d.Terminal.Result(nil, lines...)
		return
	}
	document(d.out, value)
}

// Listed prints the value.
func (d Document) Listed(value any, lines ...string) { d.Result(value, lines...) }

// Table prints the value.
func (d Document) Table(value any, _ []string, _ [][]string) { document(d.out, value) }

// Answer prints an answer as the service sent it, its bytes only indented.
func (d Document) Answer(doc json.RawMessage) {
	var b bytes.Buffer
	if json.Indent(&b, doc, "", "  ") != nil {
		b.Reset()
		b.Write(doc)
	}
	fmt.Fprintf(d.out, "%s\n", inert(b.Bytes()))
}
