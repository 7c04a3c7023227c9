package report

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/inventory"
)

// kept is a batch of three chunks of two objects: one is done, with a failure, one is begun, and nobody had the last.
type kept struct{}

func (kept) Record(context.Context, string) (batch.Record, error) {
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	return batch.Record{
		Spec:   batch.Spec{Address: "batch.archive", Action: batch.Rewrap, Source: "s3://archive/", Manifest: "00ff", Operator: "ops@here", Objects: 6, Chunks: 3, Planned: at},
		Status: batch.Paused, Created: at, Started: at, Tally: batch.Tally{Objects: 3, Failed: 1},
	}, nil
}

func (kept) Failures(_ context.Context, _ string, each func(batch.Failure) error) error {
	return each(batch.Failure{Chunk: 0, Object: "0-b", Class: batch.ClassKey, Code: "Rejected.Disabled", Status: 403, RequestID: "r1", Attempts: 1, Message: "the key\nis disabled"})
}

func (kept) Steps(_ context.Context, _ string, each func(batch.Step) error) error {
	for _, s := range []batch.Step{{Chunk: 0, Cursor: 2, Done: true, Tally: batch.Tally{Outcomes: "wf"}}, {Chunk: 1, Cursor: 1, Tally: batch.Tally{Outcomes: "n"}}} {
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

func (kept) Entries(_ context.Context, _ string, chunk int) ([]batch.Entry, error) {
	return []batch.Entry{{Name: fmt.Sprintf("%d-a", chunk)}, {Name: fmt.Sprintf("%d-b", chunk), Revision: "=v"}}, nil
}

func written(t *testing.T, format string, objects bool) (text, digest string) {
	t.Helper()
	var out bytes.Buffer
	digest, err := Write(t.Context(), &out, kept{}, "batch.archive", format, objects)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), digest
}

func TestRowsHaveTheColumnsOfS3Batch(t *testing.T) {
	want := `Bucket,Key,VersionId,TaskStatus,ErrorCode,HTTPStatusCode,ResultMessage
archive,0-a,,succeeded,,,written
archive,0-b,,failed,Rejected.Disabled,403,the key is disabled
archive,1-a,,succeeded,,,newer
archive,1-b,,pending,,,
archive,2-a,,pending,,,
archive,2-b,,pending,,,
`
	if got, _ := written(t, CSV, false); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestTheBucketIsItsNameAlone(t *testing.T) {
	for place, want := range map[string]string{
		"s3://archive/orders/ at minio.example.com": "archive", "s3://archive/": "archive", "oss://archive/orders/": "archive",
		"file:///srv/archive": "file:///srv/archive", "postgres://db/shop, public.orders.body": "postgres://db/shop, public.orders.body",
	} {
		if got := bucketOf(place); got != want {
			t.Errorf("%s is in %q, want %q", place, got, want)
		}
	}
}

// Keys are those of S3's lists: our own reader of them finds each name again, whatever is in it.
func TestNamesSurviveTheirRow(t *testing.T) {
	for _, name := range []string{
		"orders/2024/7.enc", "=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", " leading", "two\nlines\r\n", "quote\"comma,", "50%", "a+b c", "日本", `caf\xe9.enc`, "\t=x", "\x1b[31m",
	} {
		key := urlKey(name)
		if strings.ContainsAny(key, "\n\r\t\x1b,\"'") || strings.ContainsAny(key[:1], "=+-@") {
			t.Errorf("%q is %q", name, key)
		}
		var got []string
		_, err := inventory.Batch(t.Context(), "report.csv", strings.NewReader("archive,"+key+"\n"), inventory.Options{Bucket: "archive", Dir: t.TempDir()}, func(o source.Object) error {
			got = append(got, o.Name)
			return nil
		})
		if err != nil || len(got) != 1 || got[0] != name {
			t.Errorf("%q is written %q and read %q: %v", name, key, got, err)
		}
	}
	for cell, want := range map[string]string{
		"": "", "the key is\ndisabled": "the key is disabled", "=cmd()": "'=cmd()", "\t-1": "' -1", "@x": "'@x", "\x1b[2Jgone": " [2Jgone", "x=1": "x=1", "a\u202eb": "a b",
	} {
		if got := text(cell); got != want {
			t.Errorf("%q is the cell %q, want %q", cell, got, want)
		}
	}
}

func TestLinesNameWhatFailedAndOnRequestEveryObject(t *testing.T) {
	few, digest := written(t, JSONLines, false)
	if lines := strings.Split(strings.TrimSpace(few), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"manifest":"00ff"`) || !strings.Contains(lines[1], `"request_id":"r1"`) || !strings.Contains(lines[1], `"http_status":403`) || !strings.Contains(lines[1], `"status":"failed"`) {
		t.Error(few)
	}
	all, other := written(t, JSONLines, true)
	if strings.Count(all, "\n") != 7 || strings.Count(all, `"status":"pending"`) != 3 || !strings.Contains(all, `{"object":"0-a","chunk":0,"status":"succeeded","outcome":"written"}`) {
		t.Error(all)
	}
	if again, err := Digest(t.Context(), kept{}, "batch.archive"); err != nil || again != digest || digest == other {
		t.Error(again, digest, other, err)
	}
	if _, err := Write(t.Context(), &bytes.Buffer{}, kept{}, "batch.archive", "xml", false); err == nil {
		t.Error("a report as xml")
	}
}
