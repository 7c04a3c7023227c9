package batch

import "time"

// Entry is one object of a manifest: what the plan saw of it.
type Entry struct {
	Name     string    `json:"name"` // unique in the source: a path, an object's key, a row's primary key as text
	Size     int64     `json:"size"` // bytes; -1 = the listing does not tell
	Modified time.Time `json:"modified,omitzero"`
	// Revision tells this content of the object from others (an ETag, a version's id), "" where the listing has none.
	Revision string `json:"revision,omitempty"`
	// KeyID and KeyVersion are what the header says; "" of an object that is no envelope, and where headers were not read.
	KeyID      string `json:"key_id,omitempty"`
	KeyVersion string `json:"key_version,omitempty"`
	// Commitment is the beginning of the body's key commitment, base64: it changes when the object is encrypted anew.
	Commitment string `json:"commitment,omitempty"`
}

// Chunk is a run of entries that one worker works on.
type Chunk struct {
	Index   int    `json:"index"` // from 0
	First   string `json:"first"` // name
	Last    string `json:"last"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
	Digest  string `json:"digest"` // SHA-256 over its entries' lines, hex
}
