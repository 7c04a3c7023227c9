package core

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Stamp is the service's timestamp: UTC, whole seconds.
const Stamp = "2006-01-02T15:04:05Z"

// Timestamp writes an instant as the service does; the zero time is "".
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(Stamp)
}

// Now is the virtual time.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Second is the virtual time in whole seconds: what durations are counted from,
// so that a due event happens exactly at the second the service shows.
func (e *Engine) Second() time.Time { return e.clock.Now().Truncate(time.Second) }

// Random fills a slice of n bytes from the engine's source.
func (e *Engine) Random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(e.Rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}

// NewUUID returns a random UUID (version 4), lower case, 36 characters.
func (e *Engine) NewUUID() (string, error) {
	b, err := e.Random(16)
	if err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

const idAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

// letters returns n random characters of idAlphabet. The slight bias of the
// modulus does not matter for an id.
func (e *Engine) letters(n int) (string, error) {
	b, err := e.Random(n)
	if err != nil {
		return "", err
	}
	for i := range b {
		b[i] = idAlphabet[int(b[i])%len(idAlphabet)]
	}
	return string(b), nil
}

// Lengths of the ids inside an instance: kst-hzz65f176a0ogplgq**** and
// key-hzz62f1cb66fa42qo**** have 18 characters after the region's three; a
// version adds a dash and ten more, 36 in all, which ciphertexts rely on.
const (
	idTail        = 18
	instanceKeyID = len("key-hzz") + idTail
	versionTail   = 10
	VersionIDSize = 36
)

// NewKeyID: a UUID for a default key, key-<region><18> for an instance's key.
func (e *Engine) NewKeyID(region, instance string) (string, error) {
	if instance == "" {
		return e.NewUUID()
	}
	return e.regionalID("key-", region)
}

func (e *Engine) newInstanceID(region string) (string, error) { return e.regionalID("kst-", region) }

func (e *Engine) regionalID(prefix, region string) (string, error) {
	tail, err := e.letters(idTail)
	return prefix + regionCode(region) + tail, err
}

// NewVersionID: always 36 characters, <keyid>-<10> for an instance's key.
func (e *Engine) NewVersionID(k *Key) (string, error) {
	if k.Instance == "" || len(k.ID) != instanceKeyID {
		return e.NewUUID()
	}
	tail, err := e.letters(versionTail)
	return k.ID + "-" + tail, err
}

// regionCode is the three letters that an instance's ids carry for a region.
func regionCode(region string) string {
	for _, pair := range strings.Fields(undocumented.RegionCodes) {
		if name, code, _ := strings.Cut(pair, "="); name == region {
			return code
		}
	}
	return undocumented.RegionCodeElsewhere
}
