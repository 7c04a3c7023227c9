package stack

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

func turnsIn(t *testing.T, region string, credentials ...string) *turns {
	t.Helper()
	shared := sharedTurns(region, credentials...)
	if shared == nil {
		t.Fatal("there is no place for turns")
	}
	return shared
}

// Two runs of one account together stay below the share that one alone takes; a run of another account does not wait for them.
func TestRunsOnOneMachineShareAQuota(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	now := time.Now()
	const every, atOnce, calls = time.Second / 30, 20, 150
	last := func(runs ...*turns) (longest time.Duration) {
		for i := range calls {
			longest = max(longest, runs[i%len(runs)].Take("key read", every, atOnce, now))
		}
		return longest
	}
	alone := last(turnsIn(t, "cn-hangzhou", "one"))
	if want := (calls - atOnce) * every; alone != want {
		t.Errorf("alone the last of %d calls waits %s, want %s", calls, alone, want)
	}
	if together := last(turnsIn(t, "cn-hangzhou", "two"), turnsIn(t, "cn-hangzhou", "two")); together != alone {
		t.Errorf("two runs wait %s, and one alone %s", together, alone)
	}
	if other := turnsIn(t, "cn-hangzhou", "three").Take("key read", every, atOnce, now); other != 0 {
		t.Errorf("another account waits %s", other)
	}
	if other := turnsIn(t, "cn-hangzhou", "two").Take("tag read", every, atOnce, now); other != 0 {
		t.Errorf("another group waits %s", other)
	}
	if later := turnsIn(t, "cn-hangzhou", "two").Take("key read", every, atOnce, now.Add(calls*every)); later != 0 {
		t.Errorf("after a rest the first call waits %s", later)
	}
	info, err := os.Stat(turnsDir())
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v, %v", info.Mode(), err)
	}
}

// Credentials of one account take turns together once an answer told whose they are, and from then on in later runs as well; an
// account in another region, what is no account's id and a damaged note change nothing.
func TestCredentialsOfOneAccountShareItsQuota(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	now := time.Now()
	take := func(t *turns) time.Duration { return t.Take("key read", time.Second, 1, now) }
	const account = "1234567890123456"
	one, two, far := turnsIn(t, "cn-hangzhou", "one"), turnsIn(t, "cn-hangzhou", "two"), turnsIn(t, "cn-shanghai", "one")
	if a, b := take(one), take(two); a != 0 || b != 0 {
		t.Errorf("unknown yet: %s and %s", a, b)
	}
	for _, of := range []*turns{one, two, far} {
		of.Account(account)
	}
	if a, b, c := take(one), take(two), take(far); a != 0 || b != time.Second || c != 0 {
		t.Errorf("of one account: %s and %s, and in another region %s", a, b, c)
	}
	if later := take(turnsIn(t, "cn-hangzhou", "two")); later != 2*time.Second {
		t.Errorf("a later run waits %s", later)
	}
	two.Account("")
	two.Account("../escape")
	if again := take(two); again != 3*time.Second {
		t.Errorf("after what is no id: %s", again)
	}
	note := filepath.Join(turnsDir(), "account-"+two.credentials)
	if text, err := os.ReadFile(note); err != nil || string(text) != account {
		t.Errorf("the note says %q, %v", text, err)
	}
	if err := os.WriteFile(note, []byte("../../damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if fresh := turnsIn(t, "cn-hangzhou", "two"); fresh.name != fresh.credentials {
		t.Errorf("a damaged note is believed")
	}
	two.Account("2" + account)
	if other := take(two); other != 0 {
		t.Errorf("of another account: %s", other)
	}
}

// A damaged file, a clock that went back, a holder that was stopped and a place that others may write into hold nobody up.
func TestTurnsHoldNobodyUp(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	now := time.Now()
	shared := turnsIn(t, "a")
	file := filepath.Join(turnsDir(), shared.name+"-key-read")
	take := func() time.Duration { return shared.Take("key read", time.Second, 1, now) }
	for name, data := range map[string]string{"short": "x", "far ahead": "\x7f\xff\xff\xff\xff\xff\xff\xff", "long ago": "\x00\x00\x00\x00\x00\x00\x00\x01"} {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := take(); got != 0 {
			t.Errorf("%s: %s", name, got)
		}
		if got := take(); got != time.Second {
			t.Errorf("%s, and then: %s", name, got)
		}
	}
	held, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := durable.TryLock(held); err != nil {
		t.Fatal(err)
	}
	if got := take(); got != 0 {
		t.Errorf("held by another: %s", got)
	}
	if err := os.Chmod(turnsDir(), 0o777); err != nil {
		t.Fatal(err)
	}
	if sharedTurns("a") != nil {
		t.Error("everybody may write there")
	}
}
