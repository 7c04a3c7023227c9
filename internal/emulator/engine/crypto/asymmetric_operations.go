package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// asymmetricOperations lists cryptography with key pairs. GetPublicKey shares the
// key reads' quota (KMS: performance data).
func asymmetricOperations() []core.Operation {
	return []core.Operation{
		core.Op("AsymmetricEncrypt", core.GroupAsymmetric, asymmetricEncrypt).OnDedicated(),
		core.Op("AsymmetricDecrypt", core.GroupAsymmetric, asymmetricDecrypt).OnDedicated(),
		core.Op("AsymmetricSign", core.GroupAsymmetric, asymmetricSign).OnDedicated(),
		core.Op("AsymmetricVerify", core.GroupAsymmetric, asymmetricVerify).OnDedicated(),
		core.Op("GetPublicKey", core.GroupKeyRead, getPublicKey).OnDedicated(),
	}
}

// asymmetricNames are the parameters that name a pair, for refusals.
type asymmetricNames struct{ key, version, algorithm string }

// pairNames are the names the Asymmetric operations use.
func pairNames() asymmetricNames { return asymmetricNames{"KeyId", "KeyVersionId", "Algorithm"} }

// usePair finds the version of a key pair and the algorithm; all three are
// required. Refusals beside useKey's: MissingParameter, UnsupportedOperation for
// keys of another class or usage, InvalidParameter for a foreign algorithm.
func usePair(e *core.Engine, c *core.Call, op, usage string, names asymmetricNames, keyID, versionID, algorithm *string) (keyUse, crypt.Algorithm, error) {
	id, err := core.Required(names.key, keyID)
	if err != nil {
		return keyUse{}, "", err
	}
	version, err := core.Required(names.version, versionID)
	if err != nil {
		return keyUse{}, "", err
	}
	name, err := core.Required(names.algorithm, algorithm)
	if err != nil {
		return keyUse{}, "", err
	}
	u, err := UseKey(e, c, op, id, namedVersion(version))
	if err != nil {
		return keyUse{}, "", err
	}
	if err := u.pairOnly(usage); err != nil {
		return keyUse{}, "", err
	}
	offered := u.spec.SignatureFor
	if usage == crypt.UsageEncrypt {
		offered = func(name string) (crypt.Algorithm, bool) { return u.spec.EncryptionFor(name, u.home) }
	}
	alg, ok := offered(name)
	if !ok {
		return keyUse{}, "", core.ErrInvalidParameter(names.algorithm)
	}
	return u, alg, nil
}
