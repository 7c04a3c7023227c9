package core

import (
	"encoding/json"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// resource is what an operation acts on, as permissions see it.
type resource struct {
	account  string
	instance string
	path     string // key/<id> or secret/<name>
	policy   string // the resource's own policy, JSON; "" = none
}

func KeyResource(k *Key) resource {
	return resource{account: k.Account, instance: k.Instance, path: "key/" + k.ID, policy: k.Policy}
}

func secretResource(s *Secret) resource {
	return resource{account: s.Account, instance: s.Instance, path: "secret/" + s.Name, policy: s.Policy}
}

// Permission templates of an access point's policy (KMS: CreatePolicy).
const (
	PermissionKeys    = "RbacPermission/Template/CryptoServiceKeyUser"
	PermissionSecrets = "RbacPermission/Template/CryptoServiceSecretUser"
)

// Authorize refuses with Forbidden.NoPermission what the caller may not do. An
// engine that is not strict lets everything through that reaches the account.
//
// On the instance gateway the access point's policies decide. Elsewhere the
// resource's own policy does: a resource of another account needs a statement
// that names the caller; one of the own account only if it has a policy at all.
// A RAM user's policies are held against every call before (RAMPermits); any other principal of an account may do
// all in it.
func (e *Engine) Authorize(tx *store.Tx, c *Call, action string, r resource) error {
	allowed := true
	switch {
	case c.Gateway == Instance:
		allowed = !e.Opts.Strict || e.pointAllows(tx, c, r)
	case r.account != c.Account:
		allowed = policyAllows(r.policy, c.Principal, action)
	case e.Opts.Strict && r.policy != "":
		allowed = policyAllows(r.policy, c.Principal, action)
	}
	if !allowed {
		return errNoPermission(r.path)
	}
	return nil
}

// pointAllows tells whether one of the access point's policies grants the
// resource's kind on the resource.
func (e *Engine) pointAllows(tx *store.Tx, c *Call, r resource) bool {
	key, found := e.Table.ClientKeys.Peek(tx, c.Scope(c.ClientKey))
	if !found {
		return false
	}
	permission := PermissionKeys
	if strings.HasPrefix(r.path, "secret/") {
		permission = PermissionSecrets
	}
	for _, p := range e.pointPolicies(tx, c, key.AccessPoint) {
		if p.Instance == c.Instance && e.letsIn(tx, c, p) && slices.Contains(p.Permissions, permission) &&
			slices.ContainsFunc(p.Resources, func(pattern string) bool { return Wildcard(pattern, r.path) }) {
			return true
		}
	}
	return false
}

// Statement is one statement of a key or secret policy.
type Statement struct {
	Effect    string
	Principal struct{ RAM oneOrMany }
	Action    oneOrMany
}

// oneOrMany is a JSON string or an array of strings.
type oneOrMany []string

// UnmarshalJSON reads either form.
func (m *oneOrMany) UnmarshalJSON(b []byte) error {
	var single string
	if json.Unmarshal(b, &single) == nil {
		*m = oneOrMany{single}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(m))
}

func policyAllows(policy, principal, action string) bool {
	var doc struct{ Statement []Statement }
	if json.Unmarshal([]byte(policy), &doc) != nil {
		return false
	}
	matches := func(patterns []string, text string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return Wildcard(p, text) })
	}
	allowed := false
	for _, s := range doc.Statement {
		if matches(s.Principal.RAM, principal) && matches(s.Action, "kms:"+action) {
			if s.Effect == "Deny" {
				return false
			}
			allowed = allowed || s.Effect == "Allow"
		}
	}
	return allowed
}

// Wildcard matches text against a pattern in which "*" stands for any run of
// characters.
func Wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, found := strings.CutPrefix(text, parts[0])
	if !found {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
