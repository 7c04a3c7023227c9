package hcl

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxDepth bounds how deep expressions nest. HCL's parser and evaluator recurse, and
// Go ends the process when a stack is exhausted, so a file is measured before it is
// parsed. Handwritten files stay below ten.
const maxDepth = 200

// maxExponent bounds literals such as 1e999999999, which would be written out digit by
// digit.
const maxExponent = 4

// depthMeter estimates from tokens how deep the parser will recurse: open brackets,
// and within each how many operators follow one another without a separator.
type depthMeter struct {
	frames []frame
	total  int
}

type frame struct {
	open  hclsyntax.TokenType
	chain int
}

func (m *depthMeter) top() *frame { return &m.frames[len(m.frames)-1] }

func (m *depthMeter) push(open hclsyntax.TokenType) {
	m.frames = append(m.frames, frame{open: open})
	m.total++
}

func (m *depthMeter) pop() {
	if len(m.frames) > 1 {
		m.total -= m.top().chain + 1
		m.frames = m.frames[:len(m.frames)-1]
	}
}

func (m *depthMeter) chain(n int) {
	f := m.top()
	n = max(n, -f.chain)
	f.chain += n
	m.total += n
}

func (m *depthMeter) separate() { m.chain(-m.top().chain) }

// next takes one token and the bytes of the one after it.
func (m *depthMeter) next(t hclsyntax.TokenType, following []byte) {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
		m.push(t)
	case hclsyntax.TokenOBrack:
		m.chain(1) // a[0][1][2] nests to the left
		m.push(t)
	case hclsyntax.TokenTemplateControl:
		m.control(following)
		m.push(t)
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
		m.pop()
	case hclsyntax.TokenComma:
		m.separate()
	case hclsyntax.TokenNewline:
		if o := m.top().open; o != hclsyntax.TokenOParen && o != hclsyntax.TokenOBrack {
			m.separate()
		}
	case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr,
		hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenDot, hclsyntax.TokenColon:
		m.chain(1)
	}
}

// control counts %{ if } and %{ for }, which nest until their end.
func (m *depthMeter) control(keyword []byte) {
	switch string(bytes.TrimSpace(keyword)) {
	case "if", "for":
		m.chain(1)
	case "endif", "endfor":
		m.chain(-1)
	}
}

// checkDepth refuses native syntax that nests too deep to be parsed safely.
func checkDepth(text []byte, name string) hclv2.Diagnostics {
	tokens, _ := hclsyntax.LexConfig(text, name, hclv2.InitialPos)
	return checkTokens(tokens)
}

// checkTemplateDepth is checkDepth for a template: a string of JSON syntax, a template file.
func checkTemplateDepth(text []byte, name string) hclv2.Diagnostics {
	tokens, _ := hclsyntax.LexTemplate(text, name, hclv2.InitialPos)
	return checkTokens(tokens)
}

func checkTokens(tokens hclsyntax.Tokens) hclv2.Diagnostics {
	m := depthMeter{frames: []frame{{}}}
	for i, t := range tokens {
		if t.Type == hclsyntax.TokenNumberLit && !plainNumber(t.Bytes) {
			return hclv2.Diagnostics{fault(t.Range, "Number too large", "The exponent of this number has more than %d digits. Write a smaller number.", maxExponent)}
		}
		if err := tokenProblem(t); err != nil {
			return hclv2.Diagnostics{fault(t.Range, "Text would change", "This text cannot be used: %s.", err)}
		}
		var following []byte
		if i+1 < len(tokens) {
			following = tokens[i+1].Bytes
		}
		if m.next(t.Type, following); m.total > maxDepth {
			return hclv2.Diagnostics{tooDeep(t.Range)}
		}
	}
	return nil
}

// tokenProblem looks at texts and names as they are written.
func tokenProblem(t hclsyntax.Token) error {
	switch t.Type {
	case hclsyntax.TokenQuotedLit:
		return documentProblem(string(t.Bytes))
	case hclsyntax.TokenStringLit, hclsyntax.TokenIdent:
		return textProblem(string(t.Bytes))
	}
	return nil
}

func plainNumber(literal []byte) bool {
	i := bytes.IndexAny(literal, "eE")
	return i < 0 || len(bytes.TrimLeft(literal[i+1:], "+-0")) <= maxExponent
}

func tooDeep(at hclv2.Range) *hclv2.Diagnostic {
	return fault(at, "Nested too deep", "More than %d levels of brackets and operators are nested here. Split the expression with locals.", maxDepth)
}

// checkJSONDepth refuses JSON syntax that nests too deep, in its values or in the
// templates its strings hold.
func checkJSONDepth(text []byte, name string) hclv2.Diagnostics {
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	whole := hclv2.Range{Filename: name, Start: hclv2.InitialPos, End: hclv2.InitialPos}
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) || bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= maxDepth {
				return nil // HCL's parser says what is wrong, and where
			}
			return hclv2.Diagnostics{fault(whole, "Invalid JSON", "%s cannot be read as JSON: %s.", name, err)}
		}
		switch t := token.(type) {
		case stdjson.Delim:
			if depth += nesting(t); depth > maxDepth {
				return hclv2.Diagnostics{tooDeep(whole)}
			}
		case stdjson.Number:
			if !plainNumber([]byte(t)) {
				return hclv2.Diagnostics{fault(whole, "Number too large", "The exponent of %s has more than %d digits. Write a smaller number.", name, maxExponent)}
			}
		case string:
			if err := textProblem(t); err != nil {
				return hclv2.Diagnostics{textWouldChange(name, err)}
			}
			if diags := checkTemplateDepth([]byte(t), name); diags.HasErrors() {
				return hclv2.Diagnostics{tooDeep(whole)}
			}
		}
	}
}

// textWouldChange is about a text of a JSON file.
func textWouldChange(name string, err error) *hclv2.Diagnostic {
	whole := hclv2.Range{Filename: name, Start: hclv2.InitialPos, End: hclv2.InitialPos}
	return fault(whole, "Text would change", "A text in %s cannot be used: %s.", name, err)
}

func nesting(d stdjson.Delim) int {
	if d == '{' || d == '[' {
		return 1
	}
	return -1
}
