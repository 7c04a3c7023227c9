package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"kmsplan.dev/kmsplan/internal/kms"
)

// operationsByName groups the operations of all gateways by API name.
func operationsByName() map[string][]kms.Operation {
	all := map[string][]kms.Operation{}
	for _, op := range slices.Concat(kms.PublicOperations(), kms.InstanceOperations()) {
		all[op.Name] = append(all[op.Name], op)
	}
	return all
}

// maxParam bounds a parameter read from a file, bytes: the instance gateway's request limit.
const maxParam = 3 << 20

// readSecret reads a secret parameter's content from a file, or from standard input with "-".
func (a *app) readSecret(name string) ([]byte, error) {
	if name == "-" {
		return readBounded(a.proc.Stdin, "standard input")
	}
	f, err := os.Open(a.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, name)
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxParam+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxParam {
		return nil, fmt.Errorf("%s is larger than 3 MiB, which no gateway accepts; use kmsplan encrypt for files", name)
	}
	return b, nil
}

// parseParam turns a flag's text into the parameter's value.
func parseParam(p kms.Param, text string) (any, error) {
	switch p.Type {
	case kms.TypeBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not true or false", text)
		}
		return b, nil
	case kms.TypeInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
		return n, nil
	case kms.TypeBytes:
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return nil, fmt.Errorf("the value is not base64: %w", err)
		}
		return text, nil
	case kms.TypeMap, kms.TypeList, kms.TypeTags, kms.TypeObject:
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return nil, fmt.Errorf("the value is not JSON: %w; it takes %s", err, p.Form())
		}
		return v, nil
	}
	return text, nil
}

// redactAnswer replaces the secret parts of an answer.
func redactAnswer(answer json.RawMessage) (json.RawMessage, error) {
	var doc any
	if err := json.Unmarshal(answer, &doc); err != nil {
		return nil, fmt.Errorf("read the service's answer: %w", err)
	}
	return json.Marshal(redacted(doc))
}

// secretFields are the fields of answers that hold plaintext or private keys.
var secretFields = map[string]bool{
	"Plaintext": true, "SecretData": true, "PrivateKeyData": true, "PrivateKeyPlaintext": true, "RandomPassword": true, "Random": true,
}

func redacted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if secretFields[k] {
				v[k] = kms.Redacted
			} else {
				v[k] = redacted(v[k])
			}
		}
	case []any:
		for i := range v {
			v[i] = redacted(v[i])
		}
	}
	return v
}
