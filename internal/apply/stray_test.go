package apply_test

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Case P8: what carries this stack's tags and is not in its state is a stray, unless it is dying already.
func TestStraysAreOursAndUnknownAndAlive(t *testing.T) {
	claim := func(kind, id, owner, intent string) plan.Claim {
		return plan.Claim{Kind: kind, ID: id, Owner: owner, Address: kind + ".x", Intent: intent}
	}
	live := plan.Live{Gateways: map[string]*plan.LiveGateway{"g": {
		Claims: []plan.Claim{
			claim("key", "known", "us", "i1"), claim("key", "twin", "us", "i1"), claim("key", "lost", "us", "i2"),
			claim("key", "theirs", "them", "i3"), claim("key", "dying", "us", "i4"), claim("secret", "gone", "us", "i5"), claim("secret", "s", "us", ""),
		},
		Dying:   []plan.DyingKey{{ID: "dying"}},
		Secrets: map[string]time.Time{"gone": time.Now(), "s": {}},
	}}}
	st := state.State{Lineage: "us", Resources: []state.Resource{{Address: "key.x", Kind: "key", Gateway: "g", ID: "known", Intent: "i1"}, {Address: "key.y", Kind: "key", Gateway: "other", ID: "lost"}}}
	var got []string
	for _, s := range apply.Strays(live, st) {
		got = append(got, s.ID+":"+s.Twin)
		if text := s.String(); !strings.Contains(text, s.ID) || !strings.Contains(text, "import {") || !strings.Contains(text, "kmsplan kms ") {
			t.Errorf("%s says %q", s.ID, text)
		}
	}
	if strings.Join(got, " ") != "twin:known lost: s:" {
		t.Errorf("found %v", got)
	}
}
