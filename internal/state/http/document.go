package http

import (
	"bytes"
	"encoding/json"

	"kmsplan.dev/kmsplan/internal/state"
)

// documentFormat is the version of the document that is written.
const documentFormat = 1

// document is all that a stack keeps. Servers that read what they keep, as GitLab does, look at serial and lineage.
type document struct {
	Format  int               `json:"kmsplan_document"`
	Serial  uint64            `json:"serial"` // +1 with each write; it is not the state's
	Lineage string            `json:"lineage,omitempty"`
	Guard   guard             `json:"guard"`
	Head    json.RawMessage   `json:"head,omitempty"`
	Objects map[string][]byte `json:"objects,omitempty"`
}

// guard says what keeps a write from going over another one.
type guard string

const (
	byMatch guard = "if-match" // the server honours If-Match and If-None-Match
	byLock  guard = "lock"     // it refuses a write under another lock's id
)

// decodeDocument reads a document. Errors: ErrCorrupt, ErrNewerFormat.
func decodeDocument(place string, data []byte) (document, error) {
	var d document
	if len(data) == 0 {
		return d, nil
	}
	var other struct {
		Terraform string `json:"terraform_version"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, &state.CorruptError{Path: place, Reason: "it is not JSON: " + err.Error()}
	}
	switch {
	case d.Format > documentFormat:
		return d, &state.NewerFormatError{Path: place, Format: d.Format, Writer: "of a later version"}
	case d.Format < 1 && json.Unmarshal(data, &other) == nil && other.Terraform != "":
		return d, &state.CorruptError{Path: place, Reason: "it is a state of Terraform or OpenTofu, not of kmsplan", Foreign: true}
	case d.Format < 1:
		return d, &state.CorruptError{Path: place, Reason: "it is JSON, but no kmsplan state", Foreign: true}
	}
	return d, nil
}

// next is the document that follows d with another head, and with the objects that it names: of d, and of those that were put
// since. A document is written whole each time, and nobody can reach another object.
func (d document) next(head []byte, put map[string][]byte) document {
	var said struct {
		Lineage string `json:"lineage"`
	}
	_ = json.Unmarshal(head, &said) // for people who look at the server
	objects := map[string][]byte{}
	for _, from := range []map[string][]byte{d.Objects, put} {
		for name, object := range from {
			if names(head, name) {
				objects[name] = object
			}
		}
	}
	return document{Format: documentFormat, Serial: d.Serial + 1, Lineage: said.Lineage, Guard: d.Guard, Head: head, Objects: objects}
}

// names reports whether a head may name an object.
func names(head []byte, object string) bool { return bytes.Contains(head, []byte(object)) }
