package kind

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// OwnTagPrefix marks the tags kmsplan itself keeps on an object: kmsplan:owner,
// kmsplan:address and kmsplan:intent.
const OwnTagPrefix = "kmsplan:"

// MaxTags is how many tags a block may set. KMS allows 20 (CreateKey, TagResources);
// three of them are kmsplan's own.
const MaxTags = 17

var tagText = pattern.New(`^[A-Za-z0-9/\\_.+=:@-]{0,128}$`)

const tagRule = `has at most 128 characters, of letters, digits and / \ _ - . + = : @`

func checkTags(v cty.Value) error {
	if n := v.LengthInt(); n > MaxTags {
		return sentence("A block sets at most %d tags (KMS allows 20, and kmsplan keeps three of its own); this one sets %d.", MaxTags, n)
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if err := checkTag(key.AsString(), value); err != nil {
			return err
		}
	}
	return nil
}

func checkTag(key string, value cty.Value) error {
	reserved := []string{"aliyun", "acs:", OwnTagPrefix}
	if i := slices.IndexFunc(reserved, func(p string) bool { return strings.HasPrefix(strings.ToLower(key), p) }); i >= 0 {
		return sentence("The tag key %q starts with %q, which is reserved. Choose another key.", key, reserved[i])
	}
	if key == "" || !tagText.MatchString(key) {
		return sentence("The tag key %q is not allowed: a key is not empty and %s.", key, tagRule)
	}
	switch {
	case !value.IsKnown():
		return nil
	case value.IsNull():
		return sentence("The tag %q is null. Leave it out, or give it a text.", key)
	case !tagText.MatchString(value.AsString()):
		return sentence("The value of the tag %q is not allowed: a value %s.", key, tagRule)
	}
	return nil
}
