package public

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kms"
)

// The only policy name that KMS has.
const policyName = "default"

// SetKeyPolicy implements PolicyManager.
func (p *Client) SetKeyPolicy(ctx context.Context, keyID, policy string) error {
	return p.invoke(ctx, "SetKeyPolicy", args{"KeyId": keyID, "Policy": policy, "PolicyName": policyName}, nil)
}

// GetKeyPolicy implements PolicyManager.
func (p *Client) GetKeyPolicy(ctx context.Context, keyID string) (string, error) {
	return p.policy(ctx, "GetKeyPolicy", args{"KeyId": keyID, "PolicyName": policyName})
}

// SetSecretPolicy implements PolicyManager.
func (p *Client) SetSecretPolicy(ctx context.Context, name, policy string) error {
	return p.invoke(ctx, "SetSecretPolicy", args{"SecretName": name, "Policy": policy, "PolicyName": policyName}, nil)
}

// GetSecretPolicy implements PolicyManager.
func (p *Client) GetSecretPolicy(ctx context.Context, name string) (string, error) {
	return p.policy(ctx, "GetSecretPolicy", args{"SecretName": name, "PolicyName": policyName})
}

// policy reads one. Forbidden.ResourceNotFound says that the object has no
// policy, not that the object does not exist.
func (p *Client) policy(ctx context.Context, operation string, a args) (string, error) {
	var out struct{ Policy string }
	err := p.invoke(ctx, operation, a, &out)
	if kms.HasCode(err, "Forbidden.ResourceNotFound") {
		return "", nil
	}
	return out.Policy, err
}
