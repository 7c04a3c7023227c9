package keys_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestListKeysFilters(t *testing.T) {
	w := enginetest.NewWorld(t).WithHardware()
	next := func(id string) string { w.Advance(time.Millisecond); return id }
	aes, ec, disabled := next(w.Key(nil)), next(w.InstanceKey(enginetest.Fields{"KeySpec": "EC_P256"})), next(w.InstanceKey(nil))
	w.Do("DisableKey", enginetest.Fields{"KeyId": disabled})
	hsm := next(w.Key(enginetest.Fields{"DKMSInstanceId": enginetest.Hardware}))
	w.Seed(`{"keys":[{"id":"service","service":true}]}`)
	for _, tc := range []struct {
		filters string
		want    []string
	}{
		{``, []string{aes, ec, disabled, hsm, "service"}},
		{`[]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
		{`[{"Key":"KeyState","Values":[]}]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["PendingDeletion"]}]`, nil},
		{`[{"Key":"KeySpec","Values":["EC_P256","RSA_2048"]}]`, []string{ec}},
		{`[{"Key":"KeyUsage","Values":["SIGN/VERIFY"]}]`, []string{ec}},
		{`[{"Key":"ProtectionLevel","Values":["HSM"]}]`, []string{hsm}},
		{`[{"Key":"CreatorType","Values":["Service"]}]`, []string{"service"}},
		{`[{"Key":"DKMSInstanceId","Values":["` + enginetest.Hardware + `"]}]`, []string{hsm}},
		{`[{"Key":"KeyState","Values":["Enabled"]},{"Key":"KeySpec","Values":["EC_P256"]}]`, []string{ec}},
		{`[{"Key":"KeySpec","Values":["EC_P256"]},{"Key":"KeySpec","Values":["Aliyun_AES_256"]},{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
	} {
		out := w.Do("ListKeys", enginetest.Fields{"Filters": tc.filters})
		var got []string
		for _, k := range enginetest.List(out, "Keys.Key") {
			got = append(got, k["KeyId"].(string))
		}
		if !slices.Equal(got, tc.want) || out["TotalCount"] != float64(len(tc.want)) {
			t.Errorf("%s: %v of %v, want %v", tc.filters, got, out["TotalCount"], tc.want)
		}
	}
	for _, bad := range []string{
		`{}`, `[{"Key":"Color"}]`, `x`, `[] []`,
		`[` + strings.Repeat(`{"Key":"KeyState"},`, 10) + `{"Key":"KeyState"}]`,
		`[{"Key":"KeyState","Values":["1","2","3","4","5","6","7","8","9","10","11"]}]`,
	} {
		w.Refused("InvalidParameter", 400, "ListKeys", enginetest.Fields{"Filters": bad})
	}
}

// Pages put together are the whole list, in one order, whatever their size.
func TestPagesMakeUpTheList(t *testing.T) {
	const keys = 23
	w := enginetest.NewWorld(t, enginetest.Generous)
	var ids, aliases []string
	for i := range keys {
		w.Advance(time.Duration(i%3) * time.Second) // several keys share an instant
		id := w.Key(nil)
		alias := fmt.Sprintf("alias/%02d", keys-i)
		w.Do("CreateAlias", enginetest.Fields{"AliasName": alias, "KeyId": firstOr(ids, id)})
		ids, aliases = append(ids, id), append(aliases, alias)
	}
	rotated := w.InstanceKey(nil)
	ids = append(ids, rotated)
	for range keys - 1 {
		w.Do("CreateKeyVersion", enginetest.Fields{"KeyId": rotated})
	}
	lists := []struct {
		op, path, field string
		in              enginetest.Fields
		total           int
	}{
		{"ListKeys", "Keys.Key", "KeyId", enginetest.Fields{}, keys + 1},
		{"ListKeys", "Keys.Key", "KeyId", enginetest.Fields{"Filters": `[{"Key":"KeyState","Values":["Enabled"]}]`}, keys + 1},
		{"ListAliases", "Aliases.Alias", "AliasName", enginetest.Fields{}, keys},
		{"ListAliasesByKeyId", "Aliases.Alias", "AliasName", enginetest.Fields{"KeyId": ids[0]}, keys},
		{"ListKeyVersions", "KeyVersions.KeyVersion", "KeyVersionId", enginetest.Fields{"KeyId": rotated}, keys},
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := rapid.SampledFrom(lists).Draw(rt, "list")
		size := rapid.IntRange(1, 100).Draw(rt, "size")
		var got []string
		for number := 1; ; number++ {
			in := enginetest.Fields{"PageNumber": number, "PageSize": size}
			for k, v := range l.in {
				in[k] = v
			}
			out := w.Do(l.op, in)
			if out["TotalCount"] != float64(l.total) || out["PageNumber"] != float64(number) || out["PageSize"] != float64(size) {
				rt.Fatalf("%s page %d: %v", l.op, number, out)
			}
			page := enginetest.List(out, l.path)
			if want := min(size, max(0, l.total-(number-1)*size)); len(page) != want {
				rt.Fatalf("%s page %d of size %d has %d items, want %d", l.op, number, size, len(page), want)
			}
			for _, item := range page {
				got = append(got, item[l.field].(string))
			}
			if len(page) < size {
				break
			}
		}
		whole := enginetest.List(w.Do(l.op, enginetest.Merge(l.in, enginetest.Fields{"PageSize": 100})), l.path)
		for i, item := range whole {
			if got[i] != item[l.field] {
				rt.Fatalf("%s: item %d is %s by pages of %d, %v at once", l.op, i, got[i], size, item[l.field])
			}
		}
	})
	for _, l := range lists {
		for _, bad := range []enginetest.Fields{{"PageNumber": 0}, {"PageNumber": -1}, {"PageNumber": 1 << 40}, {"PageSize": -1}, {"PageSize": 102}} {
			w.Refused("InvalidParameter", 400, l.op, enginetest.Merge(l.in, bad))
		}
		// ListKeys documents sizes from 1, the others from 0.
		if none := enginetest.Merge(l.in, enginetest.Fields{"PageSize": 0}); l.op == "ListKeys" {
			w.Refused("InvalidParameter", 400, l.op, none)
		} else if out := w.Do(l.op, none); out["PageSize"] != 10.0 {
			t.Errorf("%s: size 0 is %v", l.op, out["PageSize"])
		}
		if out := w.Do(l.op, l.in); out["PageSize"] != 10.0 || out["PageNumber"] != 1.0 {
			t.Errorf("%s: default page %v of size %v", l.op, out["PageNumber"], out["PageSize"])
		}
		if out := w.Do(l.op, enginetest.Merge(l.in, enginetest.Fields{"PageNumber": 1<<31 - 1, "PageSize": 100})); len(enginetest.List(out, l.path)) != 0 {
			t.Errorf("%s: the last possible page is not empty", l.op)
		}
	}
	// Keys come in the order of their creation.
	created := enginetest.List(w.Do("ListAliases", enginetest.Fields{"PageSize": 100}), "Aliases.Alias")
	var seconds []string
	for _, k := range enginetest.List(w.Do("ListKeys", enginetest.Fields{"PageSize": 100}), "Keys.Key") {
		seconds = append(seconds, w.Metadata(k["KeyId"].(string))["CreationDate"].(string))
	}
	if !slices.IsSorted(seconds) || len(created) != len(aliases) {
		t.Errorf("keys are listed by creation %v", seconds)
	}
}

// firstOr is the first of the ids, or first: all aliases point to the first key.
func firstOr(ids []string, first string) string {
	if len(ids) > 0 {
		return ids[0]
	}
	return first
}

func TestEmptyListsAreArrays(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Call.Region = "cn-shanghai" // nothing there
	id := w.Key(nil)
	for _, tc := range []struct {
		op, path string
		in       enginetest.Fields
	}{
		{"ListAliases", "Aliases.Alias", nil},
		{"ListAliasesByKeyId", "Aliases.Alias", enginetest.Fields{"KeyId": id}},
		{"ListResourceTags", "Tags.Tag", enginetest.Fields{"KeyId": id}},
		{"ListTagResources", "TagResources.TagResource", enginetest.Fields{"RegionId": w.Call.Region, "ResourceType": "key", "ResourceId": []string{id}}},
		{"ListKmsInstances", "KmsInstances.KmsInstance", nil},
		{"ListApplicationAccessPoints", "ApplicationAccessPoints.ApplicationAccessPoint", nil},
		{"ListNetworkRules", "NetworkRules.NetworkRule", nil},
		{"ListPolicies", "Policies.Policy", nil},
		{"ListSecrets", "SecretList.Secret", nil},
		{"ListKeys", "Keys.Key", enginetest.Fields{"PageNumber": 2}},
		{"ListKeyVersions", "KeyVersions.KeyVersion", enginetest.Fields{"KeyId": id, "PageNumber": 2}},
	} {
		if all := enginetest.List(w.Do(tc.op, tc.in), tc.path); len(all) != 0 {
			t.Errorf("%s: %v", tc.op, all)
		}
	}
}
