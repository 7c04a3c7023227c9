package failpoint

import "testing"

func TestParsedHookDiesOnceAtItsHit(t *testing.T) {
	for spec, want := range map[string]int{"b:2": 4, "*:2": 2, "a:1": 1, "c:1": 0} {
		died, at := 0, 0
		hook, err := Parse(spec, func() { died = at })
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"a", "b", "a", "b", "b"} {
			at = i + 1
			hook.Hit(name)
		}
		if died != want {
			t.Errorf("%s: died at hit %d, want %d", spec, died, want)
		}
	}
}

func TestParseRefusesNonsense(t *testing.T) {
	for _, spec := range []string{"a", "a:", ":1", "a:0", "a:x"} {
		if _, err := Parse(spec, func() {}); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}

func TestAPointWithoutHookDoesNothing(t *testing.T) {
	var none Hook
	none.Hit("a")
}
