package draft

import (
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// Block is a block to be written.
type Block struct {
	Type     string
	Labels   []string
	Comments []string // lines above it, without the sign
	Args     []Argument
	Blocks   []Block // nested ones, after the arguments
}

// Argument is one argument of a block.
type Argument struct {
	Name  string
	Value Expr
}

// Set adds an argument.
func (b *Block) Set(name string, value Expr) { b.Args = append(b.Args, Argument{name, value}) }

// Comment adds a line above the block.
func (b *Block) Comment(format string, args ...any) {
	b.Comments = append(b.Comments, fmt.Sprintf(format, args...))
}

// ImportBlock is the import block that takes an object up.
func ImportBlock(to addr.Address, id string) (Block, error) {
	text, err := Text(id)
	b := Block{Type: "import"}
	b.Set("to", Expr(to.String()))
	b.Set("id", text)
	return b, err
}

// Source writes blocks as a file in canonical layout.
func Source(blocks []Block) []byte {
	f := hclwrite.NewEmptyFile()
	for i, b := range blocks {
		if i > 0 {
			f.Body().AppendNewline()
		}
		b.write(f.Body())
	}
	out, _ := hcl.Format(f.Bytes(), "draft.kms.hcl")
	return out
}

func (b *Block) write(to *hclwrite.Body) {
	for _, line := range b.Comments {
		to.AppendUnstructuredTokens(comment(line))
	}
	inner := to.AppendNewBlock(b.Type, b.Labels).Body()
	for _, a := range b.Args {
		inner.SetAttributeRaw(a.Name, tokens(a.Value))
	}
	for i := range b.Blocks {
		if i > 0 || len(b.Args) > 0 {
			inner.AppendNewline()
		}
		b.Blocks[i].write(inner)
	}
}

// comment is one line; what would end it early is shown as its number.
func comment(line string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + printable(line) + "\n")}}
}

func printable(line string) string {
	quoted := fmt.Sprintf("%q", line)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// tokens are an expression's, as it is lexed.
func tokens(e Expr) hclwrite.Tokens {
	lexed, _ := hclsyntax.LexExpression([]byte(e), "", hclv2.InitialPos)
	out := make(hclwrite.Tokens, 0, len(lexed))
	end := 0
	for _, t := range lexed {
		if t.Type == hclsyntax.TokenEOF {
			break
		}
		out = append(out, &hclwrite.Token{Type: t.Type, Bytes: t.Bytes, SpacesBefore: t.Range.Start.Byte - end})
		end = t.Range.End.Byte
	}
	return out
}
