package dkms

// Protocol constants.
const (
	APIVersion      = "dkms-gcs-0.2"
	SignatureMethod = "RSA_PKCS1_SHA_256"
	ContentType     = "application/x-protobuf"
	MaxBody         = 3 << 20 // bytes; a larger request is answered with 413
)

// Header names, in lower case as the vendor's clients send them.
const (
	HeaderAccessKeyID     = "x-kms-acccesskeyid" // three c's: the vendor's spelling
	HeaderAPIName         = "x-kms-apiname"
	HeaderAPIVersion      = "x-kms-apiversion"
	HeaderSignatureMethod = "x-kms-signaturemethod"
	// HeaderMigrationKeyVersionID names a key version, in requests and in answers.
	HeaderMigrationKeyVersionID = "x-kms-migrationkeyversionid"

	HeaderContentSHA256 = "content-sha256" // upper-case hex SHA-256 of the body
	HeaderContentType   = "content-type"
	HeaderDate          = "date"          // http.TimeFormat
	HeaderAuthorization = "authorization" // "Bearer <base64>"; documentation says "TOKEN <base64>"
)

// signedPrefix marks the headers that a signature covers.
const signedPrefix = "x-kms-"
