package public

import (
	"context"
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
)

// secretInfo is the wire form of a secret's metadata.
type secretInfo struct {
	Arn, AutomaticRotation, CreateTime, DKMSInstanceID, Description string
	EncryptionKeyID, ExtendedConfig, LastRotationDate               string
	NextRotationDate, PlannedDeleteTime, RotationInterval           string
	SecretName, SecretType, UpdateTime                              string
	Tags                                                            *wireTags
}

type wireTags struct {
	Tag []struct{ TagKey, TagValue string }
}

func (t *wireTags) tags() map[string]string {
	if t == nil {
		return nil
	}
	tags := make(map[string]string, len(t.Tag))
	for _, tag := range t.Tag {
		tags[tag.TagKey] = tag.TagValue
	}
	return tags
}

func (s secretInfo) record() kms.SecretInfo {
	return kms.SecretInfo{
		Name: s.SecretName, ARN: s.Arn, Type: s.SecretType, Description: s.Description, InstanceID: s.DKMSInstanceID,
		EncryptionKeyID: s.EncryptionKeyID, ExtendedConfig: s.ExtendedConfig,
		Created: kms.ParseTime(s.CreateTime), Updated: kms.ParseTime(s.UpdateTime), DeleteAt: kms.ParseTime(s.PlannedDeleteTime),
		AutomaticRotation: s.AutomaticRotation, RotationInterval: kms.ParseDuration(s.RotationInterval),
		LastRotation: kms.ParseTime(s.LastRotationDate), NextRotation: kms.ParseTime(s.NextRotationDate), Tags: s.Tags.tags(),
	}
}

// CreateSecret implements SecretManager.
func (p *Client) CreateSecret(ctx context.Context, in kms.CreateSecretInput) (kms.SecretInfo, error) {
	a := args{"SecretName": in.Name, "SecretData": in.Value, "VersionId": in.VersionID}.
		str("SecretDataType", in.DataType).str("SecretType", in.Type).str("Description", in.Description).
		str("EncryptionKeyId", in.EncryptionKeyID).str("DKMSInstanceId", in.InstanceID).
		flag("EnableAutomaticRotation", in.Rotate).interval("RotationInterval", in.RotateEvery).
		str("Policy", in.Policy).tagList("Tags", in.Tags)
	if in.ExtendedConfig != nil {
		a.json("ExtendedConfig", in.ExtendedConfig)
	}
	var out secretInfo
	err := p.invoke(ctx, "CreateSecret", a, &out)
	return out.record(), err
}

// DescribeSecret implements SecretManager.
func (p *Client) DescribeSecret(ctx context.Context, name string) (kms.SecretInfo, error) {
	a := args{"SecretName": name, "FetchTags": "true"}
	var out secretInfo
	if err := p.invoke(ctx, "DescribeSecret", a, &out); err != nil {
		return kms.SecretInfo{}, err
	}
	if out.SecretName == "" {
		return kms.SecretInfo{}, p.incomplete("DescribeSecret", a, "SecretName")
	}
	return out.record(), nil
}

// ListSecrets implements SecretManager.
func (p *Client) ListSecrets(ctx context.Context, fetchTags bool) ([]kms.SecretRef, error) {
	return allPages(ctx, func(s kms.SecretRef) string { return s.Name }, func(ctx context.Context, n int) (page[kms.SecretRef], error) {
		var out struct {
			SecretList struct{ Secret []secretInfo }
			TotalCount int
		}
		a := args{"PageNumber": n, "PageSize": pageSize, "FetchTags": strconv.FormatBool(fetchTags)}
		err := p.invoke(ctx, "ListSecrets", a, &out)
		rows := make([]kms.SecretRef, len(out.SecretList.Secret))
		for i, s := range out.SecretList.Secret {
			rows[i] = kms.SecretRef{Name: s.SecretName, Type: s.SecretType, Created: kms.ParseTime(s.CreateTime),
				Updated: kms.ParseTime(s.UpdateTime), DeleteAt: kms.ParseTime(s.PlannedDeleteTime)}
			if fetchTags {
				rows[i].Tags = s.Tags.tags()
			}
		}
		return page[kms.SecretRef]{rows, out.TotalCount}, err
	})
}

// UpdateSecret implements SecretManager.
func (p *Client) UpdateSecret(ctx context.Context, in kms.UpdateSecretInput) error {
	a := args{"SecretName": in.Name}.str("Description", in.Description)
	if in.CustomData != nil {
		a["ExtendedConfig"] = map[string]any{"CustomData": in.CustomData}
	}
	return p.invoke(ctx, "UpdateSecret", a, nil)
}

// PutSecretValue implements SecretManager.
func (p *Client) PutSecretValue(ctx context.Context, in kms.PutSecretValueInput) error {
	a := args{"SecretName": in.Name, "SecretData": in.Value, "VersionId": in.VersionID}.str("SecretDataType", in.DataType)
	if len(in.Stages) > 0 {
		a.json("VersionStages", in.Stages)
	}
	return p.invoke(ctx, "PutSecretValue", a, nil)
}

// GetSecretValue implements SecretManager and Cryptographer.
func (p *Client) GetSecretValue(ctx context.Context, query kms.SecretValueQuery) (kms.SecretValue, error) {
	a := args{"SecretName": query.Name}.str("VersionId", query.VersionID).str("VersionStage", query.Stage)
	if query.FetchExtendedConfig {
		a["FetchExtendedConfig"] = true
	}
	var out struct {
		secretInfo
		SecretData, SecretDataType, VersionID string
		VersionStages                         struct{ VersionStage []string }
	}
	if err := p.invoke(ctx, "GetSecretValue", a, &out); err != nil {
		return kms.SecretValue{}, err
	}
	return kms.SecretValue{
		Name: out.SecretName, Type: out.SecretType, Data: kms.NewSecret(out.SecretData), DataType: out.SecretDataType,
		VersionID: out.VersionID, Stages: out.VersionStages.VersionStage, Created: kms.ParseTime(out.CreateTime),
		ExtendedConfig: out.ExtendedConfig, AutomaticRotation: out.AutomaticRotation,
		RotationInterval: kms.ParseDuration(out.RotationInterval),
		LastRotation:     kms.ParseTime(out.LastRotationDate), NextRotation: kms.ParseTime(out.NextRotationDate),
	}, nil
}

// ListSecretVersionIDs implements SecretManager.
func (p *Client) ListSecretVersionIDs(ctx context.Context, name string, includeDeprecated bool) ([]kms.SecretVersion, error) {
	return allPages(ctx, func(v kms.SecretVersion) string { return v.ID }, func(ctx context.Context, n int) (page[kms.SecretVersion], error) {
		var out struct {
			VersionIDs struct {
				VersionID []struct {
					CreateTime, VersionID string
					VersionStages         struct{ VersionStage []string }
				}
			}
			TotalCount int
		}
		a := args{"SecretName": name, "IncludeDeprecated": strconv.FormatBool(includeDeprecated),
			"PageNumber": n, "PageSize": pageSize}
		err := p.invoke(ctx, "ListSecretVersionIds", a, &out)
		rows := make([]kms.SecretVersion, len(out.VersionIDs.VersionID))
		for i, v := range out.VersionIDs.VersionID {
			rows[i] = kms.SecretVersion{ID: v.VersionID, Stages: v.VersionStages.VersionStage, Created: kms.ParseTime(v.CreateTime)}
		}
		return page[kms.SecretVersion]{rows, out.TotalCount}, err
	})
}

// UpdateSecretVersionStage implements SecretManager.
func (p *Client) UpdateSecretVersionStage(ctx context.Context, in kms.MoveStageInput) error {
	a := args{"SecretName": in.Name, "VersionStage": in.Stage}.
		str("MoveToVersion", in.MoveTo).str("RemoveFromVersion", in.RemoveFrom)
	return p.invoke(ctx, "UpdateSecretVersionStage", a, nil)
}

// DeleteSecret implements SecretManager. The API takes its flag and its number
// as strings, and refuses a window together with force.
func (p *Client) DeleteSecret(ctx context.Context, in kms.DeleteSecretInput) (time.Time, error) {
	a := args{"SecretName": in.Name, "ForceDeleteWithoutRecovery": strconv.FormatBool(in.Force)}
	if in.RecoveryWindow != nil {
		a["RecoveryWindowInDays"] = strconv.Itoa(*in.RecoveryWindow)
	}
	var out struct{ PlannedDeleteTime string }
	err := p.invoke(ctx, "DeleteSecret", a, &out)
	if in.Force {
		return time.Time{}, err
	}
	return kms.ParseTime(out.PlannedDeleteTime), err
}

// RestoreSecret implements SecretManager.
func (p *Client) RestoreSecret(ctx context.Context, name string) error {
	return p.invoke(ctx, "RestoreSecret", args{"SecretName": name}, nil)
}

// RotateSecret implements SecretManager.
func (p *Client) RotateSecret(ctx context.Context, name, versionID string) error {
	return p.invoke(ctx, "RotateSecret", args{"SecretName": name, "VersionId": versionID}, nil)
}

// UpdateSecretRotationPolicy implements SecretManager.
func (p *Client) UpdateSecretRotationPolicy(ctx context.Context, name string, rotate bool, every *time.Duration) error {
	a := args{"SecretName": name, "EnableAutomaticRotation": rotate}.interval("RotationInterval", every)
	return p.invoke(ctx, "UpdateSecretRotationPolicy", a, nil)
}
