package kms

import (
	"context"
	"time"
)

// keyMetadata is the wire form of a key.
type keyMetadata struct {
	Arn, AutomaticRotation, CreationDate, Creator, DKMSInstanceID, DeleteDate string
	DeletionProtection, DeletionProtectionDescription, Description            string
	KeyID, KeySpec, KeyState, KeyUsage, LastRotationDate, MaterialExpireTime  string
	NextRotationDate, Origin, PrimaryKeyVersion, ProtectionLevel              string
	RotationInterval                                                          string
}

func (m keyMetadata) key() Key {
	return Key{
		ID: m.KeyID, ARN: m.Arn, Spec: m.KeySpec, Usage: m.KeyUsage, Origin: m.Origin, State: m.KeyState,
		ProtectionLevel: m.ProtectionLevel, InstanceID: m.DKMSInstanceID, Description: m.Description,
		Creator: m.Creator, PrimaryVersion: m.PrimaryKeyVersion,
		Created: parseTime(m.CreationDate), DeleteAt: parseTime(m.DeleteDate), MaterialExpires: parseTime(m.MaterialExpireTime),
		AutomaticRotation: m.AutomaticRotation, RotationInterval: parseDuration(m.RotationInterval),
		LastRotation: parseTime(m.LastRotationDate), NextRotation: parseTime(m.NextRotationDate),
		DeletionProtection:            m.DeletionProtection == "Enabled",
		DeletionProtectionDescription: m.DeletionProtectionDescription,
	}
}

// CreateKey implements KeyManager.
func (p *Public) CreateKey(ctx context.Context, in CreateKeyInput) (Key, error) {
	a := args{}.str("Description", in.Description).str("KeySpec", in.Spec).str("KeyUsage", in.Usage).
		str("Origin", in.Origin).str("ProtectionLevel", in.ProtectionLevel).str("DKMSInstanceId", in.InstanceID).
		flag("EnableAutomaticRotation", in.Rotate).interval("RotationInterval", in.RotateEvery).
		str("Policy", in.Policy).tagList("Tags", in.Tags)
	return p.keyMetadata(ctx, "CreateKey", a)
}

// DescribeKey implements KeyManager.
func (p *Public) DescribeKey(ctx context.Context, keyID string) (Key, error) {
	return p.keyMetadata(ctx, "DescribeKey", args{"KeyId": keyID})
}

// keyMetadata makes a call that answers with a key. An answer without one is
// not believed: a key without an id cannot be managed.
func (p *Public) keyMetadata(ctx context.Context, operation string, a args) (Key, error) {
	var out struct{ KeyMetadata keyMetadata }
	if err := p.invoke(ctx, operation, a, &out); err != nil {
		return Key{}, err
	}
	if out.KeyMetadata.KeyID == "" {
		return Key{}, p.incomplete(operation, a, "KeyMetadata.KeyId")
	}
	return out.KeyMetadata.key(), nil
}

// incomplete is the error for a success that lacks a field it must have.
func (p *Public) incomplete(operation string, params map[string]any, field string) *Error {
	e := p.newError(operation, params)
	e.Code, e.Message, e.Status = CodeBadAnswer, "the answer has no "+field, 200
	if o := p.operations[operation]; o.Mutating {
		e.Outcome, e.mutating = Ambiguous, true
	}
	return e
}

// ListKeys implements KeyManager.
func (p *Public) ListKeys(ctx context.Context, filter KeyFilter) ([]KeyRef, error) {
	filters := filter.wire()
	return allPages(ctx, func(k KeyRef) string { return k.ID }, func(ctx context.Context, n int) (page[KeyRef], error) {
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
		rows := make([]KeyRef, len(out.Keys.Key))
		for i, k := range out.Keys.Key {
			rows[i] = KeyRef{k.KeyID, k.KeyArn}
		}
		return page[KeyRef]{rows, out.TotalCount}, err
	})
}

type wireFilter struct {
	Key    string
	Values []string
}

func (f KeyFilter) wire() []wireFilter {
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
func (p *Public) UpdateKeyDescription(ctx context.Context, keyID, description string) error {
	return p.invoke(ctx, "UpdateKeyDescription", args{"KeyId": keyID, "Description": description}, nil)
}

// EnableKey implements KeyManager.
func (p *Public) EnableKey(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "EnableKey", args{"KeyId": keyID}, nil)
}

// DisableKey implements KeyManager.
func (p *Public) DisableKey(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "DisableKey", args{"KeyId": keyID}, nil)
}

// ScheduleKeyDeletion implements KeyManager.
func (p *Public) ScheduleKeyDeletion(ctx context.Context, keyID string, days int) error {
	return p.invoke(ctx, "ScheduleKeyDeletion", args{"KeyId": keyID, "PendingWindowInDays": days}, nil)
}

// CancelKeyDeletion implements KeyManager.
func (p *Public) CancelKeyDeletion(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "CancelKeyDeletion", args{"KeyId": keyID}, nil)
}

// SetDeletionProtection implements KeyManager.
func (p *Public) SetDeletionProtection(ctx context.Context, keyARN string, on bool, description *string) error {
	a := args{"ProtectedResourceArn": keyARN, "EnableDeletionProtection": on}
	if on {
		a.str("DeletionProtectionDescription", description)
	}
	return p.invoke(ctx, "SetDeletionProtection", a, nil)
}

// GetPublicKey implements KeyManager and Cryptographer.
func (p *Public) GetPublicKey(ctx context.Context, keyID, versionID string) (PublicKey, error) {
	var out struct{ KeyID, KeyVersionID, PublicKey string }
	err := p.invoke(ctx, "GetPublicKey", args{"KeyId": keyID, "KeyVersionId": versionID}, &out)
	return PublicKey{KeyID: out.KeyID, KeyVersionID: out.KeyVersionID, PEM: out.PublicKey}, err
}

// keyVersion is the wire form of a key version.
type keyVersion struct{ CreationDate, KeyID, KeyVersionID string }

func (v keyVersion) record() KeyVersion {
	return KeyVersion{ID: v.KeyVersionID, KeyID: v.KeyID, Created: parseTime(v.CreationDate)}
}

// UpdateRotationPolicy implements RotationManager.
func (p *Public) UpdateRotationPolicy(ctx context.Context, in RotationPolicyInput) error {
	a := args{"KeyId": in.KeyID, "EnableAutomaticRotation": in.Rotate}.interval("RotationInterval", in.RotateEvery)
	return p.invoke(ctx, "UpdateRotationPolicy", a, nil)
}

// CreateKeyVersion implements RotationManager.
func (p *Public) CreateKeyVersion(ctx context.Context, keyID string) (KeyVersion, error) {
	a := args{"KeyId": keyID}
	var out struct{ KeyVersion keyVersion }
	if err := p.invoke(ctx, "CreateKeyVersion", a, &out); err != nil {
		return KeyVersion{}, err
	}
	if out.KeyVersion.KeyVersionID == "" {
		return KeyVersion{}, p.incomplete("CreateKeyVersion", a, "KeyVersion.KeyVersionId")
	}
	return out.KeyVersion.record(), nil
}

// ListKeyVersions implements RotationManager.
func (p *Public) ListKeyVersions(ctx context.Context, keyID string) ([]KeyVersion, error) {
	return allPages(ctx, func(v KeyVersion) string { return v.ID }, func(ctx context.Context, n int) (page[KeyVersion], error) {
		var out struct {
			KeyVersions struct{ KeyVersion []keyVersion }
			TotalCount  int
		}
		err := p.invoke(ctx, "ListKeyVersions", args{"KeyId": keyID, "PageNumber": n, "PageSize": pageSize}, &out)
		rows := make([]KeyVersion, len(out.KeyVersions.KeyVersion))
		for i, v := range out.KeyVersions.KeyVersion {
			rows[i] = v.record()
		}
		return page[KeyVersion]{rows, out.TotalCount}, err
	})
}

// DescribeKeyVersion implements RotationManager.
func (p *Public) DescribeKeyVersion(ctx context.Context, keyID, versionID string) (KeyVersion, error) {
	var out struct{ KeyVersion keyVersion }
	err := p.invoke(ctx, "DescribeKeyVersion", args{"KeyId": keyID, "KeyVersionId": versionID}, &out)
	return out.KeyVersion.record(), err
}

// GetParametersForImport implements ImportManager.
func (p *Public) GetParametersForImport(ctx context.Context, keyID, wrappingSpec, wrappingAlgorithm string) (ImportParameters, error) {
	var out struct {
		KeyID, ImportToken, TokenExpireTime string
		PublicKey                           []byte
	}
	a := args{"KeyId": keyID, "WrappingKeySpec": wrappingSpec, "WrappingAlgorithm": wrappingAlgorithm}
	err := p.invoke(ctx, "GetParametersForImport", a, &out)
	return ImportParameters{KeyID: out.KeyID, PublicKey: out.PublicKey, Token: out.ImportToken,
		Expires: parseTime(out.TokenExpireTime)}, err
}

// ImportKeyMaterial implements ImportManager.
func (p *Public) ImportKeyMaterial(ctx context.Context, in ImportMaterialInput) error {
	var expire int64 // 0 = never
	if in.ExpireAt != nil {
		expire = in.ExpireAt.Truncate(time.Second).Unix()
	}
	return p.invoke(ctx, "ImportKeyMaterial", args{"KeyId": in.KeyID, "EncryptedKeyMaterial": in.Wrapped,
		"ImportToken": in.Token, "KeyMaterialExpireUnix": expire}, nil)
}

// DeleteKeyMaterial implements ImportManager.
func (p *Public) DeleteKeyMaterial(ctx context.Context, keyID string) error {
	return p.invoke(ctx, "DeleteKeyMaterial", args{"KeyId": keyID}, nil)
}
