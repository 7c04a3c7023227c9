package s3client

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Options say which store is spoken to.
type Options struct {
	For      string // who needs it, for messages: "s3 backend"
	Region   string // "" = AWS_REGION, AWS_DEFAULT_REGION, us-east-1
	Endpoint string // https://HOST[:PORT], http on this machine only; "" = AWS's in the region
	// PathStyle puts the bucket into the path; otherwise it is in the host's name where that can be.
	PathStyle bool
	// InstanceRole takes credentials from the machine that this runs on, when nothing else has any.
	InstanceRole bool
	CAFile       string // PEM, in place of the system's
	// Wrap goes around each request; nil = nothing does.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Open makes a client. It calls nobody.
func Open(o Options) (*minio.Client, error) {
	host, secure, err := o.address()
	if err != nil {
		return nil, err
	}
	transport, err := remote.Transport(o.For, o.CAFile)
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	var trip http.RoundTripper = transport
	if o.Wrap != nil {
		trip = o.Wrap(trip)
	}
	client, err := minio.New(host, &minio.Options{
		Creds: o.chain(), Secure: secure, Transport: trip, BucketLookup: lookup, MaxRetries: 1, // whoever holds it tries again
		Region: cmp.Or(o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"),
	})
	if err != nil {
		return nil, fmt.Errorf("the %s: %w", o.For, err)
	}
	return client, nil
}

// address splits the endpoint; it refuses one that is not encrypted on its way.
func (o Options) address() (host string, secure bool, err error) {
	if o.Endpoint == "" {
		return "s3.amazonaws.com", true, nil
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "":
		return "", false, fmt.Errorf("the %s's endpoint %q is no URL of a host; write https://HOST", o.For, o.Endpoint)
	case u.User != nil:
		return "", false, fmt.Errorf("the %s's endpoint holds credentials; take them out and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", o.For)
	case remote.Encrypted(u):
		return u.Host, u.Scheme == "https", nil
	}
	return "", false, fmt.Errorf("the %s's endpoint %s is not encrypted on its way; use https (http is for this machine only)", o.For, o.Endpoint)
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
