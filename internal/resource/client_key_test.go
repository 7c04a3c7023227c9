package resource_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

const clientKey = `client_key "app" {
  access_point  = "orders-app"
  file          = "client.json"
  password_file = "client.password"
  valid_for     = "30d"
}
`

// mortal is a journal whose process dies at one of its entries: nothing after it is written.
type mortal struct {
	dies   string
	open   []state.Intent
	record *state.Resource
}

var errDead = errors.New("the process is dead")

func (m *mortal) at(entry string) error {
	if m.dies == entry {
		return errDead
	}
	return nil
}

func (m *mortal) Begin(in state.Intent) error {
	m.open = append(m.open, in)
	return m.at("begin")
}

func (m *mortal) End(_ string, _ state.Result) error { return m.at("end") }

func (m *mortal) Record(r state.Resource) error {
	m.record = &r
	return m.at("record")
}

// keyMaker makes client keys without an executor.
type keyMaker struct {
	*rig
	cfg  *hcl.Config
	addr addr.Address
}

func newKeyMaker(t *testing.T) *keyMaker {
	t.Helper()
	r := newRig(t)
	r.apply(door)
	a, err := addr.Parse("client_key.app")
	r.must(err)
	return &keyMaker{r, r.config(clientKey), a}
}

func (m *keyMaker) session(j resource.Journal, prior *state.Resource, action plan.Action, calls ...string) *resource.Session {
	body, diags := m.cfg.Body(m.addr, hcl.NewObjectMap())
	if diags.HasErrors() {
		m.t.Fatal(diags.Errs())
	}
	return &resource.Session{
		Manager: m.manager, Gateway: m.cfg.Gateways[0], Region: "cn-hangzhou", Body: body, Prior: prior, Dir: m.cfg.Dir, Journal: j, Now: func() time.Time { return m.now },
		Change: plan.Change{Addr: m.addr, Kind: plan.KindClientKey, Gateway: "dev", Action: action, Calls: calls},
	}
}

func (m *keyMaker) ours() (ids []string) {
	m.t.Helper()
	keys, err := m.manager.ListClientKeys(context.Background(), "orders-app")
	m.must(err)
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return ids
}

// opens is the client key in the file, which its password opens; "" when there is no file.
func (m *keyMaker) opens() string {
	m.t.Helper()
	content, err := os.ReadFile(filepath.Join(m.cfg.Dir, "client.json"))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	m.must(err)
	password, err := os.ReadFile(filepath.Join(m.cfg.Dir, "client.password"))
	m.must(err)
	key, err := dkms.ParseClientKey(content, string(password))
	m.must(err)
	return key.KeyID
}

// A process that dies after the answer leaves the private half to the next run, which needs no second client key.
func TestAClientKeyIsOnDiskBeforeItIsRecorded(t *testing.T) {
	m := newKeyMaker(t)
	ctx := context.Background()
	j := &mortal{dies: "end"}
	if _, err := resource.For(plan.KindClientKey).Apply(ctx, m.session(j, nil, plan.Create, "CreateClientKey")); !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if m.opens() != "" || len(j.open) != 1 {
		t.Fatalf("the file is there already; open is %v", j.open)
	}
	got, err := resource.For(plan.KindClientKey).Resolve(ctx, m.session(&mortal{}, nil, 0), j.open[0])
	m.must(err)
	ids := m.ours()
	if len(ids) != 1 || !got.Committed || got.Resource == nil || got.Resource.ID != ids[0] || got.Resource.Retire != "" || m.opens() != ids[0] {
		t.Fatalf("the next run has %+v of %q; the file holds %s", got, ids, m.opens())
	}
	again, err := resource.For(plan.KindClientKey).Resolve(ctx, m.session(&mortal{}, nil, 0), j.open[0])
	if err != nil || again.Resource == nil || m.opens() != ids[0] {
		t.Errorf("a second look: %+v, %v", again, err)
	}
}

// Where the answer was lost, the client key is found by its validity, and remembered as one that nobody can use.
func TestALostClientKeyIsFoundAndNotTakenForAnother(t *testing.T) {
	m := newKeyMaker(t)
	ctx := context.Background()
	_, err := m.manager.CreateClientKey(ctx, kms.CreateClientKeyInput{AccessPoint: "orders-app", Password: kms.NewSecret("12345678aB")}) // somebody's
	m.must(err)
	theirs := m.ours()
	m.fault("CreateClientKey:drop-after-commit:1")
	j := &mortal{}
	if _, err := resource.For(plan.KindClientKey).Apply(ctx, m.session(j, nil, plan.Create, "CreateClientKey")); !kms.IsAmbiguous(err) {
		t.Fatal(err)
	}
	got, err := resource.For(plan.KindClientKey).Resolve(ctx, m.session(&mortal{}, nil, 0), j.open[0])
	m.must(err)
	if got.Resource == nil || got.Resource.Retire != plan.RetireLost || got.Resource.ID == theirs[0] || m.opens() != "" {
		t.Fatalf("%+v", got)
	}
	never := j.open[0]
	never.Detail = map[string]string{"access_point": "orders-app", "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "made_with": "{}"}
	got, err = resource.For(plan.KindClientKey).Resolve(ctx, m.session(&mortal{}, nil, 0), never)
	if err != nil || !got.Pending || got.Committed {
		t.Errorf("one that may still come: %+v, %v", got, err)
	}
}

// A private half that cannot be written is of no use: the client key is deleted again, and nothing of it is said.
func TestAClientKeyThatCannotBeKeptIsDeletedAgain(t *testing.T) {
	m := newKeyMaker(t)
	s := m.session(&mortal{}, nil, plan.Create, "CreateClientKey")
	made := &eraser{Manager: m.manager, dir: m.cfg.Dir}
	s.Manager = made
	_, err := resource.For(plan.KindClientKey).Apply(context.Background(), s)
	if err == nil || !strings.Contains(err.Error(), "is deleted again") || strings.Contains(err.Error(), made.private) {
		t.Fatal(err)
	}
	if ids := m.ours(); len(ids) != 0 {
		t.Errorf("%q are left", ids)
	}
}

// eraser takes the module's directory away while a client key is made.
type eraser struct {
	kms.Manager
	dir, private string
}

func (e *eraser) CreateClientKey(ctx context.Context, in kms.CreateClientKeyInput) (kms.NewClientKey, error) {
	made, err := e.Manager.CreateClientKey(ctx, in)
	e.private = made.PrivateKeyData.Reveal()
	return made, errors.Join(err, os.RemoveAll(e.dir))
}
