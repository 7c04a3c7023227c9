package oss

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// copied is the part of another object, or of another version, that x-oss-copy-source and its range name. The source's
// version is told in a header.
func (q *request) copied(tx *store.Tx, header map[string]string) ([]byte, *refusal) {
	path, query, _ := strings.Cut(q.Header.Get("x-oss-copy-source"), "?")
	path, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	name, key, ok := strings.Cut(path, "/")
	values, err2 := url.ParseQuery(query)
	if err != nil || err2 != nil || !ok || key == "" {
		return nil, errInvalid("Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.")
	}
	from, ok := buckets.Get(tx, name)
	switch {
	case !ok:
		return nil, errNoSuchBucket()
	case from.Account != q.account:
		return nil, errDenied("You have no right to access this object because of bucket acl.")
	}
	as := &request{Request: &http.Request{Header: http.Header{}}, bucket: name, key: key, query: values}
	v, r := as.version(tx, from)
	switch {
	case r != nil:
		return nil, r
	case v.frozen():
		return nil, errFrozen()
	}
	if tag := q.Header.Get("x-oss-copy-source-if-match"); tag != "" && strings.Trim(tag, `"`) != strings.Trim(v.ETag, `"`) {
		return nil, refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	}
	if from.versioned() {
		header["x-oss-copy-source-version-id"] = v.ID
	}
	begin, end := int64(0), v.Size
	if text := q.Header.Get("x-oss-copy-source-range"); text != "" {
		if _, err := fmt.Sscanf(text, "bytes=%d-%d", &begin, &end); err != nil || begin < 0 || end < begin || end >= v.Size {
			return nil, refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied: "+strconv.Quote(text))
		}
		end++
	}
	return content(tx, from, key, v)[begin:end], nil
}

type uploadsXML struct {
	XMLName        xml.Name `xml:"ListMultipartUploadsResult"`
	Bucket, Prefix string
	MaxUploads     int
	IsTruncated    bool
	Upload         []uploadXML
}

type uploadXML struct {
	Key       string
	UploadID  string `xml:"UploadId"`
	Initiated string
}

// listUploads is ListMultipartUploads, without pages: what is beyond max-uploads is said to be there.
func listUploads(h *Handler, q *request) (answer, error) {
	most, r := q.mostKeys("max-uploads")
	if r != nil {
		return answer{}, r
	}
	if q.query.Has("upload-id-marker") || q.query.Has("key-marker") || q.query.Has("delimiter") {
		return answer{}, errNotImplemented("The emulator lists uploads without markers.")
	}
	v := uploadsXML{Bucket: q.bucket, Prefix: q.query.Get("prefix"), MaxUploads: most}
	err := h.inBucket(q, h.DB.View, func(tx *store.Tx, b bucket) error {
		for place, u := range uploads.PeekAll(tx, objectKey(b.Name, v.Prefix)) {
			key, id, _ := strings.Cut(strings.TrimPrefix(place, objectKey(b.Name, "")), "\x00")
			if v.IsTruncated = len(v.Upload) == most; v.IsTruncated {
				return nil
			}
			if q.query.Get("encoding-type") == "url" {
				key = url.QueryEscape(key)
			}
			v.Upload = append(v.Upload, uploadXML{key, id, instant(u.Began)})
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return asXML(v)
}
