package ops

import (
	"cmp"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// Block is one instance of a data block, evaluated.
type Block struct {
	Addr    addr.Address
	Source  string // relative to the module; a glob for rewrap
	Output  string // relative to the module; "" for rewrap
	Seal    Seal   // encrypt
	Unseal  Unseal // decrypt
	Target  Target // rewrap
	Unknown string // the first argument that is known after apply only; "" = none
}

// NewBlock reads an evaluated data block.
func NewBlock(a addr.Address, gateway string, b hcl.Body) (Block, error) {
	r := reader{attrs: b.Attrs}
	out := Block{Addr: a, Source: r.text("source"), Output: r.text("output")}
	switch a.Kind {
	case "encrypt":
		scope, err := ParseScope(r.text("scope"))
		if err != nil {
			return out, err
		}
		out.Seal = Seal{
			Gateway: gateway, Key: r.text("key"), Context: r.texts("context"), Recipients: r.list("recipients"), Scope: scope, Digest: true, Again: true,
		}
		if r.written("format") {
			out.Seal.Values = &Values{Format: r.text("format"), Rules: document.Rules{Only: r.list("only"), Except: r.list("except")}}
			if err := out.Seal.Values.Rules.Check(); err != nil {
				return out, err
			}
		}
		if r.text("suite") == kind.SuiteSM4 {
			out.Seal.Suite = envelope.SM4
		}
	case "decrypt":
		out.Unseal = Unseal{Mode: PrivateMode, Digest: true}
		if r.written("context") {
			out.Unseal.Context = r.texts("context")
		}
		if mode := r.text("mode"); mode != "" {
			bits, err := strconv.ParseUint(mode, 8, 12)
			if err != nil {
				return out, fmt.Errorf("%q is no file mode; write it in octal, for example 0600", mode)
			}
			out.Unseal.Mode = fs.FileMode(bits)
		}
	case "rewrap":
		out.Target = Target{Gateway: gateway, Key: r.text("key")}
	default:
		return out, fmt.Errorf("data.%s blocks do nothing with files", a.Kind)
	}
	out.Unknown = r.unknown
	return out, r.err
}

// Key is what the block encrypts under: a gateway block and an id, alias or ARN; "" for what decrypts, and while
// it is not known.
func (b Block) Key() (gateway, key string) {
	if b.Addr.Kind == "rewrap" {
		return b.Target.Gateway, b.Target.Key
	}
	return b.Seal.Gateway, b.Seal.Key
}

// reader takes Go values out of evaluated attributes and notes the first that is not known, and what
// is wrong.
type reader struct {
	attrs   map[string]cty.Value
	unknown string
	err     error
}

// value is the attribute if it is written, known and not null.
func (r *reader) value(name string) (cty.Value, bool) {
	v, ok := r.attrs[name]
	if !ok {
		return v, false
	}
	v, _ = v.UnmarkDeep()
	if !v.IsWhollyKnown() {
		r.unknown = cmp.Or(r.unknown, name)
		return v, false
	}
	return v, !v.IsNull()
}

func (r *reader) written(name string) bool { _, ok := r.value(name); return ok }

func (r *reader) text(name string) string {
	v, ok := r.value(name)
	if !ok {
		return ""
	}
	return r.element(name, v)
}

func (r *reader) list(name string) []string {
	v, ok := r.value(name)
	if !ok {
		return nil
	}
	var out []string
	for _, e := range v.AsValueSlice() {
		out = append(out, r.element(name, e))
	}
	return out
}

func (r *reader) texts(name string) map[string]string {
	out := map[string]string{}
	if v, ok := r.value(name); ok {
		for key, e := range v.AsValueMap() {
			out[key] = r.element(name, e)
		}
	}
	return out
}

// element is a string inside an attribute; collections may hold null.
func (r *reader) element(name string, v cty.Value) string {
	if v.IsNull() || v.Type() != cty.String {
		r.err = fmt.Errorf("%s holds something that is no text; leave the element out", name)
		return ""
	}
	return v.AsString()
}
