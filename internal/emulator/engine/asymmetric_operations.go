package engine

import "kmsplan.dev/kmsplan/internal/emulator/crypt"

// asymmetricOperations lists cryptography with key pairs. GetPublicKey shares the
// key reads' quota (KMS: performance data).
func asymmetricOperations() []Operation {
	return []Operation{
		op("AsymmetricEncrypt", GroupAsymmetric, (*Engine).asymmetricEncrypt).dedicated(),
		op("AsymmetricDecrypt", GroupAsymmetric, (*Engine).asymmetricDecrypt).dedicated(),
		op("AsymmetricSign", GroupAsymmetric, (*Engine).asymmetricSign).dedicated(),
		op("AsymmetricVerify", GroupAsymmetric, (*Engine).asymmetricVerify).dedicated(),
		op("GetPublicKey", GroupKeyRead, (*Engine).getPublicKey).dedicated(),
	}
}

// asymmetricNames are the parameters that name a pair, for refusals.
type asymmetricNames struct{ key, version, algorithm string }

// pairNames are the names the Asymmetric operations use.
func pairNames() asymmetricNames { return asymmetricNames{"KeyId", "KeyVersionId", "Algorithm"} }

// usePair finds the version of a key pair and the algorithm; all three are
// required. Refusals beside useKey's: MissingParameter, UnsupportedOperation for
// keys of another class or usage, InvalidParameter for a foreign algorithm.
func (e *Engine) usePair(c *Call, op, usage string, names asymmetricNames, keyID, versionID, algorithm *string) (keyUse, crypt.Algorithm, error) {
	id, err := required(names.key, keyID)
	if err != nil {
		return keyUse{}, "", err
	}
	version, err := required(names.version, versionID)
	if err != nil {
		return keyUse{}, "", err
	}
	name, err := required(names.algorithm, algorithm)
	if err != nil {
		return keyUse{}, "", err
	}
	u, err := e.useKey(c, op, id, namedVersion(version))
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
		return keyUse{}, "", errInvalidParameter(names.algorithm)
	}
	return u, alg, nil
}
