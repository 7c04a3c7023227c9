package engine

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// extendedConfig checks a managed secret's configuration and writes it as JSON
// (KMS: CreateSecret, ExtendedConfig). Generic secrets may carry CustomData only
// or anything else the caller likes; what a managed type needs is checked.
func extendedConfig(kind string, config JSONMap) (string, error) {
	for _, field := range configFields(kind) {
		value, _ := config[field.name].(string)
		if value == "" || len(field.values) > 0 && !slices.Contains(field.values, value) {
			return "", errInvalidParameter("ExtendedConfig")
		}
	}
	return encodeConfig(config)
}

// encodeConfig writes a configuration within its limits; none is "".
func encodeConfig(config JSONMap) (string, error) {
	if config == nil {
		return "", nil
	}
	if custom, given := config["CustomData"]; given {
		pairs, ok := custom.(map[string]any)
		if !ok || len(pairs) > secretCustomLimit {
			return "", errInvalidParameter("ExtendedConfig")
		}
	}
	encoded, err := json.Marshal(config)
	if err != nil || utf8.RuneCount(encoded) > secretConfigLimit {
		return "", errInvalidParameter("ExtendedConfig")
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
	case secretRds:
		return []configField{users, {"DBInstanceId", nil}}
	case secretRedis, secretPolarDB:
		return []configField{users}
	case secretRAM:
		return []configField{{"SecretSubType", []string{"RamUserAccessKey"}}, {"UserName", nil}}
	case secretECS:
		return []configField{{"SecretSubType", []string{"Password", "SSHKey"}}, {"RegionId", nil}, {"InstanceId", nil}}
	}
	return nil
}
