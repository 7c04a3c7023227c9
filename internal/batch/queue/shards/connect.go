package shards

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/state/oss"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/s3"
)

// Options are what a ledger's address does not say.
type Options struct {
	CAFile string // PEM, in place of the system's, of a store
	Retry  remote.Retrying
	Look   time.Duration // how often a worker looks whether its batch is paused; 0 = 3 s
	// InstanceRole takes credentials of S3 from the machine that this runs on, when nothing else has any.
	InstanceRole bool
}

// Open opens the ledger at an address: a directory, s3://BUCKET/PREFIX or oss://BUCKET/PREFIX. Of a store,
// ?region=R&endpoint=https://HOST&path_style=true say where it is; without, the environment does (AWS_REGION,
// AWS_ENDPOINT_URL_S3, OSS_REGION, OSS_ENDPOINT). Credentials come from where the state's stores have them, never from the
// address. Nobody is called.
func Open(address string, shard Shard, o Options) (*Queue, error) {
	scheme, _, ok := strings.Cut(address, "://")
	if !ok {
		return openFolder(address, shard, o)
	}
	at, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "file":
		return openFolder(at.u.Path, shard, o)
	case "s3":
		p, err := s3.Open(s3.Options{Bucket: at.u.Host, Key: at.key(), Region: at.region, Endpoint: orEnv(at.endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
			PathStyle: at.pathStyle, CAFile: o.CAFile, InstanceRole: o.InstanceRole})
		return at.queue(p, err, shard, o)
	case "oss":
		p, err := oss.Open(oss.Options{Bucket: at.u.Host, Key: at.key(), Region: at.region, Endpoint: orEnv(at.endpoint, "OSS_ENDPOINT"),
			PathStyle: at.pathStyle, CAFile: o.CAFile})
		return at.queue(p, err, shard, o)
	}
	return nil, fmt.Errorf("the ledger %s://…: write a directory, s3://BUCKET/PREFIX or oss://BUCKET/PREFIX", scheme)
}

func orEnv(value string, names ...string) string {
	for _, name := range names {
		if value == "" {
			value = os.Getenv(name)
		}
	}
	return value
}

func openFolder(path string, shard Shard, o Options) (*Queue, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return New(path, func(name string) remote.Place {
		if name == "" {
			return folder{filepath.Join(path, headRoom)}
		}
		return folder{filepath.Join(path, headRoom+"@"+name)}
	}, shard, o)
}

// headRoom is the last part of the key of the batches.
const headRoom = "batches"

// address is that of a ledger in a store.
type address struct {
	u                *url.URL
	region, endpoint string
	pathStyle        bool
}

func parseAddress(text string) (a address, err error) {
	if a.u, err = url.Parse(text); err != nil {
		return a, fmt.Errorf("the ledger's address is no URL; write s3://BUCKET/PREFIX or oss://BUCKET/PREFIX")
	}
	if a.u.User != nil || a.u.Fragment != "" {
		return a, fmt.Errorf("the ledger's address %s://%s… holds credentials or a fragment; credentials belong into the environment", a.u.Scheme, a.u.Host)
	}
	for name, values := range a.u.Query() {
		switch name {
		case "region":
			a.region = values[0]
		case "endpoint":
			a.endpoint = values[0]
		case "path_style":
			if a.pathStyle, err = strconv.ParseBool(values[0]); err != nil {
				return a, fmt.Errorf("the ledger's address %s: path_style is true or false", a.name())
			}
		default:
			return a, fmt.Errorf("the ledger's address %s knows region, endpoint and path_style, not %q", a.name(), name)
		}
	}
	return a, nil
}

// name is the address for people.
func (a address) name() string { return a.u.Scheme + "://" + a.u.Host + a.u.Path }

func (a address) key() string {
	return strings.TrimPrefix(strings.TrimSuffix(a.u.Path, "/")+"/"+headRoom, "/")
}

// queue is that of a store's place, whose shards are beside it.
func (a address) queue(p remote.House, err error, shard Shard, o Options) (*Queue, error) {
	if err != nil {
		return nil, fmt.Errorf("the ledger %s: %w", a.name(), err)
	}
	return New(a.name(), func(name string) remote.Place { return p.In(name) }, shard, o)
}
