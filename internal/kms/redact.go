package kms

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/safety"
)

// maxForeignText bounds text of others that goes into an error.
const maxForeignText = 600

// secretField finds the values of fields that hold secrets in text of others:
// JSON members, query parameters and headers.
var secretField = pattern.New(`(?i)((?:access_?key_?secret|secret_?access_?key|security_?token|sts_?token|x-acs-security-token|access_?token|refresh_?token|password|private_?key_?data|signature|plaintext|secret_?data)"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,;&}]+)`)

// authorization finds credentials of the Authorization headers.
var authorization = pattern.New(`(?i)(\b(?:proxy-)?authorization"?\s*[:=]).*|\b(?:bearer|token|basic)\s+[A-Za-z0-9+/=._-]{8,}`)

// Scrub removes what looks like a secret from text of others and bounds it.
func Scrub(text string) string {
	text = authorization.ReplaceAllString(text, "${1}"+Redacted)
	text = secretField.ReplaceAllString(text, "${1}"+Redacted)
	if len(text) > maxForeignText {
		text = strings.ToValidUTF8(text[:maxForeignText], "") + "…"
	}
	return text
}

// minScrub is the shortest secret that is searched for in foreign text; shorter
// ones would blank out words by chance.
const minScrub = 4

// ScrubSecrets removes the given secrets from a message of the service, then what
// looks like a secret.
func ScrubSecrets(message string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= minScrub && !safety.Off(safety.AnswerScrubbed) {
			message = strings.ReplaceAll(message, s, Redacted)
		}
	}
	return Scrub(message)
}
