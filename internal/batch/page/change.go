package page

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// change pauses, resumes or cancels a batch, or sets its rate.
func (p *Page) change(w http.ResponseWriter, r *http.Request) {
	if !p.mayChange(r) {
		http.Error(w, "Changes need the page's token, and a form of this page. Open the page anew with the token; a page that was started without one changes nothing.", http.StatusForbidden)
		return
	}
	c, err := asked(r)
	if err != nil {
		http.Error(w, "Nothing was changed: "+err.Error()+".", http.StatusBadRequest)
		return
	}
	address := r.PostFormValue("address")
	if _, err := p.queue.Change(r.Context(), address, c); err != nil {
		http.Error(w, "Change "+address+": "+err.Error()+".", statusOf(err))
		return
	}
	http.Redirect(w, r, "/batch?address="+url.QueryEscape(address), http.StatusSeeOther)
}

// asked is the change that a form asks for.
func asked(r *http.Request) (c queue.Change, err error) {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	do := r.PostFormValue("do")
	switch do {
	case "pause":
		c = queue.Change{Status: batch.Paused, Reason: "paused on the page, from " + from}
	case "resume":
		c = queue.Change{Status: batch.Running}
	case "cancel":
		if r.PostFormValue("sure") != "yes" {
			return c, errors.New("a batch is cancelled for good; tick that you are sure")
		}
		c = queue.Change{Status: batch.Cancelled, Reason: "cancelled on the page, from " + from}
	case "rate":
		rate, err := askedRate(r)
		return queue.Change{Rate: &rate}, err
	default:
		err = fmt.Errorf("%.40q is none of pause, resume, cancel, rate", do)
	}
	return c, err
}

// askedRate is the rate of a form: a share, a number of calls a second, or both.
func askedRate(r *http.Request) (rate batch.Rate, err error) {
	if rate.Share, err = number(r, "share", 1); err != nil {
		return rate, err
	}
	if rate.CallsPerSecond, err = number(r, "calls_per_second", batch.MostRate); err != nil {
		return rate, err
	}
	if rate == (batch.Rate{}) {
		return rate, errors.New("give a share of the quota, or calls a second")
	}
	return rate, rate.Check()
}

// number is a field's, above 0 and at most most; 0 = it is empty.
func number(r *http.Request, field string, most float64) (float64, error) {
	text := strings.TrimSpace(r.PostFormValue(field))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0 && n <= most) {
		return 0, fmt.Errorf("%s is %.40q, and must be a number above 0 and at most %g", field, text, most)
	}
	return n, nil
}

// statusOf is the answer to a queue's error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, queue.ErrNone):
		return http.StatusNotFound
	case errors.Is(err, queue.ErrOver):
		return http.StatusConflict
	}
	return http.StatusBadGateway
}
