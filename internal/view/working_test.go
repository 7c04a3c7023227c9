package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
)

// workAll tells a view of objects that take a tenth of a second each.
func workAll(v View, total int) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := range total {
		v.Working(Working{Done: done + 1, Total: total, Began: began, At: began.Add(time.Duration(done+1) * 100 * time.Millisecond)})
	}
}

func TestWorkOnManyObjectsSaysHowFarItIs(t *testing.T) {
	var out, err bytes.Buffer
	workAll(&Terminal{Out: &out, Err: &err, Width: 80}, 250)
	want := "kmsplan: done with 100 of 250 objects and files, about 15s left\nkmsplan: done with 200 of 250 objects and files, about 5s left\n"
	if err.String() != want || out.Len() > 0 {
		t.Errorf("%s%s", out.String(), err.String())
	}
	err.Reset()
	workAll(&Terminal{Out: &err, Err: &err, Width: 80}, 50) // done before ten seconds are over
	workAll(&Terminal{Out: &err, Err: &err, Width: 80}, 0)
	if err.Len() > 0 {
		t.Errorf("%s", err.String())
	}
}

// On a terminal the line is drawn over, never stands in the middle of another, and is gone at the end.
func TestTheLineOfWorkGoes(t *testing.T) {
	var all bytes.Buffer
	term := &Terminal{Out: &all, Err: &all, Width: 40, Live: true, Redraws: true}
	workAll(term, 100)
	text := all.String()
	if strings.Contains(text, "\n") || !strings.HasSuffix(text, "\r\x1b[K") || !strings.Contains(text, "done with 50 of 100") {
		t.Errorf("%q", text)
	}
	for _, line := range strings.Split(text, "\r\x1b[K") {
		if n := len([]rune(line)); n >= 40 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	all.Reset()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	term.Working(Working{Done: 3, Total: 100, Began: began, At: began.Add(time.Minute)})
	term.Done(apply.Step{Addr: addr.Resource("key", "k"), Action: plan.Create}, apply.Outcome{})
	if !strings.HasSuffix(all.String(), "\r\x1b[Kkey.k: Creation complete after 0s\n\r\x1b[Kdone with 3 of 100 objects and files, …") {
		t.Errorf("%q", all.String())
	}
	all.Reset()
	term.Working(Working{Done: 5, Total: 100, Began: began, At: began.Add(2 * time.Minute)})
	if term.Notef("x"); !strings.HasSuffix(all.String(), "\r\x1b[Kkmsplan: x\n") {
		t.Errorf("%q", all.String())
	}
}

func TestTheStreamSaysHowFarTheWorkIs(t *testing.T) {
	var out bytes.Buffer
	lines := NewLines(&out, "1", time.Now)
	out.Reset()
	workAll(lines, 250)
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"type":"progress"`) || !strings.Contains(got, `"progress":{"done":200,"total":250}`) {
		t.Error(got)
	}
}
