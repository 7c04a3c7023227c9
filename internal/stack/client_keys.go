package stack

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/keyfile"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// clientKeyFiles looks at the files of every declared client key.
func (s *Stack) clientKeyFiles() map[addr.Address]plan.ClientKeyFile {
	out := map[addr.Address]plan.ClientKeyFile{}
	var prior map[addr.Address]*state.Resource
	eachClientKey(s.Config, func() *hcl.ObjectMap { return plan.Remember(s.Config, s.State, s.live) }, func(a addr.Address, body hcl.Body) {
		if prior == nil {
			prior = plan.MovedAddresses(s.Config, s.State)
		}
		out[a] = resource.LookAtClientKey(s.Config.Dir, body.Attrs, prior[a])
	})
	return out
}

// clientKeyFileNames are the files that client keys of the module are written to, as far as they are known, and those
// that wait to take their places.
func clientKeyFileNames(cfg *hcl.Config) (names []string) {
	eachClientKey(cfg, hcl.NewObjectMap, func(_ addr.Address, body hcl.Body) {
		p := resource.KeyPlace(cfg.Dir, body.Attrs)
		for _, name := range []string{p.File, p.PasswordFile} {
			if name != "" {
				names = append(names, name, keyfile.Pending(name, "*"))
			}
		}
	})
	return names
}

// eachClientKey shows the declared client keys; objects are what they may refer to, asked for once and only if there is one.
func eachClientKey(cfg *hcl.Config, objects func() *hcl.ObjectMap, show func(addr.Address, hcl.Body)) {
	var known *hcl.ObjectMap
	for _, b := range cfg.Blocks {
		if b.Addr.Data || b.Kind.Name != plan.KindClientKey {
			continue
		}
		if known == nil {
			known = objects()
		}
		for _, a := range b.Instances {
			body, _ := cfg.Body(a, known)
			show(a, body)
		}
	}
}
