package oss

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"hash/crc64"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// bucket is the record of one bucket, by its name.
type bucket struct {
	Name       string
	Account    string
	Region     string
	Created    time.Time
	Versioning string // "", Enabled or Suspended
}

func (b bucket) versioned() bool { return b.Versioning != "" }

// stack is an object with its versions, the current one last.
type stack struct {
	Versions []version
}

// version is one content of an object, or the mark that it was deleted.
type version struct {
	ID          string // nullVersion outside of versioning
	Appendable  bool
	Marker      bool
	Size        int64
	Parts       int
	CRC         uint64
	ETag        string
	ContentType string
	Meta        map[string]string // x-oss-meta-…, and the headers that are kept as they came
	Modified    time.Time
	Multipart   bool              `json:",omitempty"`
	Class       string            `json:",omitempty"` // storage class; "" = Standard
	ACL         string            `json:",omitempty"` // "" = default, which is the bucket's
	Tags        map[string]string `json:",omitempty"`
}

// part is what one write stored.
type part struct{ Data []byte }

// nullVersion is the id of what is written while versioning is not enabled.
const nullVersion = "null"

var ecma = crc64.MakeTable(crc64.ECMA)

var (
	buckets = store.NewTable[bucket]("oss_buckets")
	objects = store.NewTable[stack]("oss_objects")
	parts   = store.NewTable[part]("oss_parts")
	uploads = store.NewTable[upload]("oss_uploads")
	pieces  = store.NewTable[piece]("oss_pieces")
)

// Attach makes the tables usable; call it once for a store.
func Attach(db *store.DB) error { return db.Attach(buckets, objects, parts, uploads, pieces) }

func objectKey(bucket, key string) string { return bucket + "\x00" + key }

func partsOf(bucket, key, id string) string { return objectKey(bucket, key) + "\x00" + id + "\x00" }

func partKey(bucket, key, id string, n int) string {
	return partsOf(bucket, key, id) + fmt.Sprintf("%010d", n)
}

// current is the newest version, or nil when there is none or it marks a deletion.
func (s stack) current() *version {
	if n := len(s.Versions); n > 0 && !s.Versions[n-1].Marker {
		return &s.Versions[n-1]
	}
	return nil
}

func (s stack) find(id string) int {
	for n, v := range s.Versions {
		if v.ID == id {
			return n
		}
	}
	return -1
}

// push makes v the current version of an object: beside the others with versioning enabled, else in place of what was
// written without.
func push(tx *store.Tx, b bucket, key string, v version) version {
	s, _ := objects.Get(tx, objectKey(b.Name, key))
	v.ID = nullVersion
	if b.Versioning == "Enabled" {
		v.ID = newVersion()
	} else {
		s = remove(tx, b, key, s, nullVersion)
	}
	s.Versions = append(s.Versions, v)
	objects.Put(tx, objectKey(b.Name, key), s)
	return v
}

// remove takes one version away with its content.
func remove(tx *store.Tx, b bucket, key string, s stack, id string) stack {
	n := s.find(id)
	if n < 0 {
		return s
	}
	for i := range s.Versions[n].Parts {
		parts.Delete(tx, partKey(b.Name, key, id, i))
	}
	s.Versions = append(s.Versions[:n:n], s.Versions[n+1:]...)
	if len(s.Versions) == 0 {
		objects.Delete(tx, objectKey(b.Name, key))
	} else {
		objects.Put(tx, objectKey(b.Name, key), s)
	}
	return s
}

func newVersion() string {
	id := make([]byte, 48)
	_, _ = rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}

// content is the whole of a version.
func content(tx *store.Tx, b bucket, key string, v version) []byte {
	data := make([]byte, 0, v.Size)
	for n := range v.Parts {
		if p, ok := parts.Peek(tx, partKey(b.Name, key, v.ID, n)); ok {
			data = append(data, p.Data...)
		}
	}
	return data
}
