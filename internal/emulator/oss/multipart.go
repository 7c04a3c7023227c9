package oss

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// upload is a multipart upload that is under way, by bucket, key and id.
type upload struct {
	Version version // what it becomes
	Began   time.Time
}

// piece is a part of one.
type piece struct {
	Data []byte
	ETag string
}

// The service's limits of parts.
const (
	leastPart = 100 << 10 // bytes, of all but the last
	mostParts = 10000
)

func uploadKey(bucket, key, id string) string { return objectKey(bucket, key) + "\x00" + id }

func pieceKey(bucket, key, id string, n int) string {
	return uploadKey(bucket, key, id) + fmt.Sprintf("\x00%05d", n)
}

func errNoSuchUpload() *refusal {
	return refuse(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

func initiateUpload(h *Handler, q *request) (answer, error) {
	v, r := h.newVersionOf(q)
	if r != nil {
		return answer{}, r
	}
	v.Multipart = true
	x := struct {
		XMLName     xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{Bucket: q.bucket, Key: q.key, UploadID: strings.ToUpper(hex.EncodeToString([]byte(newVersion()))[:32])}
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		if r := mayWrite(tx, q, b); r != nil {
			return r
		}
		uploads.Put(tx, uploadKey(b.Name, q.key, x.UploadID), upload{v, h.Now().UTC()})
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return asXML(x)
}

// uploadPart is UploadPart, and UploadPartCopy where a source is named.
func uploadPart(h *Handler, q *request) (answer, error) {
	n, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || n < 1 || n > mostParts {
		return answer{}, errInvalid("Part number must be an integer between 1 and 10000, inclusive.")
	}
	copies := q.Header.Get("x-oss-copy-source") != ""
	a := answer{header: map[string]string{}}
	var p piece
	err = h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		place := uploadKey(b.Name, q.key, q.query.Get("uploadId"))
		if _, ok := uploads.Peek(tx, place); !ok {
			return errNoSuchUpload()
		}
		p.Data = q.body
		if copies {
			var r *refusal
			if p.Data, r = q.copied(tx, a.header); r != nil {
				return r
			}
		}
		sum := md5.Sum(p.Data)
		p.ETag = `"` + strings.ToUpper(hex.EncodeToString(sum[:])) + `"`
		pieces.Put(tx, pieceKey(b.Name, q.key, q.query.Get("uploadId"), n), p)
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	if !copies {
		a.header["ETag"], a.header["x-oss-hash-crc64ecma"] = p.ETag, strconv.FormatUint(crc64.Checksum(p.Data, ecma), 10)
		return a, nil
	}
	x, err := asXML(struct {
		XMLName            xml.Name `xml:"CopyPartResult"`
		LastModified, ETag string
	}{LastModified: instant(h.Now()), ETag: p.ETag})
	for name, value := range a.header {
		x.header[name] = value
	}
	return x, err
}

type completeXML struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Part    []struct {
		PartNumber int
		ETag       string
	}
}

func completeUpload(h *Handler, q *request) (answer, error) {
	var c completeXML
	if err := xml.Unmarshal(q.body, &c); err != nil || len(c.Part) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	}
	acl, r := q.acl()
	if r != nil {
		return answer{}, r
	}
	var v version
	var versioned bucket
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		id := q.query.Get("uploadId")
		u, ok := uploads.Get(tx, uploadKey(b.Name, q.key, id))
		if !ok {
			return errNoSuchUpload()
		}
		if r := mayWrite(tx, q, b); r != nil {
			return r
		}
		chosen, r := c.choose(tx, func(n int) string { return pieceKey(b.Name, q.key, id, n) })
		if r != nil {
			return r
		}
		u.Version.ACL, u.Version.Modified = acl, h.Now().UTC()
		v, versioned = assemble(tx, b, q.key, u.Version, chosen), b
		forget(tx, b, q.key, id)
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	a, err := asXML(struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: "https://" + q.Host + "/" + q.bucket + "/" + q.key, Bucket: q.bucket, Key: q.key, ETag: v.ETag})
	for name, value := range v.written(versioned) {
		a.header[name] = value
	}
	return a, err
}

// choose finds the parts that are named, in ascending order.
func (c completeXML) choose(tx *store.Tx, key func(int) string) ([]piece, *refusal) {
	var chosen []piece
	for n, one := range c.Part {
		if n > 0 && one.PartNumber <= c.Part[n-1].PartNumber {
			return nil, refuse(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts list must specified in order by part number.")
		}
		p, ok := pieces.Get(tx, key(one.PartNumber))
		if !ok || strings.Trim(one.ETag, `"`) != strings.Trim(p.ETag, `"`) {
			return nil, refuse(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.")
		}
		if n < len(c.Part)-1 && len(p.Data) < leastPart {
			return nil, refuse(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.")
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// assemble makes the parts the current version.
func assemble(tx *store.Tx, b bucket, key string, v version, chosen []piece) version {
	var sums bytes.Buffer
	v.Parts = len(chosen)
	for _, p := range chosen {
		sum := md5.Sum(p.Data)
		sums.Write(sum[:])
		v.Size += int64(len(p.Data))
		v.CRC = crc64.Update(v.CRC, ecma, p.Data)
	}
	v.ETag = fmt.Sprintf(`"%X-%d"`, md5.Sum(sums.Bytes()), len(chosen))
	v = push(tx, b, key, v)
	for n, p := range chosen {
		parts.Put(tx, partKey(b.Name, key, v.ID, n), part{p.Data})
	}
	return v
}

// forget takes an upload away with its parts.
func forget(tx *store.Tx, b bucket, key, id string) {
	uploads.Delete(tx, uploadKey(b.Name, key, id))
	var all []string
	for place := range pieces.PeekAll(tx, uploadKey(b.Name, key, id)+"\x00") {
		all = append(all, place)
	}
	for _, place := range all {
		pieces.Delete(tx, place)
	}
}

func abortUpload(h *Handler, q *request) (answer, error) {
	err := h.inBucket(q, h.DB.Update, func(tx *store.Tx, b bucket) error {
		id := q.query.Get("uploadId")
		if _, ok := uploads.Peek(tx, uploadKey(b.Name, q.key, id)); !ok {
			return errNoSuchUpload()
		}
		forget(tx, b, q.key, id)
		return nil
	})
	return answer{status: http.StatusNoContent}, err
}
