package engine

import "time"

// Cryptography and secrets: everything here is emulator-defined, as in
// undefined.go. The documentation leaves it open or only hints.

const (
	plaintextLimit   = 6144 // bytes, public Encrypt; documented, the refusal InvalidParameter is not
	dataKeyMax       = 1024 // bytes of a data key; documented for the public gateway, held on the instance gateway too
	dataKeyDefault   = 32
	randomMax        = 1024 // bytes, GenerateRandom
	instanceAADLimit = 8192 // bytes; documented, the refusal InvalidParameter is not

	// pairFormatDefault is the KeyFormat of a data key pair that asks for none.
	pairFormatDefault = "PEM"

	// parsedKeyLimit bounds the keys that are kept parsed, in entries.
	parsedKeyLimit = 1 << 15
)

// DryRun never succeeds; the codes are documented, their HTTP statuses are not.
const (
	dryRunPassStatus   = 400
	dryRunRefuseStatus = 400
	dryRunDenyStatus   = 403
)

// errPairBusy answers a data-key-pair request while another of the instance
// runs. Status and message are documented, the code is not: Rejected.Throttling
// makes the vendor's clients retry.
func errPairBusy() *Error {
	return refuse(429, "Rejected.Throttling", "Concurrency Limit Exceeded")
}

// errSecretInWindow answers every operation on a secret in its recovery window
// except describing, listing and restoring it. The sentence is the service's own
// for CreateSecret.
func errSecretInWindow() *Error {
	return refuse(409, "Rejected.ResourceInDeleteWindow", "The secret is planned to be deleted.")
}

// errDeleteSecretTwice is DeleteSecret's form of the refusal, spelling included.
// Force does not help: the documentation lists the refusal without exception.
func errDeleteSecretTwice() *Error {
	return refuse(409, "Rejected.ResourceInDeleteWindow", "secret in delete peroid")
}

// errSecretVersionDiffers answers PutSecretValue with a known version id and
// another value.
func errSecretVersionDiffers() *Error { return errResourceExists() }

// errSecretKind answers operations that exist for generic secrets only on
// managed ones, and the other way round.
func errSecretKind() *Error { return errUnsupportedOperation() }

const (
	secretNameLimit      = 192   // characters; older pages say 64
	secretVersionIDLimit = 64    // characters
	secretDataLimit      = 30720 // bytes
	secretConfigLimit    = 1024  // characters of ExtendedConfig
	secretCustomLimit    = 10    // pairs of CustomData
	secretVersionLimit   = 10
	secretStageLimit     = 8 // labels of one secret, ACSCurrent and ACSPrevious included
	secretStageLength    = 64
	secretWindowMin      = 7 // days
	secretWindowMax      = 30
	secretWindowDefault  = 30
	secretRotationMin    = 6 * time.Hour
	secretRotationMax    = 8760 * time.Hour
	secretPageMax        = 100
	passwordMin          = 8
	passwordMax          = 128
	passwordDefault      = 32
	// managedPasswordLength is the length of passwords that a simulated rotation makes.
	managedPasswordLength = 32
)

// RestoreSecret on a secret that waits for nothing succeeds and changes nothing.
const restoreLiveSecret = true
