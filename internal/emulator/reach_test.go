package emulator_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

const (
	secondInstance = "kst-hzzsecond000000000000"
	aesMaterial    = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	secondKey      = "key-hzzsecondkey00000000"
	secondSeed     = `{
		"instances": [{"id": "` + secondInstance + `", "name": "second", "public_access": true}],
		"keys": [{"id": "` + secondKey + `", "instance": "` + secondInstance + `", "versions": [{"material": "` + aesMaterial + `"}]}],
		"aliases": [{"name": "alias/second", "key": "` + secondKey + `"}],
		"secrets": [{"name": "second-secret", "instance": "` + secondInstance + `", "versions": [{"id": "v1", "data": "value"}]}]
	}`
)

// withSecond is an emulator with a second instance, a key, an alias and a secret in it.
func withSecond(t *testing.T, change ...func(*emulator.Options)) *emulator.Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(path, []byte(secondSeed), 0o600); err != nil {
		t.Fatal(err)
	}
	return emulatortest.New(t, append(change, func(o *emulator.Options) { o.SeedFile = path })...)
}

// clientKeyOf mints a ClientKey of a new access point with the given policies and
// returns the ready description with it in place of the emulator's own.
func clientKeyOf(t *testing.T, s *emulator.Server, point string, policies ...string) emulator.Ready {
	t.Helper()
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	names := `["` + strings.Join(policies, `","`) + `"]`
	if _, err := client.CreateApplicationAccessPoint(&kms.CreateApplicationAccessPointRequest{Name: &point, Policies: &names, AuthenticationMethod: tea.String("ClientKey")}); err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateClientKey(&kms.CreateClientKeyRequest{AapName: &point, Password: tea.String("passw0rd!")})
	if err != nil {
		t.Fatal(err)
	}
	text, err := dkms.MarshalClientKey(*made.Body.ClientKeyId, *made.Body.PrivateKeyData)
	if err != nil {
		t.Fatal(err)
	}
	r.Instance.ClientKeyFile, r.Instance.ClientKeyPassword = filepath.Join(t.TempDir(), "key.json"), "passw0rd!"
	if err := os.WriteFile(r.Instance.ClientKeyFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// policyFor creates an access point's policy for an instance.
func policyFor(t *testing.T, s *emulator.Server, name, instance, rules string) {
	t.Helper()
	r := s.Ready()
	if _, err := sdk(t, r, r.Public.HTTPS, nil).CreatePolicy(&kms.CreatePolicyRequest{
		Name: &name, KmsInstance: &instance, Resources: tea.String(`["key/*","secret/*"]`), AccessControlRules: &rules,
		Permissions: tea.String(`["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]`),
	}); err != nil {
		t.Fatal(err)
	}
}

// TestClientKeyTellsTheInstance: at 127.0.0.1, which is no instance's name, a
// ClientKey leads to the instance of its policies.
func TestClientKeyTellsTheInstance(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := withSecond(t, func(o *emulator.Options) { o.Strict = strict })
		policyFor(t, s, "for-second", secondInstance, "")
		own, both, only := s.Ready(), clientKeyOf(t, s, "both", "kmsplan", "for-second"), clientKeyOf(t, s, "only", "for-second")
		firstKey := newKey(t, sdk(t, own, own.Public.HTTPS, nil), &kms.CreateKeyRequest{DKMSInstanceId: &own.Instance.ID})
		encrypt := func(r emulator.Ready, key string) string {
			var out dkms.AdvanceEncryptResponse
			if refusal := protobuf(t, trusting(t, r), r, "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: []byte("x")}, &out); refusal != nil {
				return refusal.ErrorCode
			}
			return "ok"
		}
		for _, c := range []struct {
			name   string
			client emulator.Ready
			key    string
			want   string
		}{
			{"the second's own", only, secondKey, "ok"},
			{"the second's own, by alias", only, "alias/second", "ok"},
			{"the second's, a key of the first", only, firstKey, "Forbidden.KeyNotFound"},
			{"the first's own", own, firstKey, "ok"},
			{"the first's, a key of the second", own, secondKey, "Forbidden.KeyNotFound"},
			{"both's, the first", both, firstKey, "ok"},
			{"both's, the second", both, secondKey, "ok"},
		} {
			if got := encrypt(c.client, c.key); got != c.want {
				t.Errorf("strict %v: %s: %s, want %s", strict, c.name, got, c.want)
			}
		}
	}
}

// TestTheKeyTellsTheInstance: RAM credentials reach every instance at 127.0.0.1,
// by the key, the ciphertext or the secret that the call names.
func TestTheKeyTellsTheInstance(t *testing.T) {
	s := withSecond(t)
	r := s.Ready()
	dedicated := sdk(t, r, r.Instance.Endpoint, nil)
	for _, name := range []string{secondKey, "alias/second"} {
		sealed, err := dedicated.Encrypt(&kms.EncryptRequest{KeyId: &name, Plaintext: tea.String("aGVsbG8=")})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opened, err := dedicated.Decrypt(&kms.DecryptRequest{CiphertextBlob: sealed.Body.CiphertextBlob})
		if err != nil || *opened.Body.Plaintext != "aGVsbG8=" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if value, err := dedicated.GetSecretValue(&kms.GetSecretValueRequest{SecretName: tea.String("second-secret")}); err != nil || *value.Body.SecretData != "value" {
		t.Errorf("%v %v", value, err)
	}
	ordinary := newKey(t, sdk(t, r, r.Public.HTTPS, nil), &kms.CreateKeyRequest{})
	for _, name := range []string{ordinary, "key-nothing"} {
		if _, err := dedicated.Encrypt(&kms.EncryptRequest{KeyId: &name, Plaintext: tea.String("aGVsbG8=")}); code(err) != "Forbidden.KeyNotFound" {
			t.Errorf("%s, a key of no instance: %v", name, err)
		}
	}
	for _, blob := range []string{"AAAA", base64.StdEncoding.EncodeToString(make([]byte, 100))} {
		if _, err := dedicated.Decrypt(&kms.DecryptRequest{CiphertextBlob: &blob}); err == nil {
			t.Errorf("%s is opened", blob)
		}
	}
}

// TestNetworkRules: in strict mode a ClientKey works only from where the rules of
// its policies say.
func TestNetworkRules(t *testing.T) {
	for _, c := range []struct {
		sources   string
		permitted bool
	}{
		{`["127.0.0.1"]`, true},
		{`["10.0.0.0/8","127.0.0.0/8"]`, true},
		{`["10.0.0.0/8","192.168.1.1"]`, false},
		{`["127.0.0.2","128.0.0.0/8"]`, false},
	} {
		for _, strict := range []bool{true, false} {
			s := emulatortest.New(t, func(o *emulator.Options) { o.Strict = strict })
			r := s.Ready()
			client := sdk(t, r, r.Public.HTTPS, nil)
			if _, err := client.CreateNetworkRule(&kms.CreateNetworkRuleRequest{Name: tea.String("from"), Type: tea.String("Private"), SourcePrivateIp: tea.String(c.sources)}); err != nil {
				t.Fatal(err)
			}
			policyFor(t, s, "from-there", r.Instance.ID, `{"NetworkRules":["from"]}`)
			key := newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
			mine := clientKeyOf(t, s, "app", "from-there")
			for api, refusal := range map[string]*dkms.Error{
				"AdvanceEncrypt": protobuf(t, trusting(t, mine), mine, "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: []byte("x")}, new(dkms.AdvanceEncryptResponse)),
				"GenerateRandom": protobuf(t, trusting(t, mine), mine, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, new(dkms.GenerateRandomResponse)),
			} {
				if permitted := refusal == nil; permitted != (c.permitted || !strict) {
					t.Errorf("%s from %s, strict %v: %v", api, c.sources, strict, refusal)
				} else if refusal != nil && (refusal.ErrorCode != "Forbidden.NoPermission" || refusal.StatusCode != 403) {
					t.Errorf("%v", refusal)
				}
			}
			// The emulator's own access point lets loopback in.
			if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, new(dkms.GenerateRandomResponse)); refusal != nil {
				t.Error(refusal)
			}
		}
	}
}
