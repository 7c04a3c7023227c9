package view

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// hidden stands where a quoted source line holds what may be a secret.
const hidden = "(not shown)"

// assigned is the name and equals sign of an assignment in a file of variables.
var assigned = pattern.New(`^\s*"?[\p{L}_][\p{L}\p{N}_-]*"?\s*[=:]`)

// secretText is the value of an argument called value or password, or a variable's default, as a string.
var secretText = pattern.New(`(\b(?:value|password|default)"?\s*[=:]\s*)("(?:[^"\\]|\\.)*"?)`)

// heredoc is the start of a text over several lines, and its end marker.
var heredoc = pattern.New(`<<[-~]?\s*"?([\p{L}_][\p{L}\p{N}_-]*)"?\s*$`)

// maxQuoted bounds a quoted line, bytes: JSON is often one line.
const maxQuoted = 400

// quotable is a source line as a diagnostic may quote it. Files of variables are where secrets are
// kept, so only names are quoted from them; a string that is a value, password or default is not quoted
// from a module. Diagnostics end up in build logs.
func quotable(file, line string) string {
	if strings.Contains(file, ".kmsvars.") || !strings.Contains(file, ".kms.") {
		if name := assigned.FindString(line); name != "" {
			return name + " " + hidden
		}
		if strings.TrimSpace(line) == "" {
			return line
		}
		return hidden
	}
	line = secretText.ReplaceAllString(line, "${1}"+hidden)
	if len(line) > maxQuoted {
		return strings.ToValidUTF8(line[:maxQuoted], "") + " …"
	}
	return line
}
