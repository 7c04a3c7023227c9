package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// nameOf is a row's name: its key as text, of a key of several columns the JSON array of their texts.
func nameOf(key []string) (string, error) {
	if len(key) == 1 {
		return key[0], nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(key); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// keyOf is the key that a name stands for, as arguments of a statement.
func (t *table) keyOf(name string) ([]any, error) {
	texts := []string{name}
	if len(t.keys) > 1 {
		texts = nil
		if err := json.Unmarshal([]byte(name), &texts); err != nil || len(texts) != len(t.keys) {
			return nil, fmt.Errorf("the name %q is no JSON array of %d texts, one for each column of the primary key", name, len(t.keys))
		}
	}
	args := make([]any, len(texts))
	for n, text := range texts {
		args[n] = text
	}
	return args, nil
}

// columns are the key's columns, with something before and behind each.
func (t *table) columns(prefix, suffix string) string {
	names := make([]string, len(t.keys))
	for n, k := range t.keys {
		names[n] = prefix + k.sql + suffix
	}
	return strings.Join(names, ", ")
}

// compare holds the key against arguments, which begin with the one of that number.
func (t *table) compare(operator string, from int) string {
	values := make([]string, len(t.keys))
	for n, k := range t.keys {
		values[n] = fmt.Sprintf("$%d::text::%s", from+n, k.cast)
	}
	return fmt.Sprintf("(%s) %s (%s)", t.columns("", ""), operator, strings.Join(values, ", "))
}
