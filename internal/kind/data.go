package kind

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

// MaxContext is the longest encryption context in characters, as JSON (KMS: Encrypt).
const MaxContext = 8192

// The scopes of a data key and the suites of an envelope's body.
const (
	ScopeFile      = "file"
	ScopeDirectory = "directory"
	ScopeRun       = "run"

	SuiteAES = "AES_256_GCM"
	SuiteSM4 = "SM4_GCM"
)

// DocumentFormats are what values can be sealed in, one by one.
var DocumentFormats = []string{"yaml", "json", "jsonc", "toml", "dotenv", "ini", "hcl"}

// keyIDs is what is the id of a key.
var keyIDs = []string{"key.id", "alias.key", "public_key.id", "secret.encryption_key"}

// keyNames is what may name the key of a file.
var keyNames = []string{"key.id", "key.arn", "alias.name", "alias.key", "secret.encryption_key", "encrypt.key", "rewrap.key", "key.key", "public_key.key", "public_key.id"}

func encryptKind() *Kind {
	return &Kind{
		Name: "encrypt", Class: FileClass,
		Doc: "A file this stack keeps encrypted. The output is stale, and written anew, when source, key, key version, context or recipients changed.",
		Attributes: []Attribute{
			{Name: "key", Type: cty.String, Mode: Required, Doc: "The key: an id, an alias name or an ARN.", Refers: keyNames, Check: checkKeyReference},
			{Name: "source", Type: cty.String, Mode: Required, Doc: "The plaintext file, inside the module.", Check: checkFile},
			{Name: "output", Type: cty.String, Mode: Required, Doc: "The envelope to write, inside the module.", Check: checkFile},
			{Name: "context", Type: cty.Map(cty.String), Doc: "The encryption context, readable in the envelope and bound into it; up to 8,192 characters as JSON.", Check: checkContext},
			{Name: "scope", Type: cty.String, Doc: "How many files share a data key: `file` (default), `directory` or `run`.", Check: oneOf("data-key scope", ScopeFile, ScopeDirectory, ScopeRun)},
			{Name: "format", Type: cty.String, Doc: "Seal the values one by one and leave all else of the file readable: `yaml`, `json`, `jsonc`, `toml`, `dotenv`, `ini` or `hcl`. Left out: the file is encrypted whole.", Check: oneOf("format", DocumentFormats...)},
			{Name: "only", Type: cty.List(cty.String), Doc: "Regular expressions: seal values that have a name on their way which one of them finds. Left out: all values. Needs `format`."},
			{Name: "except", Type: cty.List(cty.String), Doc: "Regular expressions: leave values readable that have such a name on their way. Needs `format`."},
			{Name: "suite", Type: cty.String, Doc: "The body's cipher: `AES_256_GCM` (default) or `SM4_GCM`.", Check: oneOf("suite", SuiteAES, SuiteSM4)},
			{Name: "recipients", Type: cty.List(cty.String), Doc: "age recipients (`age1…`) that can open the envelope without KMS, for break-glass.", Check: checkRecipients},
			{Name: "key_version", Type: cty.String, Mode: Computed, Doc: "The key version that wraps the envelope's data key."},
			{Name: "commitment", Type: cty.String, Mode: Computed, Doc: "The body's commitment, base64: which plaintext this is, and nothing about it."},
		},
		Rules: []Rule{{ID: "encrypt-output-differs", Summary: invalid, Doc: "`output` differs from `source`.", Check: outputDiffersFromSource}},
	}
}

func decryptKind() *Kind {
	return &Kind{
		Name: "decrypt", Class: FileClass,
		Doc: "A plaintext made from an envelope, at deploy.",
		Attributes: []Attribute{
			{Name: "source", Type: cty.String, Mode: Required, Doc: "The envelope, inside the module.", Check: checkFile},
			{Name: "output", Type: cty.String, Mode: Required, Doc: "The plaintext file to write, inside the module.", Check: checkFile},
			{Name: "context", Type: cty.Map(cty.String), Doc: "The encryption context the envelope must carry; left out: any.", Check: checkContext},
			{Name: "mode", Type: cty.String, Doc: "The output's mode, octal; default `0600`. Others than owner and group get nothing.", Check: checkMode},
		},
		Rules: []Rule{{ID: "decrypt-output-differs", Summary: invalid, Doc: "`output` differs from `source`.", Check: outputDiffersFromSource}},
	}
}

func rewrapKind() *Kind {
	return &Kind{
		Name: "rewrap", Class: FileClass,
		Doc: "Keeps every matching envelope under the key's primary version. Only headers are rewritten, never bodies.",
		Attributes: []Attribute{
			{Name: "source", Type: cty.String, Mode: Required, Doc: "A glob inside the module; `**` stands for any directories.", Check: checkGlob},
			{Name: "key", Type: cty.String, Mode: Required, Doc: "The key: an id, an alias name or an ARN.", Refers: keyNames, Check: checkKeyReference},
		},
	}
}

func checkKeyReference(v cty.Value) error {
	k := v.AsString()
	switch {
	case k == "":
		return sentence("The key is empty. Write key.NAME.id or alias.NAME.name.")
	case strings.HasPrefix(k, "acs:") && !strings.HasPrefix(k, "acs:kms:"):
		return sentence("%q is no ARN of a KMS key; one looks like acs:kms:REGION:ACCOUNT:key/ID.", k)
	}
	return nil
}

func checkContext(v cty.Value) error {
	size := 2
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if key.AsString() == "" {
			return sentence("A name in the encryption context is empty.")
		}
		if value.IsNull() {
			return sentence("The value of %q in the encryption context is null. Leave it out, or give it a text.", key.AsString())
		}
		size += utf8.RuneCountInString(key.AsString()) + 6
		if value.IsKnown() {
			size += utf8.RuneCountInString(value.AsString())
		}
	}
	if size > MaxContext {
		return sentence("An encryption context has at most %d characters as JSON; this one has %d. Keep it to what identifies the file.", MaxContext, size)
	}
	return nil
}

func checkGlob(v cty.Value) error {
	if err := checkPath(v); err != nil {
		return err
	}
	if !ValidGlob(v.AsString()) {
		return sentence(`%q is no pattern. Use * and ? inside a name, [abc] for classes, and ** for any directories.`, v.AsString())
	}
	return nil
}

func outputDiffersFromSource(b Values) (string, error) {
	source, okS := b.String("source")
	output, okO := b.String("output")
	if okS && okO && cleanPath(source) == cleanPath(output) {
		return "output", sentence("The output is the source, %q, itself. Write it to another file.", source)
	}
	return "", nil
}

// Managed returns the names of the managed kinds.
func Managed() []string { return names(false) }

// DataKinds returns the names of the data kinds.
func DataKinds() []string { return names(true) }

func names(data bool) []string {
	var list []string
	for _, k := range kinds() {
		if k.Data() == data {
			list = append(list, k.Name)
		}
	}
	return slices.Clip(list)
}
