package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/safety"
)

// checksumField ends a stored state. The checksum covers the document without the
// field and without insignificant space, so that a state that was only re-indented is still whole.
const (
	checksumField = `,"checksum":"sha256:`
	checksumEnd   = `"}`
)

// Encode writes st as people may read it: indented JSON that ends with a
// checksum of the rest.
func Encode(st State) ([]byte, error) {
	if st.Resources == nil {
		st.Resources = []Resource{}
	}
	if st.Files == nil {
		st.Files = []File{}
	}
	compact, err := json.Marshal(Sorted(st))
	if err != nil {
		return nil, fmt.Errorf("encoding the state: %w", err)
	}
	sum := sha256.Sum256(compact)
	sealed := append(compact[:len(compact)-1], checksumField+hex.EncodeToString(sum[:])+checksumEnd...)
	var out bytes.Buffer
	out.Grow(2 * len(sealed))
	if err := json.Indent(&out, sealed, "", "  "); err != nil {
		return nil, fmt.Errorf("encoding the state: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Decode reads what Encode wrote, now or in an older format, which is upgraded; name is for messages.
// Errors: ErrCorrupt, ErrNewerFormat.
func Decode(name string, data []byte) (State, error) {
	format := FormatVersion
	if !bytes.HasPrefix(data, []byte(present)) || !sealed(data) {
		var err error
		if format, err = recognise(name, data); err != nil {
			return State{}, err
		}
	}
	st, err := decode(format, data)
	if err == nil {
		err = st.check()
	}
	if err != nil {
		return State{}, &CorruptError{Path: name, Reason: err.Error()}
	}
	return st, nil
}

// present begins what Encode writes: a large state that begins so and has its checksum need not be read to know its format.
var present = fmt.Sprintf("{\n  \"version\": %d,\n  \"serial\": ", FormatVersion)

// recognise tells the format of a whole state. Errors: ErrCorrupt, ErrNewerFormat.
func recognise(name string, data []byte) (int, error) {
	var head struct {
		Version   int    `json:"version"`
		Writer    string `json:"writer"`
		Terraform string `json:"terraform_version"` // a state of Terraform's or OpenTofu's
	}
	err := json.Unmarshal(data, &head)
	if other := new(json.UnmarshalTypeError); errors.As(err, &other) {
		return 0, &CorruptError{Path: name, Reason: "it is JSON, but no kmsplan state"}
	}
	if err != nil {
		return 0, &CorruptError{Path: name, Reason: "it is not JSON: " + err.Error()}
	}
	if head.Terraform != "" {
		return 0, &CorruptError{Path: name, Reason: "it is a state of Terraform or OpenTofu (written by version " + head.Terraform + "), not of kmsplan", Foreign: true}
	}
	if head.Version > FormatVersion && head.Writer != "" {
		return 0, &NewerFormatError{Path: name, Format: head.Version, Writer: head.Writer}
	}
	if head.Version < 1 || head.Version > FormatVersion {
		return 0, &CorruptError{Path: name, Reason: "it is JSON, but no kmsplan state"}
	}
	if !sealed(data) && !safety.Off(safety.StateChecksum) {
		return 0, &CorruptError{Path: name, Reason: "its checksum does not fit its content"}
	}
	return head.Version, nil
}

// sealed reports whether the document carries the checksum of its content. What is no JSON may pass: whoever decodes it finds out.
func sealed(data []byte) bool {
	tail := len(checksumField) + hex.EncodedLen(sha256.Size) + len(checksumEnd)
	doc := compact(data)
	if len(doc) < tail {
		return false
	}
	body, field := doc[:len(doc)-tail], doc[len(doc)-tail:]
	h := sha256.New()
	h.Write(body)
	h.Write([]byte("}"))
	return string(field) == checksumField+hex.EncodeToString(h.Sum(nil))+checksumEnd
}

// compact is json.Compact without its check of the syntax, which takes most of its time: what is large is read with a check
// anyway.
func compact(data []byte) []byte {
	out := make([]byte, 0, len(data))
	quoted, from := false, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r'):
			out, from = append(out, data[from:i]...), i+1
		}
	}
	return append(out, data[from:]...)
}

// check holds what every stored state satisfies.
func (st State) check() error {
	if st.Serial == 0 || st.Lineage == "" {
		return fmt.Errorf("it has no serial or no lineage")
	}
	if st.ObjectsSerial > st.Serial || st.CensusSerial > st.Serial {
		return fmt.Errorf("its objects or files changed after itself")
	}
	seen := make(map[string]bool, len(st.Resources))
	for _, r := range st.Resources {
		if r.Address == "" || seen[r.Address] {
			return fmt.Errorf("it names the object %q twice or without address", r.Address)
		}
		seen[r.Address] = true
	}
	return nil
}
