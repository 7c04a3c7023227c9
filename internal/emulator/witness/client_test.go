package witness

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// params are the parameters of an operation as its documentation names them.
// Values are text, bool, int, []byte, []string, []map[string]string or map[string]any.
type params map[string]any

// answer is what an operation gave, after the client under test has decoded it
// into its own types.
type answer map[string]any

// refusal is an error answer as the client under test reports it.
type refusal struct {
	Status  int // 0 = the client does not say
	Code    string
	Message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Message) }

// errUnsupported is a client's word that it is too old for an operation or a
// parameter; the helper makes such a call in its place.
var errUnsupported = errors.New("the client does not know this operation or parameter")

// client is one SDK on one gateway.
type client interface {
	call(operation string, p params) (answer, error)
}

// at reads a place such as KeyMetadata.KeyId or Keys.Key.0.KeyId.
func (a answer) at(path string) any {
	var v any = map[string]any(a)
	for part := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n >= len(node) {
				return nil
			}
			v = node[n]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(path string) string {
	if v := a.at(path); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// bytes is a member of a protobuf answer.
func (a answer) bytes(path string) []byte {
	data, _ := base64.StdEncoding.DecodeString(a.text(path))
	return data
}

func (a answer) list(path string) []any {
	list, _ := a.at(path).([]any)
	return list
}

// toAnswer renders a client's own response type as JSON does.
func toAnswer(v any) (answer, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out answer
	return out, json.Unmarshal(text, &out)
}

// fill sets a client's request struct. The name of a field is its tag's.
func fill(request reflect.Value, p params, tag string) error {
	fields := map[string]reflect.Value{}
	for i := range request.NumField() {
		name, _, _ := strings.Cut(request.Type().Field(i).Tag.Get(tag), ",")
		if name != "" {
			fields[name] = request.Field(i)
		}
	}
	for name, v := range p {
		field, found := fields[name]
		if !found {
			return fmt.Errorf("%w: %s", errUnsupported, name)
		}
		if err := assign(field, v, tag); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// assign converts a value to a field's type, as a programmer would.
func assign(field reflect.Value, v any, tag string) error {
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		return assign(field.Elem(), v, tag)
	case reflect.String:
		switch v.(type) {
		case string, bool, int:
			field.SetString(fmt.Sprint(v))
		default: // a structure in one parameter is JSON
			text, err := json.Marshal(v)
			if err != nil {
				return err
			}
			field.SetString(string(text))
		}
	case reflect.Bool:
		b, err := strconv.ParseBool(fmt.Sprint(v))
		field.SetBool(b)
		return err
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
		field.SetInt(n)
		return err
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("cannot assign %T to %s", v, field.Type())
		}
		field.Set(reflect.ValueOf(m))
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("cannot assign %T to %s", v, field.Type())
		}
		return fill(field, m, tag)
	case reflect.Slice:
		if data, ok := v.([]byte); ok {
			field.SetBytes(data)
			return nil
		}
		return assignList(field, v, tag)
	default:
		return fmt.Errorf("cannot assign to %s", field.Type())
	}
	return nil
}

func assignList(field reflect.Value, v any, tag string) error {
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		return fmt.Errorf("cannot assign %T to %s", v, field.Type())
	}
	field.Set(reflect.MakeSlice(field.Type(), list.Len(), list.Len()))
	for i := range list.Len() {
		item := list.Index(i).Interface()
		if pair, ok := item.(map[string]string); ok {
			wide := map[string]any{}
			for k, text := range pair {
				wide[k] = text
			}
			item = wide
		}
		if err := assign(field.Index(i), item, tag); err != nil {
			return err
		}
	}
	return nil
}

// flat renders parameters as they travel: lists by number, structures as JSON.
func flat(p params) map[string]string {
	out := map[string]string{}
	for name, v := range p {
		switch v := v.(type) {
		case []string:
			for i, item := range v {
				out[fmt.Sprintf("%s.%d", name, i+1)] = item
			}
		case []map[string]string:
			for i, item := range v {
				for key, text := range item {
					out[fmt.Sprintf("%s.%d.%s", name, i+1, key)] = text
				}
			}
		case map[string]any:
			if custom, found := v["CustomData"]; found && len(v) == 1 {
				text, _ := json.Marshal(custom) // maps of text
				out[name+".CustomData"] = string(text)
				continue
			}
			text, _ := json.Marshal(v)
			out[name] = string(text)
		default:
			out[name] = fmt.Sprint(v)
		}
	}
	return out
}
