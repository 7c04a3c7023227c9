package core

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Empty is the answer of operations that answer nothing but a RequestId.
type Empty struct{}

// Text reads an optional string parameter; absent is "".
func Text(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}

// Flag reads an optional boolean parameter; absent is false.
func Flag(v *bool) bool { return v != nil && *v }

// Required reads a string parameter that must be there and not be empty.
func Required(name string, v *string) (string, error) {
	if Text(v) == "" {
		return "", ErrMissingParameter(name)
	}
	return *v, nil
}

// AtMost refuses text of more than limit characters.
func AtMost(name, s string, limit int) error {
	if utf8.RuneCountInString(s) > limit {
		return ErrInvalidParameter(name)
	}
	return nil
}

// Page is one page of a list.
type Page struct{ Number, Size int }

// Offset is the index of the page's first item.
func (p Page) Offset() int { return (p.Number - 1) * p.Size }

// PageOf reads PageNumber (from 1, default 1) and PageSize (1 to limit,
// default 10).
func PageOf(number, size *int64, limit int) (Page, error) {
	p := Page{1, pageSizeDefault}
	if number != nil {
		if *number < 1 || *number > math.MaxInt32 {
			return p, ErrInvalidParameter("PageNumber")
		}
		p.Number = int(*number)
	}
	if size != nil {
		if *size < 1 || *size > int64(limit) {
			return p, ErrInvalidParameter("PageSize")
		}
		p.Size = int(*size)
	}
	return p, nil
}

// PageOfAccess is PageOf for the lists of instances and of what opens them, whose
// PageSize is 20 unless it is given.
func PageOfAccess(number, size *int64) (Page, error) {
	if size == nil {
		standard := int64(pageSizeOfAccess)
		size = &standard
	}
	return PageOf(number, size, PageSizeMax)
}

// PageFrom0 is PageOf for the lists whose PageSize is documented as 0 to limit: ListAliases,
// ListAliasesByKeyId and ListKeyVersions.
func PageFrom0(number, size *int64, limit int) (Page, error) {
	if size != nil && *size == 0 {
		size = nil
	}
	return PageOf(number, size, limit)
}

// ParseInterval reads integer[d|h|m|s] (KMS: CreateKey, RotationInterval).
func ParseInterval(name, s string) (time.Duration, error) {
	units := map[byte]time.Duration{'d': Day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	if s == "" {
		return 0, ErrInvalidParameter(name)
	}
	unit, found := units[s[len(s)-1]]
	digits := s[:len(s)-1]
	if !found || strings.Trim(digits, "0123456789") != "" {
		return 0, ErrInvalidParameter(name)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(math.MaxInt64/unit) {
		return 0, ErrInvalidParameter(name)
	}
	return time.Duration(n) * unit, nil
}

// Interval writes a duration as the service does, in seconds.
func Interval(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + "s" }

// ParseJSON reads a parameter that holds a JSON document in a string.
func ParseJSON(name, s string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(s))
	if decoder.Decode(into) != nil || decoder.More() {
		return ErrInvalidParameter(name)
	}
	return nil
}
