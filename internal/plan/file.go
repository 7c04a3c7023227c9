package plan

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// file is a Plan as it is saved. Addresses are strings, values carry their type.
type file struct {
	Writer       string        `json:"writer"`
	Created      time.Time     `json:"created"`
	Lineage      string        `json:"lineage"`
	Serial       uint64        `json:"serial"`
	ConfigDigest string        `json:"config_digest"`
	Changes      []fileChange  `json:"changes"`
	Refusals     []fileRefusal `json:"refusals,omitempty"`
	Drift        []fileDrift   `json:"drift,omitempty"`
	Dying        []fileDying   `json:"dying,omitempty"`
	Files        []fileFile    `json:"files,omitempty"`
	Outputs      []fileOutput  `json:"outputs,omitempty"`
	Warnings     []fileWarning `json:"warnings,omitempty"`
}

type fileChange struct {
	Addr      string     `json:"address"`
	Kind      string     `json:"kind"`
	Gateway   string     `json:"gateway"`
	Action    string     `json:"action"`
	ID        string     `json:"id,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Diff      []fileDiff `json:"diff,omitempty"`
	Calls     []string   `json:"calls,omitempty"`
	Protected bool       `json:"protected,omitempty"`
	PreImage  *PreImage  `json:"pre_image,omitempty"`
	MovedFrom string     `json:"moved_from,omitempty"`
	DependsOn []string   `json:"depends_on,omitempty"`
}

type fileDiff struct {
	Name      string     `json:"name"`
	Before    savedValue `json:"before"`
	After     savedValue `json:"after"`
	WriteOnly bool       `json:"write_only,omitempty"`
}

type fileRefusal struct {
	Guard       string   `json:"guard"`
	Addr        string   `json:"address,omitempty"`
	Reason      string   `json:"reason"`
	WaysForward []string `json:"ways_forward"`
}

type fileDrift struct {
	Addr string     `json:"address"`
	Kind string     `json:"kind"`
	ID   string     `json:"id"`
	Gone bool       `json:"gone,omitempty"`
	Diff []fileDiff `json:"diff,omitempty"`
}

type fileDying struct {
	Gateway  string    `json:"gateway"`
	ID       string    `json:"id"`
	Addr     string    `json:"address,omitempty"`
	DeleteAt time.Time `json:"delete_at"`
}

type fileFile struct {
	Addr    string `json:"address"`
	Action  string `json:"action"`
	Path    string `json:"path"`
	Reason  string `json:"reason,omitempty"`
	Problem string `json:"problem,omitempty"`
}

type fileOutput struct {
	Name   string     `json:"name"`
	Before savedValue `json:"before"`
	After  savedValue `json:"after"`
}

type fileWarning struct {
	Addr    string `json:"address,omitempty"`
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
}

// toFile refuses a marked value: sensitive values never enter a plan, and a
// slip must not reach the disk.
func toFile(p *Plan) (*file, error) {
	f := &file{
		Writer: p.Writer, Created: p.Created, Lineage: p.Lineage, Serial: p.Serial, ConfigDigest: p.ConfigDigest,
		Changes: make([]fileChange, 0, len(p.Changes)),
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		diff, err := toDiffs(c.Addr, c.Diff)
		if err != nil {
			return nil, err
		}
		f.Changes = append(f.Changes, fileChange{
			Addr: c.Addr.String(), Kind: c.Kind, Gateway: c.Gateway, Action: c.Action.Sign(), ID: c.ID, Reason: c.Reason,
			Diff: diff, Calls: c.Calls, Protected: c.Protected, PreImage: c.PreImage,
			MovedFrom: addrText(c.MovedFrom), DependsOn: addrTexts(c.DependsOn),
		})
	}
	for _, d := range p.Drift {
		diff, err := toDiffs(d.Addr, d.Diff)
		if err != nil {
			return nil, err
		}
		f.Drift = append(f.Drift, fileDrift{Addr: d.Addr.String(), Kind: d.Kind, ID: d.ID, Gone: d.Gone, Diff: diff})
	}
	for _, o := range p.Outputs {
		if o.Before.ContainsMarked() || o.After.ContainsMarked() {
			return nil, fmt.Errorf("encode the plan: output %s is sensitive", o.Name)
		}
		f.Outputs = append(f.Outputs, fileOutput{o.Name, savedValue{o.Before}, savedValue{o.After}})
	}
	f.addReports(p)
	return f, nil
}

// addReports copies what needs no check.
func (f *file) addReports(p *Plan) {
	for _, r := range p.Refusals {
		f.Refusals = append(f.Refusals, fileRefusal{r.Guard, addrText(r.Addr), r.Reason, r.WaysForward})
	}
	for _, d := range p.Dying {
		f.Dying = append(f.Dying, fileDying{d.Gateway, d.ID, addrText(d.Addr), d.DeleteAt})
	}
	for _, c := range p.Files {
		f.Files = append(f.Files, fileFile{c.Addr.String(), c.Action.Sign(), c.Path, c.Reason, c.Problem})
	}
	for _, w := range p.Warnings {
		f.Warnings = append(f.Warnings, fileWarning{addrText(w.Addr), w.Summary, w.Detail})
	}
}

func toDiffs(a addr.Address, diffs []AttrDiff) ([]fileDiff, error) {
	var out []fileDiff
	for _, d := range diffs {
		if d.Before.ContainsMarked() || d.After.ContainsMarked() {
			return nil, fmt.Errorf("encode the plan: %s of %s is sensitive", d.Name, a)
		}
		out = append(out, fileDiff{d.Name, savedValue{d.Before}, savedValue{d.After}, d.WriteOnly})
	}
	return out, nil
}

// reader parses addresses and actions and keeps the first failure.
type reader struct{ err error }

func fromFile(f file) (*Plan, error) {
	var r reader
	p := &Plan{
		FormatVersion: PlanFormat, Writer: f.Writer, Created: f.Created, Lineage: f.Lineage, Serial: f.Serial,
		ConfigDigest: f.ConfigDigest, Changes: make([]Change, 0, len(f.Changes)),
	}
	for _, c := range f.Changes {
		p.Changes = append(p.Changes, Change{
			Addr: r.must(c.Addr), Kind: c.Kind, Gateway: c.Gateway, Action: r.action(c.Action), ID: c.ID, Reason: c.Reason,
			Diff: fromDiffs(c.Diff), Calls: c.Calls, Protected: c.Protected, PreImage: c.PreImage,
			MovedFrom: r.addr(c.MovedFrom), DependsOn: r.addrs(c.DependsOn),
		})
	}
	for _, x := range f.Refusals {
		p.Refusals = append(p.Refusals, Refusal{x.Guard, r.addr(x.Addr), x.Reason, x.WaysForward})
	}
	for _, d := range f.Drift {
		p.Drift = append(p.Drift, Drift{r.must(d.Addr), d.Kind, d.ID, d.Gone, fromDiffs(d.Diff)})
	}
	for _, d := range f.Dying {
		p.Dying = append(p.Dying, DyingKey{d.Gateway, d.ID, r.addr(d.Addr), d.DeleteAt})
	}
	for _, c := range f.Files {
		p.Files = append(p.Files, FileChange{Addr: r.must(c.Addr), Action: r.action(c.Action), Path: c.Path, Reason: c.Reason, Problem: c.Problem})
	}
	for _, o := range f.Outputs {
		p.Outputs = append(p.Outputs, OutputChange{o.Name, o.Before.v, o.After.v})
	}
	for _, w := range f.Warnings {
		p.Warnings = append(p.Warnings, Warning{Addr: r.addr(w.Addr), Summary: w.Summary, Detail: w.Detail})
	}
	return p, r.err
}

func fromDiffs(diffs []fileDiff) []AttrDiff {
	var out []AttrDiff
	for _, d := range diffs {
		out = append(out, AttrDiff{d.Name, orNull(d.Before.v), orNull(d.After.v), d.WriteOnly})
	}
	return out
}

func orNull(v cty.Value) cty.Value {
	if v == cty.NilVal {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v
}

func (r *reader) addr(s string) addr.Address {
	if s == "" {
		return addr.Address{}
	}
	a, err := addr.Parse(s)
	if err != nil && r.err == nil {
		r.err = err
	}
	return a
}

// must is addr for an address that has to be there.
func (r *reader) must(s string) addr.Address {
	if s == "" && r.err == nil {
		r.err = errors.New("an address is missing")
	}
	return r.addr(s)
}

func (r *reader) addrs(list []string) []addr.Address {
	var out []addr.Address
	for _, s := range list {
		out = append(out, r.must(s))
	}
	return out
}

func (r *reader) action(sign string) Action {
	c, size := utf8.DecodeRuneInString(sign)
	a := Action(c)
	switch a {
	case NoOp, Create, Update, Adopt, Rescue, Succeed, Retire, Delete, Forget, Read:
		if a.Sign() == sign && size > 0 {
			return a
		}
	}
	if r.err == nil {
		r.err = fmt.Errorf("unknown action %q", sign)
	}
	return NoOp
}

func addrText(a addr.Address) string {
	if a.Kind == "" {
		return ""
	}
	return a.String()
}

func addrTexts(list []addr.Address) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}
