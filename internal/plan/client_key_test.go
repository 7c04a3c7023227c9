package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const clientKey = `client_key "app" {
  access_point  = "p"
  file          = "client.json"
  password_file = "client.password"
  valid_for     = "365d"
  rotate_before = "30d"
  generation    = 1
}
`

// withClientKey is a world with a client key that was made 100 days ago, and earlier ones of it.
func withClientKey(t *testing.T, earlier ...state.Predecessor) *world {
	w := newWorld(t)
	w.live.Objects[plan.KindClientKey] = map[string]*plan.Object{}
	live := func(id string, ends time.Time) {
		w.live.Objects[plan.KindClientKey][id] = &plan.Object{Kind: plan.KindClientKey, ID: id, Attrs: map[string]cty.Value{
			"id": cty.StringVal(id), "access_point": cty.StringVal("p"), "not_after": cty.StringVal(ends.Format(time.RFC3339)), "not_before": cty.NullVal(cty.String),
		}}
	}
	live("KAAP.now", w.now.Add(265*kind.Day))
	for _, was := range earlier {
		live(was.ID, w.now.Add(kind.Day))
	}
	w.state.Resources = []state.Resource{{
		Address: "client_key.app", Kind: plan.KindClientKey, Gateway: "dev", ID: "KAAP.now", Protected: true, Predecessors: earlier,
		Attributes: map[string]any{"access_point": "p", "file": "client.json", "password_file": "client.password", "valid_for": "8760h", "rotate_before": "30d", "generation": 1.0, "file_digest": "0"},
	}}
	return w
}

func TestWhenTheNextClientKeyIsMade(t *testing.T) {
	ours := plan.ClientKeyFile{Ours: true}
	day := func(n int) func(*world) { return func(w *world) { w.now = w.now.Add(time.Duration(n) * kind.Day) } }
	text := func(old, new string) string { return strings.Replace(clientKey, old, new, 1) }
	for name, tt := range map[string]struct {
		text   string
		file   plan.ClientKeyFile
		world  func(*world)
		calls  string
		reason string // or of a warning
	}{
		"at rest":                    {clientKey, ours, nil, "", ""},
		"a validity of other words":  {text("365d", "525600m"), ours, nil, "", ""},
		"another validity":           {text("365d", "180d"), ours, nil, "CreateClientKey", "valid_for changed"},
		"another generation":         {text("= 1", "= 2"), ours, nil, "CreateClientKey", "generation changed"},
		"to recipients":              {text("generation", "recipients = [\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"]\ngeneration"), ours, nil, "CreateClientKey", "recipients changed"},
		"31 days before its end":     {clientKey, ours, day(234), "", ""},
		"30 days before its end":     {clientKey, ours, day(235), "CreateClientKey", "it ends on"},
		"and none is to follow":      {text("  rotate_before = \"30d\"\n", ""), ours, day(236), "", "A client key ends soon"},
		"its file is missing":        {clientKey, plan.ClientKeyFile{Missing: true}, nil, "CreateClientKey", "client.json is missing"},
		"and is kept elsewhere":      {text("generation", "lifecycle {\n    ignore_changes = [file]\n  }\n  generation"), plan.ClientKeyFile{Missing: true, NoPassword: true}, nil, "", ""},
		"its password is missing":    {clientKey, plan.ClientKeyFile{Ours: true, NoPassword: true}, nil, "CreateClientKey", "client.password is missing"},
		"another password":           {clientKey, plan.ClientKeyFile{Ours: true, Closed: true}, nil, "CreateClientKey", "its password is another one"},
		"something else in place":    {clientKey, plan.ClientKeyFile{ID: "KAAP.theirs"}, nil, "", "A client key's file is something else"},
		"what cannot be read":        {text("= 1", "= 2"), plan.ClientKeyFile{Problem: "the file is a directory"}, nil, "", "A client key's file is something else"},
		"and another generation":     {text("= 1", "= 2"), plan.ClientKeyFile{ID: "KAAP.theirs"}, nil, "", "A client key's file is something else"},
		"its private half was lost":  {clientKey, plan.ClientKeyFile{Missing: true}, func(w *world) { w.state.Resources[0].Retire = plan.RetireLost }, "DeleteClientKey,CreateClientKey", "was lost"},
		"others deleted it":          {clientKey, ours, func(w *world) { delete(w.live.Objects[plan.KindClientKey], "KAAP.now") }, "CreateClientKey", "no longer exists"},
		"the state is lost":          {clientKey, plan.ClientKeyFile{ID: "KAAP.now"}, func(w *world) { w.state.Resources = nil }, "", "its file holds it"},
		"the state and the file are": {clientKey, plan.ClientKeyFile{Missing: true}, func(w *world) { w.state.Resources = nil }, "CreateClientKey", ""},
	} {
		w := withClientKey(t)
		if tt.world != nil {
			tt.world(w)
		}
		c, p := w.clientKey(tt.text, tt.file)
		if got := strings.Join(c.Calls, ","); got != tt.calls {
			t.Errorf("%s: calls %q, want %q (%s)", name, got, tt.calls, c.Reason)
		}
		says := c.Reason
		for _, warning := range p.Warnings {
			says += warning.Summary
		}
		if !strings.Contains(says, tt.reason) || tt.reason == "" && says != "" {
			t.Errorf("%s: it says %q, want %q", name, says, tt.reason)
		}
		if p.Refused() {
			t.Errorf("%s: %+v", name, p.Refusals)
		}
	}
}

// clientKey plans with what is known of its file.
func (w *world) clientKey(text string, file plan.ClientKeyFile) (plan.Change, *plan.Plan) {
	w.t.Helper()
	a, err := addr.Parse("client_key.app")
	if err != nil {
		w.t.Fatal(err)
	}
	in := w.input(config(w.t, text))
	in.ClientKeys = map[addr.Address]plan.ClientKeyFile{a: file}
	p, diags := plan.Calculate(in)
	fatalErrors(w.t, diags)
	i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Addr == a })
	return p.Changes[i], p
}

func TestEarlierClientKeysAreDeletedWhenTheirTimeIsOver(t *testing.T) {
	old := func(id string, days int, retire string) state.Predecessor {
		return state.Predecessor{ID: id, Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(-time.Duration(days) * kind.Day), Retire: retire}
	}
	line := func(text string) string { return strings.Replace(clientKey, "generation", text+"\n  generation", 1) }
	for name, tt := range map[string]struct {
		text    string
		earlier []state.Predecessor
		gone    []string
		calls   int
	}{
		"kept for a day":       {clientKey, []state.Predecessor{old("KAAP.a", 0, "")}, nil, 0},
		"a day is over":        {clientKey, []state.Predecessor{old("KAAP.a", 1, ""), old("KAAP.b", 0, "")}, []string{"KAAP.a"}, 1},
		"a week":               {line(`keep_previous = "7d"`), []state.Predecessor{old("KAAP.a", 6, ""), old("KAAP.b", 7, "")}, []string{"KAAP.b"}, 1},
		"not at all":           {line(`keep_previous = "0s"`), []state.Predecessor{old("KAAP.a", 0, "")}, []string{"KAAP.a"}, 1},
		"nobody has it":        {line(`keep_previous = "7d"`), []state.Predecessor{old("KAAP.a", 0, plan.RetireLost)}, []string{"KAAP.a"}, 1},
		"others deleted it":    {clientKey, []state.Predecessor{old("KAAP.gone", 0, "")}, []string{"KAAP.gone"}, 0},
		"while another begins": {strings.Replace(clientKey, "= 1", "= 2", 1), []state.Predecessor{old("KAAP.a", 2, "")}, []string{"KAAP.a"}, 2},
	} {
		w := withClientKey(t, tt.earlier...)
		delete(w.live.Objects[plan.KindClientKey], "KAAP.gone")
		c, _ := w.clientKey(tt.text, plan.ClientKeyFile{Ours: true})
		if got := c.Previous(); !slices.Equal(got, tt.gone) || len(c.Calls) != tt.calls {
			t.Errorf("%s: %q go, by %q", name, got, c.Calls)
		}
	}
}

// An access point is left by a client key with all that came before it.
func TestAnAccessPointGoesAfterItsClientKeys(t *testing.T) {
	w := withClientKey(t, state.Predecessor{ID: "KAAP.before", Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	w.live.Objects[plan.KindAccessPoint] = theirs(plan.KindAccessPoint, "p")
	w.state.Resources = append(w.state.Resources, state.Resource{Address: "application_access_point.p", Kind: plan.KindAccessPoint, Gateway: "dev", ID: "p", Protected: true, Attributes: map[string]any{}})
	gone := func(what string) string { return "removed {\n  from   = " + what + "\n  action = \"delete\"\n}\n" }
	p := w.plan(config(t, strings.Replace(limits, "deletions = 1", "deletions = 2", 1)+gone("client_key.app")+gone("application_access_point.p")))
	if p.Refused() || len(p.Changes) != 2 || p.Changes[0].Kind != plan.KindClientKey || len(p.Changes[0].Calls) != 2 {
		t.Fatalf("%s %+v", lines(p), p.Refusals)
	}
	p = w.plan(config(t, limits+gone("application_access_point.p")+clientKey))
	if fired := refusals(p, plan.GuardStillInUse); len(fired) != 1 || !strings.Contains(fired[0].Reason, "client_key.app (KAAP.now)") || strings.Contains(fired[0].Reason, "KAAP.before") {
		t.Errorf("%+v", p.Refusals)
	}
}
