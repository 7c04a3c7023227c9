package public

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

// maxItems bounds a flattened list; the service's largest is 50.
const maxItems = 200

// common are parameters of the protocol, not of an operation.
var common = []string{
	acs.ParamAction, acs.ParamVersion, acs.ParamFormat, acs.ParamAccessKeyID, acs.ParamSecurityToken,
	acs.ParamSignature, acs.ParamSignatureMethod, acs.ParamSignatureVersion, acs.ParamSignatureNonce,
	acs.ParamSignatureType, acs.ParamTimestamp, acs.ParamBearerToken, "RegionId",
}

// decode fills an operation's request struct, as described at engine.Operation,
// and returns the parameters that no field takes, sorted.
//
// A field "F" takes the parameter F; a JSONMap takes F as a JSON object, or
// flattened F.key parameters; a slice takes F.1, F.2 …; a nested struct or a
// slice of structs takes F.Sub and F.1.Sub. The tag param:"Name" renames a field.
func decode(params url.Values, into any) (unread []string, refusal *engine.Error) {
	d := decoder{params: params, read: map[string]bool{}}
	if refusal := d.fill(reflect.ValueOf(into).Elem(), ""); refusal != nil {
		return nil, refusal
	}
	for name := range params {
		if !d.read[name] && !slices.Contains(common, name) {
			unread = append(unread, name)
		}
	}
	slices.Sort(unread)
	return unread, nil
}

type decoder struct {
	params url.Values
	read   map[string]bool
}

// get takes a parameter.
func (d *decoder) get(name string) (string, bool) {
	values, found := d.params[name]
	if !found || len(values) == 0 {
		return "", false
	}
	d.read[name] = true
	return values[0], true
}

// under reports whether any parameter's name starts with prefix.
func (d *decoder) under(prefix string) bool {
	for name := range d.params {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (d *decoder) fill(v reflect.Value, prefix string) *engine.Error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name := field.Tag.Get("param")
		if name == "" {
			name = field.Name
		}
		if refusal := d.set(v.Field(i), prefix+name); refusal != nil {
			return refusal
		}
	}
	return nil
}

var jsonMap = reflect.TypeFor[engine.JSONMap]()

// set fills one field of any supported type; others are left alone.
func (d *decoder) set(v reflect.Value, name string) *engine.Error {
	switch {
	case v.Type() == jsonMap:
		return d.setMap(v, name)
	case v.Kind() == reflect.Slice:
		return d.setList(v, name)
	case v.Kind() == reflect.Struct:
		return d.fill(v, name+".")
	case v.Kind() != reflect.Pointer:
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Struct || v.Type().Elem() == jsonMap {
		return d.setPointer(v, name)
	}
	text, found := d.get(name)
	if !found {
		return nil
	}
	element := reflect.New(v.Type().Elem())
	if !setScalar(element.Elem(), text) {
		return errInvalid(name)
	}
	v.Set(element)
	return nil
}

// setPointer makes an optional struct or map only when a parameter is there.
func (d *decoder) setPointer(v reflect.Value, name string) *engine.Error {
	if _, found := d.params[name]; !found && !d.under(name+".") {
		return nil
	}
	v.Set(reflect.New(v.Type().Elem()))
	return d.set(v.Elem(), name)
}

func setScalar(v reflect.Value, text string) bool {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int64, reflect.Int32, reflect.Int:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil || strings.HasPrefix(text, "+") {
			return false
		}
		v.SetInt(n)
	case reflect.Bool:
		b := strings.ToLower(text)
		if b != "true" && b != "false" {
			return false
		}
		v.SetBool(b == "true")
	default:
		return false
	}
	return true
}

// setMap reads a JSON object in one parameter, or its flattened form.
func (d *decoder) setMap(v reflect.Value, name string) *engine.Error {
	if text, found := d.get(name); found {
		object, ok := parseObject(text)
		if !ok {
			return errInvalid(name)
		}
		v.Set(reflect.ValueOf(engine.JSONMap(object)))
		return nil
	}
	object := map[string]any{}
	for parameter := range d.params {
		key, found := strings.CutPrefix(parameter, name+".")
		if !found {
			continue
		}
		text, _ := d.get(parameter)
		head, rest, nested := strings.Cut(key, ".")
		if !nested {
			object[head] = leaf(text)
			continue
		}
		inner, _ := object[head].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
		}
		inner[rest] = text
		object[head] = inner
	}
	if len(object) > 0 {
		v.Set(reflect.ValueOf(engine.JSONMap(object)))
	}
	return nil
}

// leaf is a flattened member: an object if it is written as one, else text.
func leaf(text string) any {
	if object, ok := parseObject(text); ok {
		return object
	}
	return text
}

func parseObject(text string) (map[string]any, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if decoder.Decode(&object) != nil || object == nil || decoder.More() {
		return nil, false
	}
	return object, true
}

// setList reads F.1, F.2 …, in order and without a gap.
func (d *decoder) setList(v reflect.Value, name string) *engine.Error {
	element := v.Type().Elem()
	for n := 1; n <= maxItems+1; n++ {
		place := name + "." + strconv.Itoa(n)
		item := reflect.New(element).Elem()
		if element.Kind() == reflect.Struct {
			if !d.under(place + ".") {
				return nil
			}
			if refusal := d.fill(item, place+"."); refusal != nil {
				return refusal
			}
		} else {
			text, found := d.get(place)
			if !found {
				return nil
			}
			if !setScalar(item, text) {
				return errInvalid(place)
			}
		}
		v.Set(reflect.Append(v, item))
	}
	return errInvalid(name)
}
