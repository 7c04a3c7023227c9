package draft

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Policy writes a JSON document as jsonencode of an object, or, where its numbers or names do not come back from that, as
// the text that it is.
func Policy(doc string) (Expr, error) {
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return Text(doc)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Text(doc)
	}
	e, err := fromJSON(v)
	if err != nil {
		return Text(doc)
	}
	return "jsonencode(" + e + ")", nil
}

// plainNumber is a number that stays what it is, whoever reads it.
var plainNumber = pattern.New(`^-?[0-9]{1,15}$`)

func fromJSON(v any) (Expr, error) {
	switch v := v.(type) {
	case nil:
		return Null, nil
	case bool:
		return Expr(fmt.Sprint(v)), nil
	case string:
		return Text(v)
	case json.Number:
		if !plainNumber.MatchString(v.String()) {
			return "", fmt.Errorf("%s is no plain number", v)
		}
		return Expr(v.String()), nil
	case []any:
		return fromArray(v)
	}
	return fromObject(v.(map[string]any))
}

func fromArray(list []any) (Expr, error) {
	out := make([]Expr, 0, len(list))
	for _, x := range list {
		e, err := fromJSON(x)
		if err != nil {
			return "", err
		}
		out = append(out, e)
	}
	return ListOf(out), nil
}

func fromObject(m map[string]any) (Expr, error) {
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range sortedKeys(m) {
		key, err := nameOf(name)
		if err != nil {
			return "", err
		}
		e, err := fromJSON(m[name])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s = %s\n", key, e)
	}
	b.WriteString("}")
	return Expr(b.String()), nil
}
