package oss

import (
	"fmt"
	"hash/crc64"
	"net/http"
	"strconv"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// mostAppended is the service's limit of an append object.
const mostAppended = 5 << 30

// appendObject adds to the end of the current version, if it is an append object of exactly the length that is named;
// where there is no object, or one that was deleted, an append at 0 makes one.
func appendObject(h *Handler, q *request) (answer, error) {
	at, r := q.position()
	if r != nil {
		return answer{}, r
	}
	fresh, r := h.newVersionOf(q)
	if r != nil {
		return answer{}, r
	}
	var a answer
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		if r := mayWrite(tx, q, b); r != nil {
			return r
		}
		s, _ := objects.Get(tx, objectKey(b.Name, q.key))
		v := s.current()
		switch {
		case v == nil && at != 0:
			return errPosition(0)
		case v == nil:
			fresh.Appendable = true
			push(tx, b, q.key, fresh)
			s, _ = objects.Get(tx, objectKey(b.Name, q.key))
			v = s.current()
		case !v.Appendable:
			return refuse(http.StatusConflict, "ObjectNotAppendable", "The object is not appendable")
		case at != v.Size:
			return errPosition(v.Size)
		case v.Size+int64(len(q.body)) > mostAppended:
			return refuse(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
		}
		if len(q.body) > 0 {
			parts.Put(tx, partKey(b.Name, q.key, v.ID, v.Parts), part{q.body})
			v.Parts++
		}
		v.Size += int64(len(q.body))
		v.CRC, v.Modified = crc64.Update(v.CRC, ecma, q.body), h.Now().UTC()
		v.ETag = fmt.Sprintf(`"%016X%08X00000000"`, v.CRC, v.Parts)
		objects.Put(tx, objectKey(b.Name, q.key), s)
		a.header = v.written(b)
		return nil
	})
	return a, err
}

func (q *request) position() (int64, *refusal) {
	switch {
	case q.query.Has("versionId"):
		return 0, errInvalid("AppendObject does not take a versionId.")
	case !q.query.Has("position"):
		return 0, refuse(http.StatusBadRequest, "MissingArgument", "Missing Some Required Arguments.")
	}
	at, err := strconv.ParseInt(q.query.Get("position"), 10, 64)
	if err != nil || at < 0 {
		return 0, errInvalid("Argument position must be an integer that is not negative.")
	}
	return at, nil
}
