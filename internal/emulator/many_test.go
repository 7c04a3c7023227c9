package emulator_test

import (
	"os"
	"sync"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// TestManyClients mixes writers and readers on both gateways; run with -race it
// looks for races. KMSPLAN_LONG=1 has 64 clients go on for a minute.
func TestManyClients(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client, http := sdk(t, r, r.Public.HTTPS, nil), trusting(t, r)
	clients, until := 32, time.Now()
	if os.Getenv("KMSPLAN_LONG") != "" {
		clients, until = 64, time.Now().Add(time.Minute)
	}
	var wg sync.WaitGroup
	for range clients {
		own := sdk(t, r, r.Public.HTTPS, nil) // one client is not safe for concurrent use: it clears its own headers
		wg.Go(func() {
			created, err := own.CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
			if err != nil {
				t.Error(err)
				return
			}
			id := *created.Body.KeyMetadata.KeyId
			for n := 0; n < 5 || time.Now().Before(until); n++ {
				var out dkms.AdvanceEncryptResponse
				if refusal := protobuf(t, http, r, "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: id, Plaintext: []byte("x")}, &out); refusal != nil {
					t.Errorf("%v", refusal)
				}
				if _, err := own.DescribeKey(&kms.DescribeKeyRequest{KeyId: &id}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if list, err := client.ListKeys(&kms.ListKeysRequest{}); err != nil || int(*list.Body.TotalCount) != clients {
		t.Fatalf("%v %v", list, err)
	}
}

// TestSameSeedSameTranscript makes the same calls on two deterministic emulators.
func TestSameSeedSameTranscript(t *testing.T) {
	transcript := func(seed byte) string {
		s := emulatortest.New(t, func(o *emulator.Options) { o.Deterministic, o.Seed = true, [32]byte{seed} })
		if _, err := s.Engine().SetTime(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		if err := s.Engine().Freeze(); err != nil {
			t.Fatal(err)
		}
		r := s.Ready()
		client := sdk(t, r, r.Public.HTTPS, nil)
		text := r.AccessKeyID + r.AccessKeySecret + r.Instance.ID
		for range 3 {
			created, err := client.CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := client.Encrypt(&kms.EncryptRequest{KeyId: created.Body.KeyMetadata.KeyId, Plaintext: tea.String("aGVsbG8=")})
			if err != nil {
				t.Fatal(err)
			}
			text += created.Body.String() + sealed.Body.String()
		}
		return text
	}
	one, two := transcript(1), transcript(1)
	if one != two {
		t.Fatalf("two runs differ:\n%s\n%s", one, two)
	}
	if one == transcript(2) {
		t.Fatal("the seed has no effect")
	}
}

// TestUnmodifiedClientsSurviveTimeTravel: clients sign with the wall clock,
// whatever the virtual clock shows.
func TestUnmodifiedClientsSurviveTimeTravel(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	if _, err := s.Control().Advance(t.Context(), "365d"); err != nil {
		t.Fatal(err)
	}
	created, err := sdk(t, r, r.Public.HTTPS, nil).CreateKey(&kms.CreateKeyRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if at := *created.Body.KeyMetadata.CreationDate; at < time.Now().AddDate(0, 11, 0).UTC().Format(time.RFC3339) {
		t.Fatalf("created at %s", at)
	}
	var out dkms.GenerateRandomResponse
	if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, &out); refusal != nil {
		t.Fatal(refusal)
	}
}

func TestExpiredCredentials(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	session, err := s.Engine().CreateSTS(engine.Session{Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Control().Advance(t.Context(), "1826d"); err != nil { // five years, and a leap day
		t.Fatal(err)
	}
	client := sdk(t, r, r.Public.HTTPS, func(c *openapi.Config) {
		c.AccessKeyId, c.AccessKeySecret, c.SecurityToken = &session.AccessKeyID, &session.Secret, &session.SecurityToken
	})
	if _, err := client.ListKeys(&kms.ListKeysRequest{}); code(err) != "InvalidAccessKeyId.NotFound" {
		t.Fatalf("%v", err)
	}
	if refusal := protobuf(t, trusting(t, r), r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 1}, nil); refusal == nil || refusal.ErrorCode != "Unauthorized" {
		t.Fatalf("%v", refusal)
	}
}
