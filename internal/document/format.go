package document

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Format is one kind of configuration file. What it finds it finds by a parser of the format; it never writes a
// document, only the place of one value.
type Format interface {
	// Name is the format's name in flags and headers.
	Name() string
	// Parse gives the items of a document, in the order of the file. What it cannot delimit for certain it
	// refuses, with a *Refusal. src does not change and is not kept.
	Parse(src []byte) ([]Item, error)
	// Quote writes a token (letters, digits, "-", "_" and ":") as a text of the format, in the place of raw.
	Quote(token string, raw []byte) string
	// Attach adds a header of whole lines to a document; Detach takes it off again and gives the document as it
	// was, byte for byte. Without a header lines is nil; two headers, or half of one, are an error.
	Attach(src []byte, lines []string) ([]byte, error)
	Detach(src []byte) (body []byte, lines []string, err error)
}

// formats are all there are, in the order they are shown.
var formats = []Format{
	yamlFormat{asComments{"# "}}, jsonFormat{}, jsoncFormat{asComments: asComments{"// "}}, tomlFormat{asComments{"# "}},
	dotenvFormat{asComments{"# "}}, iniFormat{}, hclFormat{asComments{"# "}},
}

// maxDepth is how deep a file may be nested.
const maxDepth = 500

// Names are the names of the formats.
func Names() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name())
	}
	return names
}

// ByName finds a format.
func ByName(name string) (Format, error) {
	for _, f := range formats {
		if f.Name() == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%q is no format of documents: write %s", name, strings.Join(Names(), ", "))
}

// extensions say which format a file name stands for.
var extensions = map[string]string{
	".yaml": "yaml", ".yml": "yaml",
	".json": "json", ".jsonc": "jsonc",
	".toml": "toml",
	".env":  "dotenv",
	".ini":  "ini", ".cfg": "ini", ".cnf": "ini", ".conf": "ini", ".properties": "ini",
	".npmrc": "ini", ".pypirc": "ini", ".gitconfig": "ini", ".editorconfig": "ini",
	".service": "ini", ".socket": "ini", ".timer": "ini", ".desktop": "ini",
	".hcl": "hcl", ".tf": "hcl", ".tfvars": "hcl",
}

// ByFile finds the format of a file by its name and content: a JSON file with comments or trailing commas is
// jsonc, and a file that is a document already has the format that it names.
func ByFile(name string, content []byte) (Format, error) {
	if named := formatNamed(content); named != "" {
		return ByName(named)
	}
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	format := extensions[strings.ToLower(path.Ext(base))]
	if base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") {
		format = "dotenv"
	}
	if format == "" {
		return nil, fmt.Errorf("the name says no format: give one with -format (%s)", strings.Join(Names(), ", "))
	}
	if format == "json" && !strictJSON(content) {
		format = "jsonc"
	}
	return ByName(format)
}

// Is reports whether content is a document, whole or damaged, also one of a version that this program does not know, or one
// that was saved in another encoding.
func Is(content []byte) bool {
	return formatNamed(content) != "" || otherVersion(content) || reencoded(content)
}

// formatNamed is the format that a document's first header line names, or "".
func formatNamed(content []byte) string {
	return announced(content, magic+" ", func(rest []byte) string {
		end := bytes.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
		if end < 0 {
			end = len(rest)
		}
		if end >= 16 {
			end = 0
		}
		return string(rest[:end])
	})
}

// otherVersion reports whether a document says that it is of a version that this program does not know.
func otherVersion(content []byte) bool {
	return announced(content, family, func(rest []byte) string {
		version, _, _ := strings.Cut(string(rest[:min(len(rest), 16)]), " ")
		if !versionNumber.MatchString(version) || family+version == magic {
			return ""
		}
		return version
	}) != ""
}

var versionNumber = pattern.New(`^v[1-9][0-9]*$`)

// announced is what read makes of what follows text in the last place in which a header's first line may stand, "" if
// there is none.
func announced(content []byte, text string, read func(rest []byte) string) string {
	for {
		i := bytes.LastIndex(content, []byte(text))
		if i < 0 {
			return ""
		}
		if begins(content[:i]) {
			if said := read(content[i+len(text):]); said != "" {
				return said
			}
		}
		content = content[:i]
	}
}

// begins reports whether a header's first line may begin after before: at the begin of a comment, or as the first
// string of a list.
func begins(before []byte) bool {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	switch strings.TrimSpace(string(bytes.TrimPrefix(line, []byte("\ufeff")))) {
	case "#", ";", "//":
		return true
	}
	return bytes.HasSuffix(before, []byte(`"`))
}
