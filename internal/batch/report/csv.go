package report

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"kmsplan.dev/kmsplan/internal/batch"
)

// columns are those of a completion report of S3 Batch Operations. The first two of each row are a line of a manifest, too: of
// S3 Batch Operations, and of a source's list.
var columns = []string{"Bucket", "Key", "VersionId", "TaskStatus", "ErrorCode", "HTTPStatusCode", "ResultMessage"}

// rows writes every object a row. VersionId stays empty: a manifest tells contents apart by ETags or a file's facts, and a batch
// works on the latest version.
func rows(ctx context.Context, w io.Writer, q Kept, r batch.Record) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	bucket := text(bucketOf(r.Spec.Source))
	err := every(ctx, q, r, func(o told) error {
		row := []string{bucket, urlKey(o.entry.Name), "", o.status, "", "", text(string(o.outcome))}
		if f := o.failure; f != nil {
			row[4], row[6] = text(cmp.Or(f.Code, string(f.Class))), text(f.Message)
			if f.Status != 0 {
				row[5] = strconv.Itoa(f.Status)
			}
		}
		return out.Write(row)
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// bucketOf is the bucket's name of a source that is in one, else the place as it is.
func bucketOf(place string) string {
	for _, scheme := range []string{"s3://", "oss://"} {
		if rest, ok := strings.CutPrefix(place, scheme); ok {
			bucket, _, _ := strings.Cut(rest, "/")
			return bucket
		}
	}
	return place
}

// urlKey is an object's name encoded as in a URL, as S3's own lists are: a line stays a line, whatever a name holds, and no
// spreadsheet takes it for a formula.
func urlKey(name string) string {
	key := strings.ReplaceAll(url.QueryEscape(name), "%2F", "/")
	if strings.HasPrefix(key, "-") {
		return "%2D" + key[1:]
	}
	if strings.HasPrefix(key, "+") { // a space
		return "%20" + key[1:]
	}
	return key
}

// text is a cell for people: one line, without what a terminal obeys or a spreadsheet takes for a formula.
func text(cell string) string {
	cell = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, cell)
	if begin := strings.TrimLeft(cell, " "); begin != "" && strings.ContainsAny(begin[:1], "=+-@") {
		return "'" + cell
	}
	return cell
}
