package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// said is "kmsplan" with what follows on its line, as far as it can belong to a command.
var said = regexp.MustCompile("\\bkmsplan((?:[ \\t]+[^\\s`'\"|;&<>()…,]+)+)")

// quotedCommand is a command line in backquotes that leaves the program's name out: `apply -auto-approve`.
var quotedCommand = regexp.MustCompile("`([a-z-]+(?: [a-z-]+)*(?: -[a-z][^`]*))`")

// prose are the words that follow the program's name where it is the subject of a sentence, besides verbs that end in s
// or ed. Without it a sentence would be taken for a command; a command that is meant belongs into the program.
var prose = strings.Fields(`a and at age as attach block but by can cannot configuration could created envelope fingerprint for forget found
	header in is itself make may module neither never nor of on only or over plan read saved secret so stack state that then to
	was way will without would wrote`)

// isWord tells what could be a command's name from placeholders, punctuation and what ends a sentence.
var isWord = regexp.MustCompile(`^[a-z][a-z-]+$`)

func isProse(word string) bool {
	return slices.Contains(prose, word) || strings.HasSuffix(word, "s") || strings.HasSuffix(word, "ed")
}

// label is a text that tells one use of a key from another, not a command.
var label = regexp.MustCompile(`^kmsplan [a-z ]+ v?[0-9]$`)

// Case W1. TestEveryCommandThatIsNamedExists finds every command line in the messages of the program, in its help, the
// documentation and the scripts of the check, and holds it against the commands there are: words and flags.
func TestEveryCommandThatIsNamedExists(t *testing.T) {
	root := (&app{now: time.Now}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	named := 0
	check := func(where, text string) {
		for _, m := range said.FindAllStringSubmatch(text, -1) {
			if label.MatchString(strings.TrimRight(m[0], "\x00")) {
				continue
			}
			if wrong := notACommand(root, strings.Fields(m[1])); wrong != "" {
				t.Errorf("%s: %q: %s", where, strings.TrimSpace(m[0]), wrong)
			}
			named++
		}
		for _, m := range quotedCommand.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(m[1])
			if c, _, err := root.Find(words[:1]); err != nil || c == root || words[0] == "git" {
				continue // another program's: git's own commands stand in quotes, kmsplan's are written out
			}
			if wrong := notACommand(root, words); wrong != "" {
				t.Errorf("%s: %s: %s", where, m[0], wrong)
			}
			named++
		}
	}
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go") || !d.Type().IsRegular():
			return nil
		case strings.HasSuffix(path, ".go"):
			literals(t, path, check)
		case strings.HasSuffix(path, ".md"), strings.HasSuffix(path, ".hcl"), filepath.Base(filepath.Dir(path)) == ".ci":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i, line := range strings.Split(string(text), "\n") {
				check(path+":"+strconv.Itoa(i+1), line)
			}
		}
		return nil
	})
	if err != nil || named < 200 {
		t.Errorf("%d commands were found: %v", named, err)
	}
}

// literals hands on the string literals of a Go file, those that are added up as one.
func literals(t *testing.T, path string, check func(where, text string)) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if text := byHand(call); text != "" {
				check(set.Position(call.Pos()).String(), text)
			}
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				check(set.Position(lit.Pos()).String(), text)
			}
		}
		return true
	})
}

// byHand is the command that a call of plan.ByHand writes, as far as literals say it.
func byHand(call *ast.CallExpr) string {
	name, ok := call.Fun.(*ast.Ident)
	if qualified, is := call.Fun.(*ast.SelectorExpr); is {
		name, ok = qualified.Sel, true
	}
	if !ok || name.Name != "ByHand" || len(call.Args) < 2 {
		return ""
	}
	text := "kmsplan kms"
	for _, arg := range call.Args[1:] {
		if lit, is := arg.(*ast.BasicLit); is {
			if word, err := strconv.Unquote(lit.Value); err == nil {
				text += " " + word
			}
		}
	}
	return text
}

// notACommand says what is wrong with words that stand behind the program's name, or "".
func notACommand(root *cobra.Command, words []string) string {
	c := root
	for _, word := range words {
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		name = strings.TrimRight(name, ".:]")
		switch {
		case strings.HasPrefix(word, "-") && len(name) > 0:
			if name != "help" && name != "version" && c.Flag(name) == nil && c.Flags().ShorthandLookup(name[:1]) == nil {
				return c.CommandPath() + " has no flag -" + name
			}
		case !c.HasSubCommands():
			return "" // an argument, or the sentence goes on; flags behind it may be another command's
		default:
			next := subcommand(c, name)
			switch {
			case next != nil:
				c = next
			case !isWord.MatchString(name) || isProse(name):
				return ""
			default:
				return c.CommandPath() + " has no command " + name
			}
		}
	}
	return ""
}

func subcommand(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name || sub.HasAlias(name) {
			return sub
		}
	}
	return nil
}
