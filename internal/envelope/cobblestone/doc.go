// Package cobblestone is C2SP chunked-encryption, the body of a kmsplan
// envelope: https://c2sp.org/chunked-encryption, instance Cobblestone-256, and
// the same construction over SM4-GCM and SM3 (the kmsplan SM profile).
//
// A message is a 24-byte salt, a 32-byte key commitment, and 16 KiB chunks of
// which the last is always shorter, so that the end of the message is
// authenticated without a flag. Everything runs in constant memory, chunks are
// independent, and no byte of plaintext leaves before its chunk's tag holds.
//
// It imports the standard library and emmansun/gmsm, nothing of kmsplan. Start
// with instance.go (key derivation) and coder.go (one chunk); writer.go,
// reader.go and readerat.go move chunks, pipeline.go does so on several cores.
package cobblestone
