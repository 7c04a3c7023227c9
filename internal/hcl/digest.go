package hcl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Digest identifies what the configuration means: a SHA-256, in hex, over the module's
// files, the files its functions read and the variables' values. Sensitive and ephemeral
// values are left out, because a digest of a short secret gives it away. A saved plan is
// bound to it.
func (c *Config) Digest() string {
	h := sha256.New()
	line := func(kind string, parts ...any) { fmt.Fprintf(h, "%s %q\n", kind, fmt.Sprint(parts...)) }
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		line("file", name)
		line("text", string(c.Files[name].Bytes))
	}
	for _, read := range c.module.library.reads() {
		line("read", read)
	}
	for _, name := range slices.Sorted(maps.Keys(c.module.variables)) {
		v := c.module.variables[name]
		if v.sensitive || v.ephemeral || !v.value.IsWhollyKnown() {
			continue
		}
		if text, err := ctyjson.Marshal(v.value, v.value.Type()); err == nil {
			line("variable", name)
			line("value", string(text))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
