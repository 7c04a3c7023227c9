package emulator_test

import (
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// BenchmarkDescribeKey is a whole call of the public gateway: the vendor's SDK,
// TLS, ACS3 verification, the engine. Client and server share the CPUs.
func BenchmarkDescribeKey(b *testing.B) {
	s := emulatortest.New(b)
	r := s.Ready()
	client := sdk(b, r, r.Public.HTTPS, nil)
	created, err := client.CreateKey(&kms.CreateKeyRequest{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: created.Body.KeyMetadata.KeyId}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAdvanceEncrypt is a whole call of the instance gateway; most of it is
// the client's RSA signature and the parsing of its key file.
func BenchmarkAdvanceEncrypt(b *testing.B) {
	s := emulatortest.New(b)
	r := s.Ready()
	created, err := sdk(b, r, r.Public.HTTPS, nil).CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
	if err != nil {
		b.Fatal(err)
	}
	client := trusting(b, r)
	in := &dkms.AdvanceEncryptRequest{KeyId: *created.Body.KeyMetadata.KeyId, Plaintext: make([]byte, 32)}
	for b.Loop() {
		if refusal := protobuf(b, client, r, "AdvanceEncrypt", in, new(dkms.AdvanceEncryptResponse)); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

// BenchmarkStart is what a test pays for an emulator of its own.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		emulatortest.New(b)
	}
}
