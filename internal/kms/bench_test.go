package kms_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// The benchmarks measure this process's CPU time; the server that answers them
// at once is the same test binary in a process of its own.
const serverEnv = "KMSPLAN_KMS_BENCH_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		instantServer()
		return
	}
	if job := os.Getenv(clientEnv); job != "" {
		proxyClient(job)
		return
	}
	os.Exit(m.Run())
}

type serverAt struct{ URL, CA string }

// instantServer answers both protocols until standard input closes.
func instantServer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ca, cert := kmstest.Mint(panicker{}, time.Now().Add(time.Hour), "127.0.0.1")
	version := "3de371e8-682c-55a8-2e34-7be2e84acf85"
	encrypted, err := proto.Marshal(&dkms.AdvanceEncryptResponse{KeyId: "key-1", KeyVersionId: version, RequestId: "R",
		CiphertextBlob: append([]byte{'$', 0, 2}, (version + string(make([]byte, 12+32+16)))...), Algorithm: "AES_GCM"})
	if err != nil {
		panic(err)
	}
	server := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Header.Get(dkms.HeaderAPIName) != "" {
				w.Header().Set("Content-Type", dkms.ContentType)
				_, _ = w.Write(encrypted)
				return
			}
			kmstest.Reply(w, 200, kmstest.DescribedKey)
		})}
	if err := json.NewEncoder(os.Stdout).Encode(serverAt{"https://" + l.Addr().String(), string(kmstest.PEMOf(ca.Certificates[0]))}); err != nil {
		panic(err)
	}
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
	_ = server.ServeTLS(l, "", "")
}

// panicker is a testing.TB for the server's process, which has no test.
type panicker struct{ testing.TB }

func (panicker) Helper()           {}
func (panicker) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func startServer(b *testing.B) transport.Connection {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), serverEnv+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	var at serverAt
	if err := json.NewDecoder(bufio.NewReader(stdout)).Decode(&at); err != nil {
		b.Fatal(err)
	}
	ca, err := transport.ParseCA([]byte(at.CA), "bench", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	return transport.Connection{Endpoint: at.URL, CA: ca}
}

// perCPU runs op b.N times on a few goroutines and reports this process's CPU.
func perCPU(b *testing.B, goroutines int, op func() error) {
	b.Helper()
	if err := op(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < b.N; i += goroutines {
				if err := op(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	used := cpuTime(b) - before
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/used.Seconds(), "ops/cpu-s")
}

func BenchmarkDescribeKey(b *testing.B) {
	connection := startServer(b)
	for _, goroutines := range []int{1, 8} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			p, err := public.New(public.Config{Connection: connection, Credentials: kmstest.Credentials})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			perCPU(b, goroutines, func() error {
				_, err := p.DescribeKey(context.Background(), "key-1")
				return err
			})
		})
	}
}

func BenchmarkClientKeyEncrypt(b *testing.B) {
	connection := startServer(b)
	plaintext := make([]byte, 32)
	for _, goroutines := range []int{1, 8} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			c, err := clientkey.New(clientkey.Config{Connection: connection, Key: kmstest.ClientKey(b)})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			perCPU(b, goroutines, func() error {
				_, err := c.Encrypt(context.Background(), "key-1", plaintext, map[string]string{"app": "orders"})
				return err
			})
		})
	}
}

// BenchmarkSigningFloor is what RSA-2048 alone costs: no ClientKey client can
// be faster.
func BenchmarkSigningFloor(b *testing.B) {
	key := kmstest.ClientKey(b).Key
	sum := sha256.Sum256([]byte("floor"))
	perCPU(b, 1, func() error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		return err
	})
}
