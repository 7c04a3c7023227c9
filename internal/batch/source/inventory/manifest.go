package inventory

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// manifest is the manifest.json of an inventory: S3's, and OSS's, which has the same form.
type manifest struct {
	SourceBucket string `json:"sourceBucket"`
	FileFormat   string `json:"fileFormat"`
	FileSchema   string `json:"fileSchema"`
	Created      string `json:"creationTimestamp"` // milliseconds since 1970 of S3, seconds of OSS
	Files        []struct {
		Key string `json:"key"`
		MD5 string `json:"MD5checksum"`
	} `json:"files"`
}

// largestManifest bounds a manifest.json, bytes: it names one file for about a million objects.
const largestManifest = 16 << 20

// Manifest reads an inventory. name and in are of its manifest.json; open opens a file by the key it has there.
func Manifest(ctx context.Context, name string, in io.Reader, open func(ctx context.Context, key string) (io.ReadCloser, error), o Options, each Each) (Report, error) {
	m, s, err := o.manifest(in)
	if err != nil {
		return Report{}, fmt.Errorf("the inventory %s: %w", name, err)
	}
	return o.read(ctx, each, func(r *reading) error {
		r.report.Made = m.made()
		for _, f := range m.Files {
			data, err := open(ctx, f.Key)
			if err != nil {
				return fmt.Errorf("the inventory %s: open its file %s: %w", name, f.Key, err)
			}
			err = r.file(f.Key, f.MD5, data, s)
			data.Close()
			if err != nil {
				return fmt.Errorf("the inventory %s: %w", name, err)
			}
		}
		return nil
	})
}

// made is when the inventory was made; zero = it does not say.
func (m manifest) made() time.Time {
	n, err := strconv.ParseInt(m.Created, 10, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}
	case n >= 1e11: // of the year 5138, in seconds
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}

// manifest reads and checks a manifest.json.
func (o Options) manifest(in io.Reader) (m manifest, s schema, err error) {
	data, err := io.ReadAll(io.LimitReader(in, largestManifest+1))
	if err != nil {
		return m, nil, err
	}
	if len(data) > largestManifest {
		return m, nil, fmt.Errorf("its manifest has more than %d bytes", largestManifest)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, nil, fmt.Errorf("it is no manifest.json: %w", err)
	}
	if m.SourceBucket != o.Bucket {
		return m, nil, fmt.Errorf("it is of the bucket %q, and the batch's is %q; use the inventory of that bucket", m.SourceBucket, o.Bucket)
	}
	if !strings.EqualFold(m.FileFormat, "CSV") {
		return m, nil, fmt.Errorf("its files are in the format %q, which is not read; set the inventory's format to CSV, or list the keys, one a line", m.FileFormat)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if f.Key == "" || seen[f.Key] {
			return m, nil, fmt.Errorf("its manifest names the file %q twice, or has a file without a name; fetch it again", f.Key)
		}
		seen[f.Key] = true
	}
	s, err = parseSchema(m.FileSchema)
	return m, s, err
}

// file reads one file of an inventory, and holds it against its checksum.
func (r *reading) file(key, sum string, data io.Reader, s schema) error {
	hash := md5.New()
	all := io.TeeReader(data, hash)
	err := r.lines(key, all, bufio.ScanLines, func(line string) error { return r.row(line, s, len(s), len(s)) })
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, all); err != nil { // what may follow what was packed
		return fmt.Errorf("%s: %w", key, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); sum != "" && !strings.EqualFold(got, sum) {
		return fmt.Errorf("%s: its MD5 is %s, and the manifest says %s; fetch it again", key, got, sum)
	}
	return nil
}
