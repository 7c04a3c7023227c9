package oss

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// keptHeaders come back with an object as they came with its upload.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Expires"}

// classes are the storage classes; those of frozen have to be restored before they are read.
var (
	classes = []string{"Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"}
	frozen  = classes[2:]
	acls    = []string{"default", "private", "public-read", "public-read-write"}
)

func (v version) class() string {
	if v.Class == "" {
		return classes[0]
	}
	return v.Class
}

func (v version) frozen() bool { return slices.Contains(frozen, v.Class) }

func errFrozen() *refusal {
	return refuse(http.StatusForbidden, "InvalidObjectState", "The operation is not valid for the object's state.")
}

// newVersionOf describes a new object with the request's headers.
func (h *Handler) newVersionOf(q *request) (version, *refusal) {
	v := version{ContentType: q.Header.Get("Content-Type"), Meta: map[string]string{}, Modified: h.Now().UTC(), Class: q.Header.Get("x-oss-storage-class")}
	if v.ContentType == "" {
		v.ContentType = "application/octet-stream"
	}
	for name := range q.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-oss-meta-") {
			v.Meta[lower] = q.Header.Get(name)
		} else if slices.Contains(keptHeaders, name) {
			v.Meta[name] = q.Header.Get(name)
		}
	}
	if v.Class != "" && !slices.Contains(classes, v.Class) {
		return v, errInvalid("The storage class you specified is invalid.")
	}
	var r *refusal
	if v.ACL, r = q.acl(); r != nil {
		return v, r
	}
	v.Tags, r = tagsOf(q.Header.Get("x-oss-tagging"))
	return v, r
}

// acl is the one in the request's header; "" = none.
func (q *request) acl() (string, *refusal) {
	text := q.Header.Get("x-oss-object-acl")
	if text != "" && !slices.Contains(acls, text) {
		return "", errInvalid("no such object access control exists")
	}
	return text, nil
}

// tagsOf reads tags as a header has them: KEY=VALUE&….
func tagsOf(text string) (map[string]string, *refusal) {
	if text == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, errInvalid("The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	tags := map[string]string{}
	for name, all := range values {
		if len(all) > 1 {
			return nil, errInvalid("The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		tags[name] = all[0]
	}
	return tags, checkTags(tags)
}

// checkTags: at most 10, a key of 1 to 128 characters, a value of at most 256.
func checkTags(tags map[string]string) *refusal {
	if len(tags) > 10 {
		return refuse(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than 10")
	}
	for name, value := range tags {
		if n := len([]rune(name)); n == 0 || n > 128 || len([]rune(value)) > 256 {
			return refuse(http.StatusBadRequest, "InvalidTag", "The TagKey or the TagValue you have provided is invalid.")
		}
	}
	return nil
}
