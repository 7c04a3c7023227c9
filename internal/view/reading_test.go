package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// readAll tells a view of a thousand objects, read at 50 a second.
func readAll(v View, total int, perSecond float64) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := range total + 1 {
		v.Reading(Reading{Gateway: "dev", Done: done, Total: total, PerSecond: perSecond, Quota: "key-read", Began: began, At: began.Add(time.Duration(done) * 20 * time.Millisecond)})
	}
}

func TestALongReadingIsToldOfEveryTenSeconds(t *testing.T) {
	var out, err bytes.Buffer
	readAll(&Terminal{Out: &out, Err: &err, Width: 80}, 1050, 50)
	want := `kmsplan: reading 1,050 objects of gateway "dev" at 50 calls a second: about 21s
kmsplan: read 500 of 1,050 objects of gateway "dev", about 11s left (50 calls a second of quota key-read)
kmsplan: read 1,000 of 1,050 objects of gateway "dev", about 1s left (50 calls a second of quota key-read)
`
	if err.String() != want || out.Len() > 0 {
		t.Errorf("%s%s", out.String(), err.String())
	}
}

// A run that shares a quota is slower than what it allows itself: the line counts with what it was given.
func TestAReadingThatSharesItsQuotaTellsSo(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := Reading{Gateway: "dev", Done: 250, Total: 1000, PerSecond: 50, Quota: "key read", Began: began, At: began.Add(10 * time.Second)}
	if got := r.sentence(); got != `read 250 of 1,000 objects of gateway "dev", about 30s left (25 calls a second of quota key read)` {
		t.Error(got)
	}
	r.Done, r.At = 5, began.Add(time.Second) // too early to tell
	if got := r.sentence(); got != `read 5 of 1,000 objects of gateway "dev", about 20s left (50 calls a second of quota key read)` {
		t.Error(got)
	}
}

func TestAShortReadingIsNotWorthALine(t *testing.T) {
	var err bytes.Buffer
	readAll(&Terminal{Out: &err, Err: &err, Width: 80}, 99, 50)
	readAll(&Terminal{Out: &err, Err: &err, Width: 80}, 99, 0)
	readAll(NewLines(&bytes.Buffer{}, "1", time.Now), 99, 50)
	if err.Len() > 0 {
		t.Errorf("%s", err.String())
	}
}

func TestATerminalShowsOneLineThatGoes(t *testing.T) {
	var err bytes.Buffer
	term := &Terminal{Out: &err, Err: &err, Width: 40, Live: true, Redraws: true}
	readAll(term, 1000, 50)
	text := err.String()
	if strings.Contains(text, "\n") || !strings.HasSuffix(text, "\r\x1b[K") {
		t.Errorf("the line stays: %q", text[max(0, len(text)-80):])
	}
	for _, line := range strings.Split(text, "\r\x1b[K") {
		if n := len([]rune(line)); n >= 40 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if n := strings.Count(text, "\r"); n < 50 || n > 110 {
		t.Errorf("it is drawn %d times in 20 seconds", n)
	}
	err.Reset()
	term.Reading(Reading{Gateway: "dev", Total: 1000, PerSecond: 50})
	if term.Notef("something else"); !strings.HasSuffix(err.String(), "\r\x1b[Kkmsplan: something else\n") {
		t.Errorf("%q", err.String())
	}
}

func TestTheStreamSaysHowFarAReadingIs(t *testing.T) {
	var out bytes.Buffer
	lines := NewLines(&out, "1", time.Now)
	out.Reset()
	readAll(lines, 1050, 50)
	told := strings.Split(strings.TrimSpace(out.String()), "\n")
	var last struct {
		Type    string
		Reading struct {
			Done, Total int
			SecondsLeft float64 `json:"seconds_left"`
		}
	}
	if err := json.Unmarshal([]byte(told[len(told)-1]), &last); err != nil || len(told) != 3 {
		t.Fatalf("%v: %s", err, out.String())
	}
	if last.Type != "reading" || last.Reading.Done != 1000 || last.Reading.Total != 1050 || last.Reading.SecondsLeft != 1 {
		t.Errorf("%+v", last)
	}
}
