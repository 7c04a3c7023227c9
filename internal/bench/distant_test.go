//go:build unix

package bench

import (
	"net"
	"sync"
	"testing"
	"time"
)

// distant is an address behind which another one answers that is so far away, there and back: each byte arrives half of that
// later, however many are on their way.
func distant(tb testing.TB, address string, away time.Duration) string {
	tb.Helper()
	if away == 0 {
		return address
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var serving sync.WaitGroup
	tb.Cleanup(func() { l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				near.Close()
				continue
			}
			serving.Go(func() { carry(far, near, away/2) })
			serving.Go(func() { carry(near, far, away/2) })
		}
	})
	return l.Addr().String()
}

// packet is what was read at once.
type packet struct {
	due  time.Time
	data []byte
}

// carry moves what is read to the other side, each piece when it is due, and closes both at the end.
func carry(to, from net.Conn, later time.Duration) {
	underWay := make(chan packet, 1024)
	go func() {
		defer close(underWay)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			underWay <- packet{time.Now().Add(later), data[:n]}
			if err != nil {
				return
			}
		}
	}()
	defer to.Close()
	defer from.Close()
	for p := range underWay {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			from.Close() // what comes after it goes nowhere
		}
	}
}
