package fault

import (
	"context"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Delivery is one authenticated call on its way out.
type Delivery struct {
	Commit func() Answer // carries the operation out; may be called twice
	// AsOf is Commit on the state of a while ago; nil = the call writes.
	AsOf func(ago time.Duration) Answer
	// Full is Commit with a full disk; nil = the call is carried out as ever.
	Full func() Answer
	// About is Commit for another object; nil = the call names none.
	About func(id string) Answer
	// LateTags is Commit with the tags of a while ago; nil = the call shows none.
	LateTags    func(ago time.Duration) Answer
	Fingerprint string // equal for calls that ask the same; "" = never stale
	Dialect     Dialect
	// Note hears of the answer just before it is given, so that whoever has an
	// answer finds the call in the log. Status 0 = the connection is dropped.
	Note func(Answer)
}

// send notes an answer and gives it.
func (d Delivery) send(w http.ResponseWriter, a Answer) {
	d.Note(a)
	a.Write(w)
}

// drop notes that there is no answer, and gives none.
func (d Delivery) drop(w http.ResponseWriter) {
	d.Note(Answer{})
	Drop(w)
}

// Deliver executes the call and writes its answer as the rule wants it; a nil
// rule changes nothing.
func (i *Injector) Deliver(w http.ResponseWriter, r *http.Request, rule *Rule, d Delivery) {
	if rule == nil {
		i.plain(w, d)
		return
	}
	w.Header().Set(Header, rule.Label())
	patient(w)
	switch rule.Action {
	case Reject:
		d.send(w, d.refuse(rule))
	case RejectAfterCommit:
		d.Commit()
		d.send(w, d.refuse(rule))
	case DropAfterCommit:
		d.Commit()
		d.drop(w)
	case CloseAfterCommit:
		d.Commit()
		d.Note(Answer{})
		hangUp(w)
	case LateCommit:
		wait(r.Context(), maxWait)
		d.Commit()
		d.drop(w)
	case Delay:
		wait(r.Context(), rule.duration())
		d.send(w, d.Commit())
	case DelayAfter:
		a := d.Commit()
		wait(r.Context(), rule.duration())
		d.send(w, a)
	case Duplicate:
		d.Commit()
		d.send(w, d.Commit())
	case Stale:
		a, found := i.past.back(d.Fingerprint, rule.number())
		if !found {
			a = d.Commit()
		}
		d.send(w, a)
	case StaleRead:
		d.send(w, otherwise(d.AsOf, rule.duration(), d.Commit))
	case DiskFull:
		d.send(w, d.full())
	case AboutAnother:
		d.send(w, otherwise(d.About, rule.argument(), d.Commit))
	case LateTags:
		d.send(w, otherwise(d.LateTags, rule.duration(), d.Commit))
	case ThrottleHint:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(rule.duration().Seconds()))))
		fallthrough
	case Throttle:
		d.Dialect.Storm(rule.argument())
		d.send(w, d.Dialect.Refuse(429, "Rejected.Throttling", "QPS Limit Exceeded"))
	case Crash:
		d.Commit()
		i.exit()
		d.drop(w)
	default:
		deform(w, r, rule, d)
	}
}

// plain gives the true answer, and remembers it while a Stale rule waits.
func (i *Injector) plain(w http.ResponseWriter, d Delivery) {
	a := d.Commit()
	if d.Fingerprint != "" && a.Status == http.StatusOK && i.has(Stale) {
		i.past.add(d.Fingerprint, a)
	}
	d.send(w, a)
}

// deform carries the call out and damages the answer.
func deform(w http.ResponseWriter, r *http.Request, rule *Rule, d Delivery) {
	a := d.Commit()
	switch rule.Action {
	case Truncate:
		d.Note(a)
		cut(w, a, min(rule.number(), len(a.Body)), len(a.Body)+1)
	case WrongLength:
		d.Note(a)
		cut(w, a, len(a.Body), len(a.Body)+64)
	case SlowBody:
		d.Note(a)
		slow(w, r, a, rule.number())
	case Malformed:
		d.send(w, d.Dialect.Malformed(a))
	case HTML:
		d.send(w, page(rule.number()))
	default:
		d.send(w, d.alter(a, rule))
	}
}

// otherwise carries the call out in another way, if it has that way.
func otherwise[A any](way func(A) Answer, argument A, commit func() Answer) Answer {
	if way == nil {
		return commit()
	}
	return way(argument)
}

func (d Delivery) full() Answer {
	if d.Full == nil {
		return d.Commit()
	}
	return d.Full()
}

func (d Delivery) refuse(rule *Rule) Answer {
	status, code := rule.rejection()
	return d.Dialect.Refuse(status, code, "Injected by a fault rule.")
}

// alter changes the members of a granted answer. A rule that names a member which
// the answer has not is said rather than passed over.
func (d Delivery) alter(a Answer, rule *Rule) Answer {
	if a.Alter == nil {
		return a
	}
	fits := true
	changed := a.Alter(func(m Members) { fits = rule.alter(m) })
	if !fits && rule.Argument != "" {
		return d.Dialect.Refuse(http.StatusInternalServerError, "InternalFailure", "The fault rule "+rule.Label()+" does not fit: the answer has no such member.")
	}
	return changed
}

func page(status int) Answer {
	return Answer{
		Status: status,
		Header: http.Header{"Content-Type": {"text/html"}},
		Body:   []byte("<html><head><title>" + strconv.Itoa(status) + "</title></head><body><h1>Bad gateway</h1></body></html>\n"),
	}
}

// patient lifts the server's deadlines: a fault may take longer than an honest
// call, and a read deadline would look like a client that gave up.
func patient(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(maxWait + time.Minute))
}

// wait ends after d or when the client gives up, whichever comes first.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// cut announces length bytes, sends n and closes the connection.
func cut(w http.ResponseWriter, a Answer, n, length int) {
	a.copyHeader(w)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.Header().Set("Connection", "close")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body[:n])
	control := http.NewResponseController(w)
	_ = control.Flush()
	conn, _, err := control.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	// Not a reset: that would take the bytes back which are still on their way.
	_ = tcp(conn).Close()
}

// slow sends the body at a number of bytes a second, in steps of a tenth.
func slow(w http.ResponseWriter, r *http.Request, a Answer, perSecond int) {
	control := http.NewResponseController(w)
	a.copyHeader(w)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	step := max(1, perSecond/10)
	pause := time.Duration(step) * time.Second / time.Duration(perSecond)
	for rest := a.Body; len(rest) > 0 && r.Context().Err() == nil; {
		n := min(step, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			break
		}
		_ = control.Flush()
		rest = rest[n:]
		wait(r.Context(), pause)
	}
}

// hangUp closes the connection without an answer, as a server does that ends: the
// client sees the end of the stream, not a reset.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close()
}

// Drop closes the client's connection with a TCP reset, without an answer.
func Drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// Not a connection of our own server (HTTP/2, a recorder): abort it the way net/http offers.
		panic(http.ErrAbortHandler)
	}
	Reset(conn)
}

// Reset closes a connection at once; over TCP the peer sees a reset.
func Reset(conn net.Conn) {
	conn = tcp(conn)
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = conn.Close()
}

// tcp is the connection below TLS, whose own Close would say goodbye politely.
func tcp(conn net.Conn) net.Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return conn
}
