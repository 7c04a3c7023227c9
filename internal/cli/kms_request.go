package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// paramFiles reads parameters from files. Standard input is one parameter's, because what was read once is gone.
type paramFiles struct {
	app    *app
	base64 bool   // files of bytes hold base64, as answers print it
	stdin  string // the flag that took standard input
}

// read reads what a flag names: a file, or standard input with "-".
func (f *paramFiles) read(flag, name string) ([]byte, error) {
	if name == "-" {
		if f.stdin != "" {
			return nil, usageError{fmt.Errorf("-%s and -%s both read standard input; give one of them a file", f.stdin, flag)}
		}
		f.stdin = flag
	}
	content, err := f.app.readSecret(name)
	if err != nil {
		return nil, fmt.Errorf("-%s: %w", flag, err)
	}
	return content, nil
}

// value is a parameter as a file has it: bytes as they are, or in base64 where that was said; text without the line
// break that an editor ends a file with, unless it is a secret's, which is kept as it is.
func (f *paramFiles) value(p kms.Param, content []byte) (any, error) {
	switch {
	case p.Type == kms.TypeBytes && f.base64:
		text := strings.Join(strings.Fields(string(content)), "")
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("the file is not base64, as -base64 says")
		}
		return text, nil
	case p.Type == kms.TypeBytes:
		return base64.StdEncoding.EncodeToString(content), nil
	case p.Secret:
		return string(content), nil
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	return parseParam(p, text)
}

// flagValue is a parameter as its flag has it: the value, or @FILE for a file's content, @- for standard input's; a
// value that begins with @ is written @@.
func (f *paramFiles) flagValue(p kms.Param, flag, text string) (any, error) {
	file, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return parseParam(p, text)
	}
	if strings.HasPrefix(file, "@") {
		return parseParam(p, file)
	}
	content, err := f.read(flag, file)
	if err != nil {
		return nil, err
	}
	return f.value(p, content)
}

// request reads parameters by their API names out of a JSON object.
func (f *paramFiles) request(name string, op kms.Operation) (map[string]any, error) {
	content, err := f.read("request", name)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var given map[string]any
	if err := decoder.Decode(&given); err != nil {
		return nil, fmt.Errorf("-request: %s is not a JSON object of parameters by their API names, as in {\"KeyId\": \"key-…\"}", shownFile(name))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("-request: something stands behind the JSON object in %s", shownFile(name))
	}
	delete(given, "RequestId") // of an answer that is the next call's request, as Encrypt's is Decrypt's
	for param := range given {
		if _, ok := op.Param(param); !ok {
			return nil, fmt.Errorf("-request: %s has no parameter %q on the %s gateway%s", op.Name, param, op.Gateway, suggest.Clause(param, paramNames(op)))
		}
	}
	return given, nil
}

func shownFile(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func paramNames(op kms.Operation) []string {
	names := make([]string, len(op.Params))
	for i, p := range op.Params {
		names[i] = p.Name
	}
	return names
}
