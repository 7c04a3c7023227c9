package kms_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// The proxy's environment is read once per process, so each case runs this test
// binary again as a client.
const clientEnv = "KMSPLAN_KMS_PROXY_CLIENT"

type clientJob struct{ Endpoint, CA string }

// proxyClient makes one call as the job says and prints its error.
func proxyClient(job string) {
	var j clientJob
	if err := json.Unmarshal([]byte(job), &j); err != nil {
		panic(err)
	}
	ca, err := transport.ParseCA([]byte(j.CA), "job", time.Now())
	if err != nil {
		panic(err)
	}
	p, err := public.New(public.Config{Connection: transport.Connection{Endpoint: j.Endpoint, CA: ca}, Credentials: kmstest.Credentials,
		Retry: transport.RetryConfig{MaxAttempts: 1}})
	if err != nil {
		panic(err)
	}
	_, err = p.DescribeKey(context.Background(), "key-1")
	f := p.Probe(context.Background())
	fmt.Printf("error: %v\nproxy: %s\nwarnings: %v\n", err, f.Proxy, f.Warnings)
}

// connectProxy tunnels every CONNECT to target and keeps its headers.
func connectProxy(t *testing.T, target string) (address string, seen func() []http.Header) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var headers []http.Header
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				req, err := http.ReadRequest(in)
				if err != nil || req.Method != http.MethodConnect {
					return
				}
				mu.Lock()
				headers = append(headers, req.Header)
				mu.Unlock()
				out, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer out.Close()
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
				go func() { _, _ = io.Copy(out, in); out.Close() }()
				_, _ = io.Copy(c, out)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String(), func() []http.Header {
		mu.Lock()
		defer mu.Unlock()
		return headers
	}
}

func TestProxy(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
	ca, cert := kmstest.Mint(t, time.Now().Add(time.Hour), "kms.example.test")
	g.TLS.Certificates = []tls.Certificate{cert}
	proxy, seen := connectProxy(t, g.Listener.Addr().String())
	job, err := json.Marshal(clientJob{"https://kms.example.test", string(kmstest.PEMOf(ca.Certificates[0]))})
	if err != nil {
		t.Fatal(err)
	}
	const password = "canary-proxy-password"
	run := func(env ...string) string {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(append(os.Environ(), clientEnv+"="+string(job), "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=", "no_proxy="), env...)
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		kmstest.Without(t, "output", string(out), password)
		return string(out)
	}

	out := run("HTTPS_PROXY=http://user:" + password + "@" + proxy)
	if !strings.Contains(out, "error: <nil>") || !strings.Contains(out, "proxy: "+proxy) || len(seen()) != 1 {
		t.Fatalf("through the proxy: %s", out)
	}
	if seen()[0].Get("Proxy-Authorization") == "" {
		t.Error("the proxy got no password")
	}
	if r := g.Seen()[0]; r.Header.Get("Proxy-Authorization") != "" {
		t.Error("the gateway got the proxy's password")
	}
	if out := run("HTTPS_PROXY=http://"+proxy, "NO_PROXY=.example.test"); strings.Contains(out, "error: <nil>") || len(seen()) != 1 {
		t.Errorf("NO_PROXY was not honoured: %s", out)
	}
	if out := run("HTTPS_PROXY=http://user:" + password + "@%zz:1"); !strings.Contains(out, "HTTPS_PROXY is not a valid URL and is ignored") {
		t.Errorf("bad proxy: %s", out)
	}
}
