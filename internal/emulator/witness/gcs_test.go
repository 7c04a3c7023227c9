package witness

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"reflect"
	"testing"

	"github.com/alibabacloud-go/tea/tea"
	dkmsopenapi "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/openapi"
	dkmsutil "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/openapi-util"
	dkms "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/sdk"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// migration is the header that carries a key version to and fro.
const migration = "x-kms-migrationkeyversionid"

// gcs is github.com/aliyun/alibabacloud-dkms-gcs-go-sdk: the vendor's SDK of the
// instance gateway. The parameter "version" travels in the migration header.
type gcs struct{ *dkms.Client }

func (c gcs) call(operation string, p params) (answer, error) {
	method := reflect.ValueOf(c.Client).MethodByName(operation + "WithOptions")
	if !method.IsValid() {
		return nil, fmt.Errorf("%w: %s", errUnsupported, operation)
	}
	request := reflect.New(method.Type().In(0).Elem())
	fields := params{}
	for name, v := range p {
		if name == "version" {
			request.Elem().FieldByName("Headers").Set(reflect.ValueOf(map[string]*string{migration: tea.String(v.(string))}))
			continue
		}
		fields[name] = v
	}
	if err := fill(request.Elem(), fields, "json"); err != nil {
		return nil, err
	}
	runtime := &dkmsutil.RuntimeOptions{Autoretry: tea.Bool(false), Headers: []*string{tea.String(migration)}}
	out := method.Call([]reflect.Value{request, reflect.ValueOf(runtime)})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, teaRefusal(err)
	}
	a, err := toAnswer(out[0].Interface())
	if headers, ok := out[0].Elem().FieldByName("Headers").Interface().(map[string]*string); ok && err == nil {
		a["version"] = tea.StringValue(headers[migration])
	}
	return a, err
}

func gcsConfig(t testing.TB, r emulator.Ready) *dkmsopenapi.Config {
	t.Helper()
	return &dkmsopenapi.Config{
		Protocol: tea.String("https"), Endpoint: &r.Instance.Endpoint, Ca: tea.String(caOf(t, r)),
		ClientKeyFile: &r.Instance.ClientKeyFile, Password: &r.Instance.ClientKeyPassword, NoProxy: &r.Instance.Endpoint,
	}
}

func newGCS(t testing.TB, r emulator.Ready) gcs {
	t.Helper()
	c, err := dkms.NewClient(gcsConfig(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return gcs{c}
}

// TestInstanceSDK drives the fifteen operations of the instance gateway with
// results that are used again.
func TestInstanceSDK(t *testing.T) {
	w := newWorld(t, "go-dkms-gcs")
	c := newGCS(t, w.ready)
	for _, chapter := range []func(client){
		w.instanceEncryption, w.instanceRotation, w.instanceDataKeys, w.instanceKeyPairs, w.instanceSignatures, w.instanceSecret, w.instanceRefusals,
	} {
		chapter(c)
	}
	w.reset(func(o *emulator.Options) { o.Strict = true })
	w.elsewhere()
	w.testify()
}

func (w *world) alike(what string, got, want []byte) {
	w.Helper()
	if len(want) == 0 || !bytes.Equal(got, want) {
		w.Errorf("%s is %x, want %x", what, got, want)
	}
}

func (w *world) instanceEncryption(c client) {
	w.Helper()
	id, plaintext, aad := w.key(w.helper, nil), []byte("hello\x00\xff"), []byte("aad")
	alias := "alias/" + w.name("instance")
	w.must(w.helper, "CreateAlias", params{"AliasName": alias, "KeyId": id})
	sealed := w.must(c, "Encrypt", params{"KeyId": alias, "Plaintext": plaintext, "Aad": aad})
	w.equal(sealed, "KeyId", id)
	w.equal(sealed, "Algorithm", "AES_GCM")
	opened := w.must(c, "Decrypt", params{
		"KeyId": id, "CiphertextBlob": sealed.bytes("CiphertextBlob"), "Iv": sealed.bytes("Iv"), "Algorithm": "AES_GCM", "Aad": aad,
	})
	w.alike("the plaintext", opened.bytes("Plaintext"), plaintext)
	// What Encrypt made opens with AdvanceDecrypt, given what Decrypt is given.
	opened = w.must(c, "AdvanceDecrypt", params{
		"KeyId": id, "CiphertextBlob": sealed.bytes("CiphertextBlob"), "Iv": sealed.bytes("Iv"), "Algorithm": "AES_GCM", "Aad": aad,
	})
	w.alike("the plaintext", opened.bytes("Plaintext"), plaintext)
	advanced := w.must(c, "AdvanceEncrypt", params{"KeyId": id, "Plaintext": plaintext, "Aad": aad})
	w.alike("the plaintext", w.must(c, "AdvanceDecrypt", params{"CiphertextBlob": advanced.bytes("CiphertextBlob"), "Aad": aad}).bytes("Plaintext"), plaintext)

	rsaKey := w.key(w.helper, params{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT/DECRYPT"})
	sealed = w.must(c, "Encrypt", params{"KeyId": rsaKey, "Plaintext": plaintext, "Algorithm": "RSAES_OAEP_SHA_256"})
	opened = w.must(c, "Decrypt", params{"KeyId": rsaKey, "CiphertextBlob": sealed.bytes("CiphertextBlob"), "Algorithm": "RSAES_OAEP_SHA_256"})
	w.alike("the plaintext", opened.bytes("Plaintext"), plaintext)
}

// instanceRotation shows that Encrypt stays with the first version, that
// AdvanceEncrypt follows the primary one, and that the header names either.
func (w *world) instanceRotation(c client) {
	w.Helper()
	id, plaintext := w.key(w.helper, nil), []byte("hello")
	first := w.must(w.helper, "DescribeKey", params{"KeyId": id}).text("KeyMetadata.PrimaryKeyVersion")
	second := w.must(w.helper, "CreateKeyVersion", params{"KeyId": id}).text("KeyVersion.KeyVersionId")
	sealed := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": plaintext})
	w.equal(sealed, "version", first)
	w.equal(w.must(c, "AdvanceEncrypt", params{"KeyId": id, "Plaintext": plaintext}), "KeyVersionId", second)
	opened := w.must(c, "Decrypt", params{"version": first, "CiphertextBlob": sealed.bytes("CiphertextBlob"), "Iv": sealed.bytes("Iv"), "Algorithm": "AES_GCM"})
	w.alike("the plaintext", opened.bytes("Plaintext"), plaintext)
	w.equal(opened, "KeyId", id)
}

func (w *world) instanceDataKeys(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	made := w.must(c, "GenerateDataKey", params{"KeyId": id, "NumberOfBytes": 32, "Aad": []byte("a")})
	opened := w.must(c, "Decrypt", params{"KeyId": id, "CiphertextBlob": made.bytes("CiphertextBlob"), "Iv": made.bytes("Iv"), "Algorithm": made.text("Algorithm"), "Aad": []byte("a")})
	w.alike("the data key", opened.bytes("Plaintext"), made.bytes("Plaintext"))
	made = w.must(c, "AdvanceGenerateDataKey", params{"KeyId": id, "NumberOfBytes": 16})
	w.alike("the data key", w.must(c, "AdvanceDecrypt", params{"CiphertextBlob": made.bytes("CiphertextBlob")}).bytes("Plaintext"), made.bytes("Plaintext"))
	if random := w.must(c, "GenerateRandom", params{"Length": 40}).bytes("Random"); len(random) != 40 {
		w.Errorf("40 random bytes are %d", len(random))
	}
}

func (w *world) instanceKeyPairs(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	ask := params{"KeyId": id, "KeyPairSpec": "RSA_2048", "KeyFormat": "DER"}
	for _, operation := range []string{"GenerateDataKeyPair", "AdvanceGenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "AdvanceGenerateDataKeyPairWithoutPlaintext"} {
		made := w.must(c, operation, ask)
		open := params{"CiphertextBlob": made.bytes("PrivateKeyCiphertextBlob")}
		decrypt := "AdvanceDecrypt"
		if operation[0] == 'G' {
			decrypt = "Decrypt"
			open["KeyId"], open["Iv"], open["Algorithm"] = id, made.bytes("Iv"), made.text("Algorithm")
		}
		private := w.must(c, decrypt, open).bytes("Plaintext")
		parsed, err := x509.ParsePKCS8PrivateKey(private)
		if err != nil {
			w.Fatalf("%s: %v", operation, err)
		}
		public, err := x509.ParsePKIXPublicKey(made.bytes("PublicKey"))
		if err != nil || !parsed.(*rsa.PrivateKey).PublicKey.Equal(public) {
			w.Errorf("%s: the halves do not belong together: %v", operation, err)
		}
		if shown := made.bytes("PrivateKeyPlaintext"); len(shown) > 0 {
			w.alike("the private key", shown, private)
		}
	}
}

func (w *world) instanceSignatures(c client) {
	w.Helper()
	for _, spec := range []struct{ spec, algorithm string }{{"RSA_2048", "RSA_PSS_SHA_256"}, {"RSA_2048", "RSA_PKCS1_SHA_256"}, {"EC_P256", "ECDSA_SHA_256"}, {"EC_P256K", "ECDSA_SHA_256"}} {
		id := w.key(w.helper, params{"KeySpec": spec.spec, "KeyUsage": "SIGN/VERIFY"})
		message, digest := []byte("message"), sha256.Sum256([]byte("message"))
		signed := w.must(c, "Sign", params{"KeyId": id, "Message": message, "Algorithm": spec.algorithm, "MessageType": "RAW"})
		verify := params{"KeyId": id, "Message": digest[:], "MessageType": "DIGEST", "Algorithm": spec.algorithm, "Signature": signed.bytes("Signature")}
		w.equal(w.must(c, "Verify", verify), "Value", true)
		verify["Message"] = bytes.Repeat([]byte{1}, 32)
		w.equal(w.must(c, "Verify", verify), "Value", false)
		block, _ := pem.Decode([]byte(w.must(c, "GetPublicKey", params{"KeyId": id}).text("PublicKey")))
		if block == nil || block.Type != "PUBLIC KEY" {
			w.Errorf("%s: the public key is not PEM", spec.spec)
		}
	}
}

func (w *world) instanceSecret(c client) {
	w.Helper()
	key, name := w.key(w.helper, nil), w.name("instance/secret")
	w.must(w.helper, "CreateSecret", params{"SecretName": name, "SecretData": "value", "VersionId": "v1", "DKMSInstanceId": w.ready.Instance.ID, "EncryptionKeyId": key})
	got := w.must(c, "GetSecretValue", params{"SecretName": name, "FetchExtendedConfig": true})
	w.equal(got, "SecretData", "value")
	w.equal(got, "VersionStages.0", "ACSCurrent")
}

// instanceRefusals are the documented refusals that this SDK can meet.
func (w *world) instanceRefusals(c client) {
	w.Helper()
	w.refused(c, "404 Forbidden.KeyNotFound", "Encrypt", params{"KeyId": "key-nothing", "Plaintext": []byte("x")})
	w.refused(c, "400 MissingParameter", "Encrypt", params{"Plaintext": []byte("x")})
	aes, rsaKey := w.key(w.helper, nil), w.key(w.helper, params{"KeySpec": "RSA_2048"})
	w.refused(c, "400 InvalidParameter", "Encrypt", params{"KeyId": aes, "Plaintext": []byte("x"), "Algorithm": "ROT_13"})
	w.refused(c, "400 UnsupportedOperation", "AdvanceEncrypt", params{"KeyId": rsaKey, "Plaintext": []byte("x")})
	w.refused(c, "400 UnsupportedOperation", "Sign", params{"KeyId": aes, "Message": []byte("x"), "Algorithm": "RSA_PSS_SHA_256"})
	sealed := w.must(c, "AdvanceEncrypt", params{"KeyId": aes, "Plaintext": []byte("x")}).bytes("CiphertextBlob")
	sealed[len(sealed)-1] ^= 1
	w.refused(c, "400 InvalidParameter", "AdvanceDecrypt", params{"CiphertextBlob": sealed})
	w.refused(c, "404 Forbidden.ResourceNotFound", "GetSecretValue", params{"SecretName": "nothing"})
	w.must(w.helper, "DisableKey", params{"KeyId": aes})
	w.refused(c, "409 Rejected.Disabled", "Encrypt", params{"KeyId": aes, "Plaintext": []byte("x")})
	w.must(w.helper, "ScheduleKeyDeletion", params{"KeyId": aes, "PendingWindowInDays": 7})
	w.refused(c, "409 Rejected.PendingDeletion", "AdvanceEncrypt", params{"KeyId": aes, "Plaintext": []byte("x")})
	w.fault("instance/Encrypt:reject=InternalFailure/500")
	w.refused(c, "500 InternalFailure", "Encrypt", params{"KeyId": rsaKey, "Plaintext": []byte("x")})
	w.fault("instance/Encrypt:reject=ServiceUnavailableTemporary/503")
	w.refused(c, "503 ServiceUnavailableTemporary", "Encrypt", params{"KeyId": rsaKey, "Plaintext": []byte("x")})
	w.fault("instance/Encrypt:reject=Rejected.Throttling/429")
	w.refused(c, "429 Rejected.Throttling", "Encrypt", params{"KeyId": rsaKey, "Plaintext": []byte("x")})
}

// fault makes the emulator fail once.
func (w *world) fault(rule string) {
	w.Helper()
	if _, err := w.server.Faults().AddText(rule); err != nil {
		w.Fatal(err)
	}
}

// elsewhere uses ClientKeys of other access points: one for an
// instance that takes imported keys, and one that may do nothing with keys.
func (w *world) elsewhere() {
	w.Helper()
	hardware := w.clientOf("kst-witness0hardware", "CryptoServiceKeyUser")
	external := w.key(w.helper, params{"DKMSInstanceId": "kst-witness0hardware", "Origin": "EXTERNAL"})
	w.refused(hardware, "409 Rejected.PendingImport", "Encrypt", params{"KeyId": external, "Plaintext": []byte("x")})
	id := w.key(w.helper, nil)
	w.refused(w.clientOf(w.ready.Instance.ID, "CryptoServiceSecretUser"), "403 Forbidden.NoPermission", "Encrypt", params{"KeyId": id, "Plaintext": []byte("x")})
}

// clientOf mints a ClientKey as its owner does and opens it with the SDK.
func (w *world) clientOf(instance, template string) client {
	w.Helper()
	policy, point := w.name("policy"), w.name("point")
	w.must(w.helper, "CreatePolicy", params{"Name": policy, "KmsInstance": instance, "Permissions": `["RbacPermission/Template/` + template + `"]`, "Resources": `["key/*","secret/*"]`})
	w.must(w.helper, "CreateApplicationAccessPoint", params{"Name": point, "AuthenticationMethod": "ClientKey", "Policies": `["` + policy + `"]`})
	key := w.must(w.helper, "CreateClientKey", params{"AapName": point, "Password": "Passw0rd!"})
	content, err := json.Marshal(map[string]string{"KeyId": key.text("ClientKeyId"), "PrivateKeyData": key.text("PrivateKeyData")})
	if err != nil {
		w.Fatal(err)
	}
	config := gcsConfig(w.T, w.ready)
	config.ClientKeyFile, config.ClientKeyContent, config.Password = nil, tea.String(string(content)), tea.String("Passw0rd!")
	c, err := dkms.NewClient(config)
	if err != nil {
		w.Fatal(err)
	}
	return gcs{c}
}
