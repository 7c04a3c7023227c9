package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func tagsOf(w *world, id string) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, t := range list(w.do("ListResourceTags", fields{"KeyId": id}), "Tags.Tag") {
		if t["KeyId"] != id {
			w.Errorf("tag of %v listed for %s", t["KeyId"], id)
		}
		all[t["TagKey"].(string)] = t["TagValue"].(string)
	}
	return all
}

func TestBothTagFamiliesSeeTheSameTags(t *testing.T) {
	w := newWorld(t)
	id := w.key(fields{"Tags": `[{"TagKey":"team","TagValue":"orders"},{"TagKey":"kmsplan:owner","TagValue":"a/b@c=d"}]`})
	w.do("TagResource", fields{"KeyId": id, "Tags": `[{"TagKey":"team","TagValue":"billing"},{"TagKey":"env","TagValue":""}]`})
	w.do("TagResources", fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{id},
		"Tag": []fields{{"Key": "中文", "Value": "值"}, {"Key": "empty"}}})
	want := map[string]string{"team": "billing", "kmsplan:owner": "a/b@c=d", "env": "", "中文": "值", "empty": ""}
	if d := cmp.Diff(want, tagsOf(w, id)); d != "" {
		t.Error(d)
	}
	listed := map[string]string{}
	for _, r := range list(w.do("ListTagResources", fields{"ResourceType": "key", "ResourceId": []string{id}}), "TagResources.TagResource") {
		if r["ResourceId"] != id || r["ResourceType"] != "key" {
			t.Errorf("row %v", r)
		}
		listed[r["TagKey"].(string)] = r["TagValue"].(string)
	}
	if d := cmp.Diff(want, listed); d != "" {
		t.Error(d)
	}
	w.do("UntagResource", fields{"KeyId": id, "TagKeys": `["team","never there"]`})
	w.do("UntagResource", fields{"KeyId": id, "TagKeys": `env,empty`})
	w.do("UntagResources", fields{"ResourceType": "key", "ResourceId": []string{id}, "TagKey": []string{"中文", "never there"}})
	if d := cmp.Diff(map[string]string{"kmsplan:owner": "a/b@c=d"}, tagsOf(w, id)); d != "" {
		t.Error(d)
	}
	w.do("UntagResources", fields{"ResourceType": "key", "ResourceId": []string{id}, "All": true})
	if d := cmp.Diff(map[string]string{}, tagsOf(w, id)); d != "" {
		t.Error(d)
	}
}

func TestSecretsHaveTagsToo(t *testing.T) {
	w := newWorld(t)
	w.seed(`{"secrets":[{"name":"db","versions":[{"id":"v1","data":"x"}]}]}`)
	w.do("TagResource", fields{"SecretName": "db", "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
	w.do("TagResources", fields{"ResourceType": "secret", "ResourceId": []string{"db"}, "Tag": []fields{{"Key": "b", "Value": "2"}}})
	w.do("UntagResource", fields{"SecretName": "acs:kms:cn-hangzhou:" + w.call.Account + ":secret/db", "TagKeys": "a"})
	for _, in := range []fields{{"ResourceType": "secret"}, {"ResourceType": "secret", "ResourceId": []string{"db"}}} {
		all := list(w.do("ListTagResources", in), "TagResources.TagResource")
		if len(all) != 1 || all[0]["ResourceId"] != "db" || all[0]["TagKey"] != "b" {
			t.Errorf("%v: %v", in, all)
		}
	}
	w.refused("Forbidden.ResourceNotFound", 404, "TagResource", fields{"SecretName": "none", "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
}

func TestTagRefusals(t *testing.T) {
	w := newWorld(t)
	id := w.key(nil)
	one := `[{"TagKey":"a","TagValue":"1"}]`
	w.refused("MissingParameter", 400, "TagResource", fields{"Tags": one})
	w.refused("MissingParameter", 400, "TagResource", fields{"KeyId": id})
	w.refused("InvalidParameter", 400, "TagResource", fields{"KeyId": id, "SecretName": "s", "Tags": one})
	w.refused("InvalidParameter", 400, "TagResource", fields{"KeyId": id, "Tags": `{"a":"1"}`})
	w.refused("UnsupportedOperation", 400, "TagResource", fields{"CertificateId": "c", "Tags": one})
	w.refused("Forbidden.KeyNotFound", 404, "TagResource", fields{"KeyId": "none", "Tags": one})
	w.refused("MissingParameter", 400, "UntagResource", fields{"KeyId": id})
	w.refused("InvalidParameter", 400, "UntagResource", fields{"KeyId": id, "TagKeys": `[`})
	w.refused("InvalidParameter", 400, "UntagResource", fields{"KeyId": id, "TagKeys": `[]`})
	w.refused("InvalidParameter", 400, "UntagResource", fields{"KeyId": id, "TagKeys": strings.Repeat("x", 129)})

	bulk := func(change fields) fields {
		return merge(fields{"ResourceType": "key", "ResourceId": []string{id}, "Tag": []fields{{"Key": "a", "Value": "1"}}}, change)
	}
	many := make([]string, 51)
	var tags []fields
	for i := range 21 {
		tags = append(tags, fields{"Key": fmt.Sprint("k", i), "Value": "v"})
	}
	w.refused("MissingParameter", 400, "TagResources", bulk(fields{"ResourceType": ""}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"ResourceType": "alias"}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"RegionId": "cn-shanghai"}))
	w.refused("MissingParameter", 400, "TagResources", bulk(fields{"ResourceId": []string{}}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"ResourceId": many}))
	w.refused("MissingParameter", 400, "TagResources", bulk(fields{"Tag": []fields{}}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"Tag": tags}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"Tag": []fields{{"Value": "1"}}}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"Tag": []fields{{"Key": "acs:a"}}}))
	w.refused("InvalidParameter", 400, "TagResources", bulk(fields{"Tag": []fields{{"Key": "a"}, {"Key": "a"}}}))
	untag := fields{"ResourceType": "key", "ResourceId": []string{id}}
	w.refused("MissingParameter", 400, "UntagResources", untag)
	w.refused("InvalidParameter", 400, "UntagResources", merge(untag, fields{"All": true, "TagKey": []string{"a"}}))
	w.refused("InvalidParameter", 400, "UntagResources", merge(untag, fields{"TagKey": make([]string, 21)}))
	w.refused("InvalidParameter", 400, "ListTagResources", merge(untag, fields{"NextToken": "?"}))
	w.refused("InvalidParameter", 400, "ListTagResources", merge(untag, fields{"Tag": tags}))

	// One unknown id, and no resource is tagged.
	w.refused("Forbidden.KeyNotFound", 404, "TagResources", bulk(fields{"ResourceId": []string{id, "none"}}))
	if got := tagsOf(w, id); len(got) != 0 {
		t.Errorf("a refused call tagged %v", got)
	}
	// The old operation stops at ten tags, the new one at twenty.
	w.do("TagResources", bulk(fields{"Tag": tags[:10]}))
	w.refused("Rejected.LimitExceeded", 400, "TagResource", fields{"KeyId": id, "Tags": one})
	w.do("TagResources", bulk(fields{"Tag": tags[:20]}))
	w.refused("Rejected.LimitExceeded", 400, "TagResources", bulk(nil))
}

func TestListTagResourcesPagesAndFilters(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 25 {
		var tags []string
		for j := range 20 {
			tags = append(tags, fmt.Sprintf(`{"TagKey":"k%02d","TagValue":"%d"}`, j, i))
		}
		ids = append(ids, w.key(fields{"Tags": "[" + strings.Join(tags, ",") + "]"}))
	}
	rows := map[string]bool{}
	sizes := []int{}
	for token := ""; ; {
		out := w.do("ListTagResources", fields{"ResourceType": "key", "NextToken": token})
		page := list(out, "TagResources.TagResource")
		sizes = append(sizes, len(page))
		for _, r := range page {
			rows[fmt.Sprint(r["ResourceId"], r["TagKey"])] = true
		}
		if token = out["NextToken"].(string); token == "" {
			break
		}
	}
	if d := cmp.Diff([]int{200, 200, 100}, sizes); d != "" || len(rows) != 500 {
		t.Errorf("%d different rows in pages %v", len(rows), sizes)
	}
	for _, tc := range []struct {
		filter []fields
		want   int
	}{
		{[]fields{{"Key": "k00", "Value": "7"}}, 20},
		{[]fields{{"Key": "k00", "Value": "7"}, {"Key": "k01", "Value": "8"}}, 0},
		{[]fields{{"Key": "k00"}}, 200},
		{[]fields{{"Key": "none"}}, 0},
	} {
		all := list(w.do("ListTagResources", fields{"ResourceType": "key", "Tag": tc.filter}), "TagResources.TagResource")
		if len(all) != tc.want {
			t.Errorf("%v: %d rows, want %d", tc.filter, len(all), tc.want)
		}
	}
	some := list(w.do("ListTagResources", fields{"ResourceType": "key", "ResourceId": []string{ids[3], "none"}}), "TagResources.TagResource")
	if len(some) != 20 || some[0]["ResourceId"] != ids[3] {
		t.Errorf("%d rows of one key", len(some))
	}
}
