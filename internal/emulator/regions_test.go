package emulator_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// TestOneEmulatorServesSeveralRegions: each region has keys, names, an instance and
// a ClientKey of its own, through every door, whichever was served first. Case S6.
func TestOneEmulatorServesSeveralRegions(t *testing.T) {
	dir := t.TempDir()
	ids := map[string]string{}
	for _, order := range [][]string{{"cn-hangzhou", "cn-shanghai"}, {"cn-shanghai", "cn-hangzhou"}} {
		s := emulatortest.New(t, func(o *emulator.Options) { o.Memory, o.Dir, o.Region = false, dir, order[0] })
		for _, region := range order {
			r, err := s.In(region)
			if err != nil {
				t.Fatal(err)
			}
			client := sdk(t, r, r.Public.HTTPS, nil)
			if ids[region] == "" {
				ids[region] = newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
				if _, err := client.CreateAlias(&kms.CreateAliasRequest{AliasName: tea.String("alias/same"), KeyId: tea.String(ids[region])}); err != nil {
					t.Fatal(err)
				}
			}
			described, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: tea.String("alias/same")})
			if err != nil || *described.Body.KeyMetadata.KeyId != ids[region] || !strings.Contains(*described.Body.KeyMetadata.Arn, ":"+region+":") || countKeys(t, client) != 1 {
				t.Fatalf("%s: %v %v", region, described, err)
			}
			var out dkms.AdvanceEncryptResponse
			if refusal := protobuf(t, trusting(t, r), r, "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: "alias/same", Plaintext: []byte("x")}, &out); refusal != nil || out.KeyId != ids[region] {
				t.Fatalf("%s: ClientKey: %v %v", region, refusal, &out)
			}
			if sealed, err := sdk(t, r, r.Instance.Endpoint, nil).Encrypt(&kms.EncryptRequest{KeyId: tea.String("alias/same"), Plaintext: tea.String("x")}); err != nil || *sealed.Body.KeyId != ids[region] {
				t.Fatalf("%s: RAM: %v %v", region, sealed, err)
			}
		}
		if _, err := s.In("mars"); err == nil || !strings.Contains(err.Error(), "cn-hangzhou") {
			t.Errorf("mars: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.In("eu-west-1"); err == nil {
			t.Error("a closed emulator opens doors")
		}
	}
}

// TestRegionsThroughTheControlAPI: who attaches to a running emulator gets another
// region too, and its credentials hold after a reset.
func TestRegionsThroughTheControlAPI(t *testing.T) {
	s := emulatortest.New(t)
	if err := s.Control().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		text, err := s.Control().Region(t.Context(), "cn-beijing")
		if err != nil {
			t.Fatal(err)
		}
		var r emulator.Ready
		if err := json.Unmarshal(text, &r); err != nil || r.Region != "cn-beijing" {
			t.Fatalf("%v %v", r, err)
		}
		newKey(t, sdk(t, r, r.Public.HTTPS, nil), &kms.CreateKeyRequest{})
		if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, &dkms.GenerateRandomResponse{}); refusal != nil {
			t.Fatal(refusal)
		}
		if err := s.Control().Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadyFilesFollowTheCredentials: a reset and a loaded snapshot change the
// credentials, and every ready file with them. Case W11.
func TestReadyFilesFollowTheCredentials(t *testing.T) {
	s := emulatortest.New(t, func(o *emulator.Options) { o.Memory, o.Dir = false, t.TempDir() })
	kept, gone := filepath.Join(t.TempDir(), "ready.json"), filepath.Join(t.TempDir(), "gone.json")
	for _, name := range []string{kept, gone} {
		if err := s.WriteReadyFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := s.Control().SaveSnapshot(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	written := func() (r emulator.Ready) {
		t.Helper()
		text, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		newKey(t, sdk(t, r, r.Public.HTTPS, nil), &kms.CreateKeyRequest{})
		if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, &dkms.GenerateRandomResponse{}); refusal != nil {
			t.Fatal(refusal)
		}
		return r
	}
	first := written()
	if err := s.Control().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second := written(); second.AccessKeyID == first.AccessKeyID {
		t.Error("the reset changed no credential")
	}
	if err := s.Control().LoadSnapshot(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	if again := written(); again.AccessKeyID != first.AccessKeyID {
		t.Error("the snapshot's credentials are not in the ready file")
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("a ready file that was taken away is there again")
	}
}

// TestAnOlderInstanceImageKnowsClientKeysOnly: before 3.0.0 the instance's host
// looks for a ClientKey in a call that has RAM credentials. Case E7.
func TestAnOlderInstanceImageKnowsClientKeysOnly(t *testing.T) {
	dir := t.TempDir()
	for image, speaks := range map[string]bool{"": true, "2": false, "2.9.9": false, "3.0.0": true, "4": true} {
		s := emulatortest.New(t, func(o *emulator.Options) { o.Memory, o.Dir, o.InstanceImage = false, dir, image })
		for _, region := range []string{"", "cn-shanghai"} {
			r, err := s.In(region)
			if err != nil {
				t.Fatal(err)
			}
			id := newKey(t, sdk(t, r, r.Public.HTTPS, nil), &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
			_, err = sdk(t, r, r.Instance.Endpoint, nil).Encrypt(&kms.EncryptRequest{KeyId: &id, Plaintext: tea.String("x")})
			if image != "" && (err == nil) != speaks {
				t.Errorf("image %q: %v", image, err)
			}
			if image != "" && !speaks && (code(err) != "MissingParameter" || !strings.Contains(err.Error(), "x-kms-acccesskeyid")) {
				t.Errorf("image %q: %v", image, err)
			}
			if refusal := protobuf(t, trusting(t, r), r, "Encrypt", &dkms.EncryptRequest{KeyId: id, Plaintext: []byte("x")}, &dkms.EncryptResponse{}); refusal != nil {
				t.Errorf("image %q: ClientKey: %v", image, refusal)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTooLargeABodyGetsAnEmptyAnswer: the vendor's SDK parses what is there, and
// tries again when it cannot. Case E3.
func TestTooLargeABodyGetsAnEmptyAnswer(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	refusal := protobuf(t, trusting(t, r), r, "Encrypt", &dkms.EncryptRequest{KeyId: "k", Plaintext: make([]byte, dkms.MaxBody+1)}, &dkms.EncryptResponse{})
	if refusal == nil || refusal.ErrorCode != "" || refusal.ErrorMessage != "" {
		t.Errorf("%v", refusal)
	}
	if calls := s.Calls().Calls(calllog.Filter{Operation: "Encrypt"}); len(calls) != 1 || calls[0].Status != 413 {
		t.Errorf("%+v", calls)
	}
}
