package stack_test

import (
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/state"
)

// act is something that others do to what a stack has, behind its back. It reports whether there was anything to do it to.
type act struct {
	name string
	do   func(l *life) bool
}

// recorded is one of the objects of a kind that the state has.
func (l *life) recorded(kind string) (state.Resource, bool) {
	var all []state.Resource
	for _, r := range l.position().State.Resources {
		if r.Kind == kind {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return state.Resource{}, false
	}
	return all[l.rnd.IntN(len(all))], true
}

// toKey makes an act of a call on one of the stack's keys.
func toKey(operation string, params map[string]any, then func(l *life, id string)) func(l *life) bool {
	return func(l *life) bool {
		r, ok := l.recorded("key")
		if !ok || l.keyState(r.ID) != "Enabled" || l.protected(r.ID) && operation == "ScheduleKeyDeletion" {
			return false
		}
		all := map[string]any{"KeyId": r.ID}
		maps.Copy(all, params)
		l.call(operation, all)
		if then != nil {
			then(l, r.ID)
		}
		return true
	}
}

func (l *life) protected(id string) bool {
	return l.metadata(id)["DeletionProtection"] == "Enabled"
}

func (l *life) metadata(id string) map[string]any {
	m, _ := l.call("DescribeKey", map[string]any{"KeyId": id})["KeyMetadata"].(map[string]any)
	return m
}

func (l *life) keyState(id string) string {
	s, _ := l.metadata(id)["KeyState"].(string)
	return s
}

// others are what others do.
var others = []act{
	{"schedule a key's deletion", toKey("ScheduleKeyDeletion", map[string]any{"PendingWindowInDays": 7}, func(l *life, id string) { l.excused[id] = true })},
	{"disable a key", toKey("DisableKey", nil, func(l *life, id string) { l.excused[id] = true })},
	{"describe a key", toKey("UpdateKeyDescription", map[string]any{"Description": "by hand"}, nil)},
	{"tag a key", toKey("TagResource", map[string]any{"Tags": `[{"TagKey":"team","TagValue":"theirs"}]`}, nil)},
	{"let a key die", func(l *life) bool {
		r, ok := l.recorded("key")
		if !ok || l.keyState(r.ID) != "Enabled" || l.protected(r.ID) {
			return false
		}
		l.call("ScheduleKeyDeletion", map[string]any{"KeyId": r.ID, "PendingWindowInDays": 7})
		l.advance(8)
		l.dead[r.ID] = true
		return true
	}},
	{"point an alias elsewhere", func(l *life) bool {
		alias, ok := l.recorded("alias")
		key, _ := l.recorded("key")
		if !ok || l.keyState(key.ID) != "Enabled" || !l.there(alias.ID) {
			return false
		}
		l.call("UpdateAlias", map[string]any{"AliasName": alias.ID, "KeyId": key.ID})
		return true
	}},
	{"delete an alias", func(l *life) bool {
		alias, ok := l.recorded("alias")
		if ok = ok && l.there(alias.ID); ok {
			l.call("DeleteAlias", map[string]any{"AliasName": alias.ID})
		}
		return ok
	}},
	{"write a secret's value", func(l *life) bool { _, ok := l.writeSecret(); return ok }},
	{"write a secret's value that is about to change", func(l *life) bool {
		name, ok := l.writeSecret()
		for address, s := range l.want.secrets {
			if s.name == name && s.value > 0 {
				s.value++
				l.want.secrets[address] = s
			}
		}
		return ok
	}},
	{"delete a secret", func(l *life) bool {
		s, ok := l.recorded("secret")
		if !ok || l.secretValue(s.ID) == "" {
			return false
		}
		l.call("DeleteSecret", map[string]any{"SecretName": s.ID, "RecoveryWindowInDays": "7"})
		return true
	}},
	{"delete a secret for good", func(l *life) bool {
		s, ok := l.recorded("secret")
		if !ok || l.secretValue(s.ID) == "" {
			return false
		}
		l.call("DeleteSecret", map[string]any{"SecretName": s.ID, "ForceDeleteWithoutRecovery": "true"})
		l.dead[s.ID] = true
		return true
	}},
	{"take the name of an alias", func(l *life) bool {
		key, ok := l.recorded("key")
		if !ok {
			return false
		}
		theirs, _ := l.call("CreateKey", nil)["KeyMetadata"].(map[string]any)
		taken := l.fresh("a")
		l.call("CreateAlias", map[string]any{"AliasName": "alias/" + taken, "KeyId": theirs["KeyId"]})
		for name := range l.want.keys {
			if l.ids["key."+name] == key.ID {
				l.want.aliases[taken] = wantedAlias{name: taken, key: name}
			}
		}
		return true
	}},
	{"let a key of nobody's die that an alias is wanted for", func(l *life) bool {
		theirs, _ := l.call("CreateKey", nil)["KeyMetadata"].(map[string]any)
		l.call("ScheduleKeyDeletion", map[string]any{"KeyId": theirs["KeyId"], "PendingWindowInDays": 7})
		name := l.fresh("a")
		l.want.aliases[name] = wantedAlias{name: name, id: fmt.Sprint(theirs["KeyId"])}
		return true
	}},
	{"take the name of a secret", func(l *life) bool {
		name := l.fresh("s")
		l.call("CreateSecret", map[string]any{"SecretName": name, "VersionId": "v1", "SecretData": "theirs"})
		if l.rnd.IntN(2) == 0 {
			l.call("DeleteSecret", map[string]any{"SecretName": name, "RecoveryWindowInDays": "7"})
		}
		l.want.secrets[name] = wantedSecret{name: name, description: "new", value: 1}
		return true
	}},
	{"let time pass", func(l *life) bool { l.advance(1 + l.rnd.IntN(20)); return true }},
}

// writeSecret gives one of the secrets that have a configured value another one.
func (l *life) writeSecret() (name string, ok bool) {
	for _, s := range l.want.secrets {
		if s.value > 0 && l.secretValue(s.name) != "" && (name == "" || s.name < name) {
			name = s.name
		}
	}
	if name == "" {
		return "", false
	}
	l.names++
	l.call("PutSecretValue", map[string]any{"SecretName": name, "VersionId": fmt.Sprint("theirs-", l.names), "SecretData": fmt.Sprint("theirs ", l.names)})
	return name, true
}

// there reports whether there is an alias of that name.
func (l *life) there(alias string) bool {
	return slices.ContainsFunc(listed(l.call("ListAliases", map[string]any{"PageSize": 100}), "Aliases", "Alias"), func(a map[string]any) bool { return a["AliasName"] == alias })
}

// secretValue is the current value of a secret, "" where it cannot be read.
func (l *life) secretValue(name string) string {
	answer, err := l.outside.Raw(l.t.Context(), "GetSecretValue", map[string]any{"SecretName": name})
	if err != nil {
		return ""
	}
	value, _ := decoded(l.t, answer)["SecretData"].(string)
	return value
}

// listed are the elements of a list in an answer.
func listed(answer map[string]any, list, element string) (all []map[string]any) {
	outer, _ := answer[list].(map[string]any)
	elements, _ := outer[element].([]any)
	for _, e := range elements {
		one, _ := e.(map[string]any)
		all = append(all, one)
	}
	return all
}
