package keys_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// TestListKeysFiltersByNamesAndTags: beside those of TestListKeysFilters, the current page of ListKeys
// (document_detail/28951) has the keys keyId, AliasName, Creator, TagKey and TagValue.
func TestListKeysFiltersByNamesAndTags(t *testing.T) {
	w := enginetest.NewWorld(t)
	var ids []string
	for i := range 3 {
		id := w.Key(enginetest.Fields{"Tags": fmt.Sprintf(`[{"TagKey":"n","TagValue":"%d"},{"TagKey":"k%d","TagValue":"same"}]`, i, i)})
		w.Do("CreateAlias", enginetest.Fields{"AliasName": fmt.Sprint("alias/a", i), "KeyId": id})
		w.Do("CreateAlias", enginetest.Fields{"AliasName": fmt.Sprint("alias/b", i), "KeyId": id})
		ids = append(ids, id)
		w.Advance(time.Millisecond)
	}
	for _, c := range []struct {
		filter string
		want   []string
	}{
		{`{"Key":"keyId","Values":["` + ids[1] + `"]}`, ids[1:2]},
		{`{"Key":"KeyId","Values":["` + ids[0] + `","` + ids[2] + `"]}`, []string{ids[0], ids[2]}},
		{`{"Key":"AliasName","Values":["alias/b2"]}`, ids[2:]},
		{`{"Key":"AliasName","Values":["alias/a"]}`, nil},
		{`{"Key":"Creator","Values":["` + w.Call.Account + `"]}`, ids},
		{`{"Key":"Creator","Values":["nobody"]}`, nil},
		{`{"Key":"TagKey","Values":["k0","k1"]}`, ids[:2]},
		{`{"Key":"TagValue","Values":["same"]}`, ids},
		{`{"Key":"TagValue","Values":["same"]},{"Key":"TagKey","Values":["k2"]}`, ids[2:]},
	} {
		var got []string
		for _, k := range enginetest.List(w.Do("ListKeys", enginetest.Fields{"Filters": "[" + c.filter + "]"}), "Keys.Key") {
			got = append(got, k["KeyId"].(string))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.filter, got, c.want)
		}
	}
}

// TestBulkTagsNeedARegion: TagResources, UntagResources and ListTagResources require RegionId (client.go of
// kms-20160120/v3 v3.2.3).
func TestBulkTagsNeedARegion(t *testing.T) {
	w := enginetest.NewWorld(t)
	for _, operation := range []string{"TagResources", "UntagResources", "ListTagResources"} {
		in := enginetest.Fields{"ResourceType": "key", "ResourceId": []string{w.Key(nil)}}
		switch operation {
		case "TagResources":
			in["Tag"] = []enginetest.Fields{{"Key": "a", "Value": "1"}}
		case "UntagResources":
			in["All"] = true
		}
		w.Refused("MissingParameter", 400, operation, in)
		w.Refused("InvalidParameter", 400, operation, enginetest.Merge(in, enginetest.Fields{"RegionId": "cn-beijing"}))
		w.Do(operation, enginetest.Merge(in, enginetest.Fields{"RegionId": w.Call.Region}))
	}
}

// TestUntagResources: "All … takes effect only when you specify an empty tag key", and "You cannot remove tags that
// start with aliyun or acs:" (UntagResources).
func TestUntagResources(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(enginetest.Fields{"Tags": `[{"TagKey":"a","TagValue":"1"},{"TagKey":"b","TagValue":"2"},{"TagKey":"c","TagValue":"3"}]`})
	untag := enginetest.Fields{"RegionId": w.Call.Region, "ResourceType": "key", "ResourceId": []string{id}}
	for _, c := range []struct {
		in   enginetest.Fields
		left string
	}{
		{enginetest.Fields{"TagKey": []string{"a", "missing"}}, "map[b:2 c:3]"},
		{enginetest.Fields{"TagKey": []string{"b"}, "All": true}, "map[c:3]"},
		{enginetest.Fields{"All": true}, "map[]"},
	} {
		w.Do("UntagResources", enginetest.Merge(untag, c.in))
		if left := fmt.Sprint(enginetest.TagsOf(w, id)); left != c.left {
			t.Errorf("%v leaves %s, want %s", c.in, left, c.left)
		}
	}
	w.Refused("MissingParameter", 400, "UntagResources", enginetest.Merge(untag, enginetest.Fields{"All": false}))
	for _, reserved := range []string{"aliyun", "aliyunX", "acs:x"} {
		w.Refused("InvalidParameter", 400, "UntagResources", enginetest.Merge(untag, enginetest.Fields{"TagKey": []string{reserved}}))
	}
}

// TestVersionsOfDefaultKeysUnderStrict: the current page of CreateKeyVersion says "only symmetric keys in software
// instances"; the provider's example makes versions of default keys, so that -strict alone refuses them.
func TestVersionsOfDefaultKeysUnderStrict(t *testing.T) {
	for _, c := range []struct {
		strict   bool
		rotation core.RotationProfile
		refusal  string
	}{{false, core.CurrentRotation, ""}, {true, core.CurrentRotation, "Rejected.UnsupportedOperation"}, {true, core.LegacyRotation, ""}} {
		w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict, o.Rotation = c.strict, c.rotation })
		if code, _ := w.Refusal("CreateKeyVersion", enginetest.Fields{"KeyId": w.Key(nil)}); code != c.refusal {
			t.Errorf("strict %v, profile %v: %q, want %q", c.strict, c.rotation, code, c.refusal)
		}
		w.Do("CreateKeyVersion", enginetest.Fields{"KeyId": w.InstanceKey(nil)})
	}
}

// TestLongestAlias: undocumented.AliasLimit characters after the prefix.
func TestLongestAlias(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/" + strings.Repeat("a", 255), "KeyId": id})
	for _, bad := range []string{"alias/" + strings.Repeat("a", 256), "alias/", "a", "alias/acs", "alias/acs/oss", "alias/ü"} {
		w.Refused("InvalidParameter", 400, "CreateAlias", enginetest.Fields{"AliasName": bad, "KeyId": id})
	}
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/acsorders", "KeyId": id})
}
