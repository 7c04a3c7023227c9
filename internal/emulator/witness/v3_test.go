package witness

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/credentials-go/credentials"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// v3 is github.com/alibabacloud-go/kms-20160120/v3.
type v3 struct{ *kms.Client }

func (c v3) call(operation string, p params) (answer, error) {
	method := reflect.ValueOf(c.Client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("%w: %s", errUnsupported, operation)
	}
	in := []reflect.Value{}
	if method.Type().NumIn() == 1 {
		request := reflect.New(method.Type().In(0).Elem())
		if err := fill(request.Elem(), p, "json"); err != nil {
			return nil, err
		}
		in = append(in, request)
	}
	out := method.Call(in)
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, teaRefusal(err)
	}
	return toAnswer(out[0].Elem().FieldByName("Body").Interface())
}

// teaRefusal reads the error of every SDK that is built on tea.
func teaRefusal(err error) error {
	var e *tea.SDKError
	if !errors.As(err, &e) {
		return err
	}
	return &refusal{tea.IntValue(e.StatusCode), tea.StringValue(e.Code), tea.StringValue(e.Message)}
}

// doer lets the vendor's client use a transport of its own: its own pool mixes
// the CAs of several emulators.
type doer struct{ *http.Client }

func (d doer) Call(r *http.Request, _ *http.Transport) (*http.Response, error) { return d.Do(r) }

// trusting is an HTTP client that trusts the emulator's CA and nothing else.
func trusting(t testing.TB, r emulator.Ready) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: trust(t, r), MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func trust(t testing.TB, r emulator.Ready) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(caOf(t, r))) {
		t.Fatal("the CA file holds no certificate")
	}
	return &tls.Config{RootCAs: pool}
}

func caOf(t testing.TB, r emulator.Ready) string {
	t.Helper()
	text, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func newV3(t testing.TB, r emulator.Ready, change func(*openapi.Config)) v3 {
	t.Helper()
	endpoint := r.Public.HTTPS
	config := &openapi.Config{
		AccessKeyId: &r.AccessKeyID, AccessKeySecret: &r.AccessKeySecret, RegionId: &r.Region,
		Endpoint: &endpoint, NoProxy: &endpoint, HttpClient: doer{trusting(t, r)},
	}
	if change != nil {
		change(config)
	}
	c, err := kms.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return v3{c}
}

func TestKMSv3(t *testing.T) {
	for name, change := range map[string]func(*openapi.Config){
		"ACS3": nil,
		"ACS4": func(c *openapi.Config) { c.SignatureVersion = tea.String("v4") },
		"RPC":  func(c *openapi.Config) { c.SignatureAlgorithm = tea.String("v2") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "go-kms-v3-"+name)
			w.live(newV3(t, w.ready, change))
			w.refuse(newV3(t, w.ready, change))
			w.reset(func(o *emulator.Options) { o.Strict, o.QuotaFigures.Aliases = true, 1 })
			w.refuseStrictly(newV3(t, w.ready, change))
			w.testify()
		})
	}
}

// TestKMSv3Sessions signs with the temporary credentials of a session, held by
// the vendor's credentials library, over https and plain http.
func TestKMSv3Sessions(t *testing.T) {
	w := newWorld(t, "go-kms-v3-STS")
	for _, change := range []func(*openapi.Config){
		func(c *openapi.Config) {},
		func(c *openapi.Config) { c.SignatureVersion = tea.String("v4") },
		func(c *openapi.Config) { c.SignatureAlgorithm = tea.String("v2") },
		func(c *openapi.Config) {
			c.Protocol, c.Endpoint, c.NoProxy = tea.String("http"), &w.ready.Public.HTTP, &w.ready.Public.HTTP
		},
	} {
		session := w.session()
		credential, err := credentials.NewCredential(&credentials.Config{
			Type: tea.String("sts"), AccessKeyId: &session.AccessKeyID, AccessKeySecret: &session.Secret, SecurityToken: &session.SecurityToken,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.live(newV3(t, w.ready, func(c *openapi.Config) {
			c.AccessKeyId, c.AccessKeySecret, c.Credential = nil, nil, credential
			change(c)
		}))
		w.reset()
	}
	w.testify()
}
