package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/zclconf/go-cty/cty"

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

// percents turns the tag's escapes into those of a URL's path. Making it costs more than using it.
var percents = strings.NewReplacer("%", "%25", "=", "%")

// TaggedAddress is the address that a kmsplan:address tag renders, as people write it. A digest, and what is no address, stays as it is.
func TaggedAddress(tag string) string {
	text, err := url.PathUnescape(percents.Replace(tag))
	if err != nil {
		return tag
	}
	if _, err := addr.Parse(text); err != nil {
		return tag
	}
	return text
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

// retags reports whether kmsplan's own tags change: a moved object gets its new
// address, one that is taken over also its new owner.
func (n *node) retags() bool {
	_, owned := n.object.Tags[TagOwner]
	return n.change.TakenFrom != "" || owned && n.object.Tags[TagAddress] != AddressTag(n.addr) && n.change.MovedFrom.Kind != ""
}

// tagCalls lists the calls behind a difference of tags.
func (n *node) tagCalls() (calls []string) {
	set, unset := n.retags(), false
	if d := n.change.attr("tags"); d != nil {
		add, remove := TagChanges(d.Before, d.After)
		set, unset = set || len(add) > 0 || !known(d.After), len(remove) > 0
	}
	if set {
		calls = append(calls, "TagResources")
	}
	if unset {
		calls = append(calls, "UntagResources")
	}
	return calls
}

// TagChanges compares two tag maps: what to set and which keys to remove.
func TagChanges(before, after cty.Value) (set map[string]string, remove []string) {
	was, want := StringMap(before), StringMap(after)
	set = map[string]string{}
	for k, v := range want {
		if old, ok := was[k]; !ok || old != v {
			set[k] = v
		}
	}
	if !known(after) {
		return set, nil
	}
	for k := range was {
		if _, ok := want[k]; !ok {
			remove = append(remove, k)
		}
	}
	return set, sorted(remove)
}
