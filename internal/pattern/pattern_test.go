package pattern

import "testing"

func TestAPatternIsCompiledOnceAndInTests(t *testing.T) {
	p := New(`^a(b+)$`)
	if p.re == nil {
		t.Error("a test does not see the pattern's mistakes")
	}
	if got := p.FindStringSubmatch("abb"); len(got) != 2 || got[1] != "bb" || p.MatchString("a") || p.String() != `^a(b+)$` {
		t.Errorf("the pattern found %q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a pattern that cannot be compiled was taken")
		}
	}()
	New(`(`)
}

func TestOutsideATestAPatternWaits(t *testing.T) {
	was := inTest
	inTest = false
	defer func() { inTest = was }()
	p := New(`x`)
	if p.re != nil {
		t.Error("the pattern was compiled before anybody asked")
	}
	if !p.MatchString("x") || p.re == nil {
		t.Error("the pattern was not compiled when it was asked")
	}
}
