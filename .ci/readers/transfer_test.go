package readers

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/kms"
	dkmsopenapi "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/openapi"
	dkms "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/sdk"
	transfer "github.com/aliyun/alibabacloud-dkms-transfer-go-sdk/sdk"
)

// readyFile is what `kmsplan emulator serve` writes.
type readyFile struct {
	Public   struct{ HTTPS string }
	Instance struct {
		ID, Endpoint string
		ClientKey    string `json:"client_key_file"`
		Password     string `json:"client_key_password"`
	}
	CAFile string `json:"ca_file"`
	ID     string `json:"access_key_id"`
	Secret string `json:"access_key_secret"`
	Region string
}

// served runs an emulator for the test.
func served(t *testing.T, dir string) (r readyFile) {
	t.Helper()
	serve := exec.Command(kmsplan, "emulator", "serve", "-memory", "-ready-file", "ready.json")
	serve.Dir = dir
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = serve.Process.Signal(os.Interrupt); _ = serve.Wait() })
	for range 600 {
		text, err := os.ReadFile(filepath.Join(dir, "ready.json"))
		if err == nil && json.Unmarshal(text, &r) == nil {
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the emulator did not begin to serve")
	return r
}

// TestWhatTheVendorsClientsWroteMoves has kmsplan transfer move what the vendor's clients wrote, under a shared key and, with a
// context's digest in hexadecimal, under a key of the instance, and reads it by the vendor's transfer client.
func TestWhatTheVendorsClientsWroteMoves(t *testing.T) {
	dir := t.TempDir()
	r := served(t, dir)
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := func() *sdk.Config {
		return sdk.NewConfig().WithHttpTransport(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}).WithScheme("HTTPS").WithAutoRetry(false)
	}
	ca, protocol := string(pem), "https"
	instance := &dkmsopenapi.Config{Protocol: &protocol, Endpoint: &r.Instance.Endpoint, Ca: &ca, ClientKeyFile: &r.Instance.ClientKey, Password: &r.Instance.Password, NoProxy: &r.Instance.Endpoint}
	shared, err := kms.NewClientWithOptions(r.Region, config(), credentials.NewAccessKeyCredential(r.ID, r.Secret))
	must(t, err)
	moved, err := transfer.NewClientWithOptions(r.Region, config(), credentials.NewAccessKeyCredential(r.ID, r.Secret), instance)
	must(t, err)
	moved.SetVerify(ca)
	gcs, err := dkms.NewClient(instance)
	must(t, err)

	key := func(instance string) string {
		q := kms.CreateCreateKeyRequest()
		q.Scheme, q.Domain, q.DKMSInstanceId = "https", r.Public.HTTPS, instance
		a, err := shared.CreateKey(q)
		must(t, err)
		return a.KeyMetadata.KeyId
	}
	old, hexed, to := key(""), key(r.Instance.ID), key(r.Instance.ID)
	const secret, bound = "aGVsbG8=", `{"app":"orders","env":"prod"}`
	encrypt := func(by interface {
		Encrypt(*kms.EncryptRequest) (*kms.EncryptResponse, error)
	}, key, bound string) string {
		q := kms.CreateEncryptRequest()
		q.Scheme, q.Domain, q.KeyId, q.Plaintext, q.EncryptionContext = "https", r.Public.HTTPS, key, secret, bound
		a, err := by.Encrypt(q)
		must(t, err)
		return a.CiphertextBlob
	}
	// The clients for Python and PHP bind the digest's text, and seal OpenAPI's text as it is.
	digest := sha256.Sum256([]byte("app=orders&env=prod"))
	python, err := gcs.AdvanceEncrypt(&dkms.AdvanceEncryptRequest{KeyId: &hexed, Plaintext: []byte(secret), Aad: []byte(hex.EncodeToString(digest[:]))})
	must(t, err)
	write := func(name, content string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)) }
	write("main.kms.hcl", "gateway \"g\" {\n  emulator {\n    ready_file = \"ready.json\"\n  }\n}\n")
	write("plain.json", fmt.Sprintf(`{"plain": %q}`, encrypt(shared, old, "")))
	pythons, _ := json.Marshal(python.CiphertextBlob)
	write("bound.csv", "id,blob\n1,"+encrypt(shared, old, bound)+"\n2,"+encrypt(moved, hexed, bound)+"\n3,"+strings.Trim(string(pythons), `"`)+"\n")
	write("manifest.csv", "path,column,context\nplain.json,,\nbound.csv,blob,\"app=orders,env=prod\"\n")
	transferred(t, dir, "run", `"moved": 4`, to, old, hexed)
	transferred(t, dir, "verify", `"good": 4`, to, old, hexed)

	table, _ := os.ReadFile(filepath.Join(dir, "bound.csv"))
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	if len(rows) != 3 || strings.Contains(string(table), strings.Trim(string(pythons), `"`)) {
		t.Fatalf("%s", table)
	}
	for _, row := range rows {
		q := kms.CreateDecryptRequest()
		q.Scheme, q.Domain, q.EncryptionContext = "https", r.Public.HTTPS, bound
		_, q.CiphertextBlob, _ = strings.Cut(row, ",")
		q.CiphertextBlob = strings.TrimPrefix(q.CiphertextBlob, "JAAC") // the mark of the instance's own form
		a, err := moved.Decrypt(q)
		if err != nil || a.Plaintext != secret {
			t.Errorf("%s: %v %v", row, a, err)
		}
	}
}

func transferred(t *testing.T, dir, what, say, to string, from ...string) {
	t.Helper()
	args := []string{"transfer", what, "-key", to, "-manifest", "manifest.csv", "-json"}
	for _, key := range from {
		args = append(args, "-from", key)
	}
	cmd := exec.Command(kmsplan, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), say) {
		t.Fatalf("transfer %s: %v\n%s", what, err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
