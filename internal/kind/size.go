package kind

import (
	"math"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

var sizePattern = pattern.New(`^([0-9]{1,18}) ?(|B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$`)

var sizeUnits = map[string]int64{
	"": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// ParseSize reads a number of bytes, with a unit or without: 4096, 256MiB, 5 GB.
func ParseSize(s string) (int64, error) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, sentence(`%q is no size. Write a whole number of bytes, or one with a unit: "4096", "256MiB", "5GB".`, s)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if unit := sizeUnits[m[2]]; err != nil || n > math.MaxInt64/unit {
		return 0, sentence("The size %q is larger than kmsplan can count.", s)
	}
	return n * sizeUnits[m[2]], nil
}

// sizeWithin wants a size from least to most bytes, which stand in the message as they are shown.
func sizeWithin(what string, least, most int64, shown string) func(cty.Value) error {
	return func(v cty.Value) error {
		n, err := ParseSize(v.AsString())
		if err != nil {
			return err
		}
		if n < least || n > most {
			return sentence("%s is %s; %q is not.", what, shown, v.AsString())
		}
		return nil
	}
}
