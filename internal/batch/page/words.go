package page

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// words are what templates say numbers and times with.
func words() template.FuncMap {
	return template.FuncMap{
		"count": func(n any) string { return grouped(fmt.Sprint(n)) },
		"bytes": size, "time": stamp, "rate": rateWords, "persecond": perSecond, "percent": percent,
	}
}

// grouped writes a whole number with commas.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// size is a number of bytes as people say it.
func size(n int64) string {
	v, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if math.Abs(v) < 1024 {
			break
		}
		v, unit = v/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func perSecond(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	}
	return grouped(strconv.FormatInt(int64(math.Round(v)), 10))
}

func percent(done, of int64) int64 {
	if of <= 0 {
		return 0
	}
	return done * 100 / of
}

// rateWords are what a batch may take of its gateway's quota.
func rateWords(r batch.Rate) string {
	share := fmt.Sprintf("%s %% of the gateway's quota", strconv.FormatFloat(100*r.Share, 'g', 4, 64))
	switch {
	case r.Share == 0 && r.CallsPerSecond == 0:
		return rateWords(batch.Rate{Share: batch.DefaultShare})
	case r.Share == 0:
		return perSecond(r.CallsPerSecond) + " calls a second"
	case r.CallsPerSecond == 0:
		return share
	}
	return share + ", at most " + perSecond(r.CallsPerSecond) + " calls a second"
}
