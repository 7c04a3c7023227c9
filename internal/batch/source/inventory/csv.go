package inventory

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// schema says which column holds what: the column's number, from 0; what a list does not hold is not in it.
type schema map[string]int

// Columns of inventories, as S3 and OSS name them, in lower case.
const (
	bucketColumn   = "bucket"
	keyColumn      = "key"
	sizeColumn     = "size"
	modifiedColumn = "lastmodifieddate"
	etagColumn     = "etag"
	latestColumn   = "islatest"
	deletedColumn  = "isdeletemarker"
)

// parseSchema reads a manifest's fileSchema: "Bucket, Key, Size".
func parseSchema(text string) (schema, error) {
	s := schema{}
	for i, name := range strings.Split(text, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := s[name]; twice {
			return nil, fmt.Errorf("its fileSchema %q names %s twice", text, name)
		}
		s[name] = i
	}
	for _, name := range []string{bucketColumn, keyColumn} {
		if _, ok := s[name]; !ok {
			return nil, fmt.Errorf("its fileSchema %q has no %s", text, name)
		}
	}
	return s, nil
}

// Batch reads a manifest of S3 Batch Operations: Bucket,Key or Bucket,Key,VersionId, keys encoded as in a URL, no header.
// Versions are not looked at: a batch works on the latest one.
func Batch(ctx context.Context, name string, in io.Reader, o Options, each Each) (Report, error) {
	return o.read(ctx, each, func(r *reading) error {
		return r.lines(name, in, bufio.ScanLines, func(line string) error {
			return r.row(line, schema{bucketColumn: 0, keyColumn: 1}, 2, 3)
		})
	})
}

// row takes one line of CSV, which has from least to most columns.
func (r *reading) row(line string, s schema, least, most int) error {
	if line == "" {
		return nil
	}
	in := csv.NewReader(strings.NewReader(line))
	fields, err := in.Read()
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		err = syntax.Err
	}
	if err != nil {
		return fmt.Errorf("it is no line of CSV: %w", err)
	}
	if len(fields) < least || len(fields) > most {
		return fmt.Errorf("it has %d columns, where %d belong", len(fields), least)
	}
	if bucket := fields[s[bucketColumn]]; bucket != r.Bucket {
		return fmt.Errorf("the entry is of the bucket %q, and the batch's is %q; use the list of that bucket", bucket, r.Bucket)
	}
	o, latest, err := s.object(fields)
	if err != nil {
		return err
	}
	if !latest {
		r.report.Versions++
		return nil
	}
	return r.add(o)
}

// object is what a row tells. Older versions and delete markers are not the latest.
func (s schema) object(fields []string) (o source.Object, latest bool, err error) {
	of := func(column string) string {
		if i, ok := s[column]; ok {
			return fields[i]
		}
		return ""
	}
	if o.Name, err = url.QueryUnescape(fields[s[keyColumn]]); err != nil {
		return o, false, fmt.Errorf("the key %q is not encoded as in a URL: %w", fields[s[keyColumn]], err)
	}
	if o.Name == "" {
		return o, false, errors.New("the key is empty")
	}
	o.Size = -1
	if size := of(sizeColumn); size != "" {
		if o.Size, err = strconv.ParseInt(size, 10, 64); err != nil || o.Size < 0 {
			return o, false, fmt.Errorf("the size %q is no number of bytes", size)
		}
	}
	o.Modified, o.Revision = moment(of(modifiedColumn)), strings.Trim(of(etagColumn), `"`)
	return o, !strings.EqualFold(of(latestColumn), "false") && !strings.EqualFold(of(deletedColumn), "true"), nil
}

// moment reads a time as S3 writes it, or OSS, which has hyphens in the hour; zero = another form, which tells nothing.
func moment(text string) time.Time {
	for _, form := range []string{time.RFC3339, "2006-01-02T15-04-05Z"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
