package engine

import (
	"encoding/json"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type secretTag struct{ TagKey, TagValue string }

type secretTagList struct{ Tag []secretTag }

func tagList(tags map[string]string) *secretTagList {
	list := &secretTagList{Tag: []secretTag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list.Tag = append(list.Tag, secretTag{key, tags[key]})
	}
	return list
}

type describeSecretRequest struct {
	SecretName *string // required
	FetchTags  *string // "true" or "false"
}

type describeSecretResponse struct {
	Arn, AutomaticRotation, CreateTime string
	DKMSInstanceId                     string `json:",omitempty"`
	Description                        string
	EncryptionKeyId                    string `json:",omitempty"`
	ExtendedConfig                     string `json:",omitempty"`
	LastRotationDate                   string `json:",omitempty"`
	NextRotationDate                   string `json:",omitempty"`
	PlannedDeleteTime                  string `json:",omitempty"`
	RotationInterval                   string `json:",omitempty"`
	SecretName, SecretType             string
	Tags                               *secretTagList `json:",omitempty"`
	UpdateTime                         string
}

// describeSecret answers everything but the value, also in the recovery window.
func (e *Engine) describeSecret(c *Call, in *describeSecretRequest) (out *describeSecretResponse, err error) {
	fetch, err := textFlag("FetchTags", in.FetchTags, false)
	if err != nil {
		return nil, err
	}
	err = e.view(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "DescribeSecret", text(in.SecretName))
		if err != nil {
			return err
		}
		automatic, every, next := s.rotationAnswer()
		out = &describeSecretResponse{
			Arn: s.arn(), AutomaticRotation: automatic, CreateTime: timestamp(s.Created), DKMSInstanceId: s.Instance,
			Description: s.Description, EncryptionKeyId: s.EncryptionKeyID, ExtendedConfig: s.ExtendedConfig,
			LastRotationDate: timestamp(s.LastRotation), NextRotationDate: next, PlannedDeleteTime: timestamp(s.DeleteAt),
			RotationInterval: every, SecretName: s.Name, SecretType: s.Type, UpdateTime: timestamp(s.Updated),
		}
		if fetch {
			out.Tags = tagList(e.tagsOfSecret(s))
		}
		return nil
	})
	return out, err
}

type updateSecretRequest struct {
	SecretName     *string // required
	Description    *string
	ExtendedConfig *customConfig
}

// customConfig is the part of ExtendedConfig that can be changed.
type customConfig struct{ CustomData JSONMap }

// updateSecret changes the description and CustomData (KMS: UpdateSecret).
func (e *Engine) updateSecret(c *Call, in *updateSecretRequest) (out *secretNameResponse, err error) {
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.liveSecret(tx, c, "UpdateSecret", in.SecretName)
		if err != nil {
			return err
		}
		if in.Description != nil {
			s.Description = *in.Description
		}
		if in.ExtendedConfig != nil && in.ExtendedConfig.CustomData != nil {
			if s.ExtendedConfig, err = withCustomData(s.ExtendedConfig, in.ExtendedConfig.CustomData); err != nil {
				return err
			}
		}
		s.Updated = e.second()
		e.putSecret(tx, s)
		out = &secretNameResponse{s.Name}
		return nil
	})
	return out, err
}

// withCustomData replaces CustomData in a configuration.
func withCustomData(config string, custom JSONMap) (string, error) {
	merged := JSONMap{}
	if config != "" {
		if err := json.Unmarshal([]byte(config), &merged); err != nil {
			return "", err
		}
	}
	merged["CustomData"] = map[string]any(custom)
	return encodeConfig(merged)
}
