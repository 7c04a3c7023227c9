package iam_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/iam"
	"kmsplan.dev/kmsplan/internal/state"
)

func policy(t *testing.T, purpose, gateway, src string, st state.State) (iam.Document, []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	if diags.HasErrors() {
		t.Fatal(diags.Errs())
	}
	return iam.Policy(iam.Needs{Purpose: purpose, Gateway: gateway, Config: cfg, State: st})
}

const twoGateways = "gateway \"a\" {\n  region = \"cn-hangzhou\"\n  public {}\n}\ngateway \"b\" {\n  region = \"cn-beijing\"\n  public {}\n}\n" +
	"key \"k\" {\n  deletion_protection = true\n}\nkey \"far\" {\n  gateway = gateway.b\n}\n"

// What does not exist yet is allowed by this stack's tag where there is a state, and the notes say that it is wider than it will be.
func TestWhatIsNotKnownIsBoundedByTheTagAndSaid(t *testing.T) {
	d, notes := policy(t, iam.Apply, "a", twoGateways, state.State{Lineage: "lineage-1"})
	i := slices.IndexFunc(d.Statement, func(s iam.Statement) bool { return s.Condition != nil })
	if i < 0 || d.Statement[i].Condition["StringEquals"]["kms:tag/kmsplan:owner"][0] != "lineage-1" || !slices.Contains(d.Statement[i].Action, "kms:SetDeletionProtection") {
		t.Fatalf("%+v", d)
	}
	if len(notes) != 2 || !strings.Contains(notes[1]+notes[0], "not known yet") || !strings.Contains(notes[0]+notes[1], "account") {
		t.Errorf("%q", notes)
	}
	for _, s := range d.Statement {
		if strings.Contains(strings.Join(s.Resource, " "), "beijing") {
			t.Errorf("the other gateway's: %+v", s)
		}
	}
}

// Each gateway's objects stand in its own region; plan changes nothing.
func TestAPlanOnlyReads(t *testing.T) {
	st := state.State{Lineage: "l", Resources: []state.Resource{
		{Address: "key.k", Kind: "key", Gateway: "a", ID: "key-1", Attributes: map[string]any{"arn": "acs:kms:cn-hangzhou:1:key/key-1"}},
		{Address: "key.far", Kind: "key", Gateway: "b", ID: "key-2", Attributes: map[string]any{"arn": "acs:kms:cn-beijing:2:key/key-2"}},
	}}
	d, notes := policy(t, iam.Plan, "", twoGateways, st)
	if len(notes) > 0 || len(d.Statement) != 2 || strings.Join(d.Statement[0].Resource, " ") != "acs:kms:cn-beijing:2:key/key-2 acs:kms:cn-hangzhou:1:key/key-1" {
		t.Errorf("%+v %q", d, notes)
	}
	for _, s := range d.Statement {
		for _, a := range s.Action {
			if !strings.HasPrefix(a, "kms:List") && !strings.HasPrefix(a, "kms:Describe") {
				t.Errorf("plan may %s", a)
			}
		}
	}
}

// Key operations that a client key signs are no business of RAM's.
func TestAClientKeyNeedsNoRAM(t *testing.T) {
	src := "gateway \"a\" {\n  region = \"cn-hangzhou\"\n  instance {\n    id = \"kst-hzz65f176a0ogplgq0001\"\n    ca_file = \"ca.pem\"\n    client_key {\n      file = \"ck.json\"\n      password = \"none\"\n    }\n  }\n}\n" +
		"data \"encrypt\" \"f\" {\n  key = \"key-1\"\n  source = \"x\"\n  output = \"y\"\n}\n"
	if d, _ := policy(t, iam.Run, "", src, state.State{}); len(d.Statement) > 0 {
		t.Errorf("%+v", d)
	}
}

// A worker uses keys and manages nothing: the target, and the keys that state knows objects to be under; what the store has to
// allow is said.
func TestAWorkerUsesKeysAndManagesNothing(t *testing.T) {
	src := "gateway \"a\" {\n  region = \"cn-hangzhou\"\n  public {}\n}\nkey \"k\" {}\nbatch \"b\" {\n  action = \"rewrap\"\n  key    = key.k.id\n  source {\n    oss {\n      bucket = \"archive\"\n    }\n  }\n}\n"
	st := state.State{Lineage: "l", Resources: []state.Resource{{Address: "key.k", Kind: "key", Gateway: "a", ID: "key-1", Attributes: map[string]any{"id": "key-1", "arn": "acs:kms:cn-hangzhou:1:key/key-1"}}}}
	allowed := func() string {
		var out []string
		d, notes := policy(t, iam.Worker, "", src, st)
		for _, s := range d.Statement {
			out = append(out, strings.Join(s.Action, ",")+" on "+strings.Join(s.Resource, ","))
		}
		if !slices.ContainsFunc(notes, func(n string) bool {
			return strings.Contains(n, "oss://archive/") && strings.Contains(n, "oss:PutObject")
		}) {
			t.Errorf("nothing is said of the store: %q", notes)
		}
		return strings.Join(out, "; ")
	}
	if got := allowed(); !strings.Contains(got, "kms:Decrypt on acs:kms:cn-hangzhou:1:key/*") {
		t.Errorf("before the batch is planned: %s", got)
	}
	st.Batches = []state.Evidence{{Address: "batch.b", Before: []state.ObjectsUnder{{KeyID: "key-0", Objects: 2}}, Under: []state.ObjectsUnder{{KeyID: "key-1", Objects: 2}}}}
	if got, want := allowed(), "kms:Decrypt on acs:kms:cn-hangzhou:1:key/key-0; kms:Decrypt,kms:DescribeKey,kms:Encrypt,kms:ListKeyVersions on acs:kms:cn-hangzhou:1:key/key-1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What the bucket of an inventory has to allow is said, in the words of its store: the manifest and its files alone, and nothing of
// the objects' bucket. A copy in the module needs no right.
func TestTheRightToReadAnInventoryIsSaid(t *testing.T) {
	for at, want := range map[string]string{
		"s3://lists/archive/all/2026-01-02T01-00Z/manifest.json": `"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::lists/archive/all/2026-01-02T01-00Z/manifest.json","arn:aws:s3:::lists/archive/all/data/*"]`,
		"s3://archive/lists/1/manifest.json":                     `"Resource":["arn:aws:s3:::archive/lists/1/manifest.json","arn:aws:s3:::archive/lists/data/*"]`,
		"s3://lists/manifest.json":                               `"Resource":["arn:aws:s3:::lists/manifest.json","arn:aws:s3:::lists/data/*"]`,
		"s3://lists/names.csv.gz":                                `"Resource":["arn:aws:s3:::lists/names.csv.gz"]`,
		"oss://lists/archive/all/1/manifest.json":                `"Action":["oss:GetObject","oss:GetObjectVersion"],"Resource":["acs:oss:*:*:lists/archive/all/1/manifest.json","acs:oss:*:*:lists/archive/all/data/*"]`,
		"inv/2026/manifest.json":                                 "",
	} {
		store := "s3"
		if strings.HasPrefix(at, "oss") {
			store = "oss"
		}
		src := "gateway \"a\" {\n  region = \"cn-hangzhou\"\n  public {}\n}\nkey \"k\" {}\nbatch \"b\" {\n  action = \"rewrap\"\n  key    = key.k.id\n  source {\n    " + store +
			" {\n      bucket = \"archive\"\n      region = \"cn-hangzhou\"\n      inventory = \"" + at + "\"\n    }\n  }\n}\n"
		_, notes := policy(t, iam.Worker, "", src, state.State{})
		said := slices.DeleteFunc(notes, func(n string) bool { return !strings.Contains(n, "are named by") })
		if want == "" && len(said) > 0 || want != "" && (len(said) != 1 || !strings.Contains(said[0], want) || !strings.Contains(said[0], at)) {
			t.Errorf("%s: %q", at, said)
		}
	}
}

// The client key of an emulator signs key operations, and its policy says so.
func TestAnEmulatorNeedsNoRAMForKeyOperations(t *testing.T) {
	src := "gateway \"a\" {\n  emulator {}\n}\ndata \"encrypt\" \"f\" {\n  key = \"key-1\"\n  source = \"x\"\n  output = \"y\"\n}\n"
	d, notes := policy(t, iam.Run, "", src, state.State{})
	if len(d.Statement) != 1 || strings.Join(d.Statement[0].Action, " ") != "kms:DescribeKey" {
		t.Errorf("%+v", d)
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "without client_key") }) {
		t.Errorf("%q", notes)
	}
}
