package keys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestBothTagFamiliesSeeTheSameTags(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(enginetest.Fields{"Tags": `[{"TagKey":"team","TagValue":"orders"},{"TagKey":"kmsplan:owner","TagValue":"a/b@c=d"}]`})
	w.Do("TagResource", enginetest.Fields{"KeyId": id, "Tags": `[{"TagKey":"team","TagValue":"billing"},{"TagKey":"env","TagValue":""}]`})
	w.Do("TagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id},
		"Tag": []enginetest.Fields{{"Key": "中文", "Value": "值"}, {"Key": "empty"}}})
	want := map[string]string{"team": "billing", "kmsplan:owner": "a/b@c=d", "env": "", "中文": "值", "empty": ""}
	if d := cmp.Diff(want, enginetest.TagsOf(w, id)); d != "" {
		t.Error(d)
	}
	listed := map[string]string{}
	for _, r := range enginetest.List(w.Do("ListTagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id}}), "TagResources.TagResource") {
		if r["ResourceId"] != id || r["ResourceType"] != "key" {
			t.Errorf("row %v", r)
		}
		listed[r["TagKey"].(string)] = r["TagValue"].(string)
	}
	if d := cmp.Diff(want, listed); d != "" {
		t.Error(d)
	}
	w.Do("UntagResource", enginetest.Fields{"KeyId": id, "TagKeys": `["team","never there"]`})
	w.Do("UntagResource", enginetest.Fields{"KeyId": id, "TagKeys": `env,empty`})
	w.Do("UntagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id}, "TagKey": []string{"中文", "never there"}})
	if d := cmp.Diff(map[string]string{"kmsplan:owner": "a/b@c=d"}, enginetest.TagsOf(w, id)); d != "" {
		t.Error(d)
	}
	w.Do("UntagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id}, "All": true})
	if d := cmp.Diff(map[string]string{}, enginetest.TagsOf(w, id)); d != "" {
		t.Error(d)
	}
}

func TestSecretsHaveTagsToo(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Seed(`{"secrets":[{"name":"db","versions":[{"id":"v1","data":"x"}]}]}`)
	w.Do("TagResource", enginetest.Fields{"SecretName": "db", "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
	w.Do("TagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "secret", "ResourceId": []string{"db"}, "Tag": []enginetest.Fields{{"Key": "b", "Value": "2"}}})
	w.Do("UntagResource", enginetest.Fields{"SecretName": "acs:kms:cn-hangzhou:" + w.Call.Account + ":secret/db", "TagKeys": "a"})
	for _, in := range []enginetest.Fields{{"RegionId": "cn-hangzhou", "ResourceType": "secret"}, {"RegionId": "cn-hangzhou", "ResourceType": "secret", "ResourceId": []string{"db"}}} {
		all := enginetest.List(w.Do("ListTagResources", in), "TagResources.TagResource")
		if len(all) != 1 || all[0]["ResourceId"] != "db" || all[0]["TagKey"] != "b" {
			t.Errorf("%v: %v", in, all)
		}
	}
	w.Refused("Forbidden.ResourceNotFound", 404, "TagResource", enginetest.Fields{"SecretName": "none", "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
}

func TestTagRefusals(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(nil)
	one := `[{"TagKey":"a","TagValue":"1"}]`
	w.Refused("MissingParameter", 400, "TagResource", enginetest.Fields{"Tags": one})
	w.Refused("MissingParameter", 400, "TagResource", enginetest.Fields{"KeyId": id})
	w.Refused("InvalidParameter", 400, "TagResource", enginetest.Fields{"KeyId": id, "SecretName": "s", "Tags": one})
	w.Refused("InvalidParameter", 400, "TagResource", enginetest.Fields{"KeyId": id, "Tags": `{"a":"1"}`})
	w.Refused("UnsupportedOperation", 400, "TagResource", enginetest.Fields{"CertificateId": "c", "Tags": one})
	w.Refused("Forbidden.KeyNotFound", 404, "TagResource", enginetest.Fields{"KeyId": "none", "Tags": one})
	w.Refused("MissingParameter", 400, "UntagResource", enginetest.Fields{"KeyId": id})
	w.Refused("InvalidParameter", 400, "UntagResource", enginetest.Fields{"KeyId": id, "TagKeys": `[`})
	w.Refused("InvalidParameter", 400, "UntagResource", enginetest.Fields{"KeyId": id, "TagKeys": `[]`})
	w.Refused("InvalidParameter", 400, "UntagResource", enginetest.Fields{"KeyId": id, "TagKeys": strings.Repeat("x", 129)})

	bulk := func(change enginetest.Fields) enginetest.Fields {
		return enginetest.Merge(enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id}, "Tag": []enginetest.Fields{{"Key": "a", "Value": "1"}}}, change)
	}
	many := make([]string, 51)
	var tags []enginetest.Fields
	for i := range 21 {
		tags = append(tags, enginetest.Fields{"Key": fmt.Sprint("k", i), "Value": "v"})
	}
	w.Refused("MissingParameter", 400, "TagResources", bulk(enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": ""}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "alias"}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"RegionId": "cn-shanghai"}))
	w.Refused("MissingParameter", 400, "TagResources", bulk(enginetest.Fields{"ResourceId": []string{}}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"ResourceId": many}))
	w.Refused("MissingParameter", 400, "TagResources", bulk(enginetest.Fields{"Tag": []enginetest.Fields{}}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"Tag": tags}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"Tag": []enginetest.Fields{{"Value": "1"}}}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"Tag": []enginetest.Fields{{"Key": "acs:a"}}}))
	w.Refused("InvalidParameter", 400, "TagResources", bulk(enginetest.Fields{"Tag": []enginetest.Fields{{"Key": "a"}, {"Key": "a"}}}))
	untag := enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id}}
	w.Refused("MissingParameter", 400, "UntagResources", untag)
	w.Refused("InvalidParameter", 400, "UntagResources", enginetest.Merge(untag, enginetest.Fields{"TagKey": make([]string, 21)}))
	w.Refused("InvalidParameter", 400, "ListTagResources", enginetest.Merge(untag, enginetest.Fields{"NextToken": "?"}))
	w.Refused("InvalidParameter", 400, "ListTagResources", enginetest.Merge(untag, enginetest.Fields{"Tag": tags}))

	// One unknown id, and no resource is tagged.
	w.Refused("Forbidden.KeyNotFound", 404, "TagResources", bulk(enginetest.Fields{"ResourceId": []string{id, "none"}}))
	if got := enginetest.TagsOf(w, id); len(got) != 0 {
		t.Errorf("a refused call tagged %v", got)
	}
	// The old operation stops at ten tags, the new one at twenty.
	w.Do("TagResources", bulk(enginetest.Fields{"Tag": tags[:10]}))
	w.Refused("Rejected.LimitExceeded", 400, "TagResource", enginetest.Fields{"KeyId": id, "Tags": one})
	w.Do("TagResources", bulk(enginetest.Fields{"Tag": tags[:20]}))
	w.Refused("Rejected.LimitExceeded", 400, "TagResources", bulk(nil))
}

func TestListTagResourcesPagesAndFilters(t *testing.T) {
	w := enginetest.NewWorld(t)
	var ids []string
	for i := range 25 {
		var tags []string
		for j := range 20 {
			tags = append(tags, fmt.Sprintf(`{"TagKey":"k%02d","TagValue":"%d"}`, j, i))
		}
		ids = append(ids, w.Key(enginetest.Fields{"Tags": "[" + strings.Join(tags, ",") + "]"}))
	}
	for _, tc := range []struct {
		of    []string
		pages []int
	}{
		{nil, []int{200, 200, 100}},
		{append([]string{"none"}, ids[:15]...), []int{200, 100}},
		{ids[:10], []int{200}},
	} {
		rows := map[string]bool{}
		sizes := []int{}
		for token := ""; ; {
			out := w.Do("ListTagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "NextToken": token, "ResourceId": tc.of})
			page := enginetest.List(out, "TagResources.TagResource")
			sizes = append(sizes, len(page))
			for _, r := range page {
				rows[fmt.Sprint(r["ResourceId"], r["TagKey"])] = true
			}
			if token = out["NextToken"].(string); token == "" {
				break
			}
		}
		sum := 0
		for _, n := range sizes {
			sum += n
		}
		if d := cmp.Diff(tc.pages, sizes); d != "" || len(rows) != sum {
			t.Errorf("of %v: %d different rows in pages %v", tc.of, len(rows), sizes)
		}
	}
	for _, tc := range []struct {
		filter []enginetest.Fields
		want   int
	}{
		{[]enginetest.Fields{{"Key": "k00", "Value": "7"}}, 20},
		{[]enginetest.Fields{{"Key": "k00", "Value": "7"}, {"Key": "k01", "Value": "8"}}, 0},
		{[]enginetest.Fields{{"Key": "k00"}}, 200},
		{[]enginetest.Fields{{"Key": "none"}}, 0},
	} {
		all := enginetest.List(w.Do("ListTagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "Tag": tc.filter}), "TagResources.TagResource")
		if len(all) != tc.want {
			t.Errorf("%v: %d rows, want %d", tc.filter, len(all), tc.want)
		}
	}
	some := enginetest.List(w.Do("ListTagResources", enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{ids[3], "none"}}), "TagResources.TagResource")
	if len(some) != 20 || some[0]["ResourceId"] != ids[3] {
		t.Errorf("%d rows of one key", len(some))
	}
}
