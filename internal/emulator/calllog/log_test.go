package calllog_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
)

func add(l *calllog.Log, operation string, status int, code string) {
	l.Add(calllog.Call{Gateway: "public", Operation: operation, Status: status, Code: code})
}

func TestRingKeepsTheNewestInOrder(t *testing.T) {
	l := calllog.New(3, nil)
	for i := range 5 {
		add(l, fmt.Sprint("Op", i), 200, "")
	}
	var got []string
	for _, c := range l.Calls(calllog.Filter{}) {
		got = append(got, fmt.Sprint(c.Seq, c.Operation))
	}
	if want := []string{"3Op2", "4Op3", "5Op4"}; !slices.Equal(got, want) {
		t.Fatalf("kept %v, want %v", got, want)
	}
	if total, dropped := l.Total(); total != 5 || dropped != 2 {
		t.Fatalf("total %d, dropped %d", total, dropped)
	}
}

func TestFilterSelects(t *testing.T) {
	l := calllog.New(0, nil)
	add(l, "CreateKey", 200, "")
	add(l, "CreateKey", 400, "InvalidParameter")
	add(l, "DescribeKey", 404, "Forbidden.KeyNotFound")
	l.Add(calllog.Call{Gateway: "instance", Operation: "Encrypt", Status: 500, Fault: "reject", Caller: "KAAP.1", Key: "key-1"})
	for want, f := range map[*calllog.Filter]int{
		{}:                                     4,
		{Operation: "CreateKey"}:               2,
		{Operation: "CreateKey", Status: 400}:  1,
		{Code: "Forbidden.KeyNotFound"}:        1,
		{Gateway: "instance"}:                  1,
		{Fault: "reject", Caller: "KAAP.1"}:    1,
		{Key: "key-1"}:                         1,
		{Key: "key-2"}:                         0,
		{Since: 2}:                             2,
		{Limit: 1}:                             1,
		{Operation: "CreateKey", Since: 2}:     0,
		{Gateway: "public", Status: 200}:       1,
		{Gateway: "public", Fault: "reject"}:   0,
		{Operation: "DescribeKey", Limit: 100}: 1,
	} {
		if got := len(l.Calls(*want)); got != f {
			t.Errorf("%+v selects %d calls, want %d", *want, got, f)
		}
	}
}

// TestNothingSecretIsKept plants a canary in every parameter that can carry a
// secret, and in one that does not exist yet.
func TestNothingSecretIsKept(t *testing.T) {
	const canary = "c4n4ry-v4lue"
	var sink bytes.Buffer
	l := calllog.New(0, &sink)
	parameters := map[string]string{"KeyId": "key-1"}
	for _, name := range []string{"Plaintext", "SecretData", "Password", "EncryptedKeyMaterial", "Signature", "SecurityToken",
		"AccessKeySecret", "ImportToken", "CiphertextBlob", "EncryptionContext", "Description", "Tags", "ExtendedConfig", "Policy",
		"Digest", "Value", "BearerToken", "ParameterOfTomorrow", "keyid"} {
		parameters[name] = canary
	}
	l.Add(calllog.Call{Gateway: "public", Operation: "Encrypt", Status: 200, Parameters: parameters})
	if strings.Contains(sink.String(), canary) || strings.Contains(fmt.Sprint(l.Calls(calllog.Filter{}), l.Evidence()), canary) {
		t.Fatal("a secret was kept")
	}
	if kept := l.Calls(calllog.Filter{})[0].Parameters; kept["KeyId"] != "key-1" || len(kept) != 1 {
		t.Fatalf("kept %v", kept)
	}
}

func TestEvidenceCountsInjectedAnswersApart(t *testing.T) {
	l := calllog.New(1, nil)
	l.Add(calllog.Call{Gateway: "public", Operation: "CreateKey", Status: 200, Agent: "sdk", Signature: "ACS3", Unread: []string{"New"}})
	add(l, "CreateKey", 400, "InvalidParameter")
	add(l, "CreateKey", 400, "InvalidParameter")
	l.Add(calllog.Call{Gateway: "public", Operation: "CreateKey", Status: 503, Code: "X", Fault: "reject"})
	e := l.Evidence()
	if len(e) != 1 || e[0].Succeeded != 1 || e[0].Refused["InvalidParameter"] != 2 || e[0].Refused["X"] != 0 || e[0].Injected != 1 ||
		e[0].Agents["sdk"] != 1 || e[0].Signatures["ACS3"] != 1 {
		t.Fatalf("%+v", e)
	}
	if got := l.Unread()["CreateKey"]; !slices.Equal(got, []string{"New"}) {
		t.Fatalf("unread %v", got)
	}
	l.Clear()
	if len(l.Evidence()) != 0 || len(l.Calls(calllog.Filter{})) != 0 {
		t.Fatal("Clear left something")
	}
}

func TestForeignNamesDoNotGrowTheLog(t *testing.T) {
	l := calllog.New(10, nil)
	for i := range 5000 {
		l.Add(calllog.Call{Operation: fmt.Sprint("Op", i), Status: 200})
		l.Add(calllog.Call{Operation: "Same", Status: 200, Agent: fmt.Sprint("agent", i), Unread: []string{fmt.Sprint("p", i)}})
	}
	e := l.Evidence()
	if len(e) > 1000 {
		t.Fatalf("%d operations are counted", len(e))
	}
	for _, c := range e {
		if len(c.Agents) > 64 || len(c.Unread) > 64 {
			t.Fatalf("%s has %d agents and %d names", c.Operation, len(c.Agents), len(c.Unread))
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestSinkFailureIsReportedAndNotFatal(t *testing.T) {
	l := calllog.New(0, brokenWriter{})
	add(l, "CreateKey", 200, "")
	add(l, "CreateKey", 200, "")
	if l.SinkError() == nil || len(l.Calls(calllog.Filter{})) != 2 {
		t.Fatal("the failure was lost, or the calls were")
	}
}
