package hcl

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"kmsplan.dev/kmsplan/internal/kind"
)

// maxFile is the largest file a function reads, in bytes.
const maxFile = 16 << 20

func (l *library) fileFunctions() []Function {
	const g = "Files"
	digestOf := func(h func() hash.Hash, encode func([]byte) string) function.Function {
		return textFunc(func(name string) (string, error) {
			data, err := l.read(name)
			return digest(h, encode, data), err
		})
	}
	return []Function{
		{"basename", g, "The last part of a path.", textFunc(func(s string) (string, error) { return path.Base(s), nil })},
		{"dirname", g, "A path without its last part.", textFunc(func(s string) (string, error) { return path.Dir(s), nil })},
		{"file", g, "The text of a file of the module.", textFunc(l.text)},
		{"filebase64", g, "A file's bytes, as Base64.", textFunc(func(name string) (string, error) {
			data, err := l.read(name)
			return base64Text(data), err
		})},
		{"filebase64sha256", g, "The SHA-256 of a file, as Base64.", digestOf(sha256.New, base64Text)},
		{"filebase64sha512", g, "The SHA-512 of a file, as Base64.", digestOf(sha512.New, base64Text)},
		{"fileexists", g, "Whether the module has such a file.", l.existsFunc()},
		{"filemd5", g, "The MD5 of a file, in hex; for old formats only.", digestOf(md5.New, hex.EncodeToString)},
		{"fileset", g, "The files below a directory that match a pattern; `**` stands for any directories.", l.setFunc()},
		{"filesha1", g, "The SHA-1 of a file, in hex; for old formats only.", digestOf(sha1.New, hex.EncodeToString)},
		{"filesha256", g, "The SHA-256 of a file, in hex.", digestOf(sha256.New, hex.EncodeToString)},
		{"filesha512", g, "The SHA-512 of a file, in hex.", digestOf(sha512.New, hex.EncodeToString)},
		{"templatefile", g, "A template file, evaluated with the given variables.", l.templateFunc()},
	}
}

// moduleFile is a file of the configuration: the directory of a module, and the path below it.
type moduleFile struct{ dir, name string }

// open gives access to the directory of the file's module and nothing outside it.
func (l *library) open(file moduleFile) (*os.Root, error) {
	if l.disabled {
		return nil, errors.New("file functions are switched off")
	}
	root, err := os.OpenRoot(filepath.Join(l.dir, filepath.FromSlash(file.dir)))
	if err != nil {
		return nil, fmt.Errorf("the module's directory cannot be opened: %s", reason(err))
	}
	return root, nil
}

// inside finds the module that a path, relative to the root module, lies in, and refuses one that lies in none.
func (l *library) inside(name string) (moduleFile, error) {
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	if path.IsAbs(name) || strings.ContainsRune(name, 0) {
		return moduleFile{}, leadsOut(name)
	}
	dir := "."
	for _, d := range l.dirs {
		if within(clean, d) && len(d) > len(dir) {
			dir = d
		}
	}
	switch {
	case dir != ".":
		return moduleFile{dir, path.Clean(strings.TrimPrefix(clean[len(dir):], "/"))}, nil
	case leavesModule(clean):
		return moduleFile{}, leadsOut(name)
	}
	return moduleFile{dir, clean}, nil
}

func leadsOut(name string) error {
	return fmt.Errorf("the path %q leads out of the module; functions read files of the module's directory only", name)
}

// read returns a file's bytes; each file is read once per configuration.
func (l *library) read(name string) ([]byte, error) {
	file, err := l.inside(name)
	if err != nil {
		return nil, err
	}
	clean := path.Join(file.dir, file.name)
	l.mu.Lock()
	defer l.mu.Unlock()
	kept, ok := l.files[clean]
	if !ok {
		kept.text, kept.err = l.load(file, clean)
		l.files[clean] = kept
	}
	return kept.text, kept.err
}

func (l *library) load(file moduleFile, name string) ([]byte, error) {
	root, err := l.open(file)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(file.name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file", name)
	}
	f, err := root.Open(file.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the module has no file %q; paths are relative to %s", name, l.base())
	case err != nil:
		return nil, fmt.Errorf("the file %q cannot be read: %s", name, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("the file %q is larger than %d MiB", name, maxFile>>20)
	}
	return data, err
}

// base says what paths are relative to.
func (l *library) base() string {
	if len(l.dirs) == 0 {
		return "its directory"
	}
	return `the root module's directory, so a module that is called names its own files "${path.module}/…"`
}

func (l *library) text(name string) (string, error) {
	data, err := l.read(name)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(data) {
		return "", fmt.Errorf("the file %q is not UTF-8 text; filebase64 reads any bytes", name)
	}
	if err := textProblem(string(data)); err != nil {
		return "", fmt.Errorf("the file %q cannot be used as a text: %w", name, err)
	}
	return string(data), nil
}

func (l *library) existsFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			file, err := l.inside(args[0].AsString())
			if err != nil {
				return cty.UnknownVal(cty.Bool), err
			}
			root, err := l.open(file)
			if err != nil {
				return cty.UnknownVal(cty.Bool), err
			}
			defer root.Close()
			info, err := root.Stat(file.name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return cty.UnknownVal(cty.Bool), fmt.Errorf("the file %q cannot be looked at: %s", path.Join(file.dir, file.name), reason(err))
			}
			return cty.BoolVal(err == nil && info.Mode().IsRegular()), nil
		},
	})
}

func (l *library) setFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "directory", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
			names, err := l.glob(args[0].AsString(), args[1].AsString())
			if err != nil {
				return cty.UnknownVal(typ), err
			}
			if len(names) == 0 {
				return cty.SetValEmpty(cty.String), nil
			}
			return cty.SetVal(names), nil
		},
	})
}

func (l *library) glob(dir, pattern string) ([]cty.Value, error) {
	file, err := l.inside(dir)
	if err != nil {
		return nil, err
	}
	clean := file.name
	if !kind.ValidGlob(pattern) {
		return nil, fmt.Errorf("%q is no pattern", pattern)
	}
	root, err := l.open(file)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var names []cty.Value
	err = fs.WalkDir(root.FS(), clean, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative := strings.TrimPrefix(strings.TrimPrefix(p, clean), "/")
		if clean == "." {
			relative = p
		}
		if !kind.MatchGlob(pattern, relative) || !l.isFile(root, p, entry) {
			return nil
		}
		if err := textProblem(relative); err != nil {
			return fmt.Errorf("the file name %q cannot be a text of the language: %w", relative, err)
		}
		names = append(names, cty.StringVal(relative))
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return names, err
}

// isFile reports whether an entry is a regular file, or a link to one inside the module, as in Terraform.
func (l *library) isFile(root *os.Root, name string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// templateFunc evaluates a file as a template. The template sees its variables and every
// function but templatefile itself, so that templates cannot call one another forever.
func (l *library) templateFunc() function.Function {
	render := func(args []cty.Value) (cty.Value, error) {
		expr, err := l.template(args[0].AsString())
		if err != nil {
			return cty.DynamicVal, err
		}
		given := args[1]
		if t := given.Type(); !t.IsObjectType() && !t.IsMapType() {
			return cty.DynamicVal, function.NewArgErrorf(1, "the variables of a template are a map")
		}
		ctx := &hclv2.EvalContext{Variables: given.AsValueMap(), Functions: l.templateFunctions()}
		for _, t := range expr.Variables() {
			if _, ok := ctx.Variables[t.RootName()]; !ok {
				return cty.DynamicVal, fmt.Errorf("the template uses %q at line %d, which is not among its variables", t.RootName(), t.SourceRange().Start.Line)
			}
		}
		v, diags := evaluate(expr, ctx)
		if diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		return v, nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "variables", Type: cty.DynamicPseudoType}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() || !args[1].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			v, err := render(args)
			return v.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return render(args) },
	})
}

func (l *library) template(name string) (hclsyntax.Expression, error) {
	text, err := l.text(name)
	if err != nil {
		return nil, err
	}
	if diags := checkTemplateDepth([]byte(text), name); diags.HasErrors() {
		return nil, diags
	}
	expr, diags := hclsyntax.ParseTemplate([]byte(text), name, hclv2.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	meterParts(expr)
	return expr, nil
}

func (l *library) templateFunctions() map[string]function.Function {
	functions := make(map[string]function.Function, len(l.functions))
	for name, f := range l.functions {
		if name != "templatefile" {
			functions[name] = f
		}
	}
	return functions
}

// reads lists the files that functions have read, with their digests, sorted.
func (l *library) reads() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for name, c := range l.files {
		list = append(list, name+" "+digest(sha256.New, hex.EncodeToString, c.text))
	}
	slices.Sort(list)
	return list
}
