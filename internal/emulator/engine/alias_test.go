package engine_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

func TestAliasNames(t *testing.T) {
	w := newWorld(t)
	id := w.key(nil)
	for _, good := range []string{"alias/a", "alias/A-b_c/9", "alias/acsx", "alias/a/acs", "alias/" + strings.Repeat("x", 255)} {
		w.do("CreateAlias", fields{"AliasName": good, "KeyId": id})
	}
	for _, bad := range []string{"a", "alias/", "Alias/a", "alias/a b", "alias/é", "alias/a.b", "alias/acs", "alias/acs/kms", "alias/a\n", "alias/" + strings.Repeat("x", 256)} {
		for _, op := range []string{"CreateAlias", "UpdateAlias"} {
			w.refused("InvalidParameter", 400, op, fields{"AliasName": bad, "KeyId": id})
		}
		w.refused("InvalidParameter", 400, "DeleteAlias", fields{"AliasName": bad})
	}
}

func TestAliasLife(t *testing.T) {
	w := newWorld(t, func(o *engine.Options) { o.Quotas.Aliases = 2 })
	one, two := w.key(nil), w.key(nil)
	w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": one})
	w.refused("AliasAlreadyExists", 400, "CreateAlias", fields{"AliasName": "alias/a", "KeyId": two})
	w.do("CreateAlias", fields{"AliasName": "alias/b", "KeyId": one})
	w.refused("Rejected.LimitExceeded", 400, "CreateAlias", fields{"AliasName": "alias/c", "KeyId": two})
	w.do("UpdateAlias", fields{"AliasName": "alias/a", "KeyId": two})
	if got := w.metadata("alias/a")["KeyId"]; got != two {
		t.Errorf("alias/a points to %v, want %s", got, two)
	}
	for id, want := range map[string]string{one: "alias/b", two: "alias/a"} {
		all := list(w.do("ListAliasesByKeyId", fields{"KeyId": id}), "Aliases.Alias")
		if len(all) != 1 || all[0]["AliasName"] != want || all[0]["AliasArn"] != "acs:kms:cn-hangzhou:"+w.call.Account+":"+want {
			t.Errorf("aliases of %s: %v, want %s", id, all, want)
		}
	}
	w.do("DeleteAlias", fields{"AliasName": "alias/a"})
	w.refused("Forbidden.AliasNotFound", 404, "DeleteAlias", fields{"AliasName": "alias/a"})
	w.refused("Forbidden.AliasNotFound", 404, "UpdateAlias", fields{"AliasName": "alias/a", "KeyId": one})
	w.refused("Forbidden.KeyNotFound", 404, "CreateAlias", fields{"AliasName": "alias/a", "KeyId": "none"})
	w.refused("Unsupported.Alias", 400, "CreateAlias", fields{"AliasName": "alias/a", "KeyId": "alias/b"})
	w.refused("MissingParameter", 400, "CreateAlias", fields{"KeyId": one})
	w.refused("MissingParameter", 400, "CreateAlias", fields{"AliasName": "alias/a"})
	w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": one})
}
