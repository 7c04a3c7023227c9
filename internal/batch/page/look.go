package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// failuresAPage is how many failures one page shows.
const failuresAPage = 100

// refreshEvery is how often a browser asks again, seconds.
const refreshEvery = 5

// sheet is what a template shows.
type sheet struct {
	Place    string
	Refresh  int    // seconds; 0 = it stays
	Form     string // of the session; "" = nothing may be changed
	HasToken bool
	Engine   string // where the pages of the queue's own engine are; "" = it has none
	Wrong    string
	Batches  []row
	Batch    *row
	Failures []batch.Failure
	Page     int // of failures, from 1
	Next     int // 0 = none
	Before   int // 0 = none
}

// row is a batch with how fast it is.
type row struct {
	batch.Record
	Pace pace
	Now  float64 // the rate of calls that all workers keep to now, per second; 0 = nobody knows
	Most float64 // its ceiling
}

func (p *Page) row(ctx context.Context, r batch.Record) row {
	out := row{Record: r, Pace: p.meter.pace(r, p.now())}
	if r.Status != batch.Running || r.Spec.Target.Gateway == "" {
		return out
	}
	// A bucket that nobody has used yet knows no rate; that is no failure of the page.
	if now, most, err := p.queue.Bucket(r.Spec.Target.Gateway, quota.Symmetric).Rate(ctx); err == nil {
		out.Now, out.Most = now, most
	}
	return out
}

func (p *Page) rows(ctx context.Context) ([]row, error) {
	records, err := p.queue.Records(ctx)
	out := make([]row, 0, len(records))
	for _, r := range records {
		out = append(out, p.row(ctx, r))
	}
	return out, err
}

// list shows all batches.
func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	rows, err := p.rows(r.Context())
	if err != nil {
		http.Error(w, "Read the batches: "+err.Error()+".", statusOf(err))
		return
	}
	p.show(w, r, "list.html", sheet{Batches: rows, Refresh: refreshEvery})
}

// one shows one batch.
func (p *Page) one(w http.ResponseWriter, r *http.Request) {
	address := r.FormValue("address")
	record, err := p.queue.Record(r.Context(), address)
	if err != nil {
		http.Error(w, "Read "+address+": "+err.Error()+".", statusOf(err))
		return
	}
	at := p.row(r.Context(), record)
	s := sheet{Batch: &at, Page: max(atoi(r.FormValue("page")), 1)}
	if !record.Status.Over() {
		s.Refresh = refreshEvery
	}
	if err := p.failures(r.Context(), address, &s); err != nil {
		http.Error(w, "Read the failures of "+address+": "+err.Error()+".", statusOf(err))
		return
	}
	p.show(w, r, "batch.html", s)
}

var errEnough = errors.New("enough")

// failures are those of one page; it reads no further than to know whether there is another.
func (p *Page) failures(ctx context.Context, address string, s *sheet) error {
	n, skip := 0, (s.Page-1)*failuresAPage
	err := p.queue.Failures(ctx, address, func(f batch.Failure) error {
		n++
		if n > skip+failuresAPage {
			s.Next = s.Page + 1
			return errEnough
		}
		if n > skip {
			s.Failures = append(s.Failures, f)
		}
		return nil
	})
	s.Before = s.Page - 1
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// atoi is a small number of a query, 0 where it is none.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n > 1e6 {
		return 0
	}
	return n
}

// show writes a page, whole or not at all.
func (p *Page) show(w http.ResponseWriter, r *http.Request, name string, s sheet) {
	s.Place, s.HasToken = p.queue.Place(), p.token != ""
	if p.engined {
		s.Engine = EnginePath + "/"
	}
	if one, ok := p.session(r); ok {
		s.Form = one.form
	}
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, name, s); err != nil {
		http.Error(w, "Make the page: "+err.Error()+".", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // whoever asked may be gone
}

// apiBatch is a batch for scripts.
type apiBatch struct {
	batch.Record
	ObjectsPerSecond float64 `json:"objects_per_second,omitempty"`
	CallsPerSecond   float64 `json:"calls_per_second,omitempty"`
	RatePerSecond    float64 `json:"rate_per_second,omitempty"`    // of calls, that all workers keep to now
	CeilingPerSecond float64 `json:"ceiling_per_second,omitempty"` // of that rate
	SecondsLeft      float64 `json:"seconds_left,omitempty"`
}

// api answers with all batches as JSON.
func (p *Page) api(w http.ResponseWriter, r *http.Request) {
	rows, err := p.rows(r.Context())
	if err != nil {
		http.Error(w, "Read the batches: "+err.Error()+".", statusOf(err))
		return
	}
	out := make([]apiBatch, 0, len(rows))
	for _, b := range rows {
		out = append(out, apiBatch{Record: b.Record, ObjectsPerSecond: b.Pace.Objects, CallsPerSecond: b.Pace.Calls, RatePerSecond: b.Now, CeilingPerSecond: b.Most, SecondsLeft: b.Pace.Left.Seconds()})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"place": p.queue.Place(), "batches": out}) // whoever asked may be gone
}
