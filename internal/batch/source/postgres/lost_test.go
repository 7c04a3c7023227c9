package postgres_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// losing passes connections on, and cuts one when the server has answered the statement that writes, while it is armed.
type losing struct {
	net.Listener
	server string
	armed  atomic.Int32
}

func (l *losing) serve() {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = client.Close()
			return
		}
		go l.pass(client, server)
	}
}

func (l *losing) pass(client, server net.Conn) {
	var writes atomic.Bool
	go func() {
		defer server.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			if bytes.Contains(buffer[:n], []byte("WITH written AS")) && l.armed.Add(-1) >= 0 {
				writes.Store(true)
			}
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	defer client.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || writes.Load() {
			return // what was read is the answer, which is lost
		}
		if _, err := io.Copy(client, bytes.NewReader(buffer[:n])); err != nil {
			return
		}
	}
}

// A write whose answer is lost took effect once and is reported as done, whether it is tried again or not.
func TestAnAnswerThatIsLost(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		u, err := url.Parse(db.conn)
		if err != nil {
			t.Fatal(err)
		}
		l := &losing{server: u.Host}
		if l.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go l.serve()
		table := db.table(t, "id int PRIMARY KEY, body bytea")
		db.sql(t, "INSERT INTO "+table+" VALUES (1, 'old'), (2, 'old')")
		s := (database{conn: strings.Replace(db.conn, u.Host, l.Addr().String(), 1)}).open(t, table, "body")
		for row, losses := range map[string]int32{"1": 1, "2": 3} {
			h := handle(t, s, row)
			l.armed.Store(losses)
			if _, err := h.Replace(t.Context(), text("brand new")); err != nil {
				t.Errorf("row %s: %v", row, err)
			}
			if left := l.armed.Load(); left >= losses {
				t.Errorf("row %s: no answer was lost", row)
			}
			if got := handle(t, s, row).Object().Size; got != 9 {
				t.Errorf("row %s has %d bytes", row, got)
			}
		}
	})
}
