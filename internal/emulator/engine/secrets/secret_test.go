package secrets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// put stores a version of a generic secret.
func put(w *enginetest.CryptoWorld, name, version, value string, stages ...string) (*secrets.PutSecretValueResponse, error) {
	w.Helper()
	in := &secrets.PutSecretValueRequest{SecretName: &name, VersionId: &version, SecretData: &value}
	if len(stages) > 0 {
		in.VersionStages = enginetest.Param(`["` + strings.Join(stages, `","`) + `"]`)
	}
	return enginetest.Ask[secrets.PutSecretValueResponse](w, w.Public(), "PutSecretValue", in)
}

// read answers a value by stage or, when it begins with "#", by version id.
func read(w *enginetest.CryptoWorld, name, which string) (string, error) {
	w.Helper()
	in := &secrets.GetSecretValueRequest{SecretName: &name, VersionStage: &which}
	if id, byID := strings.CutPrefix(which, "#"); byID {
		in.VersionId, in.VersionStage = &id, nil
	}
	out, err := enginetest.Ask[secrets.GetSecretValueResponse](w, w.Public(), "GetSecretValue", in)
	if err != nil {
		return "", err
	}
	return out.SecretData, nil
}

// stages lists a secret's versions as "id:label,label", deprecated ones included.
func stages(w *enginetest.CryptoWorld, name string) []string {
	w.Helper()
	out := enginetest.Must[secrets.ListSecretVersionIDsResponse](w, w.Public(), "ListSecretVersionIds", &secrets.ListSecretVersionIDsRequest{SecretName: &name, IncludeDeprecated: enginetest.Param("true"), PageSize: enginetest.Param(int64(100))})
	var all []string
	for _, v := range out.VersionIds.VersionId {
		slices.Sort(v.VersionStages.VersionStage)
		all = append(all, v.VersionId+":"+strings.Join(v.VersionStages.VersionStage, ","))
	}
	return all
}

func wantStages(w *enginetest.CryptoWorld, what, name string, want ...string) {
	w.Helper()
	if got := stages(w, name); !slices.Equal(got, want) {
		w.Errorf("%s: versions %v, want %v", what, got, want)
	}
}

func TestSecretNames(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	rds, ram := core.JSONMap{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1"}, core.JSONMap{"SecretSubType": "RamUserAccessKey", "UserName": "bob"}
	ecs := core.JSONMap{"SecretSubType": "Password", "RegionId": "cn-hangzhou", "InstanceId": "i-1"}
	account, accessKey, login := `{"Accounts":[{"AccountName":"a","AccountPassword":"p"}]}`, `{"AccessKeys":[{"AccessKeyId":"i","AccessKeySecret":"s"}]}`, `{"UserName":"root","Password":"p"}`
	for _, c := range []struct {
		kind, name, data string
		config           core.JSONMap
		want, code       string
	}{
		{"", "orders/db_password+x=y.z@a-b", "v", nil, "orders/db_password+x=y.z@a-b", ""},
		{"Generic", strings.Repeat("n", 192), "v", nil, strings.Repeat("n", 192), ""},
		{"Generic", strings.Repeat("n", 193), "v", nil, "", "InvalidParameter"},
		{"Generic", "has space", "v", nil, "", "InvalidParameter"},
		{"Generic", "nul\x00", "v", nil, "", "InvalidParameter"},
		{"Generic", "acs/mine", "v", nil, "", "InvalidParameter"},
		{"Generic", "", "v", nil, "", "MissingParameter"},
		{"Generic", "$Auto", "v", nil, "", "InvalidParameter"},
		{"Rds", "db", account, rds, "db", ""},
		{"Rds", "acs/db", account, rds, "", "InvalidParameter"},
		{"Rds", "db2", account, nil, "", "InvalidParameter"},
		{"Rds", "db3", account, core.JSONMap{"SecretSubType": "ThreeUsers", "DBInstanceId": "rm-1"}, "", "InvalidParameter"},
		{"Rds", "db4", "not json", rds, "", "InvalidParameter"},
		{"Rds", "db5", `{"note":"no credential"}`, rds, "", "InvalidParameter"},
		{"Redis", "cache", account, core.JSONMap{"SecretSubType": "DoubleUsers"}, "cache", ""},
		{"PolarDB", "polar", account, core.JSONMap{"SecretSubType": "SingleUser"}, "polar", ""},
		{"RAMCredentials", "$Auto", accessKey, ram, "acs/ram/user/bob", ""},
		{"RAMCredentials", "mine", accessKey, ram, "", "InvalidParameter"},
		{"ECS", "acs/ecs/web", login, ecs, "acs/ecs/web", ""},
		{"ECS", "web", login, ecs, "", "InvalidParameter"},
		{"ECS", "acs/ecs/", login, ecs, "", "InvalidParameter"},
		{"Vault", "v", "v", nil, "", "InvalidParameter"},
	} {
		in := &secrets.CreateSecretRequest{SecretName: &c.name, SecretType: &c.kind, SecretData: &c.data, VersionId: enginetest.Param("v1"), ExtendedConfig: c.config}
		out, err := enginetest.Ask[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.kind+" "+c.name, err, c.code)
			continue
		}
		if err != nil || out.SecretName != c.want || out.Arn != "acs:kms:"+w.E.Opts.Region+":"+w.E.Opts.Account+":secret/"+c.want {
			t.Errorf("%s %s: %+v, %v", c.kind, c.name, out, err)
		}
	}
}

func TestSecretLimits(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	pairs := func(n int) core.JSONMap {
		custom := map[string]any{}
		for i := range n {
			custom[fmt.Sprint(i)] = "v"
		}
		return core.JSONMap{"CustomData": custom}
	}
	for i, c := range []struct {
		name   string
		change func(*secrets.CreateSecretRequest)
		code   string
	}{
		{"nothing special", func(*secrets.CreateSecretRequest) {}, ""},
		{"largest value", func(r *secrets.CreateSecretRequest) { r.SecretData = enginetest.Param(strings.Repeat("x", 30720)) }, ""},
		{"value too large", func(r *secrets.CreateSecretRequest) { r.SecretData = enginetest.Param(strings.Repeat("x", 30721)) }, "InvalidParameter"},
		{"no value", func(r *secrets.CreateSecretRequest) { r.SecretData = nil }, "MissingParameter"},
		{"no version", func(r *secrets.CreateSecretRequest) { r.VersionId = nil }, "MissingParameter"},
		{"longest version", func(r *secrets.CreateSecretRequest) { r.VersionId = enginetest.Param(strings.Repeat("v", 64)) }, ""},
		{"version too long", func(r *secrets.CreateSecretRequest) { r.VersionId = enginetest.Param(strings.Repeat("v", 65)) }, "InvalidParameter"},
		{"binary", func(r *secrets.CreateSecretRequest) { r.SecretDataType = enginetest.Param("binary") }, ""},
		{"unknown data type", func(r *secrets.CreateSecretRequest) { r.SecretDataType = enginetest.Param("json") }, "InvalidParameter"},
		{"generic rotates", func(r *secrets.CreateSecretRequest) {
			r.EnableAutomaticRotation, r.RotationInterval = enginetest.Param(true), enginetest.Param("7d")
		}, "InvalidParameter"},
		{"ten pairs", func(r *secrets.CreateSecretRequest) { r.ExtendedConfig = pairs(10) }, ""},
		{"eleven pairs", func(r *secrets.CreateSecretRequest) { r.ExtendedConfig = pairs(11) }, "InvalidParameter"},
		{"long configuration", func(r *secrets.CreateSecretRequest) { r.ExtendedConfig = core.JSONMap{"x": strings.Repeat("x", 1024)} }, "InvalidParameter"},
		{"tags", func(r *secrets.CreateSecretRequest) {
			r.Tags = enginetest.Param(`[{"TagKey":"team","TagValue":"orders"}]`)
		}, ""},
		{"bad tags", func(r *secrets.CreateSecretRequest) { r.Tags = enginetest.Param(`{"team":"orders"}`) }, "InvalidParameter"},
		{"policy without an instance", func(r *secrets.CreateSecretRequest) { r.Policy = enginetest.Param(`{}`) }, "UnsupportedOperation"},
		{"unknown instance", func(r *secrets.CreateSecretRequest) { r.DKMSInstanceId = enginetest.Param("kst-none") }, "Forbidden.DKMSInstanceNotFound"},
		{"instance without key", func(r *secrets.CreateSecretRequest) { r.DKMSInstanceId = &w.Software }, "MissingParameter"},
		{"long description", func(r *secrets.CreateSecretRequest) { r.Description = enginetest.Param(strings.Repeat("d", 8193)) }, "InvalidParameter"},
	} {
		in := &secrets.CreateSecretRequest{SecretName: enginetest.Param(fmt.Sprintf("limit-%d", i)), SecretData: enginetest.Param("value"), VersionId: enginetest.Param("v1")}
		c.change(in)
		_, err := enginetest.Ask[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSecretKeyLivesInTheSameInstance(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	software, hardware := w.Key(w.Software, "Aliyun_AES_256", "").KeyId, w.Key(w.Hardware, "Aliyun_AES_256", "").KeyId
	plain, pair := w.Key("", "Aliyun_AES_256", "").KeyId, w.Key(w.Software, "RSA_2048", "").KeyId
	disabled := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	w.SetKey(disabled, func(k *core.Key) { k.State = core.StateDisabled })
	for _, c := range []struct{ instance, key, code string }{
		{w.Software, software, ""}, {"", plain, ""}, {"", "", ""}, {w.Hardware, hardware, ""},
		{w.Software, hardware, "InvalidParameter"}, {w.Software, plain, "InvalidParameter"}, {"", software, "InvalidParameter"},
		{w.Software, pair, "InvalidParameter"}, {w.Software, "none", "Forbidden.KeyNotFound"}, {w.Software, disabled, "Rejected.Disabled"},
	} {
		in := &secrets.CreateSecretRequest{SecretName: enginetest.Param("s-" + c.instance + "-" + c.key), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1")}
		if c.instance != "" {
			in.DKMSInstanceId = &c.instance
		}
		if c.key != "" {
			in.EncryptionKeyId = &c.key
		}
		_, err := enginetest.Ask[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.instance+" with "+c.key, err, c.code)
		} else if err != nil {
			t.Errorf("%s with %s: %v", c.instance, c.key, err)
		}
	}
	strict := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Strict = true })
	_, err := enginetest.Ask[secrets.CreateSecretResponse](strict, strict.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: enginetest.Param("s"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1")})
	enginetest.RefusedWith(t, "strict without an instance", err, "MissingParameter")
}

func TestSecretQuotaOfTheInstance(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	w.SetInstance(w.Software, func(i *core.KMSInstance) { i.SecretNum = "2" })
	w.Secret("elsewhere", "v1", "does not count")
	for i, code := range []string{"", "", "Rejected.LimitExceeded"} {
		_, err := enginetest.Ask[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: enginetest.Param(fmt.Sprint("s", i)), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1"), DKMSInstanceId: &w.Software, EncryptionKeyId: &key})
		if code != "" {
			enginetest.RefusedWith(t, "one too many", err, code)
		} else if err != nil {
			t.Errorf("secret %d: %v", i, err)
		}
	}
}

func TestStagesMove(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	w.Secret("s", "v1", "one")
	wantStages(w, "created", "s", "v1:ACSCurrent")
	if _, err := put(w, "s", "v2", "two"); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "put", "s", "v1:ACSPrevious", "v2:ACSCurrent")
	if _, err := put(w, "s", "v3", "three", "ACSNext"); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "custom label only", "s", "v1:ACSPrevious", "v2:ACSCurrent", "v3:ACSNext")
	if _, err := put(w, "s", "v4", "four", "ACSCurrent", "ACSNext"); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "both labels", "s", "v1:", "v2:ACSPrevious", "v3:", "v4:ACSCurrent,ACSNext")

	move := func(stage, from, to string) error {
		_, err := enginetest.Ask[secrets.SecretNameResponse](w, w.Public(), "UpdateSecretVersionStage", &secrets.UpdateSecretVersionStageRequest{SecretName: enginetest.Param("s"), VersionStage: &stage, MoveToVersion: &to, RemoveFromVersion: &from})
		return err
	}
	if err := move("ACSCurrent", "", "v2"); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "roll back", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSNext,ACSPrevious")
	if err := move("ACSNext", "v4", "v3"); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "move a label", "s", "v1:", "v2:ACSCurrent", "v3:ACSNext", "v4:ACSPrevious")
	if err := move("ACSNext", "v3", ""); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "remove a label", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSPrevious")
	for _, c := range []struct{ stage, from, to, code string }{
		{"ACSCurrent", "v2", "", "MissingParameter"},
		{"ACSPrevious", "v4", "", "MissingParameter"},
		{"Mine", "", "", "MissingParameter"},
		{"ACSCurrent", "", "v9", "Forbidden.ResourceNotFound"},
		{"ACSCurrent", "v9", "v1", "Forbidden.ResourceNotFound"},
		{"ACSCurrent", "v1", "v3", "InvalidParameter"}, // v1 has it not
		{"Mine", "v1", "", "InvalidParameter"},
		{"no spaces", "", "v1", "InvalidParameter"},
	} {
		enginetest.RefusedWith(t, fmt.Sprint(c), move(c.stage, c.from, c.to), c.code)
	}
	wantStages(w, "refusals change nothing", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSPrevious")
	for which, want := range map[string]string{"": "two", "ACSCurrent": "two", "ACSPrevious": "four", "#v1": "one", "#v3": "three"} {
		if got, err := read(w, "s", which); err != nil || got != want {
			t.Errorf("reading %q: %q, %v", which, got, err)
		}
	}
	for _, which := range []string{"ACSNext", "#v9"} {
		_, err := read(w, "s", which)
		enginetest.RefusedWith(t, which, err, "Forbidden.ResourceNotFound")
	}
	visible := enginetest.Must[secrets.ListSecretVersionIDsResponse](w, w.Public(), "ListSecretVersionIds", &secrets.ListSecretVersionIDsRequest{SecretName: enginetest.Param("s")})
	if visible.TotalCount != 2 || visible.PageSize != 10 {
		t.Errorf("deprecated versions show: %+v", visible)
	}
}

func TestPutSecretValueIsIdempotent(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	w.Secret("s", "v1", "one")
	if _, err := put(w, "s", "v2", "two"); err != nil {
		t.Fatal(err)
	}
	out, err := put(w, "s", "v1", "one")
	if err != nil || !slices.Equal(out.VersionStages.VersionStage, []string{"ACSPrevious"}) {
		t.Errorf("the same version again: %+v, %v", out, err)
	}
	wantStages(w, "the same again", "s", "v1:ACSPrevious", "v2:ACSCurrent")
	_, err = put(w, "s", "v1", "other")
	enginetest.RefusedWith(t, "the same id, another value", err, "Rejected.ResourceExist")
	_, err = enginetest.Ask[secrets.PutSecretValueResponse](w, w.Public(), "PutSecretValue", &secrets.PutSecretValueRequest{SecretName: enginetest.Param("s"), VersionId: enginetest.Param("v1"), SecretData: enginetest.Param("one"), SecretDataType: enginetest.Param("binary")})
	enginetest.RefusedWith(t, "the same id, another type", err, "Rejected.ResourceExist")
	arn := "acs:kms:" + w.E.Opts.Region + ":" + w.E.Opts.Account + ":secret/s"
	if _, err := put(w, arn, "v3", "three"); err != nil {
		t.Errorf("by ARN: %v", err)
	}
	for _, bad := range []string{`[]`, `["ACSPrevious"]`, `["A","A"]`, `"A"`, `[""]`, `["` + strings.Repeat("x", 65) + `"]`} {
		_, err := enginetest.Ask[secrets.PutSecretValueResponse](w, w.Public(), "PutSecretValue", &secrets.PutSecretValueRequest{SecretName: enginetest.Param("s"), VersionId: enginetest.Param("vx"), SecretData: enginetest.Param("x"), VersionStages: &bad})
		enginetest.RefusedWith(t, bad, err, "InvalidParameter")
	}
	_, err = put(w, "none", "v1", "x")
	enginetest.RefusedWith(t, "unknown secret", err, "Forbidden.ResourceNotFound")
}

func TestTenVersionsAndEightLabels(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	w.Secret("s", "v1", "1")
	if _, err := put(w, "s", "keep", "kept", "Keep"); err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= 12; i++ {
		if _, err := put(w, "s", fmt.Sprint("v", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	wantStages(w, "the oldest without a label go first", "s",
		"keep:Keep", "v4:", "v5:", "v6:", "v7:", "v8:", "v9:", "v10:", "v11:ACSPrevious", "v12:ACSCurrent")
	if _, err := read(w, "s", "#v1"); err == nil {
		t.Error("a rolled-off version can be read")
	}
	n := 0
	w.Change(func(tx *store.Tx) { n = w.E.Table.SecretVersion.Count(tx, w.Public().Scope("s\x00")) })
	if n != 10 {
		t.Errorf("%d versions are stored", n)
	}
	for i := range 5 {
		if _, err := put(w, "s", fmt.Sprint("l", i), "x", fmt.Sprint("Label", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := stages(w, "s") // Keep, five labels, current and previous: eight
	_, err := put(w, "s", "l9", "x", "Ninth")
	enginetest.RefusedWith(t, "a ninth label", err, "Rejected.LimitExceeded")
	wantStages(w, "nothing changed", "s", before...)
}

func TestDescribeUpdateAndListSecrets(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for i := range 23 {
		enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{
			SecretName: enginetest.Param(fmt.Sprintf("app/%02d", i)), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1"), Description: enginetest.Param(fmt.Sprint("number ", i)),
			Tags: enginetest.Param(fmt.Sprintf(`[{"TagKey":"n","TagValue":"%d"},{"TagKey":"parity","TagValue":"%d"}]`, i, i%2)),
		})
		if _, err := w.E.Advance(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	list := func(filters, tags string, page, size int64) (*secrets.ListSecretsResponse, error) {
		return enginetest.Ask[secrets.ListSecretsResponse](w, w.Public(), "ListSecrets", &secrets.ListSecretsRequest{Filters: &filters, FetchTags: &tags, PageNumber: &page, PageSize: &size})
	}
	for _, c := range []struct {
		filters    string
		page, size int64
		want, all  int
	}{
		{"", 1, 10, 10, 23}, {"", 3, 10, 3, 23}, {"", 4, 10, 0, 23}, {"", 1, 100, 23, 23},
		{`[{"Key":"SecretName","Values":["app/0"]}]`, 1, 100, 10, 10},
		{`[{"Key":"SecretName","Values":["app/01","app/02"]}]`, 1, 100, 2, 2},
		{`[{"Key":"Description","Values":["number 2"]}]`, 1, 100, 4, 4},
		{`[{"Key":"TagKey","Values":["parity"]}]`, 2, 20, 3, 23},
		{`[{"Key":"TagValue","Values":["22"]}]`, 1, 100, 1, 1},
		{`[{"Key":"TagKey","Values":["none"]}]`, 1, 100, 0, 0},
		{`[]`, 1, 100, 23, 23},
	} {
		out, err := list(c.filters, "false", c.page, c.size)
		if err != nil || len(out.SecretList.Secret) != c.want || out.TotalCount != c.all || out.PageNumber != int(c.page) {
			t.Errorf("%+v: %d of %d, %v", c, len(out.SecretList.Secret), out.TotalCount, err)
		}
		for _, s := range out.SecretList.Secret {
			if s.Tags != nil {
				t.Errorf("%s has tags unasked", s.SecretName)
			}
		}
	}
	for _, bad := range []string{`{"Key":"SecretName"}`, `[{"Key":"Color","Values":["red"]}]`, `[{"Key":"TagKey","Values":["1","2","3","4","5","6","7","8","9","10","11"]}]`} {
		_, err := list(bad, "", 1, 10)
		enginetest.RefusedWith(t, bad, err, "InvalidParameter")
	}
	for _, size := range []int64{0, 101} {
		_, err := list("", "", 1, size)
		enginetest.RefusedWith(t, "page size", err, "InvalidParameter")
	}
	tagged, err := list(`[{"Key":"TagValue","Values":["7"]}]`, "true", 1, 10)
	if err != nil || len(tagged.SecretList.Secret) != 1 || len(tagged.SecretList.Secret[0].Tags.Tag) != 2 || tagged.SecretList.Secret[0].Tags.Tag[0] != (secrets.SecretTag{"n", "7"}) {
		t.Errorf("with tags: %+v, %v", tagged, err)
	}

	enginetest.Must[secrets.SecretNameResponse](w, w.Public(), "UpdateSecret", &secrets.UpdateSecretRequest{SecretName: enginetest.Param("app/07"), Description: enginetest.Param("new")})
	d := enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("app/07"), FetchTags: enginetest.Param("true")})
	if d.Description != "new" || d.ExtendedConfig != "" || len(d.Tags.Tag) != 2 || d.UpdateTime == d.CreateTime || d.AutomaticRotation != "" {
		t.Errorf("%+v", d)
	}
	enginetest.Must[secrets.SecretNameResponse](w, w.Public(), "UpdateSecret", &secrets.UpdateSecretRequest{SecretName: enginetest.Param("app/07")})
	d = enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("app/07")})
	if d.Description != "new" || d.Tags != nil {
		t.Errorf("a description that was not sent changed, or tags came: %+v", d)
	}
}
