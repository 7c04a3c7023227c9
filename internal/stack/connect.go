package stack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/credential"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/version"
)

func (g *Gateways) connect(ctx context.Context, b *hcl.Gateway) (*gateway, error) {
	if b.Emulator != nil {
		return g.connectEmulator(ctx, b)
	}
	out := &gateway{block: b, region: b.Region}
	credentials := credential.Chain(credential.Config{})
	if b.Public != nil {
		if err := g.connectPublic(out, b, credential.Chain(credential.Config{Profile: b.Public.Profile})); err != nil {
			return nil, err
		}
	}
	if b.Instance != nil {
		out.instanceID = b.Instance.ID
		if err := g.connectInstance(out, b, credentials); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *Gateways) connectPublic(out *gateway, b *hcl.Gateway, credentials kms.Credentials) error {
	connection, err := g.connection(out, b.Public.Connection, "public.ca")
	if err != nil {
		return err
	}
	retry := g.retry()
	if b.Instance == nil { // key operations are its, too
		retry = g.paced(b.Name)
	}
	out.public, err = public.New(public.Config{
		Connection: connection, Region: b.Region, Retry: retry,
		Credentials: credentials, Logger: g.options.Logger, UserAgent: userAgent(),
		Quota: transport.QuotaConfig{Fraction: g.Config.Settings.QuotaShare, Turns: sharing(
			b.Region, b.Public.Endpoint, b.Public.Profile, os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), os.Getenv("ALIBABA_CLOUD_ROLE_ARN"))},
	})
	out.crypt = out.public
	return err
}

// connectInstance chooses the protocol: ClientKey where one is named, RAM credentials otherwise.
func (g *Gateways) connectInstance(out *gateway, b *hcl.Gateway, credentials kms.Credentials) error {
	connection, err := g.connection(out, b.Instance.Connection, "instance.ca")
	if err != nil {
		return err
	}
	if b.Instance.ClientKey == nil {
		dedicated, err := public.NewDedicated(public.DedicatedConfig{
			Connection: connection, InstanceID: b.Instance.ID, Region: b.Region, Retry: g.paced(b.Name), Credentials: credentials, Logger: g.options.Logger, UserAgent: userAgent(),
		})
		if err != nil {
			return err
		}
		out.crypt, out.instance = dedicated, dedicated
		return nil
	}
	password, err := passwordOf(b.Instance.ClientKey)
	if err != nil {
		return err
	}
	return g.connectClientKey(out, connection, b.Instance.ID, g.path(b.Instance.ClientKey.File), password)
}

func (g *Gateways) connectClientKey(out *gateway, connection transport.Connection, instanceID, file string, password kms.Secret) error {
	key, notes, err := clientkey.Load(clientkey.Source{File: file, Password: password}, g.options.Now())
	if err != nil {
		return err
	}
	client, err := clientkey.New(clientkey.Config{
		Connection: connection, InstanceID: instanceID, Key: key, Retry: g.paced(out.block.Name), Logger: g.options.Logger, UserAgent: userAgent(),
	})
	if err != nil {
		return err
	}
	out.crypt, out.instance, out.notes = client, client, append(out.notes, notes...)
	return nil
}

// passwordOf takes the ClientKey's password out of its marks; it goes nowhere but into a Secret.
func passwordOf(k *hcl.ClientKey) (kms.Secret, error) {
	v, _ := k.Password.Unmark()
	if !v.IsKnown() || v.IsNull() {
		return kms.Secret{}, errors.New("client_key.password has no value; pass the variable behind it, for example through the environment as KMSPLAN_VAR_…")
	}
	return kms.NewSecret(v.AsString()), nil
}

// connection is how a gateway is reached; caName is the argument that may hold the CA itself.
func (g *Gateways) connection(out *gateway, c hcl.Connection, caName string) (transport.Connection, error) {
	made := transport.Connection{Endpoint: c.Endpoint, Timeout: c.Timeout, Aliases: &out.aliases, MaxConns: g.options.Connections}
	var err error
	switch {
	case c.CAFile != "":
		made.CA, err = transport.ReadCA(g.path(c.CAFile), g.options.Now())
	case c.CA != "":
		made.CA, err = transport.ParseCA([]byte(c.CA), caName, g.options.Now())
	}
	if err != nil {
		return made, err
	}
	switch c.Proxy {
	case "":
	case kind.NoProxy:
		made.Proxy = transport.NoProxy
	default:
		proxy, err := url.Parse(c.Proxy)
		if err != nil {
			return made, errors.New("the proxy is no URL")
		}
		made.Proxy = http.ProxyURL(proxy)
	}
	return made, nil
}

// path resolves a path of the configuration against the module.
func (g *Gateways) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(g.Config.Dir, p)
}

// retry is how often a call is tried.
func (g *Gateways) retry() transport.RetryConfig {
	if g.options.Once {
		return transport.RetryConfig{MaxAttempts: 1}
	}
	return transport.RetryConfig{}
}

// longestTurn is how long a call that waits for its turns among others may take, all tries together.
const longestTurn = 10 * time.Minute

// paced is retry for the calls of key operations, which may have turns of their own.
func (g *Gateways) paced(name string) transport.RetryConfig {
	r := g.retry()
	if g.options.Pace == nil {
		return r
	}
	if r.Pace = g.options.Pace(name); r.Pace != nil {
		r.MaxElapsed = longestTurn
	}
	return r
}

func userAgent() string { return "kmsplan/" + version.Number }
