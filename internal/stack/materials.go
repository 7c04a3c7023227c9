package stack

import (
	"bytes"
	"crypto/sha256"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// materials reads the material of every key whose block names some, and holds it against the fingerprint that state
// has of it. A key whose material is not at hand is planned all the same.
func (s *Stack) materials() map[addr.Address]plan.Material {
	out := map[addr.Address]plan.Material{}
	s.eachMaterial(func(a addr.Address, r *state.Resource, material []byte, err error) {
		found := plan.Material{Match: state.Same}
		fp, recorded := recordedPrint(r)
		switch {
		case err != nil:
			found = plan.Material{Match: state.NotCompared, Problem: err.Error()}
		case recorded:
			found.Match = s.fingerprints().Compare(fp, material)
		}
		out[a] = found
	})
	return out
}

func recordedPrint(r *state.Resource) (fp state.Fingerprint, recorded bool) {
	if r != nil {
		fp, recorded = r.Fingerprints[plan.MaterialPrint]
	}
	return fp, recorded
}

// eachMaterial shows the material of each key, which is cleared afterwards, or why it cannot be had.
func (s *Stack) eachMaterial(show func(a addr.Address, r *state.Resource, material []byte, err error)) {
	var objects *hcl.ObjectMap
	var prior map[addr.Address]*state.Resource
	for _, b := range s.Config.Blocks {
		for _, a := range b.Instances {
			if b.Addr.Data || b.Kind.Name != plan.KindKey || !s.Config.Nests(a, kind.MaterialBlock) {
				continue
			}
			if objects == nil {
				objects, prior = plan.Remember(s.Config, s.State, s.live), plan.MovedAddresses(s.Config, s.State)
			}
			body, _ := s.Config.Body(a, objects)
			block, written := body.Blocks[kind.MaterialBlock]
			if !written {
				continue
			}
			spec, _ := kind.Values{Attrs: body.Attrs}.String("spec")
			material, err := resource.ReadMaterial(s.Config.Dir, block, spec)
			show(a, prior[a], material, err)
			clear(material)
		}
	}
}

// MaterialOf is a copy of the material that a key's block names; ok is false for a key without such a block. The caller
// clears it.
func (s *Stack) MaterialOf(of addr.Address) (material []byte, ok bool, err error) {
	s.eachMaterial(func(a addr.Address, _ *state.Resource, raw []byte, problem error) {
		if a == of {
			material, ok, err = bytes.Clone(raw), true, problem
		}
	})
	return material, ok, err
}

// MatchMaterial holds material that is to be imported into a key against what state knows of the key's.
func (s *Stack) MatchMaterial(of addr.Address, material []byte) (state.Match, error) {
	r := plan.MovedAddresses(s.Config, s.State)[of]
	if r == nil {
		return state.NotCompared, nil // the plan says that there is no such key
	}
	spec, _ := r.Attributes["spec"].(string)
	if err := kind.CheckMaterialSize(spec, int64(len(material))); err != nil && kind.MaterialSize(spec) > 0 {
		return state.NotCompared, err
	}
	fp, recorded := recordedPrint(r)
	if !recorded {
		return state.Same, nil
	}
	return s.fingerprints().Compare(fp, material), nil
}

// materialSums tells the digests of materials, which a saved plan that imports them is bound to.
func (s *Stack) materialSums() func(addr.Address) ([]byte, bool) {
	return func(of addr.Address) (sum []byte, there bool) {
		s.eachMaterial(func(a addr.Address, _ *state.Resource, material []byte, err error) {
			if a == of && err == nil {
				digest := sha256.Sum256(material)
				sum, there = digest[:], true
			}
		})
		return sum, there
	}
}

// materialValues are the materials with the fingerprints that state has of them. The caller clears them.
func (s *Stack) materialValues() (out []plan.WriteOnlyValue) {
	s.eachMaterial(func(a addr.Address, r *state.Resource, material []byte, err error) {
		if fp, recorded := recordedPrint(r); recorded && err == nil {
			out = append(out, plan.WriteOnlyValue{Address: a.String(), Print: plan.MaterialPrint, Fingerprint: fp, Value: bytes.Clone(material)})
		}
	})
	return out
}
