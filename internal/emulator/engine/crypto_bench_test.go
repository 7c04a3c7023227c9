package engine

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func BenchmarkEncrypt(b *testing.B) {
	w := newCryptoWorld(b)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	in, handle := encryptOf(key, make([]byte, 32)), Operations()["Encrypt"].Handle
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := handle(w.e, w.public(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAdvanceEncrypt(b *testing.B) {
	w := newCryptoWorld(b)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	in, handle := &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: make([]byte, 32), Aad: make([]byte, 32)}, InstanceOperations()["AdvanceEncrypt"].Handle
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := handle(w.e, w.client(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInstanceSign(b *testing.B) {
	for _, spec := range []string{"RSA_2048", "EC_P256"} {
		b.Run(spec, func(b *testing.B) {
			w := newCryptoWorld(b)
			key := w.key(w.software, spec, "SIGN/VERIFY").KeyId
			in, handle := &dkms.SignRequest{KeyId: key, Message: make([]byte, 32), MessageType: "DIGEST"}, InstanceOperations()["Sign"].Handle
			for b.Loop() {
				if _, err := handle(w.e, w.client(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
