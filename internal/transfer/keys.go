package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms"
)

// pageSize is the most that lists of KMS give at once.
const pageSize = 100

// Key is a key of KMS with its versions.
type Key struct {
	ID       string   `json:"id"`
	ARN      string   `json:"arn"`
	Instance string   `json:"instance,omitempty"` // "" = a shared key
	Versions []string `json:"versions"`
	Aliases  []string `json:"aliases,omitempty"`
}

// Keys are the keys that are left, and the one that is moved to.
type Keys struct {
	From []Key
	To   Key
}

// Survey reads the keys: those named, or every symmetric key of the region that is in no instance.
func (j *Job) Survey(ctx context.Context) error {
	to, err := j.key(ctx, j.To, false)
	if err != nil {
		return fmt.Errorf("the new key %s: %w", j.To, err)
	}
	if to.Instance == "" {
		return fmt.Errorf("the new key %s is in no instance; name a key of one (CreateKey with a DKMSInstanceId, or a key block of a gateway with an instance)", j.To)
	}
	from := j.From
	if len(from) == 0 {
		if from, err = j.listed(ctx); err != nil {
			return err
		}
	}
	j.Keys = Keys{To: to}
	for _, id := range from {
		k, err := j.key(ctx, id, len(j.From) == 0)
		if err != nil {
			return fmt.Errorf("the key %s: %w", id, err)
		}
		switch {
		case len(j.From) == 0 && (k.Instance != "" || len(k.Versions) == 0):
		case k.ID == to.ID:
			return errors.New("the key that is moved to is among those that are left")
		default:
			j.Keys.From = append(j.Keys.From, k)
		}
	}
	return j.aliases(ctx)
}

func (j *Job) listed(ctx context.Context) ([]string, error) {
	var ids []string
	for page := 1; ; page++ {
		var out struct {
			Keys struct{ Key []struct{ KeyId string } }
		}
		if err := j.service.ask(ctx, "ListKeys", kms.GatewayPublic, map[string]any{"PageNumber": page, "PageSize": pageSize}, &out); err != nil {
			return nil, fmt.Errorf("list the keys: %w", err)
		}
		for _, k := range out.Keys.Key {
			ids = append(ids, k.KeyId)
		}
		if len(out.Keys.Key) < pageSize {
			return ids, nil
		}
	}
}

// key describes one, with all versions where it encrypts symmetrically; those of a key of an instance only where they are asked for.
func (j *Job) key(ctx context.Context, id string, onlyShared bool) (Key, error) {
	var about struct {
		KeyMetadata struct{ KeyId, Arn, DKMSInstanceId, KeyUsage, KeySpec string }
	}
	if err := j.service.ask(ctx, "DescribeKey", kms.GatewayPublic, map[string]any{"KeyId": id}, &about); err != nil {
		return Key{}, err
	}
	k := Key{ID: about.KeyMetadata.KeyId, ARN: about.KeyMetadata.Arn, Instance: about.KeyMetadata.DKMSInstanceId}
	if k.Instance != "" && onlyShared {
		return k, nil
	}
	symmetric := []string{"Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128", "Aliyun_SM4"}
	if !slices.Contains(symmetric, about.KeyMetadata.KeySpec) {
		return k, nil
	}
	for page := 1; ; page++ {
		var out struct {
			KeyVersions struct {
				KeyVersion []struct{ KeyVersionId string }
			}
		}
		if err := j.service.ask(ctx, "ListKeyVersions", kms.GatewayPublic, map[string]any{"KeyId": k.ID, "PageNumber": page, "PageSize": pageSize}, &out); err != nil {
			return k, err
		}
		for _, v := range out.KeyVersions.KeyVersion {
			k.Versions = append(k.Versions, v.KeyVersionId)
		}
		if len(out.KeyVersions.KeyVersion) < pageSize {
			return k, nil
		}
	}
}

// aliases notes the names of the keys that are left.
func (j *Job) aliases(ctx context.Context) error {
	for page := 1; ; page++ {
		var out struct {
			Aliases struct {
				Alias []struct{ AliasName, KeyId string }
			}
		}
		if err := j.service.ask(ctx, "ListAliases", kms.GatewayPublic, map[string]any{"PageNumber": page, "PageSize": pageSize}, &out); err != nil {
			return fmt.Errorf("list the aliases: %w", err)
		}
		for _, alias := range out.Aliases.Alias {
			for i := range j.Keys.From {
				if j.Keys.From[i].ID == alias.KeyId {
					j.Keys.From[i].Aliases = append(j.Keys.From[i].Aliases, alias.AliasName)
				}
			}
		}
		if len(out.Aliases.Alias) < pageSize {
			return nil
		}
	}
}

// of is the key, among those that are left, of a version.
func (k Keys) of(version string) string {
	for _, from := range k.From {
		if slices.Contains(from.Versions, version) {
			return from.ID
		}
	}
	return ""
}

func (k Keys) left() (versions []string) {
	for _, from := range k.From {
		versions = append(versions, from.Versions...)
	}
	return versions
}
