package hcl

import (
	"sync"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Function is one function of the language, for the reference.
type Function struct {
	Name, Group, Doc string

	impl function.Function
}

// library is the functions of one configuration. Files are read once and kept, so that it
// means the same during a whole run.
type library struct {
	dir       string
	dirs      []string // of the modules that are called, relative to dir; complete before anything is evaluated
	disabled  bool
	functions map[string]function.Function
	work      *work

	mu    sync.Mutex
	files map[string]fileContent
}

type fileContent struct {
	text []byte
	err  error
}

func newLibrary(in Inputs) *library {
	l := &library{work: &work{}, dir: in.Dir, disabled: in.SkipFiles, functions: map[string]function.Function{}, files: map[string]fileContent{}}
	for _, f := range l.list() {
		l.functions[f.Name] = l.guarded(f)
	}
	return l
}

// Functions lists the language's functions, grouped, in the order of the reference.
func Functions() []Function { return newLibrary(Inputs{}).list() }

// refusedFunctions are functions of Terraform that would make a plan differ from one run to
// the next, or would make a secret of their own.
var refusedFunctions = map[string]string{
	"timestamp":     "it would give another value in every run, so no plan would ever be empty. Pass the time in through a variable.",
	"plantimestamp": "it would give another value in every run, so no plan would ever be empty. Pass the time in through a variable.",
	"uuid":          "it would give another value in every run, so no plan would ever be empty. Write the value out, or pass it in through a variable.",
	"uuidv5":        "kmsplan names objects by their blocks. Write the value out.",
	"bcrypt":        "it would give another value in every run, so no plan would ever be empty. Hash the password where it is used.",
	"rsadecrypt":    "a private key has no place in a configuration. Use data \"decrypt\".",
	"abspath":       "a path of this machine would make every other machine's plan differ. Paths are relative to the module.",
	"pathexpand":    "a path of this machine would make every other machine's plan differ. Paths are relative to the module.",
}

func (l *library) list() []Function {
	var all []Function
	for _, group := range [][]Function{numbers(), texts(), collections(), encodings(), l.fileFunctions(), hashes(), dates(), conversions()} {
		all = append(all, group...)
	}
	return all
}

func numbers() []Function {
	const g = "Numbers"
	return []Function{
		{"abs", g, "The absolute value.", stdlib.AbsoluteFunc},
		{"ceil", g, "The nearest whole number at or above.", stdlib.CeilFunc},
		{"floor", g, "The nearest whole number at or below.", stdlib.FloorFunc},
		{"log", g, "The logarithm of a number in a base.", stdlib.LogFunc},
		{"max", g, "The greatest of the numbers.", stdlib.MaxFunc},
		{"min", g, "The least of the numbers.", stdlib.MinFunc},
		{"parseint", g, "A text read as a whole number in a base.", stdlib.ParseIntFunc},
		{"pow", g, "A number raised to a power.", stdlib.PowFunc},
		{"signum", g, "-1, 0 or 1, by the number's sign.", stdlib.SignumFunc},
		{"sum", g, "The sum of a collection's numbers.", sumFunc},
	}
}

func texts() []Function {
	const g = "Texts"
	return []Function{
		{"chomp", g, "The text without newlines at its end.", stdlib.ChompFunc},
		{"endswith", g, "Whether a text ends with another.", endsWithFunc},
		{"format", g, "A text made from a pattern such as `\"%s-%03d\"`.", stdlib.FormatFunc},
		{"formatlist", g, "`format` for every element of lists.", stdlib.FormatListFunc},
		{"indent", g, "The text with all lines but the first indented.", stdlib.IndentFunc},
		{"join", g, "A list's texts, joined by a separator.", stdlib.JoinFunc},
		{"lower", g, "The text in lower case.", stdlib.LowerFunc},
		{"regex", g, "What a pattern matches: a text, or its groups; an error when nothing matches.", stdlib.RegexFunc},
		{"regexall", g, "Everything a pattern matches, as a list.", stdlib.RegexAllFunc},
		{"replace", g, "A text with every occurrence replaced; `/…/` is a pattern.", replaceFunc},
		{"split", g, "A text cut at every separator, as a list.", stdlib.SplitFunc},
		{"startswith", g, "Whether a text starts with another.", startsWithFunc},
		{"strcontains", g, "Whether a text contains another.", containsTextFunc},
		{"strrev", g, "The text's characters in reverse.", stdlib.ReverseFunc},
		{"substr", g, "A part of a text, by offset and length.", stdlib.SubstrFunc},
		{"title", g, "The text with every word's first letter in upper case.", stdlib.TitleFunc},
		{"trim", g, "The text without the given characters at its ends.", stdlib.TrimFunc},
		{"trimprefix", g, "The text without a prefix.", stdlib.TrimPrefixFunc},
		{"trimspace", g, "The text without white space at its ends.", stdlib.TrimSpaceFunc},
		{"trimsuffix", g, "The text without a suffix.", stdlib.TrimSuffixFunc},
		{"upper", g, "The text in upper case.", stdlib.UpperFunc},
	}
}

func collections() []Function {
	const g = "Collections"
	return []Function{
		{"alltrue", g, "Whether every element is true; true for none.", allTrueFunc},
		{"anytrue", g, "Whether any element is true; false for none.", anyTrueFunc},
		{"chunklist", g, "A list cut into lists of a length.", stdlib.ChunklistFunc},
		{"coalesce", g, "The first argument that is neither null nor \"\".", coalesceFunc},
		{"coalescelist", g, "The first list that is not empty.", stdlib.CoalesceListFunc},
		{"compact", g, "A list of texts without nulls and empty ones.", stdlib.CompactFunc},
		{"concat", g, "Lists joined into one.", stdlib.ConcatFunc},
		{"contains", g, "Whether a list or set has an element.", containsFunc},
		{"distinct", g, "A list without repetitions.", stdlib.DistinctFunc},
		{"element", g, "A list's element by index, wrapping around.", stdlib.ElementFunc},
		{"flatten", g, "Lists within lists made one list.", stdlib.FlattenFunc},
		{"index", g, "The index of a value in a list; an error when it is not there.", indexFunc},
		{"keys", g, "A map's keys, sorted.", stdlib.KeysFunc},
		{"length", g, "The number of elements, or of a text's characters.", lengthFunc},
		{"lookup", g, "A map's element by key, or a default.", lookupFunc},
		{"matchkeys", g, "The values whose keys are among those searched for.", matchKeysFunc},
		{"merge", g, "Maps joined into one; later ones win.", stdlib.MergeFunc},
		{"one", g, "The only element of a list, or null when it is empty.", oneFunc},
		{"range", g, "A list of numbers from, to and by a step.", stdlib.RangeFunc},
		{"reverse", g, "A list in reverse.", stdlib.ReverseListFunc},
		{"setintersection", g, "What all sets have in common.", stdlib.SetIntersectionFunc},
		{"setproduct", g, "Every combination of the sets' elements.", stdlib.SetProductFunc},
		{"setsubtract", g, "The first set without the second's elements.", stdlib.SetSubtractFunc},
		{"setunion", g, "The elements of all sets.", stdlib.SetUnionFunc},
		{"slice", g, "A part of a list, from one index to before another.", stdlib.SliceFunc},
		{"sort", g, "A list of texts, sorted.", stdlib.SortFunc},
		{"transpose", g, "A map of lists with keys and elements swapped.", transposeFunc},
		{"values", g, "A map's values, in the order of its keys.", stdlib.ValuesFunc},
		{"zipmap", g, "A map from a list of keys and a list of values.", stdlib.ZipmapFunc},
	}
}

func encodings() []Function {
	const g = "Encodings"
	return []Function{
		{"base64decode", g, "A text from Base64.", base64DecodeFunc},
		{"base64encode", g, "A text as Base64.", base64EncodeFunc},
		{"csvdecode", g, "A list of objects from CSV with a header line.", document(stdlib.CSVDecodeFunc, nil)},
		{"jsondecode", g, "A value from JSON.", document(stdlib.JSONDecodeFunc, jsonProblem)},
		{"jsonencode", g, "A value as JSON.", stdlib.JSONEncodeFunc},
		{"urlencode", g, "A text escaped for a URL's query.", urlEncodeFunc},
		{"yamldecode", g, "A value from YAML.", document(ctyyaml.YAMLDecodeFunc, yamlNesting)},
		{"yamlencode", g, "A value as YAML.", ctyyaml.YAMLEncodeFunc},
	}
}

func conversions() []Function {
	const g = "Types and errors"
	return []Function{
		{"can", g, "Whether an expression evaluates without an error.", tryfunc.CanFunc},
		{"issensitive", g, "Whether a value is sensitive.", isSensitiveFunc},
		{"nonsensitive", g, "A sensitive value as an ordinary one. Never use it on a secret.", nonsensitiveFunc},
		{"sensitive", g, "The value, marked as sensitive.", sensitiveFunc},
		{"tobool", g, "The value as true or false.", stdlib.MakeToFunc(cty.Bool)},
		{"tolist", g, "The value as a list.", toListFunc},
		{"tomap", g, "The value as a map.", toMapFunc},
		{"tonumber", g, "The value as a number.", stdlib.MakeToFunc(cty.Number)},
		{"toset", g, "The value as a set.", toSetFunc},
		{"tostring", g, "The value as a text.", stdlib.MakeToFunc(cty.String)},
		{"try", g, "The first expression that evaluates without an error.", tryfunc.TryFunc},
	}
}

func dates() []Function {
	const g = "Dates"
	return []Function{
		{"formatdate", g, "An RFC 3339 time in another format.", stdlib.FormatDateFunc},
		{"timeadd", g, "An RFC 3339 time moved by a duration such as `\"24h\"`.", stdlib.TimeAddFunc},
		{"timecmp", g, "-1, 0 or 1, as the first time is before, at or after the second.", timeCmpFunc},
	}
}
