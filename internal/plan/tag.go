package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
)

// maxTagValue is the longest tag value the service takes (KMS: TagResources).
const maxTagValue = 128

// AddressTag renders an address as a value of the kmsplan:address tag. Tag
// values hold letters, digits and / \ _ - . + = : @ only (KMS: TagResources), so other
// bytes are written =XX, and an address too long for a tag becomes its digest.
func AddressTag(a addr.Address) string {
	s := a.String()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(`/\_-.+:@`, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() <= maxTagValue {
		return b.String()
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// OwnerTags are the tags of an object created for an address under an intent.
func OwnerTags(lineage string, a addr.Address, intent string) map[string]string {
	return map[string]string{TagOwner: lineage, TagAddress: AddressTag(a), TagIntent: intent}
}

// UserTags returns tags without kmsplan's own and without those of the service.
func UserTags(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags))
	for k, v := range tags {
		if !strings.HasPrefix(k, TagPrefix) && !strings.HasPrefix(k, "acs:") && !strings.HasPrefix(k, "aliyun") {
			out[k] = v
		}
	}
	return out
}
