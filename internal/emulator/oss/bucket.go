package oss

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func asXML(v any) (answer, error) {
	body, err := xml.Marshal(v)
	if err != nil {
		return answer{}, err
	}
	return answer{header: map[string]string{"Content-Type": "application/xml"}, body: append([]byte(xml.Header), body...)}, nil
}

// instant is how the service writes a time in XML.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func putBucket(h *Handler, q *request) (answer, error) {
	err := h.DB.Update(func(tx *store.Tx) error {
		if b, ok := buckets.Get(tx, q.bucket); ok {
			if b.Account != q.account {
				return refuse(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available.")
			}
			return nil
		}
		buckets.Put(tx, q.bucket, bucket{Name: q.bucket, Account: q.account, Region: h.Region, Created: h.Now().UTC()})
		return nil
	})
	return answer{header: map[string]string{"Location": "/" + q.bucket}}, err
}

func deleteBucket(h *Handler, q *request) (answer, error) {
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		if objects.Count(tx, objectKey(b.Name, "")) > 0 || uploads.Count(tx, objectKey(b.Name, "")) > 0 {
			return refuse(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
		}
		buckets.Delete(tx, b.Name)
		return nil
	})
	return answer{status: http.StatusNoContent}, err
}

type infoXML struct {
	XMLName xml.Name `xml:"BucketInfo"`
	Bucket  struct {
		Name, Location, CreationDate, ExtranetEndpoint, IntranetEndpoint, StorageClass, DataRedundancyType string
		Versioning                                                                                         string `xml:",omitempty"`
		Grant                                                                                              string `xml:"AccessControlList>Grant"`
		Owner                                                                                              struct{ ID, DisplayName string }
	}
}

func bucketInfo(h *Handler, q *request) (answer, error) {
	var v infoXML
	err := h.inBucket(q, h.DB.View, func(_ *store.Tx, b bucket) error {
		i := &v.Bucket
		i.Name, i.Location, i.CreationDate, i.Versioning = b.Name, "oss-"+b.Region, instant(b.Created), b.Versioning
		i.ExtranetEndpoint, i.IntranetEndpoint = "oss-"+b.Region+".aliyuncs.com", "oss-"+b.Region+"-internal.aliyuncs.com"
		i.StorageClass, i.DataRedundancyType, i.Grant = "Standard", "LRS", "private"
		i.Owner.ID, i.Owner.DisplayName = b.Account, b.Account
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return asXML(v)
}

type versioningXML struct {
	XMLName xml.Name `xml:"VersioningConfiguration"`
	Status  string   `xml:",omitempty"`
}

func getVersioning(h *Handler, q *request) (answer, error) {
	var v versioningXML
	err := h.inBucket(q, h.DB.View, func(_ *store.Tx, b bucket) error {
		v.Status = b.Versioning
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return asXML(v)
}

func putVersioning(h *Handler, q *request) (answer, error) {
	var v versioningXML
	if err := xml.Unmarshal(q.body, &v); err != nil || v.Status != "Enabled" && v.Status != "Suspended" {
		return answer{}, refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	}
	return answer{}, h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		b.Versioning = v.Status
		buckets.Put(tx, b.Name, b)
		return nil
	})
}

type listXML struct {
	XMLName                                                                       xml.Name `xml:"ListBucketResult"`
	Name, Prefix, StartAfter, Delimiter, ContinuationToken, NextContinuationToken string
	EncodingType                                                                  string `xml:",omitempty"`
	MaxKeys, KeyCount                                                             int
	IsTruncated                                                                   bool
	Contents                                                                      []contentXML
	CommonPrefixes                                                                []prefixXML
}

type contentXML struct {
	Key, LastModified, ETag, Type string
	Size                          int64
	StorageClass                  string
}

type prefixXML struct{ Prefix string }

// list is ListObjectsV2: the current versions, in the order of their names.
func list(h *Handler, q *request) (answer, error) {
	most := 100
	if text := q.query.Get("max-keys"); text != "" {
		var err error
		if most, err = strconv.Atoi(text); err != nil || most < 1 || most > 1000 {
			return answer{}, errInvalid("Argument max-keys must be an integer between 1 and 1000.")
		}
	}
	if q.query.Get("list-type") != "2" {
		return answer{}, errNotImplemented("The emulator lists with list-type=2 only.")
	}
	v := listXML{Name: q.bucket, Prefix: q.query.Get("prefix"), StartAfter: q.query.Get("start-after"), Delimiter: q.query.Get("delimiter"),
		ContinuationToken: q.query.Get("continuation-token"), EncodingType: q.query.Get("encoding-type"), MaxKeys: most}
	err := h.inBucket(q, h.DB.View, func(tx *store.Tx, b bucket) error {
		v.fill(tx, b, max(v.StartAfter, v.ContinuationToken))
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	v.encode()
	return asXML(v)
}

func (v *listXML) fill(tx *store.Tx, b bucket, after string) {
	last := ""
	for place, s := range objects.PeekAll(tx, objectKey(b.Name, v.Prefix)) {
		key := strings.TrimPrefix(place, objectKey(b.Name, ""))
		now := s.current()
		if now == nil || key <= after {
			continue
		}
		prefix := ""
		if before, _, ok := strings.Cut(key[len(v.Prefix):], v.Delimiter); ok && v.Delimiter != "" {
			prefix = v.Prefix + before + v.Delimiter
			if strings.HasPrefix(after, prefix) || last == prefix {
				continue
			}
		}
		if v.KeyCount == v.MaxKeys {
			v.IsTruncated, v.NextContinuationToken = true, last
			return
		}
		v.KeyCount++
		if last = key; prefix != "" {
			last = prefix
			v.CommonPrefixes = append(v.CommonPrefixes, prefixXML{prefix})
			continue
		}
		v.Contents = append(v.Contents, contentXML{Key: key, LastModified: instant(now.Modified), ETag: now.ETag, Type: now.kind(), Size: now.Size, StorageClass: now.class()})
	}
}

// encode percent-encodes what the client asked to have so.
func (v *listXML) encode() {
	if v.EncodingType != "url" {
		return
	}
	for _, text := range []*string{&v.Prefix, &v.StartAfter, &v.Delimiter, &v.ContinuationToken, &v.NextContinuationToken} {
		*text = url.QueryEscape(*text)
	}
	for n := range v.Contents {
		v.Contents[n].Key = url.QueryEscape(v.Contents[n].Key)
	}
	for n := range v.CommonPrefixes {
		v.CommonPrefixes[n].Prefix = url.QueryEscape(v.CommonPrefixes[n].Prefix)
	}
}
