package oss

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type taggingXML struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []tagXML `xml:"TagSet>Tag"`
}

type tagXML struct{ Key, Value string }

type aclXML struct {
	XMLName xml.Name `xml:"AccessControlPolicy"`
	Owner   struct{ ID, DisplayName string }
	Grant   string `xml:"AccessControlList>Grant"`
}

// onVersion runs fn on the version that the request names, or the current one, and keeps what fn makes of it.
func (h *Handler) onVersion(q *request, fn func(*version)) (answer, error) {
	a := answer{header: map[string]string{}}
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		v, r := q.version(tx, b)
		if r != nil {
			return r
		}
		fn(&v)
		s, _ := objects.Get(tx, objectKey(b.Name, q.key))
		s.Versions = slices.Clone(s.Versions)
		s.Versions[s.find(v.ID)] = v
		objects.Put(tx, objectKey(b.Name, q.key), s)
		if b.versioned() {
			a.header["x-oss-version-id"] = v.ID
		}
		return nil
	})
	return a, err
}

// ofVersion answers with what fn tells of the version that the request names, or of the current one.
func (h *Handler) ofVersion(q *request, fn func(version, bucket) any) (answer, error) {
	var told any
	id := ""
	err := h.inBucket(q, h.DB.View, func(tx *store.Tx, b bucket) error {
		v, r := q.version(tx, b)
		if r != nil {
			return r
		}
		if told = fn(v, b); b.versioned() {
			id = v.ID
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	a, err := asXML(told)
	if id != "" {
		a.header["x-oss-version-id"] = id
	}
	return a, err
}

func getTagging(h *Handler, q *request) (answer, error) {
	return h.ofVersion(q, func(v version, _ bucket) any {
		var t taggingXML
		for _, name := range slices.Sorted(maps.Keys(v.Tags)) {
			t.Tags = append(t.Tags, tagXML{name, v.Tags[name]})
		}
		return t
	})
}

func putTagging(h *Handler, q *request) (answer, error) {
	var t taggingXML
	if err := xml.Unmarshal(q.body, &t); err != nil {
		return answer{}, refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	}
	tags := map[string]string{}
	for _, one := range t.Tags {
		tags[one.Key] = one.Value
	}
	if r := checkTags(tags); r != nil {
		return answer{}, r
	}
	return h.onVersion(q, func(v *version) { v.Tags = tags })
}

func deleteTagging(h *Handler, q *request) (answer, error) {
	a, err := h.onVersion(q, func(v *version) { v.Tags = nil })
	a.status = http.StatusNoContent
	return a, err
}

func getACL(h *Handler, q *request) (answer, error) {
	return h.ofVersion(q, func(v version, b bucket) any {
		x := aclXML{Grant: v.ACL}
		if x.Grant == "" {
			x.Grant = acls[0]
		}
		x.Owner.ID, x.Owner.DisplayName = b.Account, b.Account
		return x
	})
}

func putACL(h *Handler, q *request) (answer, error) {
	acl, r := q.acl()
	if r != nil {
		return answer{}, r
	}
	return h.onVersion(q, func(v *version) { v.ACL = acl })
}
