package view

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
)

// pathText is a file's path with every byte that is part of no character as \xHH, as the state keeps it: two names
// that are not UTF-8 do not look the same.
func pathText(p string) string {
	text, _ := state.PathText(p).MarshalText() // never fails
	return string(text)
}

// quotePath is pathText for people.
func quotePath(p string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(neutral(pathText(p))) + `"`
}
