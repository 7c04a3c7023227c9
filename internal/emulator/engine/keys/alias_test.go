package keys_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestAliasNames(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(nil)
	for _, good := range []string{"alias/a", "alias/A-b_c/9", "alias/acsx", "alias/a/acs", "alias/" + strings.Repeat("x", 255)} {
		w.Do("CreateAlias", enginetest.Fields{"AliasName": good, "KeyId": id})
	}
	for _, bad := range []string{"a", "alias/", "Alias/a", "alias/a b", "alias/é", "alias/a.b", "alias/acs", "alias/acs/kms", "alias/a\n", "alias/" + strings.Repeat("x", 256)} {
		for _, op := range []string{"CreateAlias", "UpdateAlias"} {
			w.Refused("InvalidParameter", 400, op, enginetest.Fields{"AliasName": bad, "KeyId": id})
		}
		w.Refused("InvalidParameter", 400, "DeleteAlias", enginetest.Fields{"AliasName": bad})
	}
}

func TestAliasLife(t *testing.T) {
	w := enginetest.NewWorld(t, func(o *core.Options) { o.Quotas.Aliases = 2 })
	one, two := w.Key(nil), w.Key(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": one})
	w.Refused("AliasAlreadyExists", 400, "CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": two})
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/b", "KeyId": one})
	w.Refused("Rejected.LimitExceeded", 400, "CreateAlias", enginetest.Fields{"AliasName": "alias/c", "KeyId": two})
	w.Do("UpdateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": two})
	if got := w.Metadata("alias/a")["KeyId"]; got != two {
		t.Errorf("alias/a points to %v, want %s", got, two)
	}
	for id, want := range map[string]string{one: "alias/b", two: "alias/a"} {
		all := enginetest.List(w.Do("ListAliasesByKeyId", enginetest.Fields{"KeyId": id}), "Aliases.Alias")
		if len(all) != 1 || all[0]["AliasName"] != want || all[0]["AliasArn"] != "acs:kms:cn-hangzhou:"+w.Call.Account+":"+want {
			t.Errorf("aliases of %s: %v, want %s", id, all, want)
		}
	}
	w.Do("DeleteAlias", enginetest.Fields{"AliasName": "alias/a"})
	w.Refused("Forbidden.AliasNotFound", 404, "DeleteAlias", enginetest.Fields{"AliasName": "alias/a"})
	w.Refused("Forbidden.AliasNotFound", 404, "UpdateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": one})
	w.Refused("Forbidden.KeyNotFound", 404, "CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": "none"})
	w.Refused("Unsupported.Alias", 400, "CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": "alias/b"})
	w.Refused("MissingParameter", 400, "CreateAlias", enginetest.Fields{"KeyId": one})
	w.Refused("MissingParameter", 400, "CreateAlias", enginetest.Fields{"AliasName": "alias/a"})
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": one})
}
