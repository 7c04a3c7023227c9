package view

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// grove tells a view of files of a MiB that take a tenth of a second each, and says something of each.
func grove(v View, total int, size int64) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := range total {
		w := Tree{Verb: "encrypting", Done: done + 1, Total: total, Size: size * int64(total), Bytes: size * int64(done+1), Began: began, At: began.Add(time.Duration(done+1) * 100 * time.Millisecond)}
		v.Notef("encrypted %d", done)
		v.Tree(w)
	}
}

func TestATreeSaysHowFarItIs(t *testing.T) {
	var out, err bytes.Buffer
	grove(&Terminal{Out: &out, Err: &err, Width: 200}, 250, 1<<20)
	for _, want := range []string{
		"kmsplan: encrypting: 100 of 250 files, about 15s left, 100.0 MiB of 250.0 MiB, 10.0 MiB/s\n",
		"kmsplan: encrypting: 200 of 250 files, about 5s left, 200.0 MiB of 250.0 MiB, 10.0 MiB/s\n",
	} {
		if !strings.Contains(err.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(err.String(), "encrypting"); n != 2 {
		t.Errorf("%d lines", n)
	}
	err.Reset()
	grove(&Terminal{Out: &out, Err: &err, Width: 200}, 99, 0)
	if strings.Contains(err.String(), "encrypting") || out.Len() > 0 {
		t.Errorf("%s", err.String())
	}
	if got := (Tree{Verb: "rewrapping", Done: 1, Total: 1200, Began: time.Unix(0, 0), At: time.Unix(1, 0)}).sentence(); got != "rewrapping: 1 of 1,200 files, about 19m59s left" {
		t.Error(got)
	}
}

// On a terminal the line stands below what is said, is never written behind, and is gone at the end.
func TestTheLineOfATreeStandsBelow(t *testing.T) {
	var all bytes.Buffer
	term := &Terminal{Out: &all, Err: &all, Width: 60, Live: true, Redraws: true}
	grove(term, 30, 1<<20)
	text := all.String()
	if !strings.HasSuffix(text, "\r\x1b[K") || !strings.Contains(text, "encrypted 9\n\r\x1b[Kencrypting: 8 of 30 files, about 2s left, 8.0 MiB of 30.0 …") {
		t.Errorf("%q", text)
	}
	for drawn := range strings.SplitSeq(text, "\r\x1b[K") {
		if strings.Contains(drawn, "encrypting") && strings.Contains(drawn, "kmsplan:") {
			t.Errorf("%q", drawn)
		}
	}
	all.Reset()
	term.Notef("x")
	if all.String() != "kmsplan: x\n" {
		t.Errorf("%q", all.String())
	}
}
