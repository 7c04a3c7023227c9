package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

const canaryBatch = `
key "orders" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
batch "archive" {
  action = "ACTION"
  key    = alias.orders.name
  source {
    files {
      path = "archive"
    }
  }
  QUEUE
}
`

// The life of a batch over each queue: objects are encrypted, brought under a new version, and encrypted anew, by workers that
// serve a page; one object is damaged. Contents of objects, data keys, passwords, AccessKeys and the page's token are in no file,
// table, page, log or argument, and in no environment but the one that the user gave.
func TestNoSecretOfABatchIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	for name, start := range map[string]func(t *testing.T) (aStore, string){
		"local": func(*testing.T) (aStore, string) { return aStore{block: `backend "local" {}`}, "" },
		"shards": func(*testing.T) (aStore, string) {
			return aStore{block: `backend "local" {}`}, "queue {\n shards {\n ledger = \"ledger\"\n count = 1\n }\n }"
		},
		"postgres": func(t *testing.T) (aStore, string) {
			s := onPG(t, direct)
			schema := regexp.MustCompile(`schema_name = "[^"]*"`).FindString(s.block)
			return s, "queue {\n postgres {\n " + schema + "\n }\n }"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, queue := start(t)
			l := newBatchLife(t, s)
			l.watch()
			for _, action := range []string{"encrypt", "rewrap", "reencrypt"} {
				l.batch(action, queue)
			}
			l.watched()
			l.search()
			l.sees()
			l.control()
		})
	}
}

// aBatchLife is the life of a batch with secrets.
type aBatchLife struct {
	*aLife
	given map[string]bool // NAME=VALUE that the user put into the environment
	mark  string          // of them, by which our processes are known
	token string
	// watched ends the watch over processes, and keeps what it saw.
	watched func()
}

// newBatchLife has a gateway with RAM credentials and a client key, and objects.
func newBatchLife(t *testing.T, s aStore) *aBatchLife {
	l := &aBatchLife{aLife: newLife(t, s), given: map[string]bool{}, token: strings.ReplaceAll(uuid.NewString(), "-", "")}
	l.secrets["the page's token"] = l.token
	l.theirs = map[string]bool{"token": true, "archive/odd.enc": true}
	l.write("token", l.token)
	r := l.server.Ready()
	for name, from := range map[string]string{"ca.pem": r.CAFile, "ck.json": r.Instance.ClientKeyFile} {
		text, err := os.ReadFile(from)
		must(t, err)
		l.write(name, string(text))
	}
	l.mark = "KMSPLAN_CANARY=" + uuid.NewString()
	l.env = append(l.env, l.mark, "KMSPLAN_VAR_password="+r.Instance.ClientKeyPassword,
		"ALIBABA_CLOUD_ACCESS_KEY_ID="+r.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+r.AccessKeySecret)
	for _, pair := range l.env {
		l.given[pair] = true
	}
	for i := range 3 {
		what := fmt.Sprintf("the content of object %d", i+1)
		l.secrets[what] = `canary/object "é & ` + uuid.NewString()
		l.write(fmt.Sprintf("archive/%d.txt", i+1), l.secrets[what])
	}
	return l
}

// batch does one action, the objects that fail again and all that shows them.
func (l *aBatchLife) batch(action, queue string) {
	l.t.Helper()
	r := l.server.Ready()
	gateway := strings.NewReplacer("PUBLIC", r.Public.HTTPS, "INSTANCE", r.Instance.Endpoint, "ID", r.Instance.ID).Replace(clitest.Gateways["public and client key"])
	l.write("main.kms.hcl", l.store.settings("")+gateway+strings.NewReplacer("ACTION", action, "QUEUE", queue).Replace(canaryBatch))
	worker := []string{"worker", "-listen", "127.0.0.1:0", "-token-file", filepath.Join(l.dir, "token"), "batch.archive"}
	if strings.Contains(queue, "shards") {
		worker = append(worker, "-shard", "0/1")
	}
	switch action {
	case "encrypt":
		l.run(0, "init")
		l.run(0, "apply", "-auto-approve")
		if strings.Contains(queue, "postgres") {
			l.run(0, "worker", "-migrate")
		}
	default:
		l.run(0, "rotate", "-auto-approve", "key.orders")
		l.damaged()
	}
	l.run(0, "batch", "plan", "batch.archive")
	l.run(1, "batch", "start", "-input=false", "batch.archive")
	l.run(0, "batch", "resume", "batch.archive")
	l.page(worker)
	l.run(0, "batch", "status", "-json")
	for _, format := range [][]string{{"jsonl", "-objects"}, {"csv", "-objects"}, {"markdown"}} {
		l.run(0, append([]string{"batch", "report", "-out", filepath.Join(l.dir, "reports"), "batch.archive", "-format"}, format...)...)
	}
	l.dataKeys()
	calls, err := l.server.Control().Calls(l.t.Context(), calllog.Filter{})
	must(l.t, err)
	text, err := json.Marshal(calls)
	must(l.t, err)
	l.said["the emulator's calls after "+action] = text
}

// damaged is an object that begins as an envelope does, and goes on in clear.
func (l *aBatchLife) damaged() {
	l.t.Helper()
	whole, err := os.ReadFile(filepath.Join(l.dir, "archive", "1.txt"))
	must(l.t, err)
	if l.secrets["the damaged object"] == "" {
		l.secrets["the damaged object"] = `canary/odd "é & ` + uuid.NewString()
	}
	first, _, _ := bytes.Cut(whole, []byte("\n"))
	l.write("archive/odd.enc", string(first)+"\n"+l.secrets["the damaged object"]+"\n")
}

// page lets a worker work, and reads all that it serves, until the batch is over.
func (l *aBatchLife) page(args []string) {
	l.t.Helper()
	said := &syncBuffer{}
	l.t.Run("page", func(t *testing.T) { // the worker ends with it
		var base string
		base, said = served(t, aMachine{l.dir, append(l.env, "KMSPLAN_LOG=debug")}.command(t, args...))
		l.look(t)
		script := http.Header{"Authorization": {"Bearer " + l.token}}
		done := regexp.MustCompile(`"status":"(done|failed)"`)
		for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if _, text := asked(t, "GET", base+"api/batches", script); done.MatchString(text) {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("the batch does not end: %s\n%s", text, said.bytes())
			}
		}
		for _, path := range []string{"", "batch?address=" + url.QueryEscape("batch.archive"), "api/batches", "login", "none", "page.js", "river/api/jobs?state=completed", "river/api/queues", "river/jobs"} {
			for how, header := range map[string]http.Header{"with the token": script, "without": nil} {
				_, text := asked(t, "GET", base+path, header)
				l.said[fmt.Sprintf("%d: the page /%s %s", len(l.said), path, how)] = []byte(text)
			}
		}
		l.look(t)
	})
	l.said[fmt.Sprintf("%d: %s", len(l.said), strings.Join(args, " "))] = said.bytes()
}

// look keeps the arguments of each of our processes as anyone sees them, and of its environment what the user did not put there.
func (l *aBatchLife) look(t *testing.T) {
	t.Helper()
	found := processes(l.mark)
	for pid, p := range found {
		l.keep(pid, p)
	}
	if len(found) == 0 {
		t.Error("no process is seen")
	}
}

func (l *aBatchLife) keep(pid string, p aProcess) {
	l.said["the arguments of process "+pid] = bytes.ReplaceAll(p.args, []byte{0}, []byte{'\n'})
	var rest []byte
	for _, pair := range bytes.Split(p.env, []byte{0}) {
		if !l.given[string(pair)] {
			rest = append(append(rest, pair...), '\n')
		}
	}
	l.said["the environment of process "+pid] = rest
}

// watch looks at our processes for as long as the test lasts, those that they start too.
func (l *aBatchLife) watch() {
	ctx, cancel := context.WithCancel(l.t.Context())
	seen := make(chan map[string]aProcess)
	go func() {
		all := map[string]aProcess{}
		for ctx.Err() == nil {
			for pid, p := range processes(l.mark) {
				all[pid] = p
			}
			time.Sleep(5 * time.Millisecond)
		}
		seen <- all
	}()
	l.watched = func() {
		cancel()
		for pid, p := range <-seen {
			l.keep(pid, p)
		}
	}
}

// aProcess is what /proc shows of a process.
type aProcess struct{ args, env []byte }

// processes are those that have a mark in their environment.
func processes(mark string) map[string]aProcess {
	all := map[string]aProcess{}
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range found {
		env, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(env, []byte(mark)) {
			continue // it is gone, or another's
		}
		pid := filepath.Base(filepath.Dir(name))
		if args, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline")); err == nil && len(args) > 0 {
			all[pid] = aProcess{args, env}
		}
	}
	return all
}

// sees demands that the search reads what the places hold: the name of the damaged object in the report, on the page and, where it
// is PostgreSQL, in the queue; the flags of workers; the calls.
func (l *aBatchLife) sees() {
	l.t.Helper()
	want := map[string]string{"the page /batch": "odd.enc", "the page /api/batches": "batch.archive", "the arguments of": "-token-file", "the emulator's calls": "Decrypt"}
	for where, text := range want {
		if !strings.Contains(strings.Join(found(l.everything(), text), "\n"), where) {
			l.t.Errorf("%q is not found in %s", text, where)
		}
	}
	if l.store.holds != nil && !begins(found(l.everything(), "batch.archive"), inStore+"river_job") {
		l.t.Error("the queue is not seen")
	}
	if !begins(found(l.everything(), "odd.enc"), inFile+"reports") {
		l.t.Error("the reports are not seen")
	}
	for what, secret := range l.secrets {
		if strings.HasPrefix(what, "data key") {
			l.write(".kmsplan/key", "packed "+base64.StdEncoding.EncodeToString([]byte(secret)))
			if !begins(found(l.everything(), secret), inFile+".kmsplan/key") {
				l.t.Errorf("%s is not found where it was planted", what)
			}
			return
		}
	}
	l.t.Error("no data key is known")
}

// dataKeys learns the data key of each object.
func (l *aBatchLife) dataKeys() {
	l.t.Helper()
	r := l.server.Ready()
	ca, err := transport.ReadCA(r.CAFile, time.Now())
	must(l.t, err)
	key, _, err := clientkey.Load(clientkey.Source{File: r.Instance.ClientKeyFile, Password: kms.NewSecret(r.Instance.ClientKeyPassword)}, time.Now())
	must(l.t, err)
	client, err := clientkey.New(clientkey.Config{Connection: transport.Connection{Endpoint: r.Instance.Endpoint, CA: ca}, InstanceID: r.Instance.ID, Key: key})
	must(l.t, err)
	opener := keys.New(keys.Options{Ring: oneGateway{keys.Gateway{Name: "dev", Region: r.Region, Account: r.AccountID, Crypt: client}}})
	for i := range 3 {
		name := fmt.Sprintf("%d.txt", i+1)
		sealed, err := os.ReadFile(filepath.Join(l.dir, "archive", name))
		must(l.t, err)
		_, dataKey, err := envelope.Unlock(l.t.Context(), bytes.NewReader(sealed), envelope.OpenOptions{Identities: []envelope.Identity{opener.Identity()}})
		if err != nil || len(dataKey) < 16 {
			l.t.Fatalf("the data key of %s has %d bytes: %v", name, len(dataKey), err)
		}
		l.secrets[fmt.Sprintf("data key %d of %s", len(l.secrets), name)] = string(dataKey)
	}
}

// oneGateway is all that there is.
type oneGateway struct{ g keys.Gateway }

func (o oneGateway) Gateway(context.Context, string) (keys.Gateway, error) { return o.g, nil }

func (o oneGateway) ForKey(context.Context, string) ([]keys.Gateway, error) {
	return []keys.Gateway{o.g}, nil
}
