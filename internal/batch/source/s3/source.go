package s3

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/s3client"
)

// Options say where the objects lie.
type Options struct {
	Bucket string
	Prefix string // of the keys; "" = all
	// Region, Endpoint, PathStyle, InstanceRole and CAFile are of s3client.Options.
	Region       string
	Endpoint     string
	PathStyle    bool
	InstanceRole bool
	CAFile       string

	Stall time.Duration // how long a request may move no byte; 0 = 1 minute
	Pause time.Duration // before a call's second attempt, doubled for each further one; 0 = 250 ms
}

// Source is a source.Source and a source.Tagger.
type Source struct {
	core   minio.Core
	bucket string
	prefix string
	pause  time.Duration

	measuring sync.Mutex
	multipart *multipart // what was measured; nil = not yet
}

// Open returns the source. It calls nobody.
func Open(o Options) (*Source, error) {
	if o.Bucket == "" {
		return nil, errors.New(`the s3 source needs a bucket: s3 { bucket = "…" prefix = "archive/" }`)
	}
	if o.Stall == 0 {
		o.Stall = time.Minute
	}
	if o.Pause == 0 {
		o.Pause = 250 * time.Millisecond
	}
	client, err := s3client.Open(s3client.Options{
		For: "s3 source", Region: o.Region, Endpoint: o.Endpoint, PathStyle: o.PathStyle, InstanceRole: o.InstanceRole, CAFile: o.CAFile,
		Wrap: stalling(o.Stall),
	})
	if err != nil {
		return nil, err
	}
	return &Source{core: minio.Core{Client: client}, bucket: o.Bucket, prefix: o.Prefix, pause: o.Pause}, nil
}

// Place implements source.Source.
func (s *Source) Place() string {
	host := ""
	if h := s.core.EndpointURL().Host; h != "s3.amazonaws.com" {
		host = " at " + h
	}
	return "s3://" + s.bucket + "/" + s.prefix + host
}

// Close implements source.Source.
func (s *Source) Close() error { return nil }

// probePrefix begins the last element of a probe's key.
const probePrefix = ".kmsplan-probe-"

// List implements source.Source: in the order of the keys' bytes. Probes are left out, and the empty objects that consoles
// make for folders.
func (s *Source) List(ctx context.Context, after string, each func(source.Object) error) error {
	return s.try(ctx, "list "+s.Place(), func(ctx context.Context) error {
		return s.list(ctx, &after, each)
	})
}

// errListed is an error of who reads the list; it is not tried again.
type errListed struct{ error }

func (e errListed) Unwrap() error { return e.error }

// list goes on after *after, which it moves, so that another attempt tells of no object twice.
func (s *Source) list(ctx context.Context, after *string, each func(source.Object) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when an error ends the loop
	defer cancel()
	for o := range s.core.Client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true, StartAfter: *after}) {
		if o.Err != nil {
			return o.Err
		}
		*after = o.Key
		if strings.HasPrefix(path.Base(o.Key), probePrefix) || strings.HasSuffix(o.Key, "/") && o.Size == 0 {
			continue
		}
		if err := each(source.Object{Name: o.Key, Size: o.Size, Modified: o.LastModified, Revision: strings.Trim(o.ETag, `"`)}); err != nil {
			return errListed{err}
		}
	}
	return ctx.Err()
}

// Tags implements source.Tagger.
func (s *Source) Tags(ctx context.Context, name string) (map[string]string, error) {
	var found map[string]string
	err := s.try(ctx, s.on("read the tags of", name), func(ctx context.Context) error {
		t, err := s.core.GetObjectTagging(ctx, s.bucket, name, minio.GetObjectTaggingOptions{})
		if err == nil {
			found = t.ToMap()
		}
		return err
	})
	return found, err
}

// on says what is tried on which object.
func (s *Source) on(what, name string) string {
	return fmt.Sprintf("%s s3://%s/%s", what, s.bucket, name)
}

var _ source.Tagger = (*Source)(nil)

// Holds implements source.Holder: what is written by one call, or a part.
func (s *Source) Holds(size int64) int64 { return min(size, atOnce) }

var _ source.Holder = (*Source)(nil)
