package envelope

// A second reader of the format, written from docs/envelope-format.md alone. It
// uses nothing of this package and prefers plain to fast; section numbers are
// the document's.

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// secondSlot is §4's regular expression for a slot: the parts before the
// recipients, the recipients, MAC and check.
var secondSlot = regexp.MustCompile(`^(?s)((-> body ([!-~ ]+)\n\n-> gen ([1-9][0-9]*)\n\n-> ctx((?: [!-~]+)*)\n\n)((?:-> (?:alikms|age|x-[!-~]*)(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+)---) ([A-Za-z0-9+/]{43}) ([A-Za-z0-9+/]{16})\n(\x00*)$`)

type secondSuite struct {
	aead        string
	size        int
	digest, mac func() hash.Hash
	block       func([]byte) (cipher.Block, error)
}

var secondSuites = map[string]secondSuite{
	"AEAD_AES_256_GCM SHA-512 c2sp.org/chunked-encryption@v1": {"AEAD_AES_256_GCM", 32, sha512.New, sha256.New, aes.NewCipher},
	"AEAD_SM4_GCM SM3 c2sp.org/chunked-encryption@v1":         {"AEAD_SM4_GCM", 16, sm3.New, sm3.New, sm4.NewCipher},
}

// plainBlock hides a cipher's own GCM, so that the standard library's runs.
type plainBlock struct{ cipher.Block }

func secondOpen(file, dataKey []byte) ([]byte, error) {
	version, slots, body, err := secondLayout(file)
	if err != nil {
		return nil, err
	}
	if len(body) < 56+16 {
		return nil, errors.New("too short")
	}
	best, failure := []string(nil), errors.New("no slot is whole")
	for _, slot := range slots {
		m := secondSlot.FindStringSubmatch(string(slot))
		if m == nil {
			continue
		}
		check := sha256.Sum256([]byte(version + m[1] + " " + m[7] + " " + string(body[:56])))
		if base64.RawStdEncoding.EncodeToString(check[:12]) != m[8] {
			continue
		}
		suite, ok := secondSuites[m[3]]
		if !ok || len(dataKey) != suite.size {
			failure = errors.New("unknown suite")
			continue
		}
		mac := hmac.New(suite.mac, secondExpand(suite.digest, dataKey, "kmsplan header v1", 32))
		mac.Write([]byte(version + m[1] + string(body[:56])))
		if base64.RawStdEncoding.EncodeToString(mac.Sum(nil)) != m[7] {
			failure = errors.New("header MAC")
			continue
		}
		if best == nil || secondGeneration(m) > secondGeneration(best) {
			best = m
		}
	}
	if best == nil {
		return nil, failure
	}
	return secondBody(secondSuites[best[3]], dataKey, best, body)
}

func secondGeneration(m []string) uint64 {
	n, _ := strconv.ParseUint(m[4], 10, 63)
	return n
}

// secondLayout is §3: where slots and body are.
func secondLayout(file []byte) (version string, slots [][]byte, body []byte, err error) {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	version = string(line) + "\n"
	if version == "kmsplan.dev/envelope/v1\n" {
		end := bytes.Index(file, []byte("\n--- ")) + 1 + 4 + 43 + 1 + 16 + 1
		if end > len(file) {
			return "", nil, nil, errors.New("no end of header")
		}
		return version, [][]byte{file[len(version):end]}, file[end:], nil
	}
	for _, s := range []int{4096, 8192, 16384, 32768} {
		if version == fmt.Sprintf("kmsplan.dev/envelope/v1 slotted %d\n", s) && len(file) >= 2*s {
			return version, [][]byte{file[len(version):s], file[s : 2*s]}, file[2*s:], nil
		}
	}
	return "", nil, nil, errors.New("unknown version line")
}

// secondBody is §6: key derivation, then chunk after chunk.
func secondBody(s secondSuite, dataKey []byte, m []string, body []byte) ([]byte, error) {
	context := s.digest()
	for _, part := range []string{"kmsplan.dev/envelope/v1", m[3], strings.TrimPrefix(m[5], " ")} {
		context.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		context.Write([]byte(part))
	}
	info := "c2sp.org/chunked-encryption@v1+" + s.aead + "\x00" + string(body[:24]) + string(context.Sum(nil))
	okm := secondExpand(s.digest, dataKey, info, s.size+12+32)
	if !bytes.Equal(okm[s.size+12:], body[24:56]) {
		return nil, errors.New("commitment")
	}
	block, err := s.block(okm[:s.size])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(plainBlock{block})
	if err != nil {
		return nil, err
	}
	var plain []byte
	for i, rest := uint64(0), body[56:]; ; i++ {
		nonce := bytes.Clone(okm[s.size : s.size+12])
		for j := range 8 {
			nonce[11-j] ^= byte(i >> (8 * j))
		}
		n := min(len(rest), 16384+16)
		if plain, err = aead.Open(plain, nonce, rest[:n], nil); err != nil {
			return nil, fmt.Errorf("chunk %d: %w", i, err)
		}
		if rest = rest[n:]; n < 16384+16 {
			return plain, nil
		}
	}
}

// secondExpand is HKDF-Expand of RFC 5869, section 2.3.
func secondExpand(h func() hash.Hash, prk []byte, info string, n int) []byte {
	var okm, t []byte
	for i := byte(1); len(okm) < n; i++ {
		mac := hmac.New(h, prk)
		mac.Write(t)
		mac.Write([]byte(info))
		mac.Write([]byte{i})
		t = mac.Sum(nil)
		okm = append(okm, t...)
	}
	return okm[:n]
}
