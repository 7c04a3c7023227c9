package emulator_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

func TestOptionsThatAreRefused(t *testing.T) {
	for name, o := range map[string]emulator.Options{
		"no place":           {},
		"everywhere":         {Memory: true, Listen: "0.0.0.0:0"},
		"everywhere, unsaid": {Memory: true, InstanceListen: ":0"},
		"another host":       {Memory: true, HTTPListen: "192.0.2.1:0"},
		"control everywhere": {Memory: true, ControlListen: "0.0.0.0:0", AllowNonLoopback: true},
		"no port":            {Memory: true, Listen: "127.0.0.1"},
		"auth":               {Memory: true, Auth: "maybe"},
		"throttle":           {Memory: true, Throttle: "on"},
		"fault":              {Memory: true, Faults: "CreateKay:reject"},
		"account":            {Memory: true, Account: "12"}, // Case W12.
		"region":             {Memory: true, Region: "mars"},
		"region, mistyped":   {Memory: true, Region: "cn-hangzou"},
		"image":              {Memory: true, InstanceImage: "new"},
		"lock timeout":       {Memory: true, LockTimeout: -1},
		"list lag":           {Memory: true, ListLag: -1},
		"quotas":             {Memory: true, Quotas: "some"},
		"call log":           {Memory: true, CallLog: filepath.Join(t.TempDir(), "none", "calls.jsonl")},
		"crash in process":   {Memory: true, Faults: "CreateKey:crash-after-commit"},
		"seed file":          {Memory: true, SeedFile: filepath.Join(t.TempDir(), "none.json")},
	} {
		if s, err := emulator.Start(context.Background(), o); err == nil {
			s.Close()
			t.Errorf("%s: started", name)
		}
	}
	if s, err := emulator.Start(context.Background(), emulator.Options{Memory: true, HTTPListen: "off", AllowNonLoopback: true, Listen: "0.0.0.0:0"}); err != nil {
		t.Errorf("told so: %v", err)
	} else {
		if s.Ready().Public.HTTP != "" {
			t.Error("http is on")
		}
		s.Close()
	}
}

func TestTLSFaults(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	for rule, hint := range map[string]string{
		"*:tls-expired": "expired", "*:tls-wrong-san": "IP SANs", "*:tls-old": "protocol version", "*:tls-cut": "",
	} {
		for _, endpoint := range []string{r.Public.HTTPS, r.Instance.Endpoint} {
			if _, err := s.Faults().AddText(rule); err != nil {
				t.Fatal(err)
			}
			client := trusting(t, r)
			response, err := client.Get("https://" + endpoint + "/")
			if err == nil {
				response.Body.Close()
				t.Errorf("%s: the handshake succeeds", rule)
			} else if !strings.Contains(err.Error(), hint) {
				t.Errorf("%s: %v", rule, err)
			}
			response, err = client.Get("https://" + endpoint + "/")
			if err != nil {
				t.Errorf("%s: the next connection: %v", rule, err)
				continue
			}
			response.Body.Close()
		}
	}
}

func TestOldTLSIsRefusedAlways(t *testing.T) {
	s := emulatortest.New(t)
	for _, endpoint := range []string{s.Ready().Public.HTTPS, s.Ready().Instance.Endpoint} {
		conn, err := tls.Dial("tcp", endpoint, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err == nil {
			conn.Close()
			t.Errorf("%s speaks TLS 1.1", endpoint)
		}
	}
}

// TestLostAnswer is the fault that the intent protocol of apply is built for.
func TestLostAnswer(t *testing.T) {
	s := emulatortest.New(t, func(o *emulator.Options) { o.Faults = "CreateKey:drop-after-commit:1" })
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	if _, err := client.CreateKey(&kms.CreateKeyRequest{}); err == nil {
		t.Fatal("an answer came")
	}
	list, err := client.ListKeys(&kms.ListKeysRequest{})
	if err != nil || *list.Body.TotalCount != 1 {
		t.Fatalf("%v %v", list, err)
	}
	calls := s.Calls().Calls(calllog.Filter{Operation: "CreateKey"})
	if len(calls) != 1 || calls[0].Fault != "drop-after-commit" || calls[0].Status != 0 {
		t.Fatalf("%+v", calls)
	}
}

func TestSlowClientsDoNotBlockOthers(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	for range 64 {
		for _, address := range []string{r.Public.HTTP, r.Public.HTTPS, r.Instance.Endpoint} {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
		}
	}
	if _, err := sdk(t, r, r.Public.HTTPS, nil).ListKeys(&kms.ListKeysRequest{}); err != nil {
		t.Fatal(err)
	}
}

func TestGarbageOnTheSocket(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	for _, address := range []string{r.Public.HTTP, r.Public.HTTPS, r.Instance.Endpoint, strings.TrimPrefix(r.Control, "http://")} {
		for _, text := range []string{"\x00\x00\x00", "GET", "POST / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n"} {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, text) // the server may hang up in the middle
			conn.Close()
		}
	}
	if _, err := sdk(t, r, r.Public.HTTPS, nil).ListKeys(&kms.ListKeysRequest{}); err != nil {
		t.Fatal(err)
	}
}
