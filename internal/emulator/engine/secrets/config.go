package secrets

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// extendedConfig checks a managed secret's configuration and writes it as JSON
// (KMS: CreateSecret, ExtendedConfig). Generic secrets may carry CustomData only
// or anything else the caller likes; what a managed type needs is checked.
func extendedConfig(kind string, config core.JSONMap) (string, error) {
	for _, field := range configFields(kind) {
		value, _ := config[field.name].(string)
		if value == "" || len(field.values) > 0 && !slices.Contains(field.values, value) {
			return "", core.ErrInvalidParameter("ExtendedConfig")
		}
	}
	return encodeConfig(config)
}

// configAnswer is the configuration as answers show it: that of managed secrets alone
// (KMS: DescribeSecret, GetSecretValue).
func configAnswer(s *core.Secret) string {
	if !managed(s) {
		return ""
	}
	return s.ExtendedConfig
}

// encodeConfig writes a configuration within its limits; none is "".
func encodeConfig(config core.JSONMap) (string, error) {
	if config == nil {
		return "", nil
	}
	if custom, given := config["CustomData"]; given {
		pairs, ok := custom.(map[string]any)
		if !ok || len(pairs) > core.SecretCustomLimit {
			return "", core.ErrInvalidParameter("ExtendedConfig")
		}
	}
	encoded, err := json.Marshal(config)
	if err != nil || utf8.RuneCount(encoded) > core.SecretConfigLimit {
		return "", core.ErrInvalidParameter("ExtendedConfig")
	}
	return string(encoded), nil
}

// configField is a field that a managed type requires; no values means any text.
type configField struct {
	name   string
	values []string
}

func configFields(kind string) []configField {
	users := configField{"SecretSubType", []string{"SingleUser", "DoubleUsers"}}
	switch kind {
	case SecretRds:
		return []configField{users, {"DBInstanceId", nil}}
	case SecretRedis, SecretPolarDB:
		return []configField{users}
	case SecretRAM:
		return []configField{{"SecretSubType", []string{"RamUserAccessKey"}}, {"UserName", nil}}
	case SecretECS:
		return []configField{{"SecretSubType", []string{"Password", "SSHKey"}}, {"RegionId", nil}, {"InstanceId", nil}}
	}
	return nil
}
