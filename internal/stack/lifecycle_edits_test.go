package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// edit changes what is wanted, or reports that there is nothing it could change.
type edit struct {
	name string
	do   func(l *life, w *wanted) bool
}

// some is one of the names of what there is.
func some[V any](l *life, all map[string]V) (string, bool) {
	names := slices.Sorted(maps.Keys(all))
	if len(names) == 0 {
		return "", false
	}
	return names[l.rnd.IntN(len(names))], true
}

// fresh is a name that nothing ever had.
func (l *life) fresh(kind string) string {
	l.names++
	return fmt.Sprintf("%s%d", kind, l.names)
}

func (l *life) oneOf(all ...string) string { return all[l.rnd.IntN(len(all))] }

// change changes one of the things of a kind.
func change[V any](of func(w *wanted) map[string]V, how func(l *life, name string, v *V) bool) func(l *life, w *wanted) bool {
	return func(l *life, w *wanted) bool {
		all := of(w)
		name, ok := some(l, all)
		if !ok {
			return false
		}
		v := all[name]
		if !how(l, name, &v) {
			return false
		}
		all[name] = v
		return true
	}
}

func keysOf(w *wanted) map[string]wantedKey        { return w.keys }
func aliasesOf(w *wanted) map[string]wantedAlias   { return w.aliases }
func secretsOf(w *wanted) map[string]wantedSecret  { return w.secrets }
func policiesOf(w *wanted) map[string]wantedPolicy { return w.policies }

// withoutKey takes a key's block away, and with it all that needs it. Its files stay encrypted under it.
func (w *wanted) withoutKey(key string) {
	delete(w.keys, key)
	delete(w.imports, "key."+key)
	maps.DeleteFunc(w.aliases, func(_ string, a wantedAlias) bool { return a.key == key })
	maps.DeleteFunc(w.policies, func(_ string, p wantedPolicy) bool { return p.key == key })
	for name, s := range w.secrets {
		if s.key == key { // it cannot go without words
			delete(w.secrets, name)
			w.words["secret."+name] = `action = "delete"`
		}
	}
	if w.file.key == key {
		w.file.key = ""
	}
}

// renameKey renames a key's block, if there is one.
func (w *wanted) renameKey(name, to string) {
	k, ok := w.keys[name]
	if !ok {
		return
	}
	w.keys[to], w.moved["key."+name] = k, "key."+to
	delete(w.keys, name)
	delete(w.imports, "key."+name) // it has happened
	for n, a := range w.aliases {
		if a.key == name {
			a.key = to
			w.aliases[n] = a
		}
	}
	for n, p := range w.policies {
		if p.key == name {
			p.key = to
			w.policies[n] = p
		}
	}
	for n, s := range w.secrets {
		if s.key == name {
			s.key = to
			w.secrets[n] = s
		}
	}
	if w.file.key == name {
		w.file.key = to
	}
}

// idle is a key that nothing needs, more often than not.
func (w *wanted) idle(l *life) (string, bool) {
	needed := map[string]bool{w.file.key: true}
	for _, a := range w.aliases {
		needed[a.key] = true
	}
	for _, p := range w.policies {
		needed[p.key] = true
	}
	for _, s := range w.secrets {
		needed[s.key] = true
	}
	free := maps.Clone(w.keys)
	maps.DeleteFunc(free, func(name string, _ wantedKey) bool { return needed[name] })
	if len(free) == 0 || l.rnd.IntN(4) == 0 {
		free = w.keys
	}
	return some(l, free)
}

// inUse is a key that can encrypt, "" where there is none.
func (w *wanted) inUse(l *life) string {
	able := maps.Clone(w.keys)
	maps.DeleteFunc(able, func(_ string, k wantedKey) bool { return k.disabled })
	name, _ := some(l, able)
	return name
}

var edits = []edit{
	{"a key", func(l *life, w *wanted) bool {
		w.keys[l.fresh("k")] = wantedKey{description: "new", team: "a", spec: "Aliyun_AES_256", protected: l.rnd.IntN(4) == 0, succeed: l.rnd.IntN(2) == 0}
		return true
	}},
	{"an alias", func(l *life, w *wanted) bool {
		key, ok := some(l, w.keys)
		name := l.fresh("a")
		w.aliases[name] = wantedAlias{name: name, key: key, kept: l.rnd.IntN(3) == 0}
		if !ok {
			delete(w.aliases, name)
		}
		return ok
	}},
	{"a secret", func(l *life, w *wanted) bool {
		name, key := l.fresh("s"), ""
		if l.rnd.IntN(2) == 0 {
			key = w.inUse(l)
		}
		w.secrets[name] = wantedSecret{name: name, description: "new", value: l.rnd.IntN(3), key: key}
		return true
	}},
	{"a policy", func(l *life, w *wanted) bool {
		for _, key := range slices.Sorted(maps.Keys(w.keys)) {
			if slices.ContainsFunc(slices.Collect(maps.Values(w.policies)), func(p wantedPolicy) bool { return p.key == key }) || w.keys[key].spec != "Aliyun_AES_256" {
				continue
			}
			w.policies[l.fresh("p")] = wantedPolicy{interval: "90d", key: key, kept: l.rnd.IntN(2) == 0}
			return true
		}
		return false
	}},
	{"a file", func(l *life, w *wanted) bool {
		if key := w.inUse(l); w.file.key == "" || l.rnd.IntN(2) == 0 {
			w.file.key = key
		}
		w.file.content++
		return w.file.key != ""
	}},
	{"a key's description", change(keysOf, func(l *life, _ string, k *wantedKey) bool {
		k.description = l.oneOf("one", "two", "three")
		return true
	})},
	{"a key's tag", change(keysOf, func(l *life, _ string, k *wantedKey) bool { k.team = l.oneOf("a", "b"); return true })},
	{"a key's protection", change(keysOf, func(l *life, _ string, k *wantedKey) bool { k.protected = !k.protected; return true })},
	{"a key out of use, or in", change(keysOf, func(l *life, name string, k *wantedKey) bool {
		k.disabled = !k.disabled
		return l.want.file.key != name
	})},
	{"a key's spec", change(keysOf, func(l *life, _ string, k *wantedKey) bool {
		if k.spec == "Aliyun_SM4" {
			k.spec = "Aliyun_AES_256"
		} else {
			k.spec = "Aliyun_SM4"
		}
		return true
	})},
	{"a key's successor", func(_ *life, w *wanted) bool {
		for _, name := range slices.Sorted(maps.Keys(w.keys)) {
			if k := w.keys[name]; k.succeed && k.spec == "Aliyun_AES_256" {
				k.spec = "Aliyun_SM4"
				w.keys[name] = k
				return true
			}
		}
		return false
	}},
	{"where an alias leads", func(l *life, w *wanted) bool {
		key, ok := some(l, w.keys)
		return ok && change(aliasesOf, func(_ *life, _ string, a *wantedAlias) bool { a.key = key; return true })(l, w)
	}},
	{"the names of two aliases", func(l *life, w *wanted) bool {
		one, ok := some(l, w.aliases)
		two, _ := some(l, w.aliases)
		if !ok {
			return false
		}
		a, b := w.aliases[one], w.aliases[two]
		a.name, b.name = b.name, a.name
		w.aliases[one], w.aliases[two] = a, b
		return true
	}},
	{"an alias's name", change(aliasesOf, func(l *life, _ string, a *wantedAlias) bool { a.name = l.fresh("renamed"); return true })},
	{"an alias no more", func(l *life, w *wanted) bool {
		name, ok := some(l, w.aliases)
		delete(w.aliases, name)
		return ok
	}},
	{"an alias no more, which is kept", func(_ *life, w *wanted) bool {
		before := len(w.aliases)
		maps.DeleteFunc(w.aliases, func(_ string, a wantedAlias) bool { return a.kept })
		return len(w.aliases) < before
	}},
	{"a policy's interval", change(policiesOf, func(l *life, _ string, p *wantedPolicy) bool { p.interval = l.oneOf("30d", "90d", "365d"); return true })},
	{"a policy for a key that begins out of use", func(l *life, w *wanted) bool {
		key := l.fresh("k")
		w.keys[key] = wantedKey{description: "new", team: "a", spec: "Aliyun_AES_256", disabled: true}
		w.policies[l.fresh("p")] = wantedPolicy{interval: "90d", key: key}
		return true
	}},
	{"a policy no more, which is kept", func(_ *life, w *wanted) bool {
		before := len(w.policies)
		maps.DeleteFunc(w.policies, func(_ string, p wantedPolicy) bool { return p.kept })
		return len(w.policies) < before
	}},
	{"a policy no more", func(l *life, w *wanted) bool {
		name, ok := some(l, w.policies)
		delete(w.policies, name)
		return ok
	}},
	{"a secret's description", change(secretsOf, func(l *life, _ string, s *wantedSecret) bool { s.description = l.oneOf("one", "two"); return true })},
	{"a secret's value", change(secretsOf, func(l *life, _ string, s *wantedSecret) bool {
		if s.value > 0 {
			s.value++
		}
		return s.value > 0
	})},
	{"a secret's block gone", func(l *life, w *wanted) bool {
		name, ok := some(l, w.secrets)
		delete(w.secrets, name)
		return ok
	}},
	{"a secret deleted in words", func(l *life, w *wanted) bool {
		name, ok := some(l, w.secrets)
		delete(w.secrets, name)
		if ok {
			w.words["secret."+name] = `action = "delete"`
		}
		return ok
	}},
	{"a key's block gone", func(l *life, w *wanted) bool {
		name, ok := some(l, w.keys)
		w.withoutKey(name)
		return ok
	}},
	{"a key retired", func(l *life, w *wanted) bool {
		name, ok := w.idle(l)
		if ok {
			w.withoutKey(name)
			w.words["key."+name] = fmt.Sprintf("action    = \"retire\"\n  soak_days = %d", 7*l.rnd.IntN(2))
		}
		return ok
	}},
	{"a key's predecessors retired", func(l *life, w *wanted) bool {
		name, ok := some(l, w.keys)
		if ok = ok && l.succeeded["key."+name]; ok {
			w.words["predecessor."+name] = fmt.Sprintf("action    = \"retire\"\n  soak_days = %d", 7*l.rnd.IntN(2))
		}
		return ok
	}},
	{"a key forgotten", func(l *life, w *wanted) bool {
		name, ok := w.idle(l)
		if ok {
			w.withoutKey(name)
			w.words["key."+name] = `action = "forget"`
		}
		return ok
	}},
	{"a key's block renamed", func(l *life, w *wanted) bool {
		name, ok := some(l, w.keys)
		if !ok || slices.Contains(slices.Collect(maps.Values(w.moved)), "key."+name) {
			return false
		}
		to := l.fresh("k")
		w.renameKey(name, to)
		l.good.renameKey(name, to) // once it is renamed, its old name is no way back
		return true
	}},
	{"one key under two addresses", func(l *life, w *wanted) bool {
		name, ok := some(l, w.keys)
		id := l.ids["key."+name]
		if !ok || id == "" {
			return false
		}
		to := l.fresh("k")
		w.keys[to], w.imports["key."+to] = w.keys[name], id
		return true
	}},
	{"an import of another key", func(l *life, w *wanted) bool {
		name, ok := some(l, w.keys)
		other, _ := some(l, w.keys)
		if !ok || name == other || l.ids["key."+other] == "" {
			return false
		}
		w.imports["key."+name] = l.ids["key."+other]
		return true
	}},
	{"an import of nothing", func(l *life, w *wanted) bool {
		to := l.fresh("k")
		if l.rnd.IntN(2) == 0 {
			return false
		}
		w.keys[to], w.imports["key."+to] = wantedKey{description: "new", team: "a", spec: "Aliyun_AES_256"}, "key-"+strings.Repeat("0", 20)
		return true
	}},
	{"a freeze", func(l *life, w *wanted) bool { w.frozen = l.rnd.IntN(2) == 0; return w.frozen }},
	{"a retirement that the limits forbid", func(l *life, w *wanted) bool {
		name, ok := w.idle(l)
		if w.timid = ok; ok {
			w.withoutKey(name)
			w.words["key."+name] = "action    = \"retire\"\n  soak_days = 0"
		}
		return ok
	}},
}
