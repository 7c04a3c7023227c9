package public

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
)

// keyMetadata is the wire form of a key.
type keyMetadata struct {
	Arn, AutomaticRotation, CreationDate, Creator, DKMSInstanceID, DeleteDate string
	DeletionProtection, DeletionProtectionDescription, Description            string
	KeyID, KeySpec, KeyState, KeyUsage, LastRotationDate, MaterialExpireTime  string
	NextRotationDate, Origin, PrimaryKeyVersion, ProtectionLevel              string
	RotationInterval                                                          string
}

func (m keyMetadata) key() kms.Key {
	return kms.Key{
		ID: m.KeyID, ARN: m.Arn, Spec: m.KeySpec, Usage: m.KeyUsage, Origin: m.Origin, State: m.KeyState,
		ProtectionLevel: m.ProtectionLevel, InstanceID: m.DKMSInstanceID, Description: m.Description,
		Creator: m.Creator, PrimaryVersion: m.PrimaryKeyVersion,
		Created: kms.ParseTime(m.CreationDate), DeleteAt: kms.ParseTime(m.DeleteDate), MaterialExpires: kms.ParseTime(m.MaterialExpireTime),
		AutomaticRotation: m.AutomaticRotation, RotationInterval: kms.ParseDuration(m.RotationInterval),
		LastRotation: kms.ParseTime(m.LastRotationDate), NextRotation: kms.ParseTime(m.NextRotationDate),
		DeletionProtection:            m.DeletionProtection == "Enabled",
		DeletionProtectionDescription: m.DeletionProtectionDescription,
	}
}

// CreateKey implements KeyManager.
func (p *Client) CreateKey(ctx context.Context, in kms.CreateKeyInput) (kms.Key, error) {
	a := args{}.str("Description", in.Description).str("KeySpec", in.Spec).str("KeyUsage", in.Usage).
		str("Origin", in.Origin).str("ProtectionLevel", in.ProtectionLevel).str("DKMSInstanceId", in.InstanceID).
		flag("EnableAutomaticRotation", in.Rotate).interval("RotationInterval", in.RotateEvery).
		str("Policy", in.Policy).tagList("Tags", in.Tags)
	return p.keyMetadata(ctx, "CreateKey", a)
}

// DescribeKey implements KeyManager.
func (p *Client) DescribeKey(ctx context.Context, keyID string) (kms.Key, error) {
	return p.keyMetadata(ctx, "DescribeKey", args{"KeyId": keyID})
}

// keyMetadata makes a call that answers with a key. An answer without one is
// not believed: a key without an id cannot be managed.
func (p *Client) keyMetadata(ctx context.Context, operation string, a args) (kms.Key, error) {
	var out struct{ KeyMetadata keyMetadata }
	if err := p.invoke(ctx, operation, a, &out); err != nil {
		return kms.Key{}, err
	}
	if out.KeyMetadata.KeyID == "" {
		return kms.Key{}, p.incomplete(operation, a, "KeyMetadata.KeyId")
	}
	return out.KeyMetadata.key(), nil
}

// incomplete is the error for a success that lacks a field it must have.
func (p *Client) incomplete(operation string, params map[string]any, field string) *kms.Error {
	e := p.newError(operation, params)
	e.Code, e.Message, e.Status = kms.CodeBadAnswer, "the answer has no "+field, 200
	if o := p.operations[operation]; o.Mutating {
		e.Outcome, e.Mutating = kms.Ambiguous, true
	}
	return e
}

// ListKeys implements KeyManager.
func (p *Client) ListKeys(ctx context.Context, filter kms.KeyFilter) ([]kms.KeyRef, error) {
	filters := wireFilters(filter)
	return allPages(ctx, func(k kms.KeyRef) string { return k.ID }, func(ctx context.Context, n int) (page[kms.KeyRef], error) {
		a := args{"PageNumber": n, "PageSize": pageSize}
		if len(filters) > 0 {
			a.json("Filters", filters)
		}
		var out struct {
			Keys struct {
				Key []struct{ KeyID, KeyArn string }
			}
			TotalCount int
		}
		err := p.invoke(ctx, "ListKeys", a, &out)
		rows := make([]kms.KeyRef, len(out.Keys.Key))
		for i, k := range out.Keys.Key {
			rows[i] = kms.KeyRef{ID: k.KeyID, ARN: k.KeyArn}
			p.quotas.Listed(k.KeyArn)
		}
		return page[kms.KeyRef]{rows, out.TotalCount}, err
	})
}

type wireFilter struct {
	Key    string
	Values []string
}

func wireFilters(f kms.KeyFilter) []wireFilter {
	var filters []wireFilter
	for _, field := range []wireFilter{
		{"KeyState", f.States}, {"KeySpec", f.Specs}, {"KeyUsage", f.Usages},
		{"ProtectionLevel", f.ProtectionLevels}, {"CreatorType", f.CreatorTypes}, {"DKMSInstanceId", f.InstanceIDs},
	} {
		if len(field.Values) > 0 {
			filters = append(filters, field)
		}
	}
	return filters
}

// UpdateKeyDescription implements KeyManager.
func (p *Client) UpdateKeyDescription(ctx context.Context, keyID, description string) error {
	return p.invoke(ctx, "UpdateKeyDescription", args{"KeyId": keyID, "Description": description}, nil)
}

// EnableKey implements KeyManager.
func (p *Client) EnableKey(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "EnableKey", args{"KeyId": keyID}, nil)
}

// DisableKey implements KeyManager.
func (p *Client) DisableKey(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "DisableKey", args{"KeyId": keyID}, nil)
}

// ScheduleKeyDeletion implements KeyManager.
func (p *Client) ScheduleKeyDeletion(ctx context.Context, keyID string, days int) error {
	return p.invoke(ctx, "ScheduleKeyDeletion", args{"KeyId": keyID, "PendingWindowInDays": days}, nil)
}

// CancelKeyDeletion implements KeyManager.
func (p *Client) CancelKeyDeletion(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "CancelKeyDeletion", args{"KeyId": keyID}, nil)
}

// SetDeletionProtection implements KeyManager.
func (p *Client) SetDeletionProtection(ctx context.Context, keyARN string, on bool, description *string) error {
	a := args{"ProtectedResourceArn": keyARN, "EnableDeletionProtection": on}
	if on {
		a.str("DeletionProtectionDescription", description)
	}
	return p.invoke(ctx, "SetDeletionProtection", a, nil)
}

// GetPublicKey implements KeyManager and Cryptographer.
func (p *Client) GetPublicKey(ctx context.Context, keyID, versionID string) (kms.PublicKey, error) {
	var out struct{ KeyID, KeyVersionID, PublicKey string }
	err := p.invoke(ctx, "GetPublicKey", args{"KeyId": keyID, "KeyVersionId": versionID}, &out)
	return kms.PublicKey{KeyID: out.KeyID, KeyVersionID: out.KeyVersionID, PEM: out.PublicKey}, err
}

// keyVersion is the wire form of a key version.
type keyVersion struct{ CreationDate, KeyID, KeyVersionID string }

func (v keyVersion) record() kms.KeyVersion {
	return kms.KeyVersion{ID: v.KeyVersionID, KeyID: v.KeyID, Created: kms.ParseTime(v.CreationDate)}
}

// UpdateRotationPolicy implements RotationManager.
func (p *Client) UpdateRotationPolicy(ctx context.Context, in kms.RotationPolicyInput) error {
	a := args{"KeyId": in.KeyID, "EnableAutomaticRotation": in.Rotate}.interval("RotationInterval", in.RotateEvery)
	return p.invoke(ctx, "UpdateRotationPolicy", a, nil)
}

// CreateKeyVersion implements RotationManager.
func (p *Client) CreateKeyVersion(ctx context.Context, keyID string) (kms.KeyVersion, error) {
	a := args{"KeyId": keyID}
	var out struct{ KeyVersion keyVersion }
	if err := p.invoke(ctx, "CreateKeyVersion", a, &out); err != nil {
		return kms.KeyVersion{}, err
	}
	if out.KeyVersion.KeyVersionID == "" {
		return kms.KeyVersion{}, p.incomplete("CreateKeyVersion", a, "KeyVersion.KeyVersionId")
	}
	return out.KeyVersion.record(), nil
}

// ListKeyVersions implements RotationManager.
func (p *Client) ListKeyVersions(ctx context.Context, keyID string) ([]kms.KeyVersion, error) {
	return allPages(ctx, func(v kms.KeyVersion) string { return v.ID }, func(ctx context.Context, n int) (page[kms.KeyVersion], error) {
		var out struct {
			KeyVersions struct{ KeyVersion []keyVersion }
			TotalCount  int
		}
		err := p.invoke(ctx, "ListKeyVersions", args{"KeyId": keyID, "PageNumber": n, "PageSize": pageSize}, &out)
		rows := make([]kms.KeyVersion, len(out.KeyVersions.KeyVersion))
		for i, v := range out.KeyVersions.KeyVersion {
			rows[i] = v.record()
		}
		return page[kms.KeyVersion]{rows, out.TotalCount}, err
	})
}

// DescribeKeyVersion implements RotationManager.
func (p *Client) DescribeKeyVersion(ctx context.Context, keyID, versionID string) (kms.KeyVersion, error) {
	var out struct{ KeyVersion keyVersion }
	err := p.invoke(ctx, "DescribeKeyVersion", args{"KeyId": keyID, "KeyVersionId": versionID}, &out)
	return out.KeyVersion.record(), err
}

// GetParametersForImport implements ImportManager.
func (p *Client) GetParametersForImport(ctx context.Context, keyID, wrappingSpec, wrappingAlgorithm string) (kms.ImportParameters, error) {
	var out struct {
		KeyID, ImportToken, TokenExpireTime string
		PublicKey                           []byte
	}
	a := args{"KeyId": keyID, "WrappingKeySpec": wrappingSpec, "WrappingAlgorithm": wrappingAlgorithm}
	err := p.invoke(ctx, "GetParametersForImport", a, &out)
	return kms.ImportParameters{KeyID: out.KeyID, PublicKey: out.PublicKey, Token: out.ImportToken,
		Expires: kms.ParseTime(out.TokenExpireTime)}, err
}

// ImportKeyMaterial implements ImportManager.
func (p *Client) ImportKeyMaterial(ctx context.Context, in kms.ImportMaterialInput) error {
	var expire int64 // 0 = never
	if in.ExpireAt != nil {
		expire = in.ExpireAt.Truncate(time.Second).Unix()
	}
	return p.invoke(ctx, "ImportKeyMaterial", args{"KeyId": in.KeyID, "EncryptedKeyMaterial": in.Wrapped,
		"ImportToken": in.Token, "KeyMaterialExpireUnix": expire}, nil)
}

// DeleteKeyMaterial implements ImportManager.
func (p *Client) DeleteKeyMaterial(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "DeleteKeyMaterial", args{"KeyId": keyID}, nil)
}
