package engine

import (
	"encoding/json"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func policyOperations() []Operation {
	return []Operation{
		op("SetKeyPolicy", GroupKeyWrite, (*Engine).setKeyPolicy).mutating(),
		op("GetKeyPolicy", GroupKeyRead, (*Engine).getKeyPolicy),
		op("SetSecretPolicy", GroupSecretWrite, (*Engine).setSecretPolicy).mutating(),
		op("GetSecretPolicy", GroupSecretRead, (*Engine).getSecretPolicy),
	}
}

// validPolicy accepts a JSON object with a Version and at least one Statement.
func validPolicy(policy string) error {
	if len(policy) > policyLimit {
		return errInvalidParameter("Policy")
	}
	var doc struct {
		Version   string
		Statement []statement
	}
	if err := parseJSON("Policy", policy, &doc); err != nil {
		return err
	}
	if doc.Version == "" || len(doc.Statement) == 0 {
		return errInvalidParameter("Policy")
	}
	for _, s := range doc.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Principal.RAM) == 0 {
			return errInvalidParameter("Policy")
		}
	}
	return nil
}

// defaultPolicy is what a resource of an instance has until it is given another:
// the account may do everything (KMS: key policy overview).
func defaultPolicy(account string) string {
	type ram struct{ RAM []string }
	type entry struct {
		Sid       string
		Effect    string
		Principal ram
		Action    []string
		Resource  []string
	}
	text, _ := json.Marshal(struct { // plain strings cannot fail
		Version   string
		Statement []entry
	}{"1", []entry{{
		"kms default policy", "Allow", ram{[]string{"acs:ram::" + account + ":*"}}, []string{"kms:*"}, []string{"*"},
	}}})
	return string(text)
}

// KeyPolicyRequest sets or asks for a key's policy.
type KeyPolicyRequest struct {
	KeyId      *string
	Policy     *string // JSON, ≤ 32768 bytes
	PolicyName *string // default
}

// SecretPolicyRequest sets or asks for a secret's policy.
type SecretPolicyRequest struct {
	Policy     *string
	PolicyName *string
	SecretName *string
}

// PolicyResponse holds a policy.
type PolicyResponse struct{ Policy string }

func checkPolicyName(name *string) error {
	if n := text(name); n != "" && n != policyName {
		return errPolicyName()
	}
	return nil
}

func newPolicy(name, policy *string) (string, error) {
	if err := checkPolicyName(name); err != nil {
		return "", err
	}
	p, err := required("Policy", policy)
	if err != nil {
		return "", err
	}
	return p, validPolicy(p)
}

func (e *Engine) setKeyPolicy(c *Call, in *KeyPolicyRequest) (*empty, error) {
	policy, err := newPolicy(in.PolicyName, in.Policy)
	if err != nil {
		return nil, err
	}
	return e.changeKey(c, "SetKeyPolicy", in.KeyId, func(_ *store.Tx, k *Key) error {
		if k.Instance == "" {
			return errUnsupportedOperation()
		}
		k.Policy = policy
		return nil
	})
}

func (e *Engine) getKeyPolicy(c *Call, in *KeyPolicyRequest) (*PolicyResponse, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	out := &PolicyResponse{}
	err := e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "GetKeyPolicy", text(in.KeyId), false)
		if err == nil {
			out.Policy, err = policyInForce(k.Policy, k.Instance, k.Account)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// policyInForce: resources outside an instance have no policy at all.
func policyInForce(policy, instance, account string) (string, error) {
	switch {
	case policy != "":
		return policy, nil
	case instance == "":
		return "", errResourceNotFound()
	default:
		return defaultPolicy(account), nil
	}
}

func (e *Engine) setSecretPolicy(c *Call, in *SecretPolicyRequest) (*empty, error) {
	policy, err := newPolicy(in.PolicyName, in.Policy)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "SetSecretPolicy", text(in.SecretName))
		if err != nil {
			return err
		}
		if s.Instance == "" {
			return errUnsupportedOperation()
		}
		s.Policy = policy
		e.table.secrets.Put(tx, scope(s.Account, s.Region, s.Name), *s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (e *Engine) getSecretPolicy(c *Call, in *SecretPolicyRequest) (*PolicyResponse, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	out := &PolicyResponse{}
	err := e.view(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "GetSecretPolicy", text(in.SecretName))
		if err == nil {
			out.Policy, err = policyInForce(s.Policy, s.Instance, s.Account)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// secretNamed finds a secret by name or ARN for an operation that is not about
// its value; the copy is private. Refusals: MissingParameter,
// Forbidden.ResourceNotFound, Forbidden.NoPermission.
func (e *Engine) secretNamed(tx *store.Tx, c *Call, op, name string) (*Secret, error) {
	if name == "" {
		return nil, errMissingParameter("SecretName")
	}
	account, region := c.Account, c.Region
	if r, owner, path, isARN := parseARN(name); isARN {
		region, account, name = r, owner, strings.TrimPrefix(path, "secret/")
	}
	s, found := e.table.secrets.Get(tx, scope(account, region, name))
	if !found || region != c.Region {
		return nil, errResourceNotFound()
	}
	return &s, e.authorize(tx, c, op, secretResource(&s))
}
