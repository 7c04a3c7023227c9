package document

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// hclFormat is HCL, of Terraform and its kin. The header is a comment at the end.
type hclFormat struct{ asComments }

func (hclFormat) Name() string { return "hcl" }

func (hclFormat) Quote(token string, _ []byte) string { return `"` + token + `"` }

// Parse finds the values that are written out: texts without a template, numbers and truth values, in attributes of
// blocks and in lists and maps. Every other expression is one, as it stands.
func (hclFormat) Parse(src []byte) ([]Item, error) {
	comments, err := hclComments(src)
	if err != nil {
		return nil, err
	}
	f, diags := hclsyntax.ParseConfig(src, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, notHCL(diags)
	}
	w := &hclWalk{src: src, items: room(src, 1)}
	w.body(f.Body.(*hclsyntax.Body), nil)
	if w.refused != nil {
		return nil, w.refused
	}
	return w.withComments(comments), nil
}

// notHCL leaves the details out: they may cite a value.
func notHCL(diags hcl.Diagnostics) *Refusal {
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Subject != nil {
			return &Refusal{Line: d.Subject.Start.Line, Column: d.Subject.Start.Column, Why: "this is no HCL: " + d.Summary}
		}
	}
	return &Refusal{Why: "this is no HCL"}
}

// hclShallow refuses what is nested too deep for the parser, which calls itself for each brace, and for each sign
// before another.
func hclShallow(src []byte, tokens hclsyntax.Tokens) error {
	depth, signs := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			signs++
		case hclsyntax.TokenEqual, hclsyntax.TokenComma:
			signs = 0
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
			hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
		if depth+signs > maxDepth {
			return refuse(src, t.Range.Start.Byte, "nested more than %d deep", maxDepth)
		}
	}
	return nil
}

type hclWalk struct {
	src   []byte
	items []Item // the bytes of marks are where they stand, for their order

	depth   depth
	refused *Refusal // and nothing more is read
}

func (w *hclWalk) add(i Item) { w.items = append(w.items, i) }

// body adds the attributes and blocks of one, in the order of the file. The second and each later block of the same
// type and labels has its number, from 1, behind those in its path.
func (w *hclWalk) body(b *hclsyntax.Body, p Path) {
	type part struct {
		at   int
		read func()
	}
	var parts []part
	for _, a := range b.Attributes {
		parts = append(parts, part{a.SrcRange.Start.Byte, func() { w.expression(a.Expr, p.With(Name(a.Name))) }})
	}
	count := map[string]int{}
	for _, block := range b.Blocks {
		name := block.Type
		at := p.With(Name(block.Type))
		for _, label := range block.Labels {
			name += " " + strconv.Quote(label)
			at = at.With(Name(label))
		}
		if count[name]++; count[name] > 1 {
			at = at.With(Index(count[name] - 1))
		}
		start := block.TypeRange.Start.Byte
		parts = append(parts, part{start, func() {
			w.add(Item{Kind: Mark, Type: "block", Text: name, Path: at, Start: start, End: start})
			w.body(block.Body, at)
		}})
	}
	slices.SortFunc(parts, func(x, y part) int { return cmp.Compare(x.at, y.at) })
	for _, part := range parts {
		part.read()
	}
}

// expression adds the values of one.
func (w *hclWalk) expression(e hclsyntax.Expression, p Path) {
	if w.refused != nil {
		return
	}
	start, end := e.Range().Start.Byte, e.Range().End.Byte
	if w.refused = w.depth.enter(p); w.refused != nil {
		w.refused.Line, w.refused.Column = position(w.src, start)
		return
	}
	raw := string(w.src[start:end])
	switch t := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		w.expression(t.Expression, p)
		return
	case *hclsyntax.TupleConsExpr:
		for n, element := range t.Exprs {
			w.expression(element, p.With(Index(n)))
		}
		w.empty(len(t.Exprs), "list", p, start)
		return
	case *hclsyntax.ObjectConsExpr:
		w.object(t, p)
		w.empty(len(t.Items), "map", p, start)
		return
	}
	i := Item{Kind: Value, Type: expr, Path: p, Text: raw, Start: start, End: end, Fixed: true}
	switch {
	case literalText(e) && raw[0] == '"':
		i.Type, i.Text, i.Fixed = text, raw[1:len(raw)-1], false
	case literalText(e) && raw[0] == '<':
		i.Type, i.Fixed = text, false
	case literal(e):
		i.Type, i.Fixed = plain, raw == "null"
	}
	w.add(i)
}

func (w *hclWalk) empty(count int, kind string, p Path, at int) {
	if count == 0 {
		w.add(Item{Kind: Empty, Type: kind, Path: p, Start: at, End: at})
	}
}

// object adds the members of a map. The name of one whose name is an expression is that, as it stands.
func (w *hclWalk) object(o *hclsyntax.ObjectConsExpr, p Path) {
	seen := names{}
	for _, member := range o.Items {
		r := member.KeyExpr.Range()
		name, ok := hclName(member.KeyExpr)
		if !ok {
			name = string(r.SliceBytes(w.src))
			w.add(Item{Kind: Mark, Type: "name", Text: name, Path: p, Start: r.Start.Byte, End: r.Start.Byte})
		}
		for _, again := range seen.again(name, p) {
			again.Start, again.End = r.Start.Byte, r.Start.Byte
			w.add(again)
		}
		w.expression(member.ValueExpr, p.With(Name(name)))
	}
}

// hclName is a name that is a word or a text without a template.
func hclName(e hclsyntax.Expression) (string, bool) {
	if word := hcl.ExprAsKeyword(e); word != "" {
		return word, true
	}
	key, ok := e.(*hclsyntax.ObjectConsKeyExpr)
	if !ok || key.ForceNonLiteral || !literalText(key.Wrapped) {
		return "", false
	}
	v, diags := key.Wrapped.Value(nil)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// literalText reports whether an expression is a text without a template.
func literalText(e hclsyntax.Expression) bool {
	t, ok := e.(*hclsyntax.TemplateExpr)
	return ok && !slices.ContainsFunc(t.Parts, func(part hclsyntax.Expression) bool {
		l, ok := part.(*hclsyntax.LiteralValueExpr)
		return !ok || l.Val.Type() != cty.String
	})
}

// literal reports whether an expression is a number, a truth value or null.
func literal(e hclsyntax.Expression) bool {
	if minus, ok := e.(*hclsyntax.UnaryOpExpr); ok && minus.Op == hclsyntax.OpNegate {
		e = minus.Val
	}
	_, ok := e.(*hclsyntax.LiteralValueExpr)
	return ok
}

// hclComments are those of a file that is neither nested too deep nor too much for the parser, where they stand. Its tokens,
// which take ten times as much as the file, are not kept.
func hclComments(src []byte) (comments []Item, err error) {
	tokens, diags, err := hclTokens(src)
	if err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, notHCL(diags)
	}
	if err := hclShallow(src, tokens); err != nil {
		return nil, err
	}
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment {
			comments = append(comments, Item{Kind: Comment, Text: strings.TrimRight(string(t.Bytes), " \t\r\n"), Start: t.Range.Start.Byte})
		}
	}
	return comments, nil
}

// withComments puts the comments that stand in no value between the items.
func (w *hclWalk) withComments(comments []Item) []Item {
	all := make([]Item, 0, len(w.items)+len(comments))
	rest := w.items
	inside := 0
	for _, c := range comments {
		at := c.Start
		for len(rest) > 0 && rest[0].Start <= at {
			inside = max(inside, rest[0].End)
			all, rest = append(all, rest[0]), rest[1:]
		}
		if at >= inside {
			c.Start = 0 // which only values have
			all = append(all, c)
		}
	}
	return append(all, rest...)
}
