package emulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Ceilings while 200 connections do nothing useful. net/http takes two goroutines
// for one, and buffers of 4 KiB each way; TLS takes some more.
const (
	idleConnections = 200
	goroutinesEach  = 4
	memoryEach      = 256 << 10
	memorySlack     = 32 << 20
)

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC() // the first one only empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// hostile opens connections that begin something and never end it.
func hostile(t *testing.T, addresses []string) []net.Conn {
	t.Helper()
	beginnings := []string{
		"",                         // says nothing
		"\x16\x03\x01\x02\x00\x01", // the head of a TLS handshake
		"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /?Action=ListKeys HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\nA=",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nx-kms-apiname: Encrypt\r\n\r\nfffff\r\nA",
	}
	conns := make([]net.Conn, 0, idleConnections)
	for n := range idleConnections {
		conn, err := net.Dial("tcp", addresses[n%len(addresses)])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, beginnings[n%len(beginnings)]); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	return conns
}

// TestHostileClientsCostLittle: 200 slow connections, and others that send garbage
// and far too much, neither block good clients nor take more than their share, and
// leave nothing behind.
func TestHostileClientsCostLittle(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	trusted := trusting(t, r)
	clients := make([]*kms.Client, 4)
	for n := range clients {
		clients[n] = sdk(t, r, r.Public.HTTPS, nil)
	}
	work := func() {
		var wg sync.WaitGroup
		for _, client := range clients {
			wg.Go(func() {
				for range 5 {
					if _, err := client.ListKeys(&kms.ListKeysRequest{}); err != nil {
						t.Error(err)
					}
					if refusal := protobuf(t, trusted, r, "GenerateRandom", &dkms.GenerateRandomRequest{Length: 8}, new(dkms.GenerateRandomResponse)); refusal != nil {
						t.Error(refusal)
					}
				}
			})
		}
		wg.Wait()
	}
	work() // opens what good clients keep open
	goroutines, memory := runtime.NumGoroutine(), heap()
	// The plain address takes half of them, so that requests are begun and not only handshakes.
	conns := hostile(t, []string{r.Public.HTTP, r.Public.HTTPS, r.Public.HTTP, r.Instance.Endpoint})
	garbage(t, trusted, "http://"+r.Public.HTTP, "https://"+r.Public.HTTPS, "https://"+r.Instance.Endpoint)
	work()
	if got := runtime.NumGoroutine() - goroutines; got > idleConnections*goroutinesEach {
		t.Errorf("%d goroutines more for %d connections", got, idleConnections)
	}
	if got := heap() - memory; got > idleConnections*memoryEach+memorySlack {
		t.Errorf("%d bytes more for %d connections", got, idleConnections)
	}
	for _, conn := range conns {
		conn.Close()
	}
	work()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > goroutines+20; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left, %d were there before", runtime.NumGoroutine(), goroutines)
		}
	}
	if got := heap() - memory; got > memorySlack {
		t.Errorf("%d bytes are left", got)
	}
}

// garbage sends, many times to each address, what is too large, too long or
// nonsense. Every answer is a refusal, or the connection's end.
func garbage(t *testing.T, client *http.Client, addresses ...string) {
	t.Helper()
	large := bytes.Repeat([]byte("A=1&"), 2<<20) // 8 MiB
	for round := range 20 {
		for _, address := range addresses {
			for what, request := range map[string]func() (*http.Request, error){
				"large form": func() (*http.Request, error) {
					q, err := http.NewRequest("POST", address+"/?Action=ListKeys&Version=2016-01-20", bytes.NewReader(large))
					if err == nil {
						q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					}
					return q, err
				},
				"large message": func() (*http.Request, error) {
					q, err := http.NewRequest("POST", address+"/", bytes.NewReader(large))
					if err == nil {
						q.Header.Set(dkms.HeaderAPIName, "Encrypt")
						q.Header.Set("Content-Type", dkms.ContentType)
					}
					return q, err
				},
				"large header": func() (*http.Request, error) {
					q, err := http.NewRequest("GET", address+"/", nil)
					if err == nil {
						q.Header.Set("X-Large", strings.Repeat("x", 512<<10))
					}
					return q, err
				},
				"nonsense": func() (*http.Request, error) {
					q, err := http.NewRequest("POST", address+"/", bytes.NewReader(large[:1000+round]))
					if err == nil {
						q.Header.Set(dkms.HeaderAPIName, fmt.Sprint("Encrypt", round))
						q.Header.Set("Authorization", strings.Repeat("Bearer ACS3-HMAC-SHA256 ", 100))
					}
					return q, err
				},
			} {
				q, err := request()
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Do(q)
				if err != nil {
					continue // it hung up while we were still sending
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode < 400 || response.StatusCode >= 500 {
					t.Errorf("%s to %s: status %d", what, address, response.StatusCode)
				}
			}
		}
	}
}
