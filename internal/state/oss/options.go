package oss

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/state/oss/connect"
)

// Options say where the state lies.
type Options struct {
	Bucket   string
	Key      string // of the first log; everything else lies below KEY.d/
	Region   string // of the bucket, such as cn-hangzhou; "" = OSS_REGION, ALIBABA_CLOUD_REGION_ID
	Endpoint string // https://HOST[:PORT], http on this machine only; "" = the region's public one
	// PathStyle puts the bucket into the path; otherwise it is in the host's name, unless the host is an address.
	PathStyle bool
	CAFile    string // PEM, in place of the system's
	// Credentials are asked when OSS_ACCESS_KEY_ID is not set; nil = the environment's ALIBABA_CLOUD_….
	Credentials func(context.Context) (Credential, error) `json:"-"`
	// LogLimit is the length, in bytes, at which a log is followed by a new one; 0 = 64 MiB. OSS's own limit is 5 GB.
	LogLimit int64
}

// Credential is an AccessKey, or one of an STS session with its token.
type Credential = connect.Credential

const logLimitDefault = 64 << 20

func (o Options) check() error {
	switch {
	case o.Bucket == "" || o.Key == "":
		return errors.New(`the oss backend needs bucket and key: backend "oss" { bucket = "…" key = "prod/kmsplan" }`)
	case strings.HasPrefix(o.Key, "/") || strings.HasPrefix(o.Key, `\`) || strings.HasSuffix(o.Key, "/") || strings.Contains(o.Key, "//"):
		return fmt.Errorf("the oss backend's key %q begins or ends with a slash, or has two in a row", o.Key)
	case len(o.Key) > 800:
		return fmt.Errorf("the oss backend's key is longer than 800 bytes")
	case strings.ContainsRune(o.Key, '@'):
		return fmt.Errorf("the oss backend's key %q holds an @, which revisions need; choose another", o.Key)
	}
	return nil
}

// Open returns the place of a state. It calls nobody.
func Open(o Options) (*Place, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	client, host, err := connect.Options{
		For: "the oss backend", Bucket: o.Bucket, Region: o.Region, Endpoint: o.Endpoint, PathStyle: o.PathStyle, CAFile: o.CAFile, Credentials: o.Credentials,
	}.Client()
	if err != nil {
		return nil, err
	}
	return &Place{client: client, host: host, bucket: o.Bucket, base: o.Key, key: o.Key, limit: cmp.Or(o.LogLimit, logLimitDefault)}, nil
}
