package hcl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
)

// The names of a module's files.
const (
	nativeSuffix = ".kms.hcl"
	jsonSuffix   = ".kms.json"
)

// maxSource is the largest configuration or variable file in bytes. 10,000 blocks
// written out are about 2 MiB.
const maxSource = 32 << 20

// source is one file of the module.
type source struct {
	name string // relative to the root module's directory, slash-separated
	text []byte
	file *hclv2.File
}

// readModule reads and parses every file of the root module, in name order.
func readModule(dir string) ([]source, hclv2.Diagnostics) {
	names, err := moduleFiles(dir)
	switch {
	case err != nil:
		return nil, hclv2.Diagnostics{fault(hclv2.Range{}, "Unreadable module directory",
			"The directory %s cannot be read: %s. Name another with -chdir=DIR.", dir, reason(err))}
	case len(names) == 0:
		return nil, hclv2.Diagnostics{fault(hclv2.Range{}, "No configuration",
			"There are no *.kms.hcl files in %s. Run kmsplan init to begin a stack here, or name its directory with -chdir=DIR.", dir)}
	}
	return readSources(dir, "", names)
}

// readSources reads and parses files of a directory, which are called prefix and their names.
func readSources(dir, prefix string, names []string) (sources []source, diags hclv2.Diagnostics) {
	for _, base := range names {
		name := path.Join(prefix, base)
		text, err := readRegular(filepath.Join(dir, base))
		if err != nil {
			diags = append(diags, fault(hclv2.Range{}, "Unreadable configuration file",
				"%s: %s. Make the file readable, or move it out of the module's directory.", name, reason(err)))
			continue
		}
		file, fileDiags := parseSource(text, name)
		diags = append(diags, fileDiags...)
		sources = append(sources, source{name, text, file})
	}
	return sources, diags
}

// moduleFiles lists the files of a module's directory, sorted.
func moduleFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && isModuleFile(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func isModuleFile(name string) bool {
	return strings.HasSuffix(name, nativeSuffix) || strings.HasSuffix(name, jsonSuffix)
}

// readRegular is readLimited for what must be a plain file: reading a pipe could wait
// forever.
func readRegular(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	return readLimited(path)
}

// readLimited reads a file, or a pipe such as <(sops -d FILE), of at most maxSource bytes.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(text) > maxSource {
		err = fmt.Errorf("it is larger than %d MiB", maxSource>>20)
	}
	return text, err
}

// reason is the error without the operation and the path, which the message already names.
func reason(err error) string {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// parseSource parses one file by its name. The file is nil when it cannot be parsed
// safely at all.
func parseSource(text []byte, name string) (*hclv2.File, hclv2.Diagnostics) {
	if !utf8.Valid(text) {
		return nil, hclv2.Diagnostics{fault(invalidByte(text, name), "Invalid character encoding",
			"%s is not UTF-8. Save the file as UTF-8 text.", name)}
	}
	if strings.HasSuffix(name, ".json") {
		text = []byte(strings.TrimPrefix(string(text), "\ufeff"))
		if diags := checkJSONDepth(text, name); diags.HasErrors() {
			return nil, diags
		}
		if err := surrogateProblem(string(text)); err != nil {
			return nil, hclv2.Diagnostics{textWouldChange(name, err)}
		}
		return json.Parse(text, name)
	}
	if diags := checkDepth(text, name); diags.HasErrors() {
		return nil, diags
	}
	file, diags := hclsyntax.ParseConfig(text, name, hclv2.InitialPos)
	return file, firstOpenQuote(diags)
}

// firstOpenQuote keeps one report of an unclosed quote, which makes every further line of
// the file wrong.
func firstOpenQuote(diags hclv2.Diagnostics) hclv2.Diagnostics {
	found := false
	return slices.DeleteFunc(diags, func(d *hclv2.Diagnostic) bool {
		if d.Summary != "Invalid multi-line string" {
			return false
		}
		repeated := found
		found = true
		return repeated
	})
}

// invalidByte is where the first byte stands that is not UTF-8.
func invalidByte(text []byte, name string) hclv2.Range {
	pos := hclv2.InitialPos
	for pos.Byte < len(text) {
		r, n := utf8.DecodeRune(text[pos.Byte:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		pos.Byte += n
		pos.Column++
		if r == '\n' {
			pos.Line, pos.Column = pos.Line+1, 1
		}
	}
	return hclv2.Range{Filename: name, Start: pos, End: pos}
}
