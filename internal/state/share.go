package state

// sharing keeps one copy of what a large state says many times: the names of attributes, regions, specs, versions of the
// format of a tag. Decoding makes each anew, which is half of what a state of ten thousand keys takes in memory.
type sharing struct {
	texts  map[string]string
	values map[string]any // the same texts as attributes hold them
}

// maxShared bounds the texts that are looked up: longer ones are hardly ever equal.
const maxShared = 64

// share replaces what the resources say several times by one copy of it.
func (st *State) share() {
	s := sharing{map[string]string{}, map[string]any{}}
	for i := range st.Resources {
		r := &st.Resources[i]
		r.Kind, r.Gateway, r.Region = s.text(r.Kind), s.text(r.Gateway), s.text(r.Region)
		if r.Attributes != nil {
			r.Attributes = s.object(r.Attributes)
		}
		for n, name := range r.Managed {
			r.Managed[n] = s.text(name)
		}
	}
}

func (s sharing) text(t string) string {
	if len(t) > maxShared {
		return t
	}
	if one, ok := s.texts[t]; ok {
		return one
	}
	s.texts[t] = t
	return t
}

func (s sharing) value(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) > maxShared {
			return v
		}
		if one, ok := s.values[v]; ok {
			return one
		}
		s.values[v] = v
	case map[string]any:
		return s.object(v)
	}
	return v
}

func (s sharing) object(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		out[s.text(name)] = s.value(v)
	}
	return out
}
