package kms

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// Encoded is a call's parameters as they travel.
type Encoded struct {
	Values url.Values
	// secrets are values that must not come back in an error's text.
	Secrets []string
}

// Encode checks params against the operation's table and flattens them.
// Parameters whose value is nil are left out.
func (o *Operation) Encode(params map[string]any) (Encoded, error) {
	e := Encoded{Values: make(url.Values, len(params))}
	for name, value := range params {
		if value == nil {
			continue
		}
		p, ok := o.Param(name)
		if !ok {
			return Encoded{}, o.unknownParam(name)
		}
		if err := e.put(p, value); err != nil {
			return Encoded{}, fmt.Errorf("parameter %s %w", name, err)
		}
	}
	return e, o.checkRequired(params)
}

// checkRequired also refuses empty names and ids; only a description may be
// emptied.
func (o *Operation) checkRequired(params map[string]any) error {
	for _, p := range o.Params {
		value := params[p.Name]
		if p.Required && (value == nil || value == "" && p.Name != "Description") {
			return fmt.Errorf("parameter %s is required", p.Name)
		}
	}
	return nil
}

func (o *Operation) unknownParam(name string) error {
	names := make([]string, len(o.Params))
	for i, p := range o.Params {
		names[i] = p.Name
	}
	if best := suggest.Nearest(name, names); best != "" {
		return fmt.Errorf("there is no parameter %q: did you mean %s?", name, best)
	}
	return fmt.Errorf("there is no parameter %q", name)
}

func (e *Encoded) put(p Param, value any) error {
	switch p.Type {
	case TypeList:
		return e.putList(p.Name, value)
	case TypeTags:
		return e.putTags(p.Name, value)
	case TypeObject:
		return e.putObject(p.Name, value)
	}
	text, err := scalar(p.Type, value)
	if err != nil {
		return err
	}
	e.Values.Set(p.Name, text)
	if p.Secret {
		e.Secrets = append(e.Secrets, text)
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil && p.Type == TypeBytes {
			e.Secrets = append(e.Secrets, string(raw))
		}
	}
	return nil
}

// scalar renders one value as text. Its errors never quote the value.
func scalar(t ParamType, value any) (string, error) {
	text, err := plainText(value)
	if err != nil {
		return "", err
	}
	switch t {
	case TypeBool:
		if _, err := strconv.ParseBool(text); err != nil {
			return "", fmt.Errorf("must be true or false")
		}
	case TypeInt:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return "", fmt.Errorf("must be a whole number")
		}
	case TypeBytes:
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return "", fmt.Errorf("must be base64")
		}
	case TypeMap:
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) != nil || object == nil {
			return "", fmt.Errorf("must be a JSON object")
		}
	}
	return text, nil
}

// plainText renders strings, bytes (base64), numbers, booleans, and any other
// value as JSON.
func plainText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case Secret:
		return v.Reveal(), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case json.Number:
		return v.String(), nil
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return "", fmt.Errorf("must be a whole number")
		}
		return strconv.FormatInt(int64(v), 10), nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("cannot be written as JSON")
	}
	return string(text), nil
}

func (e *Encoded) putList(name string, value any) error {
	items, err := stringList(value)
	if err != nil {
		return err
	}
	for i, item := range items {
		e.Values.Set(fmt.Sprintf("%s.%d", name, i+1), item)
	}
	return nil
}

func stringList(value any) ([]string, error) {
	switch v := value.(type) {
	case []string:
		return v, nil
	case string:
		return []string{v}, nil
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("must be a list of strings")
			}
			items[i] = s
		}
		return items, nil
	}
	return nil, fmt.Errorf("must be a list of strings")
}

// putTags sends Tag.1.Key, Tag.1.Value, …, sorted by key.
func (e *Encoded) putTags(name string, value any) error {
	tags, err := tagMap(value)
	if err != nil {
		return err
	}
	for i, key := range slices.Sorted(maps.Keys(tags)) {
		e.Values.Set(fmt.Sprintf("%s.%d.Key", name, i+1), key)
		if tags[key] != "" {
			e.Values.Set(fmt.Sprintf("%s.%d.Value", name, i+1), tags[key])
		}
	}
	return nil
}

// tagMap reads tags given as {"k":"v"} or as [{"Key":"k","Value":"v"}].
func tagMap(value any) (map[string]string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("must be an object of strings")
	}
	var tags map[string]string
	if json.Unmarshal(text, &tags) == nil {
		return tags, nil
	}
	var list []struct{ Key, Value string }
	if json.Unmarshal(text, &list) != nil {
		return nil, fmt.Errorf("must be an object of strings, or a list of {Key, Value}")
	}
	tags = make(map[string]string, len(list))
	for _, tag := range list {
		tags[tag.Key] = tag.Value
	}
	return tags, nil
}

// putObject sends the members of an object as Name.Member, each as JSON.
func (e *Encoded) putObject(name string, value any) error {
	var members map[string]any
	text, err := plainText(value)
	if err != nil {
		return err
	}
	if json.Unmarshal([]byte(text), &members) != nil {
		return fmt.Errorf("must be a JSON object")
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		text, err := plainText(members[member])
		if err != nil {
			return err
		}
		e.Values.Set(name+"."+member, text)
	}
	return nil
}

// AskedIn reads a call's parameters as the table of operations names them, or what it is about
// without saying so.
func AskedIn(params, about map[string]any) Asked {
	return func(param string) []string {
		value, sent := params[param]
		if !sent {
			value = about[param]
		}
		switch v := value.(type) {
		case nil:
			return nil
		case []string:
			return v
		case map[string]string:
			var tags []string
			for key, value := range v {
				tags = append(tags, key+"\x00"+value)
			}
			return tags
		case []any:
			list, _ := stringList(v)
			return list
		default:
			text, err := plainText(v)
			if err != nil || text == "" {
				return nil
			}
			return []string{text}
		}
	}
}

// Asked returns the values that a request gave to a parameter, none when it did not.
type Asked func(param string) []string
