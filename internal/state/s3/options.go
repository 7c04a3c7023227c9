package s3

import (
	"errors"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/state/s3client"
)

// Options say where the state lies.
type Options struct {
	Bucket   string
	Key      string // of the head; objects lie below KEY.d/
	Region   string // "" = AWS_REGION, AWS_DEFAULT_REGION, us-east-1
	Endpoint string // https://HOST[:PORT], http on this machine only; "" = AWS's in the region
	// PathStyle puts the bucket into the path; otherwise it is in the host's name where that can be.
	PathStyle bool
	// InstanceRole takes credentials from the machine that this runs on, when nothing else has any.
	InstanceRole bool
	CAFile       string // PEM, in place of the system's
}

func (o Options) check() error {
	switch {
	case o.Bucket == "" || o.Key == "":
		return errors.New(`the s3 backend needs bucket and key: backend "s3" { bucket = "…" key = "prod/kmsplan" }`)
	case strings.HasPrefix(o.Key, "/") || strings.HasSuffix(o.Key, "/") || strings.Contains(o.Key, "//"):
		return fmt.Errorf("the s3 backend's key %q begins or ends with a slash, or has two in a row", o.Key)
	}
	return nil
}

// Open returns the place of a state. It calls nobody.
func Open(o Options) (*Place, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	client, err := s3client.Open(s3client.Options{
		For: "s3 backend", Region: o.Region, Endpoint: o.Endpoint, PathStyle: o.PathStyle, InstanceRole: o.InstanceRole, CAFile: o.CAFile,
	})
	if err != nil {
		return nil, err
	}
	return &Place{client: client, bucket: o.Bucket, base: o.Key, key: o.Key}, nil
}
