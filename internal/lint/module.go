package lint

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// module is what several rules ask of a configuration, found out once.
type module struct {
	config    *hcl.Config
	instances []*instance // in dependency order
	byAddr    map[addr.Address]*instance
	rotatedBy map[addr.Address]*instance   // key → the rotation policy it is in
	users     map[addr.Address][]*instance // object → what refers to it
	outputs   map[addr.Address]bool        // blocks that an output refers to

	repository *repository
}

func survey(c *hcl.Config) *module {
	m := &module{config: c, byAddr: map[addr.Address]*instance{}, rotatedBy: map[addr.Address]*instance{}, users: map[addr.Address][]*instance{}}
	m.outputs, m.repository = c.OutputBlocks(), repositoryOf(c.Dir)
	nothing := hcl.NewObjectMap()
	for _, b := range c.Blocks {
		for _, a := range b.Instances {
			body, _ := c.Body(a, nothing) // what is wrong with it was said when it was loaded
			in := &instance{addr: a, block: b, body: body}
			in.Values = kind.Values{Attrs: body.Attrs, Blocks: body.Blocks, NoInstance: noInstance(b, body)}
			m.instances = append(m.instances, in)
			m.byAddr[a] = in
		}
	}
	for _, b := range c.Batches { // no rule is about one, but they use keys
		for _, a := range b.Instances {
			for _, target := range c.DependsOn(a) {
				m.users[target] = append(m.users[target], &instance{addr: a, block: b})
			}
		}
	}
	for _, in := range m.instances {
		for _, target := range c.DependsOn(in.addr) {
			m.users[target] = append(m.users[target], in)
			if in.addr.Kind == "rotation_policy" && target.Kind == "key" && !target.Data {
				m.rotatedBy[target] = in
			}
		}
	}
	return m
}

// noInstance reports whether the object will live outside any KMS instance, as hcl decides it.
func noInstance(b *hcl.Block, body hcl.Body) bool {
	if v, written := body.Attrs["instance"]; written {
		return v.IsNull()
	}
	return b.Gateway != nil && b.Gateway.Instance == nil && b.Gateway.Emulator == nil
}

// of are the instances of one kind, managed objects or files.
func (m *module) of(kindName string) []*instance {
	var out []*instance
	for _, in := range m.instances {
		if in.addr.Kind == kindName && !in.block.Kind.Looks() {
			out = append(out, in)
		}
	}
	return out
}

// used reports whether something but a rotation policy refers to the object.
func (m *module) used(a addr.Address) bool { return len(m.userNames(a)) > 0 }

// userNames are the blocks that refer to the object, rotation policies left out: those use no key, they tend it.
func (m *module) userNames(a addr.Address) []string {
	var out []string
	for _, in := range m.users[a] {
		if in.addr.Kind != "rotation_policy" {
			out = append(out, in.addr.String())
		}
	}
	return out
}

// usedBy reports whether something of that kind refers to the object.
func (m *module) usedBy(a addr.Address, kindName string) bool {
	for _, in := range m.users[a] {
		if in.addr.Kind == kindName && !in.block.Kind.Looks() {
			return true
		}
	}
	return false
}
