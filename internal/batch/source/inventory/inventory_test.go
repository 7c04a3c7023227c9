package inventory

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// packed is an inventory of one file, and what opens it.
func packed(rows, schema, format string) (manifest string, open func(context.Context, string) (io.ReadCloser, error)) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(rows))
	z.Close()
	sum := md5.Sum(b.Bytes())
	manifest = fmt.Sprintf(`{"sourceBucket":"b","destinationBucket":"arn:aws:s3:::inv","version":"2016-11-30","creationTimestamp":"1514944800000",
		"fileFormat":%q,"fileSchema":%q,"files":[{"key":"inv/data/1.csv.gz","size":%d,"MD5checksum":%q}]}`, format, schema, b.Len(), hex.EncodeToString(sum[:]))
	return manifest, func(_ context.Context, key string) (io.ReadCloser, error) {
		if key != "inv/data/1.csv.gz" {
			return nil, os.ErrNotExist
		}
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}
}

func collect(into *[]source.Object) Each {
	return func(o source.Object) error { *into = append(*into, o); return nil }
}

func TestAnInventoryOfS3(t *testing.T) {
	m, open := packed(strings.Join([]string{
		`"b","z+1%2B2","v1","true","false","10","2026-01-02T03:04:05.000Z","e1"`,
		`"b","a%C3%BC","v2","true","false","","2026-01-02T03:04:05.000Z","e2-3"`,
		`"b","a%C3%BC","v1","false","false","5","2025-01-02T03:04:05.000Z","e0"`,
		`"b","gone","v1","true","true","","2025-01-02T03:04:05.000Z",""`,
	}, "\n"), "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag", "CSV")
	var got []source.Object
	report, err := Manifest(t.Context(), "m.json", strings.NewReader(m), open, Options{Bucket: "b"}, collect(&got))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := []source.Object{{Name: "aü", Size: -1, Modified: at, Revision: "e2-3"}, {Name: "z 1+2", Size: 10, Modified: at, Revision: "e1"}}
	if err != nil || !slices.Equal(got, want) || report.Objects != 2 || report.Versions != 2 {
		t.Errorf("%+v, %+v, %v", got, report, err)
	}
}

func TestAnInventoryOfOSS(t *testing.T) {
	m, open := packed(`"b","dir%2Fa","7","Standard","2026-01-02T03-04-05Z","ABC","false","NONE"`+"\n",
		"Bucket, Key, Size, StorageClass, LastModifiedDate, ETag, IsMultipartUploaded, EncryptionStatus", "CSV")
	var got []source.Object
	_, err := Manifest(t.Context(), "m.json", strings.NewReader(m), open, Options{Bucket: "b"}, collect(&got))
	if err != nil || len(got) != 1 || got[0] != (source.Object{Name: "dir/a", Size: 7, Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Revision: "ABC"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestListsThatAreRefused(t *testing.T) {
	for want, tt := range map[string]struct{ rows, schema, format, bucket string }{
		`format "ORC"`:                       {`"b","a"`, "Bucket, Key", "ORC", "b"},
		`format "Parquet"`:                   {`"b","a"`, "Bucket, Key", "Parquet", "b"},
		`is of the bucket "b", and`:          {`"b","a"`, "Bucket, Key", "CSV", "c"},
		`1.csv.gz:2: the entry is of the bu`: {"\"b\",\"a\"\n\"c\",\"a\"", "Bucket, Key", "CSV", "b"},
		`1.csv.gz:1: it has 1 columns`:       {`"b"`, "Bucket, Key", "CSV", "b"},
		`1.csv.gz:1: it is no line of CSV`:   {`"b","a`, "Bucket, Key", "CSV", "b"},
		`has no key`:                         {`"b","a"`, "Bucket, Size", "CSV", "b"},
		`names key twice`:                    {`"b","a","c"`, "Bucket, Key, Key", "CSV", "b"},
		`not encoded as in a URL`:            {`"b","%zz"`, "Bucket, Key", "CSV", "b"},
		`the key is empty`:                   {`"b",""`, "Bucket, Key", "CSV", "b"},
		`is no number of bytes`:              {`"b","a","-1"`, "Bucket, Key, Size", "CSV", "b"},
		`more than 65536 bytes`:              {`"b","` + strings.Repeat("a", longestLine) + `"`, "Bucket, Key", "CSV", "b"},
	} {
		m, open := packed(tt.rows, tt.schema, tt.format)
		_, err := Manifest(t.Context(), "m.json", strings.NewReader(m), open, Options{Bucket: tt.bucket}, collect(new([]source.Object)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "m.json") {
			t.Errorf("%s: %v", want, err)
		}
	}
	m, open := packed(`"b","a"`, "Bucket, Key", "CSV")
	if _, err := Manifest(t.Context(), "m.json", strings.NewReader(m[:strings.Index(m, "MD5checksum")]+`MD5checksum":"00"}]}`), open, Options{Bucket: "b"}, collect(new([]source.Object))); err == nil || !strings.Contains(err.Error(), "fetch it again") {
		t.Error(err)
	}
}

// What is cut off, is not what was packed, or is made to fill a disk is refused, with what to do.
func TestFilesThatAreNotWhole(t *testing.T) {
	pack := func(rows io.Reader) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.Copy(z, rows)
		z.Close()
		return b.Bytes()
	}
	rows := pack(strings.NewReader(strings.Repeat("\"b\",\"a\"\n", 1000)))
	flipped := slices.Clone(rows)
	flipped[len(flipped)-8] ^= 1 // of the checksum
	const m = `{"sourceBucket":"b","fileFormat":"CSV","fileSchema":"Bucket, Key","creationTimestamp":%q,"files":[{"key":"1.csv.gz"}%s]}`
	for name, tt := range map[string]struct {
		data       []byte
		more, says string
	}{
		"cut off": {rows[:len(rows)/2], "", "fetch it again"}, "cut off at its head": {rows[:5], "", "fetch it again"}, "flipped": {flipped, "", "fetch it again"},
		"a bomb":       {pack(io.LimitReader(lines{}, 200<<20)), "", "more than 250 times its size"},
		"a file twice": {rows, `,{"key":"1.csv.gz"}`, "twice"}, "a file of no name": {rows, `,{"key":""}`, "without a name"},
	} {
		open := func(context.Context, string) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(tt.data)), nil
		}
		_, err := Manifest(t.Context(), "m.json", strings.NewReader(fmt.Sprintf(m, "", tt.more)), open, Options{Bucket: "b", Dir: t.TempDir()}, collect(new([]source.Object)))
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "m.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	open := func(context.Context, string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(rows)), nil }
	for text, want := range map[string]int64{"1514944800000": 1514944800, "1642994594": 1642994594, "soon": 0, "": 0} {
		r, err := Manifest(t.Context(), "m.json", strings.NewReader(fmt.Sprintf(m, text, "")), open, Options{Bucket: "b"}, collect(new([]source.Object)))
		if err != nil || r.Made.IsZero() != (want == 0) || want != 0 && r.Made.Unix() != want {
			t.Errorf("%q: %v, %v", text, r.Made, err)
		}
	}
}

// lines are empty ones, without end.
type lines struct{}

func (lines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

func TestBatchManifestsAndPlainLists(t *testing.T) {
	type read func(context.Context, string, io.Reader, Options, Each) (Report, error)
	for text, tt := range map[string]struct {
		read read
		want string
	}{
		"b,k%2F2,v1\nb,k+1\n\nb,k%2F2,v2\n": {Batch, `["k 1" "k/2"] 1`},
		"z\r\na b\n\nz\nä%20\n":             {Names, `["a b" "z" "ä%20"] 1`},
		"z\na\x00b\x00":                     {Names, `["b" "z\na"] 0`},
		"\xff\n":                            {Names, `["\xff"] 0`},
		"":                                  {Names, `[] 0`},
	} {
		var got []string
		r, err := tt.read(t.Context(), "l", strings.NewReader(text), Options{Bucket: "b"}, func(o source.Object) error { got = append(got, o.Name); return nil })
		if s := fmt.Sprintf("%q %d", got, r.Duplicates); err != nil || s != tt.want {
			t.Errorf("%q: %s, %v", text, s, err)
		}
	}
}

// A list is sorted in runs that are merged, and merged again; of one name the newest is told.
func TestALongListIsSortedOnDisk(t *testing.T) {
	dir := t.TempDir()
	const n = 20_000
	var text strings.Builder
	for _, i := range rand.Perm(n) {
		fmt.Fprintf(&text, "\"b\",\"%s\",\"%d\"\n", url.QueryEscape(fmt.Sprintf("dir/%06d", i%(n-100))), i)
	}
	m, open := packed(text.String(), "Bucket, Key, Size", "CSV")
	var last string
	objects := 0
	r, err := Manifest(t.Context(), "m.json", strings.NewReader(m), open, Options{Bucket: "b", Dir: dir, Memory: 120 * 128}, func(o source.Object) error {
		if objects == 0 {
			private(t, dir)
		}
		if cmp.Compare(o.Name, last) <= 0 {
			t.Fatalf("%q after %q", o.Name, last)
		}
		last = o.Name
		objects++
		return nil
	})
	if err != nil || objects != n-100 || r.Objects != n-100 || r.Duplicates != 100 || len(r.Twice) != mostNamed {
		t.Errorf("%d objects, %+v, %v", objects, r, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	stop := errors.New("stop")
	if _, err := Names(t.Context(), "l", strings.NewReader("a\nb"), Options{}, func(source.Object) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// private holds that nobody else may read what is sorted, and that few files are open.
func private(t *testing.T, dir string) {
	t.Helper()
	ours, err := os.ReadDir(dir)
	if err != nil || len(ours) != 1 {
		t.Fatalf("%v, %v", ours, err)
	}
	info, err := ours[0].Info()
	if err != nil || info.Mode().Perm() != 0o700 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	runs, err := os.ReadDir(dir + "/" + ours[0].Name())
	if err != nil || len(runs) == 0 || len(runs) > 2*fanIn {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	for _, run := range runs {
		if info, err := run.Info(); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s: %v, %v", run.Name(), info.Mode(), err)
		}
	}
}

// FuzzLists: whatever a list holds, its names ascend, or it is refused; it is told the same whether it is sorted in memory or on
// disk.
func FuzzLists(f *testing.F) {
	for kind, text := range []string{"b,k%2F2,v1\nb,k+1\n", "z\na\nz\n", "z\x00a\x00", `"b","a","1","2026-01-02T03:04:05Z","x"` + "\n", "\x1f\x8b\x08\x00"} {
		f.Add(byte(kind), []byte(text))
	}
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		read := func(memory int) (out []source.Object, r Report, err error) {
			o, in := Options{Bucket: "b", Memory: memory}, bytes.NewReader(text)
			switch kind % 4 {
			case 0:
				r, err = Batch(t.Context(), "l", in, o, collect(&out))
			case 1:
				r, err = Names(t.Context(), "l", in, o, collect(&out))
			case 2:
				m := `{"sourceBucket":"b","fileFormat":"CSV","fileSchema":"Bucket, Key, Size, LastModifiedDate, ETag","files":[{"key":"f"}]}`
				open := func(context.Context, string) (io.ReadCloser, error) { return io.NopCloser(in), nil }
				r, err = Manifest(t.Context(), "l", strings.NewReader(m), open, o, collect(&out))
			default:
				open := func(context.Context, string) (io.ReadCloser, error) { return nil, io.EOF }
				r, err = Manifest(t.Context(), "l", in, open, o, collect(&out))
			}
			return out, r, err
		}
		got, r, err := read(0)
		again, rAgain, errAgain := read(200)
		if !slices.Equal(got, again) || r.Duplicates != rAgain.Duplicates || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("in memory %v %+v %v, on disk %v %+v %v", got, r, err, again, rAgain, errAgain)
		}
		for i := range got {
			if got[i].Name == "" || i > 0 && got[i-1].Name >= got[i].Name {
				t.Fatalf("%q stands at %d of %v", got[i].Name, i, got)
			}
		}
	})
}

// names are n of them, in no order.
type names struct {
	left int
	rest []byte
}

func (l *names) Read(p []byte) (int, error) {
	if len(l.rest) == 0 && l.left == 0 {
		return 0, io.EOF
	}
	if len(l.rest) == 0 {
		l.left--
		l.rest = fmt.Appendf(nil, "archive/%08x/object\n", uint32(l.left)*2654435761)
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func TestMemoryDoesNotGrowWithTheList(t *testing.T) {
	for _, n := range []int{1000, 300_000} {
		objects, most := 0, uint64(0)
		_, err := Names(t.Context(), "l", &names{left: n}, Options{Dir: t.TempDir()}, func(source.Object) error {
			if objects++; objects%20_000 == 1 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
			return nil
		})
		if err != nil || objects != n || most > 24<<20 {
			t.Errorf("%d of %d objects, %d bytes of heap, %v", objects, n, most, err)
		}
		t.Logf("%d objects, %d KiB of heap", n, most>>10)
	}
}
