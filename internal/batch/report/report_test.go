package report

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
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
	for _, s := range []batch.Step{{Chunk: 0, Cursor: 2, Done: true}, {Chunk: 1, Cursor: 1}} {
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
s3://archive/,0-a,,succeeded,,,
s3://archive/,0-b,'=v,failed,Rejected.Disabled,403,the key is disabled
s3://archive/,1-a,,succeeded,,,
s3://archive/,1-b,'=v,pending,,,
s3://archive/,2-a,,pending,,,
s3://archive/,2-b,'=v,pending,,,
`
	if got, _ := written(t, CSV, false); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestLinesNameWhatFailedAndOnRequestEveryObject(t *testing.T) {
	few, digest := written(t, JSONLines, false)
	if lines := strings.Split(strings.TrimSpace(few), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"manifest":"00ff"`) || !strings.Contains(lines[1], `"request_id":"r1"`) {
		t.Error(few)
	}
	all, other := written(t, JSONLines, true)
	if strings.Count(all, "\n") != 7 || strings.Count(all, `"status":"pending"`) != 3 || !strings.Contains(all, `{"object":"0-a","chunk":0,"status":"succeeded"}`) {
		t.Error(all)
	}
	if again, err := Digest(t.Context(), kept{}, "batch.archive"); err != nil || again != digest || digest == other {
		t.Error(again, digest, other, err)
	}
	if _, err := Write(t.Context(), &bytes.Buffer{}, kept{}, "batch.archive", "xml", false); err == nil {
		t.Error("a report as xml")
	}
}
