package throttle

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Profile gives each group its calls per second per account and region. A group
// that is missing is not limited.
type Profile map[engine.Group]float64

// Documented returns the shared gateway's figures (KMS: performance data,
// 2026-03-31).
func Documented() Profile {
	return Profile{
		engine.GroupService:       1,
		engine.GroupInstanceWrite: 10,
		engine.GroupInstanceRead:  50,
		engine.GroupKeyRead:       50,
		engine.GroupKeyTags:       300,
		engine.GroupCreateKey:     10,
		engine.GroupKeyWrite:      30,
		engine.GroupSymmetric:     1000,
		engine.GroupAsymmetric:    200,
		engine.GroupSecretWrite:   10,
		engine.GroupSecretRead:    450,
	}
}

// ParseProfile reads "off", "documented", or a list of own figures such as
// "create-key=2,key-read=10", which leaves the other groups unlimited.
func ParseProfile(text string) (Profile, error) {
	switch text {
	case "", "off":
		return Profile{}, nil
	case "documented":
		return Documented(), nil
	}
	known := Documented()
	p := Profile{}
	for part := range strings.SplitSeq(text, ",") {
		name, figure, _ := strings.Cut(strings.TrimSpace(part), "=")
		group := engine.Group(name)
		if _, ok := known[group]; !ok {
			return nil, fmt.Errorf("throttle: %q is not off, documented or group=calls-per-second; the groups are %s", part, groups(known))
		}
		rate, err := strconv.ParseFloat(figure, 64)
		if err != nil || !(rate > 0 && rate <= 1e6) {
			return nil, fmt.Errorf("throttle: %q: calls per second must be above 0 and at most 1000000", part)
		}
		p[group] = rate
	}
	return p, nil
}

func groups(p Profile) string {
	names := []string{}
	for g := range maps.Keys(p) {
		names = append(names, string(g))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
