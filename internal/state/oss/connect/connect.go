package connect

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Options say how to reach a bucket.
type Options struct {
	For      string // who connects, as messages name it: "the oss backend"
	Bucket   string
	Region   string // of the bucket, such as cn-hangzhou; "" = OSS_REGION, ALIBABA_CLOUD_REGION_ID
	Endpoint string // https://HOST[:PORT], http on this machine only; "" = the region's public one
	// PathStyle puts the bucket into the path; otherwise it is in the host's name, unless the host is an address.
	PathStyle bool
	CAFile    string // PEM, in place of the system's
	// Credentials are asked when OSS_ACCESS_KEY_ID is not set; nil = the environment's ALIBABA_CLOUD_….
	Credentials func(context.Context) (Credential, error) `json:"-"`
}

// Credential is an AccessKey, or one of an STS session with its token.
type Credential struct{ AccessKeyID, AccessKeySecret, SecurityToken string }

var (
	bucketName = pattern.New(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	regionName = pattern.New(`^[a-z0-9-]+$`)
)

// Client makes a client that repeats no call by itself, and says which host it speaks with. It calls nobody.
func (o Options) Client() (client *sdk.Client, host string, err error) {
	o.Region = cmp.Or(o.Region, os.Getenv("OSS_REGION"), os.Getenv("ALIBABA_CLOUD_REGION_ID"))
	switch {
	case !bucketName.MatchString(o.Bucket):
		return nil, "", fmt.Errorf("%s's bucket %q is not the name of one: 3 to 63 of a-z, 0-9 and -, no - at the ends", o.For, o.Bucket)
	case o.Region == "":
		return nil, "", fmt.Errorf("%s needs the bucket's region, which signatures name: write region, or set OSS_REGION", o.For)
	case !regionName.MatchString(o.Region):
		return nil, "", fmt.Errorf("%s's region %q is not one such as cn-hangzhou", o.For, o.Region)
	}
	u, err := o.address()
	if err != nil {
		return nil, "", err
	}
	over, err := remote.Client(strings.TrimPrefix(o.For, "the "), o.CAFile)
	if err != nil {
		return nil, "", err
	}
	config := sdk.NewConfig().WithRegion(o.Region).WithEndpoint(u.Scheme + "://" + u.Host).WithUsePathStyle(o.PathStyle).WithHttpClient(over).
		WithSignatureVersion(sdk.SignatureVersionV4).WithCredentialsProvider(credentials.CredentialsProviderFunc(o.credentials)).
		WithRetryer(retry.NopRetryer{}) // a write is not to be repeated by whom does not look at what became of it
	return sdk.NewClient(config), u.Host, nil
}

// address is the endpoint's URL; one that is not encrypted on its way is refused.
func (o Options) address() (*url.URL, error) {
	if o.Endpoint == "" {
		return &url.URL{Scheme: "https", Host: "oss-" + o.Region + ".aliyuncs.com"}, nil
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, fmt.Errorf("%s's endpoint is no URL of a host; write https://HOST", o.For)
	case u.User != nil:
		return nil, fmt.Errorf("%s's endpoint holds credentials; take them out and set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET", o.For)
	case remote.Encrypted(u):
		return u, nil
	}
	return nil, fmt.Errorf("%s's endpoint %s is not encrypted on its way; use https (http is for this machine only)", o.For, o.Endpoint)
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
