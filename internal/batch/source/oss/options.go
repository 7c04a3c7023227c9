package oss

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/oss/connect"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Options say which objects of which bucket.
type Options struct {
	Bucket   string
	Prefix   string // of the objects' keys; "" = all
	Region   string // of the bucket, such as cn-hangzhou; "" = OSS_REGION, ALIBABA_CLOUD_REGION_ID
	Endpoint string // https://HOST[:PORT], http on this machine only; "" = the region's public one
	// PathStyle puts the bucket into the path; otherwise it is in the host's name, unless the host is an address.
	PathStyle bool
	CAFile    string // PEM, in place of the system's
	// Credentials are asked when OSS_ACCESS_KEY_ID is not set; nil = the environment's ALIBABA_CLOUD_….
	Credentials func(context.Context) (connect.Credential, error) `json:"-"`
	// Part is the size of a part of an upload, bytes, which is in memory whole; 0 = 8 MiB, at least 1 MiB. What is smaller
	// than a part is one call.
	Part int64
	// Retrying is how long a call is tried again; zero = 6 attempts, of two minutes at most each.
	Retrying remote.Retrying
}

const (
	partDefault = 8 << 20
	partLeast   = 1 << 20
	// partMost parts are what an upload has at most (OSS: UploadPart, 1 to 10,000).
	partMost = 10_000
	// copyMost is the most that one UploadPartCopy copies (OSS: 5 GB), with room.
	copyMost = 1 << 30
	// copyLeast is from how many kept bytes on the service copies them: four calls in place of one.
	copyLeast = 1 << 20
	// pieceLeast is the least that a part has that is not the last (OSS: 100 KB).
	pieceLeast = 100 << 10
)

// Source is a source.Source in a bucket.
type Source struct {
	client    *sdk.Client
	bucket    string
	prefix    string
	part      int64
	retry     remote.Retrying
	versioned atomic.Bool // the bucket was seen to keep versions
}

// Open returns the source. It calls nobody.
func Open(o Options) (*Source, error) {
	client, _, err := connect.Options{
		For: "the oss source", Bucket: o.Bucket, Region: o.Region, Endpoint: o.Endpoint, PathStyle: o.PathStyle, CAFile: o.CAFile, Credentials: o.Credentials,
	}.Client()
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(o.Prefix, "/") || strings.HasPrefix(o.Prefix, `\`):
		return nil, fmt.Errorf("the oss source's prefix %q begins with a slash, which no object's key does", o.Prefix)
	case o.Part != 0 && o.Part < partLeast:
		return nil, fmt.Errorf("the oss source's parts of %d bytes are smaller than 1 MiB", o.Part)
	}
	s := &Source{client: client, bucket: o.Bucket, prefix: o.Prefix, part: o.Part, retry: o.Retrying}
	if s.part == 0 {
		s.part = partDefault
	}
	if s.retry.Each == 0 {
		s.retry.Each = 2 * time.Minute
	}
	return s, nil
}

// Place implements source.Source.
func (s *Source) Place() string { return "oss://" + s.bucket + "/" + s.prefix }

// Close implements source.Source.
func (s *Source) Close() error { return nil }

// Holds implements source.Holder: what is written by one call, or a part.
func (s *Source) Holds(size int64) int64 { return min(size, s.part) }

var (
	_ source.Holder = (*Source)(nil)
	_ source.Source = (*Source)(nil)
	_ source.Tagger = (*Source)(nil)
)
