package emulator_test

import (
	"testing"
	"time"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// story is what clients can see of a deterministic emulator's beginning: its
// credentials, and the answers to some calls at a fixed time.
func story(t *testing.T, s *emulator.Server) string {
	t.Helper()
	if _, err := s.Engine().SetTime(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if err := s.Engine().Freeze(); err != nil {
		t.Fatal(err)
	}
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	created, err := client.CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := client.Encrypt(&kms.EncryptRequest{KeyId: created.Body.KeyMetadata.KeyId, Plaintext: tea.String("aGVsbG8=")})
	if err != nil {
		t.Fatal(err)
	}
	var random dkms.GenerateRandomResponse
	if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 8}, &random); refusal != nil {
		t.Fatal(refusal)
	}
	return r.AccessKeyID + r.AccessKeySecret + r.Instance.ID + r.Instance.ClientKeyPassword + created.Body.String() + sealed.Body.String() + random.String()
}

// TestResetBeginsTheStreamAnew: after a reset a deterministic emulator tells the
// same story again, the ClientKey's password included.
func TestResetBeginsTheStreamAnew(t *testing.T) {
	seeded := func(seed byte) *emulator.Server {
		return emulatortest.New(t, func(o *emulator.Options) { o.Deterministic, o.Seed = true, [32]byte{seed} })
	}
	s := seeded(1)
	password := s.Ready().Instance.ClientKeyPassword
	first := story(t, s)
	if err := s.Control().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second := story(t, s); first != second {
		t.Errorf("after the reset:\n%s\nbefore:\n%s", second, first)
	}
	if again := seeded(1).Ready().Instance.ClientKeyPassword; again != password {
		t.Error("the same seed gives another ClientKey password")
	}
	if other := seeded(2).Ready().Instance.ClientKeyPassword; other == password {
		t.Error("the seed has no effect on the ClientKey password")
	}
}

// TestResetDrawsAnew: without a seed nothing comes again.
func TestResetDrawsAnew(t *testing.T) {
	s := emulatortest.New(t)
	before := s.Ready()
	if err := s.Control().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := s.Ready()
	if before.AccessKeyID == after.AccessKeyID || before.Instance.ClientKeyPassword == after.Instance.ClientKeyPassword {
		t.Error("a reset gives the same credentials again")
	}
}
