package emulator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"
	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// trusting is an HTTP client that trusts the emulator's CA file and nothing
// else. Its connections end with the test.
func trusting(t testing.TB, r emulator.Ready) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("the CA file holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// call adapts an http.Client to the vendor's SDK, whose own pool mixes CAs.
type call struct{ *http.Client }

func (c call) Call(r *http.Request, _ *http.Transport) (*http.Response, error) { return c.Do(r) }

// sdk is the vendor's client on an endpoint of the emulator.
func sdk(t testing.TB, r emulator.Ready, endpoint string, change func(*openapi.Config)) *kms.Client {
	t.Helper()
	config := &openapi.Config{
		AccessKeyId: &r.AccessKeyID, AccessKeySecret: &r.AccessKeySecret, Endpoint: &endpoint, NoProxy: &endpoint,
		HttpClient: call{trusting(t, r)},
	}
	if change != nil {
		change(config)
	}
	client, err := kms.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func code(err error) string {
	var e *tea.SDKError
	if errors.As(err, &e) {
		return tea.StringValue(e.Code)
	}
	return fmt.Sprint(err)
}

// TestVendorSDKOverTLS drives the engine through the vendor's SDK in its three
// signatures, over https and http, with an AccessKey and a session.
func TestVendorSDKOverTLS(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	session, err := s.Engine().CreateSTS(engine.Session{})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*openapi.Config){
		"ACS3": nil,
		"ACS4": func(c *openapi.Config) { c.SignatureVersion = tea.String("v4") },
		"RPC":  func(c *openapi.Config) { c.SignatureAlgorithm = tea.String("v2") },
		"ACS3 STS": func(c *openapi.Config) {
			c.AccessKeyId, c.AccessKeySecret, c.SecurityToken = &session.AccessKeyID, &session.Secret, &session.SecurityToken
		},
		"ACS3 http": func(c *openapi.Config) {
			c.Protocol, c.Endpoint, c.NoProxy = tea.String("http"), &r.Public.HTTP, &r.Public.HTTP
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := sdk(t, r, r.Public.HTTPS, change)
			created, err := client.CreateKey(&kms.CreateKeyRequest{Description: tea.String("a b+c*d~/中"), DKMSInstanceId: &r.Instance.ID})
			if err != nil {
				t.Fatal(err)
			}
			id := created.Body.KeyMetadata.KeyId
			described, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: id})
			if err != nil || *described.Body.KeyMetadata.Description != "a b+c*d~/中" {
				t.Fatalf("%v %v", described, err)
			}
			context := map[string]any{"app": "orders"}
			sealed, err := client.Encrypt(&kms.EncryptRequest{KeyId: id, Plaintext: tea.String("aGVsbG8="), EncryptionContext: context})
			if err != nil {
				t.Fatal(err)
			}
			opened, err := client.Decrypt(&kms.DecryptRequest{CiphertextBlob: sealed.Body.CiphertextBlob, EncryptionContext: context})
			if err != nil || *opened.Body.Plaintext != "aGVsbG8=" {
				t.Fatalf("%v %v", opened, err)
			}
			if _, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: tea.String("nothing")}); code(err) != "Forbidden.KeyNotFound" {
				t.Fatalf("%v", err)
			}
		})
	}
}

// TestOneInstanceThreeDoors opens on one door what another sealed.
func TestOneInstanceThreeDoors(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	shared, dedicated := sdk(t, r, r.Public.HTTPS, nil), sdk(t, r, r.Instance.Endpoint, nil)
	created, err := shared.CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
	if err != nil {
		t.Fatal(err)
	}
	id := created.Body.KeyMetadata.KeyId
	sealed, err := dedicated.Encrypt(&kms.EncryptRequest{KeyId: id, Plaintext: tea.String("aGVsbG8=")})
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := shared.Decrypt(&kms.DecryptRequest{CiphertextBlob: sealed.Body.CiphertextBlob}); err != nil || *opened.Body.Plaintext != "aGVsbG8=" {
		t.Fatalf("%v %v", opened, err)
	}
	if _, err := dedicated.CreateKey(&kms.CreateKeyRequest{}); code(err) != "InvalidAction.NotFound" {
		t.Fatalf("management on the dedicated gateway: %v", err)
	}
	blob, err := base64.StdEncoding.DecodeString(*sealed.Body.CiphertextBlob)
	if err != nil {
		t.Fatal(err)
	}
	var out dkms.AdvanceDecryptResponse
	in := &dkms.AdvanceDecryptRequest{CiphertextBlob: append([]byte{0x24, 0, 2}, blob...)}
	if refusal := protobuf(t, trusting(t, r), r, "AdvanceDecrypt", in, &out); refusal != nil || string(out.Plaintext) != "aGVsbG8=" {
		t.Fatalf("%v %v", refusal, &out)
	}
}

// protobuf makes one ClientKey call.
func protobuf(t testing.TB, client *http.Client, r emulator.Ready, api string, in, out proto.Message) *dkms.Error {
	t.Helper()
	file, err := os.ReadFile(r.Instance.ClientKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := dkms.ParseClientKey(file, r.Instance.ClientKeyPassword)
	if err != nil {
		t.Fatal(err)
	}
	body, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest("POST", "https://"+r.Instance.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		dkms.HeaderContentType: dkms.ContentType, dkms.HeaderDate: time.Now().UTC().Format(http.TimeFormat), dkms.HeaderContentSHA256: dkms.HashBody(body),
		dkms.HeaderAccessKeyID: key.KeyID, dkms.HeaderAPIName: api, dkms.HeaderAPIVersion: dkms.APIVersion, dkms.HeaderSignatureMethod: dkms.SignatureMethod,
	} {
		request.Header.Set(name, value)
	}
	value, err := dkms.Sign(key.Key, "POST", request.Header)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(dkms.HeaderAuthorization, value)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 {
		refusal := new(dkms.Error)
		if err := proto.Unmarshal(answer, refusal); err != nil {
			t.Fatalf("status %d: %v", response.StatusCode, err)
		}
		return refusal
	}
	if err := proto.Unmarshal(answer, out); err != nil {
		t.Fatal(err)
	}
	return nil
}

func TestInstanceGatewayOverTLS(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client := trusting(t, r)
	var out dkms.GenerateRandomResponse
	if refusal := protobuf(t, client, r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 16}, &out); refusal != nil || len(out.Random) != 16 || out.RequestId == "" {
		t.Fatalf("%v %v", refusal, &out)
	}
	if refusal := protobuf(t, client, r, "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: "key-nothing", Plaintext: []byte("x")}, nil); refusal == nil || refusal.ErrorCode != "Forbidden.KeyNotFound" {
		t.Fatalf("%v", refusal)
	}
}

func TestReadyFileHoldsTheContract(t *testing.T) {
	s := emulatortest.New(t)
	path := filepath.Join(t.TempDir(), "ready.json")
	if err := s.WriteReadyFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"public.https", "public.http", "instance.id", "instance.endpoint", "instance.client_key_file", "instance.client_key_password",
		"ca_file", "access_key_id", "access_key_secret", "region", "account_id", "control"} {
		var v any = tree
		for part := range strings.SplitSeq(place, ".") {
			v = v.(map[string]any)[part]
		}
		if v == nil || v == "" {
			t.Errorf("%s is missing", place)
		}
	}
	for _, file := range []string{s.Ready().CAFile, s.Ready().Instance.ClientKeyFile} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

func TestDataOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	start := func() *emulator.Server {
		s, err := emulator.Start(context.Background(), emulator.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	before := s.Ready()
	created, err := sdk(t, before, before.Public.HTTPS, nil).CreateKey(&kms.CreateKeyRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ca, _ := os.ReadFile(before.CAFile)
	clientKey, _ := os.ReadFile(before.Instance.ClientKeyFile)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = start()
	defer s.Close()
	after := s.Ready()
	if after.AccessKeySecret != before.AccessKeySecret || after.Instance.ID != before.Instance.ID || after.Instance.ClientKeyPassword != before.Instance.ClientKeyPassword {
		t.Fatal("credentials changed")
	}
	again, _ := os.ReadFile(after.CAFile)
	key, _ := os.ReadFile(after.Instance.ClientKeyFile)
	if !bytes.Equal(ca, again) || !bytes.Equal(clientKey, key) {
		t.Fatal("the CA or the ClientKey changed")
	}
	if _, err := sdk(t, after, after.Public.HTTPS, nil).DescribeKey(&kms.DescribeKeyRequest{KeyId: created.Body.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".pem" {
			return err
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v %v", path, info.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecondProcessIsToldWhoHoldsTheData(t *testing.T) {
	dir := t.TempDir()
	emulatortest.New(t, func(o *emulator.Options) { o.Memory, o.Dir = false, dir })
	_, err := emulator.Start(context.Background(), emulator.Options{Dir: dir, LockTimeout: 50 * time.Millisecond})
	var locked *store.LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Fatalf("%v", err)
	}
}

func TestMemoryModeLeavesNothingBehind(t *testing.T) {
	s, err := emulator.Start(context.Background(), emulator.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.Ready().CAFile)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v %v", info, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is still there", dir)
	}
}

func TestEndOfContextCloses(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := emulator.Start(ctx, emulator.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	address := s.Ready().Public.HTTP
	cancel()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Fatal("it still listens")
	}
}
