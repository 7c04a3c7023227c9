package crypto_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func BenchmarkEncrypt(b *testing.B) {
	w := enginetest.NewCryptoWorld(b)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	in, handle := encryptOf(key, make([]byte, 32)), engine.Operations()["Encrypt"].Handle
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := handle(w.E, w.Public(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAdvanceEncrypt(b *testing.B) {
	w := enginetest.NewCryptoWorld(b)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	in, handle := &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: make([]byte, 32), Aad: make([]byte, 32)}, engine.InstanceOperations()["AdvanceEncrypt"].Handle
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := handle(w.E, w.Client(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInstanceSign(b *testing.B) {
	for _, spec := range []string{"RSA_2048", "EC_P256"} {
		b.Run(spec, func(b *testing.B) {
			w := enginetest.NewCryptoWorld(b)
			key := w.Key(w.Software, spec, "SIGN/VERIFY").KeyId
			in, handle := &dkms.SignRequest{KeyId: key, Message: make([]byte, 32), MessageType: "DIGEST"}, engine.InstanceOperations()["Sign"].Handle
			for b.Loop() {
				if _, err := handle(w.E, w.Client(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
