package kms_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

// testdata/operations.txt lists every operation and its parameters, one
// operation a line, as the API defines them.
func TestOperationsMatchTheAPI(t *testing.T) {
	f, err := os.Open("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	newer := map[string]bool{ // since kms-20160120 v3.2.3
		"CreateKey.KeyStorageMechanism": true, "SetDeletionProtection.KeyId": true, "SetDeletionProtection.KmsInstanceId": true,
		"Decrypt.Recipient": true, "GenerateDataKey.Recipient": true, "ListKmsInstances.Filters": true,
		"GetDefaultKmsInstance": true, "GetKmsInstanceQuotaInfos": true, "ReleaseKmsInstance": true,
	}
	want := map[string]map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		want[fields[0]] = map[string]bool{}
		for _, p := range fields[1:] {
			want[fields[0]][p] = true
		}
	}
	got := kms.ByName(kms.PublicOperations())
	for name, params := range want {
		o := got[name]
		if o == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		for p := range params {
			if _, ok := o.Param(p); !ok {
				t.Errorf("%s.%s is missing", name, p)
			}
		}
		for _, p := range o.Params {
			if !params[p.Name] && !newer[name+"."+p.Name] {
				t.Errorf("%s.%s is unknown", name, p.Name)
			}
		}
	}
	for name := range got {
		if want[name] == nil && !newer[name] {
			t.Errorf("%s is unknown", name)
		}
	}
	if len(want) != 92 || len(got) != 95 {
		t.Errorf("%d and %d operations", len(want), len(got))
	}
}

func TestOperationTablesAreSound(t *testing.T) {
	types := map[kms.ParamType]bool{kms.TypeString: true, kms.TypeBool: true, kms.TypeInt: true, kms.TypeBytes: true, kms.TypeMap: true, kms.TypeList: true, kms.TypeTags: true, kms.TypeObject: true}
	kebabs := map[string]string{}
	for _, ops := range [][]kms.Operation{kms.PublicOperations(), kms.InstanceOperations()} {
		seen := map[string]bool{}
		for _, o := range ops {
			if seen[o.Name] || o.Doc == "" || !strings.HasSuffix(o.Doc, ".") || o.Group == "" {
				t.Errorf("%+v", o)
			}
			seen[o.Name] = true
			if other := kebabs[o.Kebab()]; other != "" && other != o.Name {
				t.Errorf("%s and %s share %s", o.Name, other, o.Kebab())
			}
			kebabs[o.Kebab()] = o.Name
			names := map[string]bool{}
			for _, p := range o.Params {
				if names[p.Name] || !types[p.Type] || strings.ContainsAny(p.Name, "!*:") {
					t.Errorf("%s.%+v", o.Name, p)
				}
				names[p.Name] = true
			}
			if got, ok := kms.FindOperation(ops, o.Kebab()); !ok || got.Name != o.Name {
				t.Errorf("%s is not found by %s", o.Name, o.Kebab())
			}
		}
	}
	if len(kms.InstanceOperations()) != 15 {
		t.Error(len(kms.InstanceOperations()))
	}
}

// Everything that is plaintext, password or key material is marked, so that the
// command line never takes it as an argument.
func TestSecretParametersAreMarked(t *testing.T) {
	for _, ops := range [][]kms.Operation{kms.PublicOperations(), kms.InstanceOperations()} {
		for _, o := range ops {
			for _, p := range o.Params {
				want := p.Name == "Plaintext" || p.Name == "SecretData" || p.Name == "Password" ||
					p.Name == "EncryptedKeyMaterial" || p.Name == "ImportToken" || p.Name == "Message"
				if p.Secret != want {
					t.Errorf("%s.%s: secret %t", o.Name, p.Name, p.Secret)
				}
			}
		}
	}
}

func TestKebab(t *testing.T) {
	for in, want := range map[string]string{
		"ListKeys": "list-keys", "GenerateDataKeyPair": "generate-data-key-pair", "DKMSInstanceId": "dkms-instance-id",
		"KMProvider": "km-provider", "EncryptRSA": "encrypt-rsa", "Tag": "tag", "": "",
	} {
		if got := kms.Kebab(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
