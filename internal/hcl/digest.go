package hcl

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// Sources lists what the configuration was read from: the module's files with their text, and the files
// that its functions read with their SHA-256. Files of secrets are among the latter, and the digest of a
// short secret gives it away: keep the list out of everything that is stored. A saved plan is bound to a
// slow fingerprint of it.
func (c *Config) Sources() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		sum := sha256.Sum256(c.Files[name].Bytes)
		list = append(list, "file", name, hex.EncodeToString(sum[:]))
	}
	for _, read := range c.module.library.reads() {
		list = append(list, "read", read)
	}
	return list
}
