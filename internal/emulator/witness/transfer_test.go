package witness

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	transfer "github.com/aliyun/alibabacloud-dkms-transfer-go-sdk/sdk"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// moved is github.com/aliyun/alibabacloud-dkms-transfer-go-sdk: the first
// generation's interface, with ten operations sent to the instance gateway.
type moved struct {
	*transfer.KmsTransferClient
	host string
}

func (c moved) call(operation string, p params) (answer, error) {
	method := reflect.ValueOf(c.KmsTransferClient).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("%w: %s", errUnsupported, operation)
	}
	request := reflect.New(method.Type().In(0).Elem())
	rpc := &requests.RpcRequest{}
	request.Elem().FieldByName("RpcRequest").Set(reflect.ValueOf(rpc))
	rpc.InitWithApiInfo("Kms", "2016-01-20", operation, "kms", "openAPI")
	rpc.Method, rpc.Scheme, rpc.Domain = requests.POST, "HTTPS", c.host
	if err := fill(request.Elem(), legacy(p), "name"); err != nil {
		return nil, err
	}
	out := method.Call([]reflect.Value{request})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, firstGeneration(err)
	}
	return toAnswer(out[0].Interface())
}

func newTransfer(t testing.TB, r emulator.Ready) moved {
	t.Helper()
	config := sdk.NewConfig().WithHttpTransport(trusting(t, r).Transport.(*http.Transport)).WithScheme("HTTPS").WithAutoRetry(false)
	c, err := transfer.NewClientWithOptions(r.Region, config, credentials.NewAccessKeyCredential(r.AccessKeyID, r.AccessKeySecret), gcsConfig(t, r))
	if err != nil {
		t.Fatal(err)
	}
	c.SetVerify(caOf(t, r))
	return moved{c, r.Public.HTTPS}
}

func TestTransferSDK(t *testing.T) {
	w := newWorld(t, "go-dkms-transfer")
	c := newTransfer(t, w.ready)
	w.liveEncryption(c)
	w.liveAsymmetric(c)
	w.liveSecrets(c)
	w.interchange(c)
	w.envelope(c)
	w.refused(c, "404 Forbidden.KeyNotFound", "Encrypt", params{"KeyId": "key-nothing", "Plaintext": "aGVsbG8="})
	w.testify()
}

// interchange opens on either gateway what was sealed on the other, context
// included.
func (w *world) interchange(c client) {
	w.Helper()
	id, context := w.key(w.helper, nil), map[string]any{"this": "is", "encryption": "context"}
	sealed := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8=", "EncryptionContext": context}).text("CiphertextBlob")
	w.equal(w.must(w.helper, "Decrypt", params{"CiphertextBlob": sealed, "EncryptionContext": context}), "Plaintext", "aGVsbG8=")
	public := w.must(w.helper, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8=", "EncryptionContext": context})
	w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": public.text("CiphertextBlob"), "EncryptionContext": context}), "Plaintext", "aGVsbG8=")
	for from, to := range map[client]client{c: w.helper, w.helper: c} {
		key := w.must(from, "GenerateDataKey", params{"KeyId": id, "NumberOfBytes": 32, "EncryptionContext": context})
		w.equal(w.must(to, "Decrypt", params{"CiphertextBlob": key.text("CiphertextBlob"), "EncryptionContext": context}), "Plaintext", key.text("Plaintext"))
	}
}

// envelope is the vendor's sample: a data key seals locally, and is fetched
// again to open.
func (w *world) envelope(c client) {
	w.Helper()
	id, nonce := w.key(w.helper, nil), make([]byte, 12)
	made := w.must(c, "GenerateDataKey", params{"KeyId": id, "NumberOfBytes": 32})
	seal := func(encoded string) cipher.AEAD {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			w.Fatal(err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			w.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			w.Fatal(err)
		}
		return gcm
	}
	sealed := seal(made.text("Plaintext")).Seal(nil, nonce, []byte("file"), nil)
	again := w.must(c, "Decrypt", params{"CiphertextBlob": made.text("CiphertextBlob")}).text("Plaintext")
	plaintext, err := seal(again).Open(nil, nonce, sealed, nil)
	if err != nil || string(plaintext) != "file" {
		w.Errorf("%q %v", plaintext, err)
	}
}

// TestDedicatedGateway uses the ordinary SDK on an instance's host, with RAM
// credentials and the instance's CA in the SDK's own field.
func TestDedicatedGateway(t *testing.T) {
	w := newWorld(t, "go-kms-v3-dedicated")
	ca := w.must(w.helper, "GetKmsInstance", params{"KmsInstanceId": w.ready.Instance.ID}).text("KmsInstance.CaCertificateChainPem")
	r := w.ready
	c, err := kms.NewClient(&openapi.Config{
		AccessKeyId: &r.AccessKeyID, AccessKeySecret: &r.AccessKeySecret, Endpoint: &r.Instance.Endpoint, NoProxy: &r.Instance.Endpoint, Ca: &ca,
	})
	if err != nil {
		t.Fatal(err)
	}
	own := v3{c}
	w.dedicated(own)
	for _, operation := range []string{"CreateKey", "ListKeys", "DescribeKey", "ReEncrypt"} {
		w.refused(own, "404 InvalidAction.NotFound", operation, params{})
	}
	w.testify()
}

// dedicated is the part of a life that the dedicated gateway serves; the rest of
// it falls to the helper.
func (w *world) dedicated(c v3) {
	w.Helper()
	only := onDedicated{c, map[string]bool{
		"Encrypt": true, "Decrypt": true, "GenerateDataKey": true, "GenerateDataKeyWithoutPlaintext": true, "ExportDataKey": true, "GenerateAndExportDataKey": true,
		"AsymmetricEncrypt": true, "AsymmetricDecrypt": true, "AsymmetricSign": true, "AsymmetricVerify": true, "GetPublicKey": true, "GetSecretValue": true,
	}}
	w.liveEncryption(only)
	w.liveExport(only)
	w.liveAsymmetric(only)
	w.liveSecrets(only)
}

// onDedicated sends what the dedicated gateway does not serve elsewhere, as its
// users do.
type onDedicated struct {
	v3
	served map[string]bool
}

func (c onDedicated) call(operation string, p params) (answer, error) {
	if !c.served[operation] {
		return nil, fmt.Errorf("%w: %s", errUnsupported, operation)
	}
	return c.v3.call(operation, p)
}
