package kms

import (
	"context"
	"time"
)

// AccessManager manages who reaches an instance: its network rules, the permission policies that name them, the
// application access points that bind policies, and the client keys of access points. None has an idempotency
// token: after an ambiguous error the caller reads.
type AccessManager interface {
	ListNetworkRules(ctx context.Context) ([]string, error)
	DescribeNetworkRule(ctx context.Context, name string) (NetworkRule, error)
	CreateNetworkRule(ctx context.Context, in NetworkRule) error
	// UpdateNetworkRule sends what is not nil; so do the two below.
	UpdateNetworkRule(ctx context.Context, in NetworkRule) error
	DeleteNetworkRule(ctx context.Context, name string) error

	ListPolicies(ctx context.Context) ([]string, error)
	DescribePolicy(ctx context.Context, name string) (AccessPolicy, error)
	CreatePolicy(ctx context.Context, in AccessPolicy) error
	UpdatePolicy(ctx context.Context, in AccessPolicy) error
	DeletePolicy(ctx context.Context, name string) error

	ListApplicationAccessPoints(ctx context.Context) ([]string, error)
	DescribeApplicationAccessPoint(ctx context.Context, name string) (AccessPoint, error)
	CreateApplicationAccessPoint(ctx context.Context, in AccessPoint) error
	UpdateApplicationAccessPoint(ctx context.Context, in AccessPoint) error
	// DeleteApplicationAccessPoint takes the point's client keys along.
	DeleteApplicationAccessPoint(ctx context.Context, name string) error

	// CreateClientKey answers with the private key, for the only time.
	CreateClientKey(ctx context.Context, in CreateClientKeyInput) (NewClientKey, error)
	GetClientKey(ctx context.Context, id string) (ClientKeyInfo, error)
	// ListClientKeys of one access point; "" = of all.
	ListClientKeys(ctx context.Context, point string) ([]ClientKeyInfo, error)
	DeleteClientKey(ctx context.Context, id string) error
}

// NetworkRule is what addresses may come from. A nil slice or pointer is not sent.
type NetworkRule struct {
	Name        string
	ARN         string // read only
	Type        *string
	Description *string
	Sources     []string // addresses and CIDR blocks
}

// AccessPolicy is what an access point's client keys may do. A nil slice or pointer is not sent.
type AccessPolicy struct {
	Name         string
	ARN          string // read only
	InstanceID   *string
	Description  *string
	Permissions  []string
	Resources    []string
	NetworkRules []string // names; empty lets everybody in
}

// AccessPoint binds policies to the client keys that applications hold. A nil slice or pointer is not sent.
type AccessPoint struct {
	Name           string
	ARN            string // read only
	Authentication *string
	Description    *string
	Policies       []string // names
}

// CreateClientKeyInput holds KMS: CreateClientKey's parameters.
type CreateClientKeyInput struct {
	AccessPoint         string
	Password            Secret // 8–64 characters; of the PKCS#12 in the answer
	NotBefore, NotAfter time.Time
}

// NewClientKey is a client key with its private half.
type NewClientKey struct {
	ClientKeyInfo
	PrivateKeyData Secret // base64 of a PKCS#12 file
}

// ClientKeyInfo is what is known of a client key.
type ClientKeyInfo struct {
	ID          string
	AccessPoint string
	Algorithm   string
	Created     time.Time
	NotBefore   time.Time
	NotAfter    time.Time
}
