package emulator_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// TestEveryOperationOfTheSDK calls every operation that the vendor's SDK has,
// once without and once with every parameter filled. Each must be known to the
// emulator and answer in the service's words, and no parameter may go unread.
func TestEveryOperationOfTheSDK(t *testing.T) {
	s := emulatortest.New(t, func(o *emulator.Options) { o.QuotaFigures.DefaultKeys = 1000 })
	r := s.Ready()
	client := reflect.ValueOf(sdk(t, r, r.Public.HTTPS, nil))
	served := 0
	for i := range client.NumMethod() {
		name := client.Type().Method(i).Name
		method := client.Method(i)
		if !strings.HasSuffix(name, "WithOptions") {
			continue
		}
		plain := client.MethodByName(strings.TrimSuffix(name, "WithOptions"))
		served++
		for _, full := range []bool{false, true} {
			in := []reflect.Value{}
			if plain.Type().NumIn() == 1 {
				request := reflect.New(method.Type().In(0).Elem())
				if full {
					fill(request.Elem())
				}
				in = append(in, request)
			}
			out := plain.Call(in)
			err, _ := out[1].Interface().(error)
			var refusal *tea.SDKError
			switch {
			case err == nil:
			case !errors.As(err, &refusal):
				t.Errorf("%s: %v", name, err)
			case strings.HasPrefix(tea.StringValue(refusal.Code), "InvalidAction"), tea.IntValue(refusal.StatusCode) >= 500:
				t.Errorf("%s: %s", name, tea.StringValue(refusal.Message))
			}
		}
	}
	if served != 92 {
		t.Errorf("the SDK has %d operations, 92 are known", served)
	}
	for operation, names := range s.Calls().Unread() {
		if strings.Contains(operation, "Certificate") {
			continue // refused as a whole, whatever is sent
		}
		t.Errorf("%s: nothing reads %v", operation, names)
	}
	if failed := s.Calls().Calls(calllog.Filter{Status: 500}); len(failed) > 0 {
		t.Errorf("failures: %+v", failed)
	}
}

// fill gives every field of a request some value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"k": "v"}))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	}
}
