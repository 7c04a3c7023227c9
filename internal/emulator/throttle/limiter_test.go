package throttle_test

import (
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newLimiter(t *testing.T, profile string) (*throttle.Limiter, *clock) {
	t.Helper()
	p, err := throttle.ParseProfile(profile)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	return throttle.New(p, c.now), c
}

func allowed(l *throttle.Limiter, account string, g engine.Group, calls int) (n int) {
	for range calls {
		if l.Allow(account, "cn-hangzhou", g) {
			n++
		}
	}
	return n
}

func TestDocumentedFigures(t *testing.T) {
	for group, perSecond := range map[engine.Group]int{
		engine.GroupService: 1, engine.GroupInstanceWrite: 10, engine.GroupInstanceRead: 50, engine.GroupKeyRead: 50,
		engine.GroupKeyTags: 300, engine.GroupCreateKey: 10, engine.GroupKeyWrite: 30, engine.GroupSymmetric: 1000,
		engine.GroupAsymmetric: 200, engine.GroupSecretWrite: 10, engine.GroupSecretRead: 450,
	} {
		l, c := newLimiter(t, "documented")
		if got := allowed(l, "a", group, 5000); got != perSecond {
			t.Errorf("%s: %d calls in one instant, want %d", group, got, perSecond)
		}
		c.t = c.t.Add(time.Second)
		if got := allowed(l, "a", group, 5000); got != perSecond {
			t.Errorf("%s: %d calls a second later, want %d", group, got, perSecond)
		}
	}
}

func TestAccountsAndGroupsHaveTheirOwnBuckets(t *testing.T) {
	l, _ := newLimiter(t, "documented")
	allowed(l, "a", engine.GroupCreateKey, 100)
	if allowed(l, "a", engine.GroupCreateKey, 1) != 0 {
		t.Fatal("the bucket is not empty")
	}
	if allowed(l, "b", engine.GroupCreateKey, 1) != 1 || allowed(l, "a", engine.GroupKeyRead, 1) != 1 || !l.Allow("a", "cn-shanghai", engine.GroupCreateKey) {
		t.Fatal("buckets are shared")
	}
}

func TestStormEndsOnTheVirtualClock(t *testing.T) {
	l, c := newLimiter(t, "off")
	l.Storm(10 * time.Second)
	if l.Allow("a", "r", engine.GroupNone) {
		t.Fatal("a call passes in the storm")
	}
	c.t = c.t.Add(10 * time.Second)
	if allowed(l, "a", engine.GroupCreateKey, 1000) != 1000 {
		t.Fatal("off limits something")
	}
}

// A reset puts the clock back, by years if it was advanced so far: no storm lasts that long.
func TestAClockThatIsPutBackLeavesTheStorm(t *testing.T) {
	l, c := newLimiter(t, "off")
	l.Storm(10 * time.Second)
	c.t = c.t.Add(-30 * 24 * time.Hour)
	if !l.Allow("a", "r", engine.GroupNone) {
		t.Error("it rages before it began")
	}
}

func TestCustomProfile(t *testing.T) {
	l, _ := newLimiter(t, "create-key=2, key-read=0.5")
	if got := allowed(l, "a", engine.GroupCreateKey, 10); got != 2 {
		t.Errorf("create-key: %d", got)
	}
	if got := allowed(l, "a", engine.GroupKeyRead, 10); got != 1 {
		t.Errorf("key-read: %d", got)
	}
	if got := allowed(l, "a", engine.GroupSymmetric, 2000); got != 2000 {
		t.Errorf("symmetric: %d", got)
	}
	for _, bad := range []string{"on", "create-key", "create-key=0", "create-key=-1", "create-key=NaN", "create-key=x", "creatkey=1", ","} {
		if _, err := throttle.ParseProfile(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
