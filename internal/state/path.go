package state

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// PathText is a path as JSON keeps it: names that are UTF-8 as they are, a byte that is part of no
// character as \xHH, and a backslash doubled.
type PathText string

// MarshalText implements encoding.TextMarshaler.
func (p PathText) MarshalText() ([]byte, error) {
	if utf8.ValidString(string(p)) && !strings.Contains(string(p), `\`) {
		return []byte(p), nil
	}
	var b strings.Builder
	for rest := string(p); rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return []byte(b.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *PathText) UnmarshalText(text []byte) error {
	var b strings.Builder
	for rest := string(text); rest != ""; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		var raw byte
		switch n, err := fmt.Sscanf(rest, `\x%02x`, &raw); {
		case strings.HasPrefix(rest, `\\`):
			b.WriteByte('\\')
			rest = rest[2:]
		case err == nil && n == 1 && len(rest) >= 4:
			b.WriteByte(raw)
			rest = rest[4:]
		default:
			return fmt.Errorf(`the path %q holds a backslash that is neither \\ nor \xHH`, text)
		}
	}
	*p = PathText(b.String())
	return nil
}

// plainFile is a File without its own JSON form: that of format 1.
type plainFile File

// fileText is a File's JSON form.
type fileText struct {
	plainFile
	Path   PathText `json:"path"`
	Source PathText `json:"source,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (f File) MarshalJSON() ([]byte, error) {
	return json.Marshal(fileText{plainFile: plainFile(f), Path: PathText(f.Path), Source: PathText(f.Source)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *File) UnmarshalJSON(data []byte) error {
	var t fileText
	if err := json.Unmarshal(data, &t); err != nil {
		return err
	}
	*f = File(t.plainFile)
	f.Path, f.Source = string(t.Path), string(t.Source)
	return nil
}
