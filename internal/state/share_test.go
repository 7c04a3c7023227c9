package state

import (
	"fmt"
	"reflect"
	"testing"
	"unsafe"
)

func TestWhatAStateSaysTwiceIsKeptOnce(t *testing.T) {
	st := New().Next("test")
	for i := range 3 {
		st.Resources = append(st.Resources, Resource{
			Address: fmt.Sprintf("key.k[%d]", i), Kind: "key", Gateway: "dev", Region: "cn-hangzhou", ID: fmt.Sprint("id", i), Managed: []string{"tags"},
			Attributes: map[string]any{"spec": "Aliyun_AES_256", "tags": map[string]any{"team": "orders"}, "days": 7.0, "none": nil, "list": []any{"a"}},
		})
	}
	data, err := Encode(st)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode("state", data)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got.Resources {
		if want := st.Resources[i]; !reflect.DeepEqual(r, want) {
			t.Errorf("%+v, want %+v", r, want)
		}
	}
	first, last := got.Resources[0], got.Resources[2]
	for name, texts := range map[string][2]string{
		"region": {first.Region, last.Region},
		"name":   {first.Managed[0], last.Managed[0]},
		"spec":   {first.Attributes["spec"].(string), last.Attributes["spec"].(string)},
		"tag":    {tag(first), tag(last)},
	} {
		if unsafe.StringData(texts[0]) != unsafe.StringData(texts[1]) {
			t.Errorf("the %s is kept twice", name)
		}
	}
}

func tag(r Resource) string { return r.Attributes["tags"].(map[string]any)["team"].(string) }
