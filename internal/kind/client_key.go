package kind

import (
	"path"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// How long a client key is valid: five years unless it is said (KMS: CreateClientKey).
const (
	DefaultClientKeyValidity = 5 * 365 * Day
	minClientKeyValidity     = time.Hour
	maxClientKeyValidity     = 10 * 365 * Day
)

// DefaultKeepPrevious is how long the client key that another took the place of stays valid.
const DefaultKeepPrevious = Day

// The password of a client key's file (KMS: CreateClientKey).
const (
	clientKeyPasswordLeast    = 8
	clientKeyPasswordMost     = 64
	clientKeyPasswordSpecials = "~!@#$%^&*?_-"
)

func clientKeyKind() *Kind {
	const create = "CreateClientKey"
	return &Kind{
		Name: "client_key", CreatedBy: create, DeletedBy: "DeleteClientKey", RemovalRank: 4,
		Protected: true,
		Removals:  deletes("it is deleted: who holds its file loses access."),
		Doc: "What an application signs its requests to an instance with. KMS tells its private half once, when it is made: kmsplan writes it to `file` and keeps nothing of it. " +
			"A new one takes its place before it ends (`rotate_before`), when `valid_for`, `recipients`, `password` or `generation` changes, and when its file is gone: the file is exchanged whole, and the earlier one stays valid for `keep_previous`. " +
			"Where its file is taken elsewhere, as from a pipeline's checkout, write `lifecycle { ignore_changes = [file] }`: then it is not missed.",
		Attributes: []Attribute{
			{Name: "access_point", Type: cty.String, Mode: Required, Immutable: true, PreImage: true, Doc: "The name of the access point it signs in at, `application_access_point.NAME.name`.", Refers: []string{"application_access_point.name"}, Check: checkAccessName},
			{Name: "file", Type: cty.String, Mode: Required, Doc: "The file it is written to, mode 0600, inside the module: `{\"KeyId\": …, \"PrivateKeyData\": …}`, as KMS's SDKs and `gateway { instance { client_key } }` read it. What is not this client key's file is never written over.", Check: checkFile},
			{Name: "recipients", Type: cty.Set(cty.String), ChangedBy: []string{create}, Doc: "age public keys, `age1…`: `file` and `password_file` are encrypted to them, as age files.", Check: checkRecipients},
			{Name: "password", Type: cty.String, WriteOnly: true, Doc: "The password of the PKCS#12 in the file: 8 to 64 characters, two kinds of digits, lower case, upper case and `" + clientKeyPasswordSpecials + "`. Take it from an `ephemeral` variable or an `ephemeral \"secret\"`. Where the file is not encrypted to recipients, one that does not open it any more makes a new client key.", Check: checkClientKeyPassword},
			{Name: "password_file", Type: cty.String, Doc: "In place of `password`: kmsplan makes one, and writes it here, mode 0600. A later client key keeps it, unless it is encrypted to recipients.", Check: checkFile},
			{Name: "valid_for", Type: cty.String, ChangedBy: []string{create}, Doc: "How long it is valid at most: `1h` to `3650d`. Default `1825d`, five years.", Equal: equalDurations, Check: checkDurationWithin("A client key's validity", minClientKeyValidity, maxClientKeyValidity)},
			{Name: "rotate_before", Type: cty.String, Doc: "How long before its end a plan makes the next one. Left out: a plan warns, from 30 days before.", Equal: equalDurations, Check: checkDurationWithin("rotate_before", time.Hour, maxClientKeyValidity)},
			{Name: "keep_previous", Type: cty.String, Doc: "How long the earlier one stays valid after the exchange, so that applications read the new file: `0s` to `3650d`. Default `1d`. The first apply after that deletes it.", Equal: equalDurations, Check: checkDurationWithin("keep_previous", 0, maxClientKeyValidity)},
			{Name: "generation", Type: cty.Number, ChangedBy: []string{create}, Doc: "Another number makes a new client key.", Check: wholeNumber("generation", "", 0, 1<<31)},
			{Name: "id", Type: cty.String, Mode: Computed, PreImage: true, ChangedBy: []string{create}, Doc: "Its id, `KAAP.…`."},
			{Name: "previous", Type: cty.Set(cty.String), Mode: Computed, ChangedBy: []string{create}, Doc: "The ids of earlier ones that are still to be deleted."},
			{Name: "algorithm", Type: cty.String, Mode: Computed, Doc: "`RSA_2048`."},
			{Name: "created", Type: cty.String, Mode: Computed, ChangedBy: []string{create}, Doc: "When it was made, RFC 3339, UTC."},
			{Name: "not_before", Type: cty.String, Mode: Computed, ChangedBy: []string{create}, Doc: "From when it is valid, RFC 3339, UTC."},
			{Name: "not_after", Type: cty.String, Mode: Computed, PreImage: true, ChangedBy: []string{create}, Doc: "Until when it is valid, RFC 3339, UTC."},
			{Name: "file_digest", Type: cty.String, Mode: Computed, ChangedBy: []string{create}, Doc: "SHA-256 of what was written to `file`, which is encrypted."},
		},
		Rules: []Rule{
			{ID: "one-client-key-password", Summary: invalid, Doc: "A client key has a `password`, or a `password_file`.", Check: oneClientKeyPassword},
			{ID: "client-key-rotates-in-time", Summary: invalid, Doc: "`rotate_before` is shorter than `valid_for`.", Check: clientKeyRotatesInTime},
			{ID: "client-key-files-differ", Summary: invalid, Doc: "`file` and `password_file` are two files.", Check: clientKeyFilesDiffer},
		},
	}
}

func checkDurationWithin(what string, least, most time.Duration) func(cty.Value) error {
	return func(v cty.Value) error {
		d, err := ParseDuration(v.AsString())
		if err == nil && (d < least || d > most) {
			err = sentence("%s is %s to %s, and %s is not.", what, FormatDuration(least), FormatDuration(most), v.AsString())
		}
		return err
	}
}

// checkClientKeyPassword repeats nothing of it.
func checkClientKeyPassword(v cty.Value) error { return CheckClientKeyPassword(v.AsString()) }

// CheckClientKeyPassword says what KMS will not like about a client key's password, or nil. It repeats nothing of it.
func CheckClientKeyPassword(password string) error {
	if n := len(password); n < clientKeyPasswordLeast || n > clientKeyPasswordMost {
		return sentence("A client key's password has %d to %d characters, and this one has %d. A line break at its end counts: write trimspace(…).", clientKeyPasswordLeast, clientKeyPasswordMost, n)
	}
	kinds := map[string]bool{}
	for _, r := range password {
		switch {
		case r >= '0' && r <= '9':
			kinds["digit"] = true
		case r >= 'a' && r <= 'z':
			kinds["lower"] = true
		case r >= 'A' && r <= 'Z':
			kinds["upper"] = true
		case strings.ContainsRune(clientKeyPasswordSpecials, r):
			kinds["special"] = true
		default:
			return sentence("A client key's password has a character that KMS does not take there: digits, letters and %s only.", clientKeyPasswordSpecials)
		}
	}
	if len(kinds) < 2 {
		return sentence("A client key's password is made of two kinds of characters at least: digits, lower case, upper case, and %s.", clientKeyPasswordSpecials)
	}
	return nil
}

func oneClientKeyPassword(b Values) (string, error) {
	switch given, file := b.Set("password"), b.Set("password_file"); {
	case given && file:
		return "password_file", sentence("The password is given twice. Keep password, or password_file.")
	case !given && !file:
		return "password", sentence("A client key's file has a password. Write password = var.NAME with an ephemeral variable, or password_file = \"FILE\" for one that kmsplan makes.")
	}
	return "", nil
}

func clientKeyRotatesInTime(b Values) (string, error) {
	before, written := b.String("rotate_before")
	if !written {
		return "", nil
	}
	valid := DefaultClientKeyValidity
	if text, set := b.String("valid_for"); set {
		valid, _ = ParseDuration(text)
	} else if b.Set("valid_for") {
		return "", nil // not known yet
	}
	if d, err := ParseDuration(before); err != nil || valid == 0 || d < valid {
		return "", nil
	}
	return "rotate_before", sentence("rotate_before is %s and valid_for is %s: each client key would be replaced as soon as it is made. Write a shorter rotate_before.", before, FormatDuration(valid))
}

func clientKeyFilesDiffer(b Values) (string, error) {
	file, _ := b.String("file")
	password, _ := b.String("password_file")
	if file == "" || path.Clean(file) != path.Clean(password) {
		return "", nil
	}
	return "password_file", sentence("file and password_file are one file. Name two.")
}
