package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// ramStatement is one statement of a RAM policy.
type ramStatement struct {
	Effect    string
	Action    oneOrMany
	Resource  oneOrMany
	Condition map[string]map[string]oneOrMany
}

// ramPolicy is a RAM policy, {"Version": "1", "Statement": [ … ]}.
type ramPolicy struct {
	Version   string
	Statement []ramStatement
}

// RAMPolicies is the list of policies that a Credential has, and refuses what RAM would not take for one.
func RAMPolicies(texts []string) (string, error) {
	list := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		if _, err := parseRAM(text); err != nil {
			return "", err
		}
		list[i] = json.RawMessage(text)
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func parseRAM(text string) (ramPolicy, error) {
	var p ramPolicy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("a RAM policy is a JSON document: %w", err)
	}
	if p.Version != "1" || len(p.Statement) == 0 {
		return p, errors.New(`a RAM policy has "Version": "1" and at least one statement`)
	}
	for i, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return p, fmt.Errorf("statement %d needs an Effect, Allow or Deny, an Action and a Resource", i+1)
		}
	}
	return p, nil
}

// ramTarget is one thing that a call is about, as RAM sees it.
type ramTarget struct {
	arn  string
	path string // for the refusal
	tags map[string]string
}

// RAMPermits holds a call of a RAM user against the user's policies: one that denies decides, else one must
// allow the action on each thing the call is about. A caller without policies is the account itself, or a role
// that nobody bounded. get reads a parameter of the request.
func (e *Engine) RAMPermits(c *Call, operation string, get func(string) string) error {
	if c.RAM == "" {
		return nil
	}
	return e.View(func(tx *store.Tx) error {
		for _, t := range e.ramTargets(tx, c, operation, get) {
			if !c.ramAllows(operation, t) {
				return errNoPermission(t.path)
			}
		}
		return nil
	})
}

// RAMPermitsKey is RAMPermits for what an operation does with a key beside what it is about: a secret's value is
// sealed and opened under its key.
func (c *Call) RAMPermitsKey(action string, k *Key) error {
	if t := keyTarget(k); c.RAM != "" && !c.ramAllows(action, t) {
		return errNoPermission(t.path)
	}
	return nil
}

func (c *Call) ramAllows(operation string, t ramTarget) bool {
	allowed := false
	var policies []json.RawMessage
	if json.Unmarshal([]byte(c.RAM), &policies) != nil {
		return false
	}
	for _, text := range policies {
		p, err := parseRAM(string(text))
		if err != nil {
			return false
		}
		for _, s := range p.Statement {
			if !s.matches(c, "kms:"+operation, t) {
				continue
			}
			if s.Effect == "Deny" {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// matches reports whether a statement is about a call. A condition that is not known holds for a denial, and for
// no permission.
func (s ramStatement) matches(c *Call, action string, t ramTarget) bool {
	if !slices.ContainsFunc(s.Action, func(p string) bool { return ramMatch(strings.ToLower(p), strings.ToLower(action)) }) ||
		!slices.ContainsFunc(s.Resource, func(p string) bool { return ramMatch(p, t.arn) }) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			holds, known := condition(c, operator, key, values, t)
			if !known {
				holds = s.Effect == "Deny"
			}
			if !holds {
				return false
			}
		}
	}
	return true
}

// condition evaluates one line of a Condition: StringEquals, StringNotEquals, StringLike and StringNotLike over
// kms:tag/NAME, IpAddress and NotIpAddress over acs:SourceIp.
func condition(c *Call, operator, key string, values []string, t ramTarget) (holds, known bool) {
	negated := strings.Contains(operator, "Not")
	switch {
	case strings.HasPrefix(key, "kms:tag/") && slices.Contains([]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"}, operator):
		value, tagged := t.tags[strings.TrimPrefix(key, "kms:tag/")]
		found := tagged && slices.ContainsFunc(values, func(v string) bool {
			return v == value || strings.HasSuffix(operator, "Like") && ramMatch(v, value)
		})
		return found != negated, true
	case key == "acs:SourceIp" && (operator == "IpAddress" || operator == "NotIpAddress"):
		found := slices.ContainsFunc(values, func(v string) bool {
			block, err := netip.ParsePrefix(v)
			if err != nil {
				address, err := netip.ParseAddr(v)
				return err == nil && address == c.Source.Unmap()
			}
			return block.Contains(c.Source.Unmap())
		})
		return found != negated, true
	}
	return false, false
}

// ramMatch matches text against a pattern in which "*" stands for any characters and "?" for one.
func ramMatch(pattern, text string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matched, err := regexp.MatchString("^(?s:"+quoted+")$", text)
	return err == nil && matched
}

// AddUser gives a RAM user of the bootstrap account its policies, and with them an AccessKey. Who is there already
// keeps the AccessKey, and is given the policies in place of the former ones.
func (e *Engine) AddUser(name string, policies []string) (Credential, error) {
	if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(name) {
		return Credential{}, fmt.Errorf("%q is no name of a RAM user: 1 to 64 letters, digits and . _ -", name)
	}
	if len(policies) == 0 {
		return Credential{}, fmt.Errorf("the RAM user %s has no policy; without one it may do nothing", name)
	}
	list, err := RAMPolicies(policies)
	if err != nil {
		return Credential{}, err
	}
	c, err := e.NewCredential(e.Opts.Account, "acs:ram::"+e.Opts.Account+":user/"+name)
	if err != nil {
		return c, err
	}
	_ = e.Db.View(func(tx *store.Tx) error {
		for _, known := range e.Table.Credentials.Scan(tx, "") {
			if known.Principal == c.Principal {
				c = known
			}
		}
		return nil
	})
	c.Policies = list
	return c, e.PutCredential(c)
}
