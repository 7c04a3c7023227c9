package engine

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// empty is the answer of operations that answer nothing but a RequestId.
type empty struct{}

// text reads an optional string parameter; absent is "".
func text(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}

// flag reads an optional boolean parameter; absent is false.
func flag(v *bool) bool { return v != nil && *v }

// required reads a string parameter that must be there and not be empty.
func required(name string, v *string) (string, error) {
	if text(v) == "" {
		return "", errMissingParameter(name)
	}
	return *v, nil
}

// atMost refuses text of more than limit characters.
func atMost(name, s string, limit int) error {
	if utf8.RuneCountInString(s) > limit {
		return errInvalidParameter(name)
	}
	return nil
}

// page is one page of a list.
type page struct{ number, size int }

// offset is the index of the page's first item.
func (p page) offset() int { return (p.number - 1) * p.size }

// pageOf reads PageNumber (from 1, default 1) and PageSize (1 to limit,
// default 10).
func pageOf(number, size *int64, limit int) (page, error) {
	p := page{1, pageSizeDefault}
	if number != nil {
		if *number < 1 || *number > math.MaxInt32 {
			return p, errInvalidParameter("PageNumber")
		}
		p.number = int(*number)
	}
	if size != nil {
		if *size < 1 || *size > int64(limit) {
			return p, errInvalidParameter("PageSize")
		}
		p.size = int(*size)
	}
	return p, nil
}

// parseInterval reads integer[d|h|m|s] (KMS: CreateKey, RotationInterval).
func parseInterval(name, s string) (time.Duration, error) {
	units := map[byte]time.Duration{'d': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	if s == "" {
		return 0, errInvalidParameter(name)
	}
	unit, found := units[s[len(s)-1]]
	digits := s[:len(s)-1]
	if !found || strings.Trim(digits, "0123456789") != "" {
		return 0, errInvalidParameter(name)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(math.MaxInt64/unit) {
		return 0, errInvalidParameter(name)
	}
	return time.Duration(n) * unit, nil
}

// interval writes a duration as the service does, in seconds.
func interval(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + "s" }

// parseJSON reads a parameter that holds a JSON document in a string.
func parseJSON(name, s string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(s))
	if decoder.Decode(into) != nil || decoder.More() {
		return errInvalidParameter(name)
	}
	return nil
}
