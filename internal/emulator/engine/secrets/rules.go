package secrets

import (
	"slices"
	"strings"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// Secret types. All but Generic are managed: the service knows the target and
// rotates the value there (KMS: CreateSecret).
const (
	secretGeneric = "Generic"
	SecretRds     = "Rds"
	SecretRedis   = "Redis"
	SecretRAM     = "RAMCredentials"
	SecretECS     = "ECS"
	SecretPolarDB = "PolarDB"
)

// Data types of a secret value.
const (
	secretText   = "text"
	secretBinary = "binary"
)

// autoName asks for a RAM credential's name to be made from its user.
const (
	AutoName  = "$Auto"
	ramPrefix = "acs/ram/user/"
	ecsPrefix = "acs/ecs/"
	acsPrefix = "acs/"
)

// secretPattern is what a name may hold (KMS: CreateSecret, current pages).
const secretPattern = `^[A-Za-z0-9_/+=.@-]+$`

var secretNames = pattern.New(secretPattern)

// managed tells whether the service rotates the secret's value.
func managed(s *core.Secret) bool { return s.Type != secretGeneric }

// secretType reads SecretType; absent is Generic.
func secretType(name string) (string, error) {
	if name == "" {
		return secretGeneric, nil
	}
	if !slices.Contains([]string{secretGeneric, SecretRds, SecretRedis, SecretRAM, SecretECS, SecretPolarDB}, name) {
		return "", core.ErrInvalidParameter("SecretType")
	}
	return name, nil
}

// secretName checks a new secret's name by its type's rules: at most 192
// characters; acs/ecs/… for ECS, $Auto or acs/ram/user/… for RAM credentials, and
// the prefix acs/ for nobody else.
func secretName(name, kind string, config core.JSONMap) (string, error) {
	if kind == SecretRAM && name == AutoName {
		user, _ := config["UserName"].(string)
		name = ramPrefix + user
	}
	good := secretNames.MatchString(name) && utf8.RuneCountInString(name) <= undocumented.SecretNameLimit
	switch kind {
	case SecretRAM:
		good = good && len(name) > len(ramPrefix) && strings.HasPrefix(name, ramPrefix)
	case SecretECS:
		good = good && len(name) > len(ecsPrefix) && strings.HasPrefix(name, ecsPrefix)
	default:
		good = good && !strings.HasPrefix(name, acsPrefix)
	}
	if !good {
		return "", core.ErrInvalidParameter("SecretName")
	}
	return name, nil
}

// secretData checks a value and its type. Managed secrets are text.
func secretData(data, dataType *string, kind string) (value, valueType string, err error) {
	if value, err = core.Required("SecretData", data); err != nil {
		return "", "", err
	}
	if len(value) > core.SecretDataLimit {
		return "", "", core.ErrInvalidParameter("SecretData")
	}
	switch valueType = core.Text(dataType); {
	case valueType == "":
		valueType = secretText
	case valueType != secretText && (valueType != secretBinary || kind != secretGeneric):
		return "", "", core.ErrInvalidParameter("SecretDataType")
	}
	if kind != secretGeneric && !holdsCredential(kind, value) {
		return "", "", core.ErrInvalidParameter("SecretData")
	}
	return value, valueType, nil
}

// secretVersionID reads a required version id of at most 64 characters.
func secretVersionID(v *string) (string, error) {
	id, err := core.Required("VersionId", v)
	if err != nil {
		return "", err
	}
	return id, core.AtMost("VersionId", id, core.SecretVersionIDLimit)
}

// textFlag reads a boolean that travels as a string.
func textFlag(name string, v *string, standard bool) (bool, error) {
	switch core.Text(v) {
	case "":
		return standard, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, core.ErrInvalidParameter(name)
}
