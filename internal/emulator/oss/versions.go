package oss

import (
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type versionsXML struct {
	XMLName             xml.Name `xml:"ListVersionsResult"`
	Name, Prefix        string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	EncodingType        string `xml:",omitempty"`
	MaxKeys             int
	IsTruncated         bool
	Version             []versionXML
	DeleteMarker        []versionXML
}

type versionXML struct {
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Type         string `xml:",omitempty"`
	Size         *int64 `xml:",omitempty"`
	StorageClass string `xml:",omitempty"`
}

// mostKeys is how many entries a listing may have: 100, or what the request says, up to 1,000.
func (q *request) mostKeys(parameter string) (int, *refusal) {
	text := q.query.Get(parameter)
	if text == "" {
		return 100, nil
	}
	most, err := strconv.Atoi(text)
	if err != nil || most < 1 || most > 1000 {
		return 0, errInvalid("Argument " + parameter + " must be an integer between 1 and 1000.")
	}
	return most, nil
}

// listVersions is ListObjectVersions: by name, of each object the newest version first. It has no delimiter.
func listVersions(h *Handler, q *request) (answer, error) {
	most, r := q.mostKeys("max-keys")
	v := versionsXML{Name: q.bucket, Prefix: q.query.Get("prefix"), KeyMarker: q.query.Get("key-marker"), VersionIDMarker: q.query.Get("version-id-marker"),
		EncodingType: q.query.Get("encoding-type"), MaxKeys: most}
	switch {
	case r != nil:
		return answer{}, r
	case v.VersionIDMarker != "" && v.KeyMarker == "":
		return answer{}, errInvalid("A version-id marker cannot be specified without a key marker.")
	case q.query.Get("delimiter") != "":
		return answer{}, errNotImplemented("The emulator lists versions without a delimiter.")
	}
	err := h.inBucket(q, h.DB.View, func(tx *store.Tx, b bucket) error {
		for place, s := range objects.PeekAll(tx, objectKey(b.Name, v.Prefix)) {
			key := strings.TrimPrefix(place, objectKey(b.Name, ""))
			if from, ok := v.begin(key, *s); ok && !v.fill(key, *s, from) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	v.encode()
	return asXML(v)
}

// begin is the place of the first version of an object that the listing has, counted from the oldest; none before its markers.
func (v *versionsXML) begin(key string, s stack) (int, bool) {
	from := len(s.Versions) - 1
	switch {
	case key < v.KeyMarker || key == v.KeyMarker && v.VersionIDMarker == "" && key != "":
		return 0, false
	case key == v.KeyMarker:
		if n := s.find(v.VersionIDMarker); n >= 0 {
			from = n - 1
		}
	}
	return from, from >= 0
}

// fill adds the versions of an object, and reports whether there is room for more.
func (v *versionsXML) fill(key string, s stack, from int) bool {
	for n := from; n >= 0; n-- {
		if len(v.Version)+len(v.DeleteMarker) == v.MaxKeys {
			v.IsTruncated = true
			return false
		}
		one := s.Versions[n]
		v.NextKeyMarker, v.NextVersionIDMarker = key, one.ID
		x := versionXML{Key: key, VersionID: one.ID, IsLatest: n == len(s.Versions)-1, LastModified: instant(one.Modified)}
		if one.Marker {
			v.DeleteMarker = append(v.DeleteMarker, x)
			continue
		}
		x.ETag, x.Type, x.Size, x.StorageClass = one.ETag, one.kind(), &one.Size, one.class()
		v.Version = append(v.Version, x)
	}
	return true
}

func (v *versionsXML) encode() {
	if !v.IsTruncated {
		v.NextKeyMarker, v.NextVersionIDMarker = "", ""
	}
	if v.EncodingType != "url" {
		return
	}
	for _, text := range []*string{&v.Prefix, &v.KeyMarker, &v.NextKeyMarker} {
		*text = url.QueryEscape(*text)
	}
	for _, list := range [][]versionXML{v.Version, v.DeleteMarker} {
		for n := range list {
			list[n].Key = url.QueryEscape(list[n].Key)
		}
	}
}
