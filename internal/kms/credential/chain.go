package credential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/aliyun/credentials-go/credentials/providers"
	"github.com/hashicorp/go-multierror"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Config says which sources a credential chain may use.
type Config struct {
	Profile     string // of the CLI's configuration; "" = its current one
	ProfileFile string // "" = $ALIBABA_CLOUD_CONFIG_FILE or ~/.aliyun/config.json
	// AllowECS asks the machine's metadata service for its role, over the
	// network; only machines of Alibaba Cloud have one.
	AllowECS bool
	// AllowExternal lets a CLI profile of mode External run its command.
	AllowExternal bool
}

// Chain looks for credentials in the order of Alibaba Cloud's tools:
// environment (AccessKey or STS), OIDC (RRSA), the CLI's profile, the shared
// credentials file, and the machine's role and a credentials URI where allowed.
// The first source that delivers is kept; when it fails later, the next call
// goes through the whole chain again.
func Chain(config Config) kms.Credentials {
	return &chain{sources: config.sources()}
}

// source is one provider of the chain. build is called on each search, since
// providers read the environment and files when they are built. A source that nobody set up is passed over
// without a word.
type source struct {
	name  string
	setUp func() bool
	build func() (providers.CredentialsProvider, error)
}

type chain struct {
	sources []source
	mu      sync.Mutex
	kept    providers.CredentialsProvider
}

// Credential asks the kept source, or searches. The vendor's providers know no
// context, so a call that is given up goes on in the background until its own
// timeout.
func (c *chain) Credential(ctx context.Context) (kms.Credential, error) {
	type result struct {
		credential kms.Credential
		err        error
	}
	done := make(chan result, 1)
	go func() {
		credential, err := c.get()
		done <- result{credential, err}
	}()
	select {
	case r := <-done:
		return r.credential, r.err
	case <-ctx.Done():
		return kms.Credential{}, fmt.Errorf("waiting for credentials: %w", ctx.Err())
	}
}

func (c *chain) get() (kms.Credential, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil {
		credential, err := ask(c.kept)
		if err == nil {
			return credential, nil
		}
		c.kept = nil
	}
	return c.search()
}

func (c *chain) search() (kms.Credential, error) {
	var all *multierror.Error
	for _, s := range c.sources {
		if !s.setUp() {
			continue
		}
		provider, err := s.build()
		if err == nil {
			var credential kms.Credential
			if credential, err = ask(provider); err == nil {
				c.kept = provider
				return credential, nil
			}
		}
		all = multierror.Append(all, fmt.Errorf("%s: %s", s.name, kms.Scrub(err.Error())))
	}
	if all == nil {
		return kms.Credential{}, errors.New("none are set up; " + waysToCredentials)
	}
	all.ErrorFormat = chainErrors
	return kms.Credential{}, all
}

const waysToCredentials = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, run `aliyun configure`, or give the workload a role (RRSA)"

func chainErrors(errs []error) string {
	text := "none that are set up can be used"
	for _, err := range errs {
		text += "; " + err.Error()
	}
	return text + "; mend that, or " + waysToCredentials
}

func ask(provider providers.CredentialsProvider) (kms.Credential, error) {
	got, err := provider.GetCredentials()
	if err != nil {
		return kms.Credential{}, errors.New(kms.Scrub(err.Error()))
	}
	if got == nil || got.AccessKeyId == "" || got.AccessKeySecret == "" {
		return kms.Credential{}, errors.New("it delivered no AccessKey")
	}
	name := got.ProviderName
	if name == "" {
		name = provider.GetProviderName()
	}
	return kms.Credential{AccessKeyID: got.AccessKeyId, AccessKeySecret: kms.NewSecret(got.AccessKeySecret),
		SecurityToken: kms.NewSecret(got.SecurityToken), Provider: name}, nil
}

func (config Config) sources() []source {
	sources := []source{
		{"environment", anySet("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"), environmentProvider},
		{"OIDC role", anySet("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), func() (providers.CredentialsProvider, error) {
			return providers.NewOIDCCredentialsProviderBuilder().Build()
		}},
		{"CLI profile", config.hasProfile, config.cliProvider},
		{"credentials file", hasCredentialsFile, func() (providers.CredentialsProvider, error) {
			return providers.NewProfileCredentialsProviderBuilder().Build()
		}},
		{"credentials URI", anySet("ALIBABA_CLOUD_CREDENTIALS_URI"), func() (providers.CredentialsProvider, error) {
			return providers.NewURLCredentialsProviderBuilder().Build()
		}},
	}
	if config.AllowECS {
		always := func() bool { return true }
		sources = slices.Insert(sources, len(sources)-1, source{"ECS role", always, func() (providers.CredentialsProvider, error) {
			return providers.NewECSRAMRoleCredentialsProviderBuilder().Build()
		}})
	}
	return sources
}

func anySet(names ...string) func() bool {
	return func() bool {
		return slices.ContainsFunc(names, func(name string) bool { return os.Getenv(name) != "" })
	}
}

// environmentProvider says itself what is missing.
func environmentProvider() (providers.CredentialsProvider, error) {
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} {
		if os.Getenv(name) == "" {
			return nil, errors.New(name + " is not set")
		}
	}
	return providers.NewEnvironmentVariableCredentialsProviderBuilder().Build()
}

// hasProfile: somebody named a profile or its file, or there is the file.
func (config Config) hasProfile() bool {
	file, err := config.profileFile()
	return config.Profile != "" || config.ProfileFile != "" || os.Getenv("ALIBABA_CLOUD_CONFIG_FILE") != "" ||
		os.Getenv("ALIBABA_CLOUD_PROFILE") != "" || err == nil && exists(file)
}

func hasCredentialsFile() bool {
	if os.Getenv("ALIBABA_CLOUD_CREDENTIALS_FILE") != "" {
		return true
	}
	home, err := os.UserHomeDir()
	return err == nil && exists(filepath.Join(home, ".alibabacloud", "credentials"))
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
