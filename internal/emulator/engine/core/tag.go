package core

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ValidTagText: at most 128 letters, digits and / \ _ - . + = : @
// (KMS: TagResources).
func ValidTagText(s string) bool {
	return utf8.RuneCountInString(s) <= TagTextLimit && strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`/\_-.+=:@`, r)
	}) < 0
}

func ValidTagKey(k string) bool {
	return k != "" && ValidTagText(k) && !ReservedTag(k)
}

// ReservedTag tells whether the tag is the service's own: nobody else sets or removes it
// (KMS: TagResources, UntagResources).
func ReservedTag(k string) bool {
	return strings.HasPrefix(k, "aliyun") || strings.HasPrefix(k, "acs:")
}

// ParseTags reads [{"TagKey":…,"TagValue":…}] with at most limit entries; ""
// gives nil.
func ParseTags(s string, limit int) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	var list []struct{ TagKey, TagValue string }
	if err := ParseJSON("Tags", s, &list); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range list {
		if !ValidTagKey(t.TagKey) || !ValidTagText(t.TagValue) {
			return nil, ErrInvalidParameter("Tags")
		}
		tags[t.TagKey] = t.TagValue
	}
	if len(list) > limit || len(tags) != len(list) {
		return nil, ErrInvalidParameter("Tags")
	}
	return tags, nil
}
