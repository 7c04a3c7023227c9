package parts_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/parts"
)

func part(index, objects int) queue.Part {
	p := queue.Part{Chunk: batch.Chunk{Index: index, Objects: objects, Bytes: 7, Digest: "d", First: strings.Repeat("long/", 2000)}}
	for i := range objects {
		p.Entries = append(p.Entries, batch.Entry{Name: fmt.Sprintf("ü\n%d", i), Size: -1, Modified: time.Unix(5, 0).UTC(), KeyVersion: "v"})
	}
	return p
}

func TestPartsAreReadAsTheyWereWritten(t *testing.T) {
	var all []byte
	want := []queue.Part{part(0, 3), part(1, 0), part(2, 1000)}
	for _, p := range want {
		var err error
		if all, err = parts.Append(all, p); err != nil {
			t.Fatal(err)
		}
	}
	at, err := parts.Offsets(bytes.NewReader(all), int64(len(all)), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range want {
		got, err := parts.Read(bytes.NewReader(all), at[i])
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("chunk %d is read as %.200v: %v", i, got, err)
		}
	}
}

func TestAPartWithOtherEntriesThanItSaysIsNotWritten(t *testing.T) {
	p := part(0, 3)
	p.Objects = 4
	if _, err := parts.Append(nil, p); err == nil {
		t.Error("it was")
	}
}

// Every byte of a part is changed, and every length of it cut.
func TestADamagedPartIsNoticed(t *testing.T) {
	whole, err := parts.Append(nil, queue.Part{Chunk: batch.Chunk{Objects: 1}, Entries: []batch.Entry{{Name: "object"}}})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := parts.Decode(whole)
	for i := range whole {
		broken := bytes.Clone(whole)
		broken[i] ^= 0x15
		if got, err := parts.Decode(broken); err == nil && !reflect.DeepEqual(got.Entries, want.Entries) {
			t.Errorf("with byte %d changed it is read as %+v", i, got)
		}
		if got, err := parts.Decode(whole[:i]); err == nil {
			t.Errorf("cut after %d bytes it is read as %+v", i, got)
		}
		if _, err := parts.Offsets(bytes.NewReader(whole[:i]), int64(i), 1); err == nil {
			t.Errorf("a manifest that is cut after %d bytes is taken as whole", i)
		}
	}
}
