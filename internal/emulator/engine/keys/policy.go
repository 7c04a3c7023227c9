package keys

import (
	"encoding/json"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func policyOperations() []core.Operation {
	return []core.Operation{
		core.Op("SetKeyPolicy", core.GroupKeyWrite, setKeyPolicy).Mutating(),
		core.Op("GetKeyPolicy", core.GroupKeyRead, getKeyPolicy),
		core.Op("SetSecretPolicy", core.GroupSecretWrite, setSecretPolicy).Mutating(),
		core.Op("GetSecretPolicy", core.GroupSecretRead, getSecretPolicy),
	}
}

// ValidPolicy accepts a JSON object with a Version and at least one Statement.
func ValidPolicy(policy string) error {
	if len(policy) > core.PolicyLimit {
		return core.ErrInvalidParameter("Policy")
	}
	var doc struct {
		Version   string
		Statement []core.Statement
	}
	if err := core.ParseJSON("Policy", policy, &doc); err != nil {
		return err
	}
	if doc.Version == "" || len(doc.Statement) == 0 {
		return core.ErrInvalidParameter("Policy")
	}
	for _, s := range doc.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Principal.RAM) == 0 {
			return core.ErrInvalidParameter("Policy")
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
	if n := core.Text(name); n != "" && n != core.PolicyName {
		return core.ErrPolicyName()
	}
	return nil
}

func newPolicy(name, policy *string) (string, error) {
	if err := checkPolicyName(name); err != nil {
		return "", err
	}
	p, err := core.Required("Policy", policy)
	if err != nil {
		return "", err
	}
	return p, ValidPolicy(p)
}

func setKeyPolicy(e *core.Engine, c *core.Call, in *KeyPolicyRequest) (*core.Empty, error) {
	policy, err := newPolicy(in.PolicyName, in.Policy)
	if err != nil {
		return nil, err
	}
	return changeKey(e, c, "SetKeyPolicy", in.KeyId, func(_ *store.Tx, k *core.Key) error {
		if k.Instance == "" {
			return core.ErrUnsupportedOperation()
		}
		k.Policy = policy
		return nil
	})
}

func getKeyPolicy(e *core.Engine, c *core.Call, in *KeyPolicyRequest) (*PolicyResponse, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	out := &PolicyResponse{}
	err := e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "GetKeyPolicy", core.Text(in.KeyId), false)
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
		return "", core.ErrResourceNotFound()
	default:
		return defaultPolicy(account), nil
	}
}

func setSecretPolicy(e *core.Engine, c *core.Call, in *SecretPolicyRequest) (*core.Empty, error) {
	policy, err := newPolicy(in.PolicyName, in.Policy)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "SetSecretPolicy", core.Text(in.SecretName))
		if err != nil {
			return err
		}
		if s.Instance == "" {
			return core.ErrUnsupportedOperation()
		}
		s.Policy = policy
		e.Table.Secrets.Put(tx, core.Scope(s.Account, s.Region, s.Name), *s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

func getSecretPolicy(e *core.Engine, c *core.Call, in *SecretPolicyRequest) (*PolicyResponse, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	out := &PolicyResponse{}
	err := e.View(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "GetSecretPolicy", core.Text(in.SecretName))
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
