package stack_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// changing is a change that makes a call, and what there is when it is made: so many keys, aliases and objects in state.
type changing struct {
	operation, what string
	before, after   string
	world           func(r *rig) // what others did meanwhile
	has             [3]int
	look            func(r *rig) string // what is wrong
}

const (
	aKey      = "key \"k\" {\n  description = \"one\"\n  tags        = { team = \"a\" }\n}\n"
	anAlias   = "alias \"k\" {\n  name = \"alias/k\"\n  key  = key.k.id\n}\n"
	aRotation = "rotation_policy \"p\" {\n  interval = \"90d\"\n  keys     = [key.k.id]\n}\n"
	aSecret   = aKey + "variable \"value\" {\n  type      = string\n  sensitive = true\n  default   = \"first-value\"\n}\n" +
		"secret \"s\" {\n  name        = \"s\"\n  description = \"one\"\n  tags        = { team = \"a\" }\n  value       = var.value\n  encryption_key = key.k.id\n}\n"
	anImported     = "key \"k\" {\n  origin = \"EXTERNAL\"\n  instance = null\n  material {\n    base64 = sensitive(base64encode(\"0123456789abcdef0123456789abcdef\"))\n    expires = \"2099-01-01T00:00:00Z\"\n  }\n}\n"
	aManagedSecret = aKey + "secret \"s\" {\n  name = \"s\"\n  type = \"Rds\"\n  value = sensitive(jsonencode({ Accounts = [{ AccountName = \"a\", AccountPassword = \"first\" }] }))\n" +
		"  extended_config = { SecretSubType = \"SingleUser\", DBInstanceId = \"rm-1\" }\n  custom_data = { stage = \"one\" }\n  encryption_key = key.k.id\n}\n"
	aPolicy = "{\\\"Version\\\":\\\"1\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"RAM\\\":[\\\"acs:ram::%s:*\\\"]}," +
		"\\\"Action\\\":[\\\"kms:*\\\"],\\\"Resource\\\":[\\\"*\\\"]}]}"
)

// bold lets every module take things away.
const bold = "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\n"

// with puts one thing in another's place.
func with(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic("the module has no " + old)
	}
	return strings.Replace(text, old, new, 1)
}

// changes are all calls that an apply makes, each in a change that makes it.
func changes(account string) []changing {
	retired := "removed {\n  from      = key.k\n  action    = \"retire\"\n  soak_days = 0\n}\n"
	keyOnly, withAlias, withSecret := [3]int{1, 0, 1}, [3]int{1, 1, 2}, [3]int{1, 0, 2}
	edit := func(old, new string) string { return aKey + with(strings.TrimPrefix(aSecret, aKey), old, new) }
	line := func(text string) string { return with(aKey, "description = \"one\"", "description = \"one\"\n  "+text) }
	return slices.Concat(accessChanges(), stageChanges(), []changing{
		{"CreateKey", "a key", "", aKey, nil, keyOnly, nil},
		{"UpdateKeyDescription", "a description", aKey, with(aKey, "one", "two"), nil, keyOnly, keyIs("Description", "two")},
		{"TagResources", "a key's tag", aKey, with(aKey, "\"a\"", "\"b\""), nil, keyOnly, nil},
		{"UntagResources", "a key's tag", aKey, with(aKey, "team = \"a\"", ""), nil, keyOnly, nil},
		{"SetDeletionProtection", "protection", aKey, line("deletion_protection = true"), nil, keyOnly, keyIs("DeletionProtection", "Enabled")},
		{"SetKeyPolicy", "a policy", aKey, line(fmt.Sprintf("policy = \""+aPolicy+"\"", account)), nil, keyOnly, nil},
		{"GetParametersForImport", "a key's own material", "", anImported, nil, keyOnly, keyIs("KeyState", "Enabled")},
		{"ImportKeyMaterial", "a key's own material", "", anImported, nil, keyOnly, keyIs("KeyState", "Enabled")},
		{"ImportKeyMaterial", "material that was deleted", anImported, anImported, func(r *rig) {
			r.call("DeleteKeyMaterial", map[string]any{"KeyId": r.idOf("key.k")})
		}, keyOnly, keyIs("KeyState", "Enabled")},
		{"ImportKeyMaterial", "another expiry", anImported, with(anImported, "2099", "2098"), nil, keyOnly, keyIs("MaterialExpireTime", "2098-01-01T00:00:00Z")},
		{"DisableKey", "a key that is out of use", line("enabled = true"), line("enabled = false"), nil, keyOnly, keyIs("KeyState", "Disabled")},
		{"DisableKey", "the first step of a retirement", aKey, with(retired, "0", "7"), nil, keyOnly, keyIs("KeyState", "Disabled")},
		{"EnableKey", "a key that others disabled", line("enabled = true"), line("enabled = true"), func(r *rig) {
			r.call("DisableKey", map[string]any{"KeyId": r.idOf("key.k")})
		}, keyOnly, keyIs("KeyState", "Enabled")},
		{"CancelKeyDeletion", "a rescue", aKey, aKey, func(r *rig) {
			r.call("ScheduleKeyDeletion", map[string]any{"KeyId": r.idOf("key.k"), "PendingWindowInDays": 7})
		}, keyOnly, keyIs("KeyState", "Enabled")},
		{"ScheduleKeyDeletion", "the second step of a retirement", aKey, retired, func(r *rig) {
			r.write("main.kms.hcl", attached+bold+retired)
			r.apply()
		}, keyOnly, keyIs("KeyState", "PendingDeletion")},
		{"CreateAlias", "an alias", aKey, aKey + anAlias, nil, withAlias, nil},
		{"UpdateAlias", "an alias of another key", aKey + anAlias + "key \"l\" {}\n", aKey + with(anAlias, "key.k", "key.l") + "key \"l\" {}\n", nil, [3]int{2, 1, 3}, nil},
		{"DeleteAlias", "an alias that was renamed", aKey + anAlias, aKey + with(anAlias, "alias/k", "alias/l"), nil, withAlias, nil},
		{"UpdateRotationPolicy", "a new policy", aKey, aKey + aRotation, nil, [3]int{1, 0, 2}, keyIs("RotationInterval", "7776000s")},
		{"UpdateRotationPolicy", "another interval", aKey + aRotation, aKey + with(aRotation, "90d", "30d"), nil, [3]int{1, 0, 2}, keyIs("RotationInterval", "2592000s")},
		{"CreateSecret", "a secret", aKey, aSecret, nil, withSecret, secretIs("first-value", 1)},
		{"UpdateSecret", "a description", aSecret, edit("one", "two"), nil, withSecret, secretIs("first-value", 1)},
		{"TagResources", "a secret's tag", aSecret, edit("\"a\"", "\"b\""), nil, withSecret, secretIs("first-value", 1)},
		{"UntagResources", "a secret's tag", aSecret, edit("team = \"a\"", ""), nil, withSecret, secretIs("first-value", 1)},
		{"PutSecretValue", "another value", aSecret, with(aSecret, "first", "second"), nil, withSecret, secretIs("second-value", 2)},
		{"PutSecretValue", "a binary value", aSecret, edit("value       = var.value", "value_base64 = base64encode(var.value)"), nil, withSecret, secretIs("Zmlyc3QtdmFsdWU=", 2)},
		{"SetSecretPolicy", "a policy", aSecret, edit("value       = var.value", "value       = var.value\n  policy = \""+fmt.Sprintf(aPolicy, account)+"\""), nil, withSecret, secretIs("first-value", 1)},
		{"CreateSecret", "a managed secret", aKey, aManagedSecret, nil, withSecret, nil},
		{"UpdateSecret", "custom data", aManagedSecret, with(aManagedSecret, "\"one\" }", "\"two\" }"), nil, withSecret, nil},
		{"RestoreSecret", "a rescue", aSecret, aSecret, func(r *rig) { r.call("DeleteSecret", map[string]any{"SecretName": "s"}) }, withSecret, secretIs("first-value", 1)},
		{"CreateKey", "a successor", inPlace("AES_256"), inPlace("SM4"), nil, [3]int{2, 0, 1}, hasPredecessor("Enabled")},
		{"UpdateAlias", "an alias that follows a successor", inPlace("AES_256") + anAlias, inPlace("SM4") + anAlias, nil, [3]int{2, 1, 2}, hasPredecessor("Enabled")},
		{"CancelKeyDeletion", "a predecessor that others scheduled", inPlace("AES_256"), inPlace("SM4"), func(r *rig) {
			old := succeed(r)
			r.call("CreateAlias", map[string]any{"AliasName": "alias/theirs", "KeyId": old})
			r.call("ScheduleKeyDeletion", map[string]any{"KeyId": old, "PendingWindowInDays": 7})
		}, [3]int{2, 1, 1}, hasPredecessor("Enabled")},
		{"EnableKey", "a predecessor that others disabled", inPlace("AES_256"), inPlace("SM4"), func(r *rig) {
			old := succeed(r)
			r.call("CreateAlias", map[string]any{"AliasName": "alias/theirs", "KeyId": old})
			r.call("DisableKey", map[string]any{"KeyId": old})
		}, [3]int{2, 1, 1}, hasPredecessor("Enabled")},
		{"DisableKey", "the first step of a predecessor's retirement", inPlace("AES_256"), inPlace("SM4") + with(with(retired, "key.k", "predecessor.k"), "0", "7"),
			func(r *rig) { succeed(r) }, [3]int{2, 0, 1}, hasPredecessor("Disabled")},
		{"ScheduleKeyDeletion", "the second step of a predecessor's retirement", inPlace("AES_256"), inPlace("SM4") + with(retired, "key.k", "predecessor.k"), func(r *rig) {
			succeed(r)
			r.write("main.kms.hcl", attached+bold+inPlace("SM4")+with(retired, "key.k", "predecessor.k"))
			r.apply()
		}, [3]int{2, 0, 1}, hasPredecessor("PendingDeletion")},
		{"DeleteSecret", "a secret that is removed", aSecret, aKey + "removed {\n  from   = secret.s\n  action = \"delete\"\n}\n", nil, keyOnly, nil},
	})
}

// keyIs looks at key.k.
func keyIs(field, want string) func(r *rig) string {
	return func(r *rig) string {
		key, _ := r.call("DescribeKey", map[string]any{"KeyId": r.idOf("key.k")})["KeyMetadata"].(map[string]any)
		if key[field] != want {
			return fmt.Sprintf("the key's %s is %v, want %s", field, key[field], want)
		}
		return ""
	}
}

// secretIs looks at the secret's value and how many it ever had.
func secretIs(value string, versions int) func(r *rig) string {
	return func(r *rig) string {
		got := r.call("GetSecretValue", map[string]any{"SecretName": "s"})["SecretData"]
		count := r.call("ListSecretVersionIds", map[string]any{"SecretName": "s", "IncludeDeprecated": "true"})["TotalCount"]
		if got != value || count != float64(versions) {
			return fmt.Sprintf("the secret is %v in version %v", got, count)
		}
		return ""
	}
}

// The columns of the matrix.
var losses = []struct {
	fault string
	dies  bool
}{
	{"drop-after-commit", true},
	{"drop-before", true},
	{"drop-after-commit", false},
	{"drop-before", false},
	{"reject-after-commit", true},
	{"reject-after-commit", false},
}

// truths are what may be said of a call of a process that died.
var truths = map[string][]string{
	"drop-after-commit": {"adopted", "confirmed", "read again"}, "reject-after-commit": {"adopted", "confirmed", "read again"},
	"drop-before": {"made again", "read again"},
}

// Every call that changes something loses its answer, and its process lives, or dies with all it knew. The journal is on a
// server; whoever comes next has an empty disk. It ends with each object there once, as it was wanted.
func TestLostAnswersOfProcessesThatLiveOrDie(t *testing.T) {
	service := emulatortest.New(t)
	columns := losses[:2] // of processes that live resource's TestLostAnswers knows
	switch {
	case os.Getenv(statetest.Long) != "":
		columns = losses
	case testing.Short():
		columns = losses[:1]
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "call\tof")
	for _, l := range columns {
		fmt.Fprintf(w, "\t%s, %s", l.fault, map[bool]string{true: "dies", false: "lives"}[l.dies])
	}
	for _, c := range append(changes(service.Ready().AccountID), asked()...) {
		fmt.Fprintf(w, "\n%s\t%s", c.operation, c.what)
		for _, l := range columns {
			t.Run(fmt.Sprintf("%s/%s/%s/%v", c.operation, c.what, l.fault, l.dies), func(t *testing.T) {
				fmt.Fprintf(w, "\t%s", lose(t, service, c, l.fault, l.dies))
			})
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("what the next run found out:\n%s", table.String())
}

// lose lets one call lose its answer, and returns what became of it.
func lose(t *testing.T, service *emulator.Server, c changing, fault string, dies bool) string {
	place := placetest.NewMemory()
	first := machineOn(t, emptied(t, service), bold+c.before)
	first.options.Store = remote.New(remote.Retry(place, placetest.Quick), remote.Options{})
	if c.before != "" {
		first.apply()
	}
	if c.world != nil {
		c.world(first)
	}
	if dies {
		d := first.dieWith(c.operation, service)
		first.options.Store = remote.New(remote.Retry(d.place(place), placetest.Quick), remote.Options{})
	}
	first.write("main.kms.hcl", attached+bold+c.after)
	if _, err := service.Faults().AddText(c.operation + ":" + fault + ":1"); err != nil {
		t.Fatal(err)
	}
	err := first.tryDoing(t.Context(), c)
	if dies && err == nil {
		t.Errorf("the process did not die")
	}
	next := first
	if dies {
		next = machineOn(t, service, bold+c.after)
	}
	later := func() time.Time { return time.Now().Add(time.Hour) } // no lease and no request of the dead is alive
	next.options.Store, next.options.Now = remote.New(remote.Retry(place, placetest.Quick), remote.Options{Now: later}), later
	found := "done"
	next.options.Recovered = func(r apply.Recovered) {
		found = map[apply.RecoveredStatus]string{
			apply.Adopted: "adopted", apply.Confirmed: "confirmed", apply.NeverHappened: "made again", apply.StillPending: "pending", apply.Untold: "read again",
		}[r.Status]
	}
	if err := next.tryApply(t.Context()); err != nil {
		t.Errorf("the next apply: %v", err)
	}
	next.askAgain(c)
	if told := truths[fault]; dies && !slices.Contains(told, found) {
		t.Errorf("it was said to be %s, and is one of %q", found, told)
	}
	next.settled(c.has[0], c.has[1], c.has[2])
	if c.look != nil {
		if wrong := c.look(next); wrong != "" {
			t.Error(wrong)
		}
	}
	return found
}

// Every call that changes an attribute, by the tables of the kinds, is among those that lose their answers.
func TestEveryCallOfTheTablesLosesItsAnswer(t *testing.T) {
	lost := map[string]bool{}
	for _, c := range append(changes(""), asked()...) {
		lost[c.operation] = true
	}
	calls := 0
	for _, k := range kind.Kinds() {
		for _, a := range k.Attributes {
			for _, call := range a.ChangedBy {
				if calls++; !lost[call] {
					t.Errorf("%s, which changes a %s's %s, is not", call, k.Name, a.Name)
				}
			}
		}
	}
	if calls < 10 {
		t.Errorf("the tables have only %d calls", calls)
	}
}
