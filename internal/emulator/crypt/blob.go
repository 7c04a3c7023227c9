package crypt

import (
	"errors"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Layout of self-describing ciphertext. The public gateway's blob and the
// instance gateway's Advance blob are the same bytes behind a 3-byte header:
//
//	public:   versionId36 ‖ iv12 ‖ ciphertext ‖ tag16         (base64 on the wire)
//	advance:  0x24 ‖ 0x00 ‖ 0x02 ‖ versionId36 ‖ iv12 ‖ ciphertext ‖ tag16
//
// Source: the vendor's transfer client, which converts one into the other.
const (
	// VersionIDSize is the length of a key version id inside a blob, in bytes.
	VersionIDSize = 36

	blobIV  = 12
	blobTag = 16

	advanceMagic   = 0x24 // '$'
	advanceVersion = 0x00 // cipher version 0 in the high half, padding mode 0 in the low half
	// advanceGCM marks AES_GCM. The vendor's sources show no other code; SM4 keys
	// use the same one here, read as "the GCM of the key's cipher".
	advanceGCM = undocumented.AdvanceGCMMark
)

// ErrBlob says that bytes are not a ciphertext blob.
var ErrBlob = errors.New("not a ciphertext blob of this service")

// Blob is a self-describing ciphertext: it names the key version that opens it.
type Blob struct {
	Version string // key version id, VersionIDSize ASCII characters
	IV      []byte // 12 bytes
	Sealed  []byte // ciphertext and 16-byte tag
}

// Public encodes the blob as the public and the dedicated gateway show it,
// before base64. Error: ErrBlob when a field has not its fixed length.
func (b Blob) Public() ([]byte, error) { return b.encode(nil) }

// Advance encodes the blob as the instance gateway's Advance operations show it.
func (b Blob) Advance() ([]byte, error) {
	return b.encode([]byte{advanceMagic, advanceVersion, advanceGCM})
}

func (b Blob) encode(header []byte) ([]byte, error) {
	if !isVersionID(b.Version) || len(b.IV) != blobIV || len(b.Sealed) < blobTag {
		return nil, ErrBlob
	}
	out := make([]byte, 0, len(header)+VersionIDSize+blobIV+len(b.Sealed))
	out = append(out, header...)
	out = append(out, b.Version...)
	out = append(out, b.IV...)
	return append(out, b.Sealed...), nil
}

// ParsePublic reads a public-gateway blob after base64. The result shares memory
// with the input. Error: ErrBlob.
func ParsePublic(data []byte) (Blob, error) {
	if len(data) < VersionIDSize+blobIV+blobTag {
		return Blob{}, ErrBlob
	}
	b := Blob{
		Version: string(data[:VersionIDSize]),
		IV:      data[VersionIDSize : VersionIDSize+blobIV],
		Sealed:  data[VersionIDSize+blobIV:],
	}
	if !isVersionID(b.Version) {
		return Blob{}, ErrBlob
	}
	return b, nil
}

// IsAdvance reports whether data carries the Advance header and a whole blob.
func IsAdvance(data []byte) bool {
	_, err := ParseAdvance(data)
	return err == nil
}

// ParseAdvance reads an Advance blob. Error: ErrBlob.
func ParseAdvance(data []byte) (Blob, error) {
	if len(data) < 3 || data[0] != advanceMagic || data[1] != advanceVersion || data[2] != advanceGCM {
		return Blob{}, ErrBlob
	}
	return ParsePublic(data[3:])
}

// isVersionID accepts what a version id may look like: letters, digits, hyphens.
func isVersionID(id string) bool {
	if len(id) != VersionIDSize {
		return false
	}
	for _, c := range []byte(id) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-') {
			return false
		}
	}
	return true
}
