package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// life is a stack that is lived with: its configuration is edited, others meddle, calls lose their answers, machines die. All of it
// follows from a seed, but for the order in which calls are made at once.
type life struct {
	t       *testing.T
	rnd     *rand.Rand
	service *emulator.Server
	place   *placetest.Memory
	outside kms.Caller // others, with an account of their own
	rig     *rig       // the machine that is at work
	hours   int        // that its clock is ahead
	names   int        // that were given

	want, good *wanted           // good was applied last
	ids        map[string]string // of keys, by address: a key is never another one
	letGo      map[string]bool   // ids that words gave away
	succeeded  map[string]bool   // addresses of keys that have predecessors
	excused    map[string]bool   // ids that others took out of use
	dead       map[string]bool   // ids and names that others destroyed
	rescued    bool              // by the last apply
	over       bool              // what is left cannot be lived with: something was destroyed

	seen  map[string]int // what happened how often
	story strings.Builder
}

// becameOf are the ends of an open call in words.
var becameOf = map[apply.RecoveredStatus]string{
	apply.Adopted: "adopted", apply.Confirmed: "confirmed", apply.NeverHappened: "never happened", apply.StillPending: "pending", apply.Untold: "not to be told",
}

// born is a life with nothing in it.
func born(t *testing.T, service *emulator.Server, seed uint64, seen map[string]int) *life {
	t.Helper()
	l := &life{
		t: t, rnd: rand.New(rand.NewPCG(seed, seed)), service: emptied(t, service), place: placetest.NewMemory(), want: nothing(), good: nothing(),
		ids: map[string]string{}, letGo: map[string]bool{}, succeeded: map[string]bool{}, excused: map[string]bool{}, dead: map[string]bool{}, seen: seen,
	}
	apart := machineOn(t, service, "")
	g, err := stack.OpenGateways(apart.module(), apart.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	caller, _, err := g.Caller(t.Context(), "", "ListKeys", "")
	if err != nil {
		t.Fatal(err)
	}
	l.outside = caller
	l.tell("mkdir life && cd life\nkmsplan emulator serve -memory -ready-file ready.json &")
	l.machine()
	l.want.keys["k"] = wantedKey{description: "first", team: "a", spec: "Aliyun_AES_256", succeed: true}
	l.want.aliases["a"] = wantedAlias{name: "a", key: "k"}
	l.want.secrets["s"] = wantedSecret{name: "s", description: "first", value: 1, key: "k"}
	l.want.secrets["g"] = wantedSecret{name: "g", description: "generated"}
	l.want.policies["p"] = wantedPolicy{interval: "90d", key: "k"}
	l.want.keys["l"] = wantedKey{description: "second", team: "b", spec: "Aliyun_AES_256"}
	l.want.keys["m"] = wantedKey{description: "third", team: "b", spec: "Aliyun_AES_256"}
	l.want.aliases["b"] = wantedAlias{name: "b", key: "k", kept: true}
	l.want.policies["q"] = wantedPolicy{interval: "30d", key: "m", kept: true}
	l.want.file = wantedFile{key: "k"}
	l.write()
	return l
}

func (l *life) now() time.Time { return time.Now().Add(time.Duration(l.hours) * time.Hour) }

// machine is a new machine on the stack: what is in git, and nothing else.
func (l *life) machine() {
	old := l.rig
	l.rig = machineOn(l.t, l.service, "")
	if old != nil {
		for _, name := range []string{"plain", "out.enc"} {
			if text, err := readIfThere(old, name); err == nil {
				l.rig.write(name, text)
			}
		}
	}
	l.hours++ // no lease of another machine is alive
	l.rig.options.Now = l.now
	l.rig.options.Store = l.store(l.place)
	l.rig.options.Recovered = func(r apply.Recovered) { l.seen["recovered: "+becameOf[r.Status]]++ }
}

// store is a store over a place that is looked at after every write.
func (l *life) store(p remote.Place) state.Store {
	return remote.New(remote.Retry(watched{p, l}, placetest.Quick), remote.Options{Now: l.now})
}

// watched is a place: after every write, which is every record of a journal, what the service has is held against it.
type watched struct {
	remote.Place
	l *life
}

// Behind is the place itself.
func (w watched) Behind() remote.Place { return w.Place }

func (w watched) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	rev, err := w.Place.Swap(ctx, old, head)
	if err == nil {
		w.l.everyKeyIsAccountedFor("after a record of the journal")
	}
	return rev, err
}

// tell adds a line to the story, which is a script that lives this life again.
func (l *life) tell(text string, args ...any) { fmt.Fprintf(&l.story, text+"\n", args...) }

// wrong fails the test.
func (l *life) wrong(text string, args ...any) {
	l.t.Helper()
	l.tell("# WRONG: "+text, args...)
	l.t.Errorf(text, args...)
}

func (l *life) call(operation string, params map[string]any) map[string]any {
	l.t.Helper()
	answer, err := l.outside.Raw(l.t.Context(), operation, params)
	if err != nil {
		l.t.Fatalf("%s %v: %v\n%s", operation, params, err, l.story.String())
	}
	if !strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Describe") {
		text, _ := json.Marshal(params)
		l.tell("kmsplan kms %s -json '%s'", operation, text)
	}
	return decoded(l.t, answer)
}

func decoded(t *testing.T, answer []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (l *life) advance(days int) {
	l.t.Helper()
	if _, err := l.service.Control().Advance(l.t.Context(), fmt.Sprint(days, "d")); err != nil {
		l.t.Fatal(err)
	}
	l.tell("kmsplan emulator clock advance %dd", days)
}

// position is what the store has.
func (l *life) position() state.Position {
	l.t.Helper()
	at, err := state.Look(l.t.Context(), remote.New(l.place, remote.Options{Now: l.now}))
	if err != nil {
		l.t.Fatalf("the store cannot be read: %v\n%s", err, l.story.String())
	}
	return at
}

// write puts the configuration on the disk.
func (l *life) write() {
	l.rig.write("plain", fmt.Sprint("content ", l.want.file.content))
	l.rig.write("main.kms.hcl", attached+l.want.text())
	l.tell("echo -n 'content %d' >plain\ncat >main.kms.hcl <<'END'\n%s%sEND", l.want.file.content, attached, l.want.text())
}

// attempt plans and applies once. It returns the guards that refused.
func (l *life) attempt(ctx context.Context) (guards []string, err error) {
	s, err := stack.Open(l.rig.module(), l.rig.options)
	if invalid, ok := stack.IsInvalid(err); ok {
		for _, r := range invalid.Refusals {
			guards = append(guards, r.Guard)
		}
		if len(guards) == 0 {
			l.wrong("the configuration is invalid: %v", errors.Join(invalid.Diagnostics.Errs()...))
		}
		return guards, err
	}
	if err != nil {
		return nil, err
	}
	defer l.rig.close(s)
	if err := s.Survey(ctx, "apply", plan.Scope{}); err != nil {
		return nil, err
	}
	p, _, err := s.Plan(ctx, plan.Scope{})
	if invalid, ok := stack.IsInvalid(err); ok {
		return nil, errors.Join(invalid.Diagnostics.Errs()...)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range p.Refusals {
		guards = append(guards, r.Guard)
	}
	l.holdsToWords(p)
	report, err := s.Apply(ctx, p, stack.Applying{Parallelism: 1 + l.rnd.IntN(4)})
	l.rescued = false
	for _, o := range report.Outcomes {
		if o.Status == apply.Done {
			l.rescued = l.rescued || o.Action == plan.Rescue
			l.seen["done: "+o.Action.Sign()]++
		}
	}
	return guards, err
}

// holdsToWords looks that a plan takes nothing away without words.
func (l *life) holdsToWords(p *plan.Plan) {
	for _, c := range p.Changes {
		word, _, _ := strings.Cut(c.Addr.String(), "[")
		_, said := l.want.words[word]
		switch {
		case c.Action == plan.Retire && !said, c.Action == plan.Delete && c.Kind != "alias" && !said, c.Action == plan.Forget && (c.Kind == "key" || c.Kind == "secret") && !said:
			l.wrong("the plan would %c %s, which nobody asked for", c.Action, c.Addr)
		case c.Kind == "key" && c.Action == plan.Create && !p.Refused() && l.ids[c.Addr.String()] != "" && !l.letGo[l.ids[c.Addr.String()]]:
			l.wrong("the plan would make %s, which is %s, anew", c.Addr, l.ids[c.Addr.String()])
		}
		if said && (c.Action == plan.Forget || c.Action == plan.Retire) {
			l.letGo[c.ID] = true
		}
	}
}

// owned are the keys that carry the stack's tags: their intents, by id.
func (l *life) owned(lineage string) map[string]string {
	found := map[string]string{}
	var ids []string
	for _, k := range listed(l.call("ListKeys", map[string]any{"PageSize": 100}), "Keys", "Key") {
		ids = append(ids, fmt.Sprint(k["KeyId"]))
	}
	for batch := range slices.Chunk(ids, 50) {
		text, _ := json.Marshal(batch)
		tags := map[string]map[string]string{}
		for _, tag := range listed(l.call("ListTagResources", map[string]any{"ResourceType": "key", "ResourceId": string(text)}), "TagResources", "TagResource") {
			id := fmt.Sprint(tag["ResourceId"])
			if tags[id] == nil {
				tags[id] = map[string]string{}
			}
			tags[id][fmt.Sprint(tag["TagKey"])] = fmt.Sprint(tag["TagValue"])
		}
		for id, t := range tags {
			if t["kmsplan:owner"] == lineage {
				found[id] = t["kmsplan:intent"]
			}
		}
	}
	return found
}

// everyKeyIsAccountedFor holds what the service has against state and open calls: a key that carries the stack's tags is in state, is
// what an open call makes, or was let go in words.
func (l *life) everyKeyIsAccountedFor(when string) {
	at := l.position()
	known := maps.Clone(l.letGo)
	for _, r := range at.State.Resources {
		known[r.ID] = true
		for _, p := range r.Predecessors {
			known[p.ID] = true
		}
	}
	pending := map[string]bool{}
	for _, in := range at.Open {
		pending[in.Token] = true
	}
	for id, intent := range l.owned(at.State.Lineage) {
		if !known[id] && !pending[intent] {
			l.wrong("%s: nobody knows of key %s", when, id)
		}
	}
}

func readIfThere(r *rig, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	return string(text), err
}
