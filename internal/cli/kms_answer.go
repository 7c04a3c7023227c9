package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// printAnswer shows an answer, or writes what was asked for of it to a file that only its owner reads. Secret parts are
// not put on a terminal unasked.
func (a *app) printAnswer(r *rawCall, op kms.Operation, answer json.RawMessage) error {
	content := []byte(answer)
	if r.field != "" {
		var err error
		if content, err = fieldOf(answer, r.field); err != nil {
			return err
		}
		if content, err = r.decoded(content); err != nil {
			return err
		}
	}
	if r.out != "" && r.out != "-" {
		return durable.WriteFile(a.path(r.out), content, 0o600)
	}
	hide := op.SecretAnswer && a.term.Live && !r.reveal
	switch {
	case r.field != "" && hide && secretFields[lastPart(r.field)]:
		return fmt.Errorf("%s is secret: -o FILE writes it to a file, and -reveal puts it on this terminal", r.field)
	case r.field != "":
		return a.printField(r, content)
	case hide:
		redacted, err := redactAnswer(answer)
		if err != nil {
			return err
		}
		answer = redacted
	}
	a.view.Answer(answer)
	return nil
}

// printField prints a field as it is where a program reads it, and as text on a terminal.
func (a *app) printField(r *rawCall, content []byte) error {
	if a.term.Live {
		a.view.Listed(string(content), strings.Split(string(content), "\n")...)
		return nil
	}
	if !r.decode {
		content = append(content, '\n')
	}
	_, err := a.proc.Stdout.Write(content)
	return err
}

// decoded is a field's value out of its base64, where that was asked for.
func (r *rawCall) decoded(text []byte) ([]byte, error) {
	if !r.decode {
		return text, nil
	}
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not base64; leave out -decode", r.field)
	}
	return raw, nil
}

// fieldOf is one member of an answer, by its path of names and of numbers from 0: a text as it is, anything else as JSON.
func fieldOf(answer json.RawMessage, path string) ([]byte, error) {
	at := answer
	for _, name := range strings.Split(path, ".") {
		var elements []json.RawMessage
		if i, err := strconv.Atoi(name); err == nil && json.Unmarshal(at, &elements) == nil {
			if i < 0 || i >= len(elements) {
				return nil, fmt.Errorf("the answer has no %s: there are %d, counted from 0", path, len(elements))
			}
			at = elements[i]
			continue
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(at, &members); err != nil {
			return nil, fmt.Errorf("the answer has no %s", path)
		}
		member, ok := members[name]
		if !ok {
			names := slices.Sorted(maps.Keys(members))
			return nil, fmt.Errorf("the answer has no %s%s; it has %s", path, suggest.Clause(name, names), strings.Join(names, ", "))
		}
		at = member
	}
	var text string
	if err := json.Unmarshal(at, &text); err == nil {
		return []byte(text), nil
	}
	return bytes.TrimSpace(at), nil
}

func lastPart(path string) string { return path[strings.LastIndex(path, ".")+1:] }
