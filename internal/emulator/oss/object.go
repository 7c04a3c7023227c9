package oss

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func (v version) kind() string {
	switch {
	case v.Appendable:
		return "Appendable"
	case v.Multipart:
		return "Multipart"
	}
	return "Normal"
}

// header describes a version.
func (v version) header(b bucket) map[string]string {
	h := map[string]string{
		"ETag": v.ETag, "x-oss-hash-crc64ecma": strconv.FormatUint(v.CRC, 10), "x-oss-object-type": v.kind(), "x-oss-storage-class": v.class(),
		"Last-Modified": v.Modified.Format(http.TimeFormat), "Content-Type": v.ContentType, "Accept-Ranges": "bytes",
	}
	for name, value := range v.Meta {
		h[name] = value
	}
	if len(v.Tags) > 0 {
		h["x-oss-tagging-count"] = strconv.Itoa(len(v.Tags))
	}
	if v.Appendable {
		h["x-oss-next-append-position"] = strconv.FormatInt(v.Size, 10)
	}
	if b.versioned() {
		h["x-oss-version-id"] = v.ID
	}
	return h
}

// written is what an upload is answered with.
func (v version) written(b bucket) map[string]string {
	h := map[string]string{"ETag": v.ETag, "x-oss-hash-crc64ecma": strconv.FormatUint(v.CRC, 10)}
	if v.Appendable {
		h["x-oss-next-append-position"] = strconv.FormatInt(v.Size, 10)
	}
	if b.versioned() {
		h["x-oss-version-id"] = v.ID
	}
	return h
}

// mayWrite refuses conditions, which the service does not know for writes, and heeds x-oss-forbid-overwrite, which it
// does in buckets without versioning only.
func mayWrite(tx *store.Tx, q *request, b bucket) *refusal {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if q.Header.Get(name) != "" {
			return errNotImplemented("A header you provided implies functionality that is not implemented.")
		}
	}
	switch q.Header.Get("x-oss-forbid-overwrite") {
	case "", "false":
		return nil
	case "true":
	default:
		return errInvalid("The x-oss-forbid-overwrite header is neither true nor false.")
	}
	if s, ok := objects.Peek(tx, objectKey(b.Name, q.key)); ok && !b.versioned() && s.current() != nil {
		return refuse(http.StatusConflict, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")
	}
	return nil
}

func putObject(h *Handler, q *request) (answer, error) {
	var a answer
	if q.Header.Get("x-oss-copy-source") != "" || q.Header.Get("x-oss-symlink-target") != "" {
		return a, errNotImplemented("The emulator copies parts of multipart uploads, and links nothing.")
	}
	v, r := h.newVersionOf(q)
	if r != nil {
		return a, r
	}
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		if r := mayWrite(tx, q, b); r != nil {
			return r
		}
		sum := md5.Sum(q.body)
		v.ETag, v.CRC = `"`+strings.ToUpper(hex.EncodeToString(sum[:]))+`"`, crc64.Checksum(q.body, ecma)
		v.Size, v.Parts = int64(len(q.body)), 1
		v = push(tx, b, q.key, v)
		parts.Put(tx, partKey(b.Name, q.key, v.ID, 0), part{q.body})
		a.header = v.written(b)
		return nil
	})
	return a, err
}

// getObject is GetObject and HeadObject.
func getObject(h *Handler, q *request) (answer, error) {
	var a answer
	err := h.inBucket(q, h.DB.View, func(tx *store.Tx, b bucket) error {
		v, r := q.version(tx, b)
		if r != nil {
			return r
		}
		if r := q.conditions(v); r != nil {
			return r
		}
		if q.Method == http.MethodGet && v.frozen() {
			return errFrozen()
		}
		a.header = v.header(b)
		from, to, r := q.span(v.Size)
		if r != nil {
			return r
		}
		if q.Header.Get("Range") != "" && (from > 0 || to < v.Size || q.standardRange()) {
			a.status = http.StatusPartialContent
			a.header["Content-Range"] = fmt.Sprintf("bytes %d-%d/%d", from, to-1, v.Size)
		}
		a.header["Content-Length"] = strconv.FormatInt(to-from, 10)
		if q.Method == http.MethodGet {
			a.body = content(tx, b, q.key, v)[from:to]
		}
		return nil
	})
	return a, err
}

// version is the one that is asked for, or the current one.
func (q *request) version(tx *store.Tx, b bucket) (version, *refusal) {
	s, _ := objects.Get(tx, objectKey(b.Name, q.key))
	id, named := q.query.Get("versionId"), q.query.Has("versionId")
	if !named {
		if v := s.current(); v != nil {
			return *v, nil
		}
		r := errNoSuchKey()
		if len(s.Versions) > 0 {
			last := s.Versions[len(s.Versions)-1]
			r.header = map[string]string{"x-oss-delete-marker": "true", "x-oss-version-id": last.ID}
		}
		return version{}, r
	}
	n := s.find(id)
	switch {
	case n < 0:
		return version{}, refuse(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
	case s.Versions[n].Marker:
		return version{}, refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	return s.Versions[n], nil
}

func (q *request) conditions(v version) *refusal {
	if tag := q.Header.Get("If-Match"); tag != "" && strings.Trim(tag, `"`) != strings.Trim(v.ETag, `"`) {
		return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	}
	if tag := q.Header.Get("If-None-Match"); tag != "" && strings.Trim(tag, `"`) == strings.Trim(v.ETag, `"`) {
		return refuse(http.StatusNotModified, "NotModified", "The object was not modified.")
	}
	return nil
}

func (q *request) standardRange() bool { return q.Header.Get("x-oss-range-behavior") == "standard" }

// span is the part of an object that is asked for. One that does not lie within it gives the whole object, unless the client asks
// for what the standard says.
func (q *request) span(size int64) (from, to int64, r *refusal) {
	text := q.Header.Get("Range")
	if text == "" {
		return 0, size, nil
	}
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	from, err := strconv.ParseInt(first, 10, 64)
	to, err2 := strconv.ParseInt(last, 10, 64)
	switch {
	case !ok || !strings.HasPrefix(text, "bytes="):
		return 0, size, nil
	case first == "" && err2 == nil && to > 0: // the last bytes
		from, to = size-to, size
	case err == nil && last == "":
		to = size
	case err == nil && err2 == nil && from <= to:
		to++
	default:
		return 0, size, nil
	}
	if from >= 0 && from < size && to <= size {
		return from, to, nil
	}
	if !q.standardRange() {
		return 0, size, nil
	}
	from, to = max(from, 0), min(to, size)
	if from >= to {
		r = refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied.")
		r.header = map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", size)}
	}
	return from, to, r
}

// deleteObject deletes a version for good, or marks the object as deleted where versions are kept.
func deleteObject(h *Handler, q *request) (answer, error) {
	a := answer{status: http.StatusNoContent, header: map[string]string{}}
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		s, _ := objects.Get(tx, objectKey(b.Name, q.key))
		if id := q.query.Get("versionId"); id != "" {
			if n := s.find(id); n >= 0 && s.Versions[n].Marker {
				a.header["x-oss-delete-marker"] = "true"
			}
			a.header["x-oss-version-id"] = id
			remove(tx, b, q.key, s, id)
			return nil
		}
		if !b.versioned() {
			remove(tx, b, q.key, s, nullVersion)
			return nil
		}
		v := push(tx, b, q.key, version{Marker: true, Modified: h.Now().UTC()})
		a.header["x-oss-delete-marker"], a.header["x-oss-version-id"] = "true", v.ID
		return nil
	})
	return a, err
}
