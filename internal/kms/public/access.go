package public

import (
	"context"
	"encoding/json"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
)

// stamp is the form of a client key's dates (KMS: CreateClientKey).
const stamp = "2006-01-02T15:04:05Z"

// list adds a list parameter, which these operations want as JSON; nil is not sent.
func (a args) list(name string, values []string) args {
	if values != nil {
		text, _ := json.Marshal(values) // strings cannot fail
		a[name] = string(text)
	}
	return a
}

func (a args) text(name string, value *string) args {
	if value != nil {
		a[name] = *value
	}
	return a
}

// jsonList reads a list that is answered as JSON in a string; what is none is an empty one.
func jsonList(text string) []string {
	var list []string
	_ = json.Unmarshal([]byte(text), &list)
	return list
}

// ListNetworkRules implements AccessManager.
func (p *Client) ListNetworkRules(ctx context.Context) ([]string, error) {
	return p.names(ctx, "ListNetworkRules")
}

// ListPolicies implements AccessManager.
func (p *Client) ListPolicies(ctx context.Context) ([]string, error) {
	return p.names(ctx, "ListPolicies")
}

// ListApplicationAccessPoints implements AccessManager.
func (p *Client) ListApplicationAccessPoints(ctx context.Context) ([]string, error) {
	return p.names(ctx, "ListApplicationAccessPoints")
}

// names reads a paged list of things with names.
func (p *Client) names(ctx context.Context, operation string) ([]string, error) {
	return allPages(ctx, func(name string) string { return name }, func(ctx context.Context, n int) (page[string], error) {
		type row struct{ Name string }
		var out struct {
			NetworkRules            struct{ NetworkRule []row }
			Policies                struct{ Policy []row }
			ApplicationAccessPoints struct{ ApplicationAccessPoint []row }
			TotalCount              int
		}
		err := p.invoke(ctx, operation, args{"PageNumber": n, "PageSize": pageSize}, &out)
		var names []string
		for _, rows := range [][]row{out.NetworkRules.NetworkRule, out.Policies.Policy, out.ApplicationAccessPoints.ApplicationAccessPoint} {
			for _, r := range rows {
				names = append(names, r.Name)
			}
		}
		return page[string]{names, out.TotalCount}, err
	})
}

// DescribeNetworkRule implements AccessManager.
func (p *Client) DescribeNetworkRule(ctx context.Context, name string) (kms.NetworkRule, error) {
	var out struct{ Arn, Description, SourcePrivateIP, Type string }
	err := p.invoke(ctx, "DescribeNetworkRule", args{"Name": name}, &out)
	return kms.NetworkRule{Name: name, ARN: out.Arn, Type: &out.Type, Description: &out.Description, Sources: jsonList(out.SourcePrivateIP)}, err
}

// CreateNetworkRule implements AccessManager.
func (p *Client) CreateNetworkRule(ctx context.Context, in kms.NetworkRule) error {
	return p.invoke(ctx, "CreateNetworkRule", args{"Name": in.Name}.text("Type", in.Type).text("Description", in.Description).list("SourcePrivateIp", in.Sources), nil)
}

// UpdateNetworkRule implements AccessManager.
func (p *Client) UpdateNetworkRule(ctx context.Context, in kms.NetworkRule) error {
	return p.invoke(ctx, "UpdateNetworkRule", args{"Name": in.Name}.text("Description", in.Description).list("SourcePrivateIp", in.Sources), nil)
}

// DeleteNetworkRule implements AccessManager.
func (p *Client) DeleteNetworkRule(ctx context.Context, name string) error {
	return p.invoke(ctx, "DeleteNetworkRule", args{"Name": name}, nil)
}

// DescribePolicy implements AccessManager.
func (p *Client) DescribePolicy(ctx context.Context, name string) (kms.AccessPolicy, error) {
	var out struct {
		AccessControlRules, Arn, Description, KmsInstance, Name string
		Permissions, Resources                                  []string
	}
	err := p.invoke(ctx, "DescribePolicy", args{"Name": name}, &out)
	var rules struct{ NetworkRules []string }
	_ = json.Unmarshal([]byte(out.AccessControlRules), &rules) // none are no rules
	return kms.AccessPolicy{
		Name: name, ARN: out.Arn, InstanceID: &out.KmsInstance, Description: &out.Description,
		Permissions: out.Permissions, Resources: out.Resources, NetworkRules: rules.NetworkRules,
	}, err
}

// CreatePolicy implements AccessManager.
func (p *Client) CreatePolicy(ctx context.Context, in kms.AccessPolicy) error {
	return p.invoke(ctx, "CreatePolicy", policyArgs(in).text("KmsInstance", in.InstanceID), nil)
}

// UpdatePolicy implements AccessManager.
func (p *Client) UpdatePolicy(ctx context.Context, in kms.AccessPolicy) error {
	return p.invoke(ctx, "UpdatePolicy", policyArgs(in), nil)
}

func policyArgs(in kms.AccessPolicy) args {
	a := args{"Name": in.Name}.text("Description", in.Description).list("Permissions", in.Permissions).list("Resources", in.Resources)
	if in.NetworkRules != nil {
		text, _ := json.Marshal(map[string][]string{"NetworkRules": in.NetworkRules}) // strings cannot fail
		a["AccessControlRules"] = string(text)
	}
	return a
}

// DeletePolicy implements AccessManager.
func (p *Client) DeletePolicy(ctx context.Context, name string) error {
	return p.invoke(ctx, "DeletePolicy", args{"Name": name}, nil)
}

// DescribeApplicationAccessPoint implements AccessManager.
func (p *Client) DescribeApplicationAccessPoint(ctx context.Context, name string) (kms.AccessPoint, error) {
	var out struct{ Arn, AuthenticationMethod, Description, Policies string }
	err := p.invoke(ctx, "DescribeApplicationAccessPoint", args{"Name": name}, &out)
	return kms.AccessPoint{Name: name, ARN: out.Arn, Authentication: &out.AuthenticationMethod, Description: &out.Description, Policies: jsonList(out.Policies)}, err
}

// CreateApplicationAccessPoint implements AccessManager.
func (p *Client) CreateApplicationAccessPoint(ctx context.Context, in kms.AccessPoint) error {
	return p.invoke(ctx, "CreateApplicationAccessPoint",
		args{"Name": in.Name}.text("AuthenticationMethod", in.Authentication).text("Description", in.Description).list("Policies", in.Policies), nil)
}

// UpdateApplicationAccessPoint implements AccessManager.
func (p *Client) UpdateApplicationAccessPoint(ctx context.Context, in kms.AccessPoint) error {
	return p.invoke(ctx, "UpdateApplicationAccessPoint", args{"Name": in.Name}.text("Description", in.Description).list("Policies", in.Policies), nil)
}

// DeleteApplicationAccessPoint implements AccessManager.
func (p *Client) DeleteApplicationAccessPoint(ctx context.Context, name string) error {
	return p.invoke(ctx, "DeleteApplicationAccessPoint", args{"Name": name}, nil)
}

// clientKeyAnswer is a client key as the service answers it.
type clientKeyAnswer struct {
	AapName, ClientKeyID, CreateTime, KeyAlgorithm, NotAfter, NotBefore string
}

func (a clientKeyAnswer) info() kms.ClientKeyInfo {
	return kms.ClientKeyInfo{
		ID: a.ClientKeyID, AccessPoint: a.AapName, Algorithm: a.KeyAlgorithm,
		Created: kms.ParseTime(a.CreateTime), NotBefore: kms.ParseTime(a.NotBefore), NotAfter: kms.ParseTime(a.NotAfter),
	}
}

// CreateClientKey implements AccessManager.
func (p *Client) CreateClientKey(ctx context.Context, in kms.CreateClientKeyInput) (kms.NewClientKey, error) {
	a := args{"AapName": in.AccessPoint, "Password": in.Password}
	for name, at := range map[string]time.Time{"NotBefore": in.NotBefore, "NotAfter": in.NotAfter} {
		if !at.IsZero() {
			a[name] = at.UTC().Format(stamp)
		}
	}
	var out struct {
		clientKeyAnswer
		PrivateKeyData string
	}
	err := p.invoke(ctx, "CreateClientKey", a, &out)
	made := kms.NewClientKey{ClientKeyInfo: out.info(), PrivateKeyData: kms.NewSecret(out.PrivateKeyData)}
	made.AccessPoint = in.AccessPoint // the answer does not repeat it
	return made, err
}

// GetClientKey implements AccessManager.
func (p *Client) GetClientKey(ctx context.Context, id string) (kms.ClientKeyInfo, error) {
	var out clientKeyAnswer
	err := p.invoke(ctx, "GetClientKey", args{"ClientKeyId": id}, &out)
	return out.info(), err
}

// ListClientKeys implements AccessManager. The service does not page them.
func (p *Client) ListClientKeys(ctx context.Context, point string) ([]kms.ClientKeyInfo, error) {
	a := args{}
	if point != "" {
		a["AapName"] = point
	}
	var out struct{ ClientKeys []clientKeyAnswer }
	err := p.invoke(ctx, "ListClientKeys", a, &out)
	keys := make([]kms.ClientKeyInfo, len(out.ClientKeys))
	for i, k := range out.ClientKeys {
		keys[i] = k.info()
	}
	return keys, err
}

// DeleteClientKey implements AccessManager.
func (p *Client) DeleteClientKey(ctx context.Context, id string) error {
	return p.invoke(ctx, "DeleteClientKey", args{"ClientKeyId": id}, nil)
}
