package evidence

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

var update = flag.Bool("update", false, "write the table into docs/emulator.md")

const (
	page    = "../../../docs/emulator.md"
	begin   = "<!-- evidence: begin -->"
	end     = "<!-- evidence: end -->"
	records = "../witness/testdata/evidence"
)

// TestThePageHoldsTheEvidence: what docs/emulator.md says between the markers is what the clients' records say.
func TestThePageHoldsTheEvidence(t *testing.T) {
	all, err := Load(records)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no lines %q and %q", page, begin, end)
	}
	want := before + begin + "\n" + Markdown(all) + end + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Fatal("docs/emulator.md is stale: go test ./internal/emulator/evidence -update")
	}
}

// TestEveryOperationHasAForeignDriver: each operation the emulator serves was answered to when a client that
// nobody here wrote called it. Certificates are refused to everybody.
func TestEveryOperationHasAForeignDriver(t *testing.T) {
	all, err := Load(records)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]Row{}
	for _, r := range Rows(all) {
		rows[r.Place] = r
	}
	for name := range engine.InstanceOperations() {
		if len(rows["instance "+name].Clients) == 0 {
			t.Errorf("no foreign client got an answer from instance %s", name)
		}
	}
	for name := range engine.Operations() {
		r := rows["public "+name]
		switch {
		case withoutForeignMethod[name], strings.Contains(name, "Certificate"): // refused: TestEveryOperationOfTheSDK
		case name == "OpenKmsService": // refused to every account, since each has opened the service
			if !slices.Contains(r.Refused, "400 Forbidden.Opened") {
				t.Error("no foreign client met Forbidden.Opened")
			}
		case len(r.Clients) == 0:
			t.Errorf("no foreign client got an answer from public %s", name)
		}
	}
}

// withoutForeignMethod lists operations newer than every SDK that can be had here: none of them has a method.
var withoutForeignMethod = map[string]bool{
	"GetDefaultKmsInstance": true, "GetKmsInstanceQuotaInfos": true, "ReleaseKmsInstance": true,
}
