package s3

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/state/remote"
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

// address splits the endpoint; it refuses one that is not encrypted on its way.
func (o Options) address() (host string, secure bool, err error) {
	if o.Endpoint == "" {
		return "s3.amazonaws.com", true, nil
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "":
		return "", false, fmt.Errorf("the s3 backend's endpoint %q is no URL of a host; write https://HOST", o.Endpoint)
	case u.User != nil:
		return "", false, errors.New("the s3 backend's endpoint holds credentials; take them out and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	case remote.Encrypted(u):
		return u.Host, u.Scheme == "https", nil
	}
	return "", false, fmt.Errorf("the s3 backend's endpoint %s is not encrypted on its way; use https (http is for this machine only)", o.Endpoint)
}

// chain is where credentials come from: the environment, the shared file's profile, and the machine where that is asked
// for.
func (o Options) chain() *credentials.Credentials {
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if o.InstanceRole {
		providers = append(providers, &credentials.IAM{})
	}
	return credentials.NewChainCredentials(providers)
}

// Open returns the place of a state. It calls nobody.
func Open(o Options) (*Place, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	host, secure, err := o.address()
	if err != nil {
		return nil, err
	}
	transport, err := remote.Transport("s3", o.CAFile)
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(host, &minio.Options{
		Creds: o.chain(), Secure: secure, Transport: transport, BucketLookup: lookup, MaxRetries: 1, // package remote tries again
		Region: cmp.Or(o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"),
	})
	if err != nil {
		return nil, fmt.Errorf("the s3 backend: %w", err)
	}
	return &Place{client: client, bucket: o.Bucket, base: o.Key, key: o.Key}, nil
}
