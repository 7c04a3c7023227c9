package oss

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"kmsplan.dev/kmsplan/internal/state/remote"
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
type Credential struct{ AccessKeyID, AccessKeySecret, SecurityToken string }

const logLimitDefault = 64 << 20

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]+$`)
)

func (o Options) check() error {
	switch {
	case o.Bucket == "" || o.Key == "":
		return errors.New(`the oss backend needs bucket and key: backend "oss" { bucket = "…" key = "prod/kmsplan" }`)
	case !bucketName.MatchString(o.Bucket):
		return fmt.Errorf("the oss backend's bucket %q is not the name of one: 3 to 63 of a-z, 0-9 and -, no - at the ends", o.Bucket)
	case strings.HasPrefix(o.Key, "/") || strings.HasPrefix(o.Key, `\`) || strings.HasSuffix(o.Key, "/") || strings.Contains(o.Key, "//"):
		return fmt.Errorf("the oss backend's key %q begins or ends with a slash, or has two in a row", o.Key)
	case len(o.Key) > 800:
		return fmt.Errorf("the oss backend's key is longer than 800 bytes")
	case strings.ContainsRune(o.Key, '@'):
		return fmt.Errorf("the oss backend's key %q holds an @, which revisions need; choose another", o.Key)
	case o.Region == "":
		return errors.New("the oss backend needs the bucket's region, which signatures name: write region, or set OSS_REGION")
	case !regionName.MatchString(o.Region):
		return fmt.Errorf("the oss backend's region %q is not one such as cn-hangzhou", o.Region)
	}
	return nil
}

// address is the endpoint's URL; one that is not encrypted on its way is refused.
func (o Options) address() (*url.URL, error) {
	if o.Endpoint == "" {
		return &url.URL{Scheme: "https", Host: "oss-" + o.Region + ".aliyuncs.com"}, nil
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, errors.New("the oss backend's endpoint is no URL of a host; write https://HOST")
	case u.User != nil:
		return nil, errors.New("the oss backend's endpoint holds credentials; take them out and set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET")
	case remote.Encrypted(u):
		return u, nil
	}
	return nil, fmt.Errorf("the oss backend's endpoint %s is not encrypted on its way; use https (http is for this machine only)", o.Endpoint)
}

// Open returns the place of a state. It calls nobody.
func Open(o Options) (*Place, error) {
	o.Region = cmp.Or(o.Region, os.Getenv("OSS_REGION"), os.Getenv("ALIBABA_CLOUD_REGION_ID"))
	if err := o.check(); err != nil {
		return nil, err
	}
	u, err := o.address()
	if err != nil {
		return nil, err
	}
	client, err := remote.Client("oss backend", o.CAFile)
	if err != nil {
		return nil, err
	}
	config := sdk.NewConfig().WithRegion(o.Region).WithEndpoint(u.Scheme + "://" + u.Host).WithUsePathStyle(o.PathStyle).WithHttpClient(client).
		WithSignatureVersion(sdk.SignatureVersionV4).WithCredentialsProvider(credentials.CredentialsProviderFunc(o.credentials)).
		WithRetryer(retry.NopRetryer{}) // an append is not to be repeated by whom does not look; package remote tries again
	return &Place{client: sdk.NewClient(config), host: u.Host, bucket: o.Bucket, base: o.Key, key: o.Key, limit: cmp.Or(o.LogLimit, logLimitDefault)}, nil
}

// credentials are looked for with each call, so that a session may be renewed.
func (o Options) credentials(ctx context.Context) (credentials.Credentials, error) {
	c := Credential{os.Getenv("OSS_ACCESS_KEY_ID"), os.Getenv("OSS_ACCESS_KEY_SECRET"), os.Getenv("OSS_SESSION_TOKEN")}
	switch {
	case c.AccessKeyID != "" || c.AccessKeySecret != "":
	case o.Credentials != nil:
		var err error
		if c, err = o.Credentials(ctx); err != nil {
			return credentials.Credentials{}, err
		}
	default:
		c = Credential{os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), os.Getenv("ALIBABA_CLOUD_SECURITY_TOKEN")}
	}
	if c.AccessKeyID == "" || c.AccessKeySecret == "" {
		return credentials.Credentials{}, fmt.Errorf("there are no credentials for OSS; set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET (and OSS_SESSION_TOKEN), or the ALIBABA_CLOUD_… variables: %w", remote.ErrRefused)
	}
	return credentials.Credentials{AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken}, nil
}
