package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// put stores a version of a generic secret.
func (w *cryptoWorld) put(name, version, value string, stages ...string) (*putSecretValueResponse, error) {
	w.Helper()
	in := &putSecretValueRequest{SecretName: &name, VersionId: &version, SecretData: &value}
	if len(stages) > 0 {
		in.VersionStages = param(`["` + strings.Join(stages, `","`) + `"]`)
	}
	return ask[putSecretValueResponse](w, w.public(), "PutSecretValue", in)
}

// read answers a value by stage or, when it begins with "#", by version id.
func (w *cryptoWorld) read(name, which string) (string, error) {
	w.Helper()
	in := &getSecretValueRequest{SecretName: &name, VersionStage: &which}
	if id, byID := strings.CutPrefix(which, "#"); byID {
		in.VersionId, in.VersionStage = &id, nil
	}
	out, err := ask[getSecretValueResponse](w, w.public(), "GetSecretValue", in)
	if err != nil {
		return "", err
	}
	return out.SecretData, nil
}

// stages lists a secret's versions as "id:label,label", deprecated ones included.
func (w *cryptoWorld) stages(name string) []string {
	w.Helper()
	out := must[listSecretVersionIDsResponse](w, w.public(), "ListSecretVersionIds", &listSecretVersionIDsRequest{SecretName: &name, IncludeDeprecated: param("true"), PageSize: param(int64(100))})
	var all []string
	for _, v := range out.VersionIds.VersionId {
		slices.Sort(v.VersionStages.VersionStage)
		all = append(all, v.VersionId+":"+strings.Join(v.VersionStages.VersionStage, ","))
	}
	return all
}

func (w *cryptoWorld) wantStages(what, name string, want ...string) {
	w.Helper()
	if got := w.stages(name); !slices.Equal(got, want) {
		w.Errorf("%s: versions %v, want %v", what, got, want)
	}
}

func TestSecretNames(t *testing.T) {
	w := newCryptoWorld(t)
	rds, ram := JSONMap{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1"}, JSONMap{"SecretSubType": "RamUserAccessKey", "UserName": "bob"}
	ecs := JSONMap{"SecretSubType": "Password", "RegionId": "cn-hangzhou", "InstanceId": "i-1"}
	account, accessKey, login := `{"Accounts":[{"AccountName":"a","AccountPassword":"p"}]}`, `{"AccessKeys":[{"AccessKeyId":"i","AccessKeySecret":"s"}]}`, `{"UserName":"root","Password":"p"}`
	for _, c := range []struct {
		kind, name, data string
		config           JSONMap
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
		{"Rds", "db3", account, JSONMap{"SecretSubType": "ThreeUsers", "DBInstanceId": "rm-1"}, "", "InvalidParameter"},
		{"Rds", "db4", "not json", rds, "", "InvalidParameter"},
		{"Rds", "db5", `{"note":"no credential"}`, rds, "", "InvalidParameter"},
		{"Redis", "cache", account, JSONMap{"SecretSubType": "DoubleUsers"}, "cache", ""},
		{"PolarDB", "polar", account, JSONMap{"SecretSubType": "SingleUser"}, "polar", ""},
		{"RAMCredentials", "$Auto", accessKey, ram, "acs/ram/user/bob", ""},
		{"RAMCredentials", "mine", accessKey, ram, "", "InvalidParameter"},
		{"ECS", "acs/ecs/web", login, ecs, "acs/ecs/web", ""},
		{"ECS", "web", login, ecs, "", "InvalidParameter"},
		{"ECS", "acs/ecs/", login, ecs, "", "InvalidParameter"},
		{"Vault", "v", "v", nil, "", "InvalidParameter"},
	} {
		in := &createSecretRequest{SecretName: &c.name, SecretType: &c.kind, SecretData: &c.data, VersionId: param("v1"), ExtendedConfig: c.config}
		out, err := ask[createSecretResponse](w, w.public(), "CreateSecret", in)
		if c.code != "" {
			refusedWith(t, c.kind+" "+c.name, err, c.code)
			continue
		}
		if err != nil || out.SecretName != c.want || out.Arn != "acs:kms:"+w.e.opts.Region+":"+w.e.opts.Account+":secret/"+c.want {
			t.Errorf("%s %s: %+v, %v", c.kind, c.name, out, err)
		}
	}
}

func TestSecretLimits(t *testing.T) {
	w := newCryptoWorld(t)
	pairs := func(n int) JSONMap {
		custom := map[string]any{}
		for i := range n {
			custom[fmt.Sprint(i)] = "v"
		}
		return JSONMap{"CustomData": custom}
	}
	for i, c := range []struct {
		name   string
		change func(*createSecretRequest)
		code   string
	}{
		{"nothing special", func(*createSecretRequest) {}, ""},
		{"largest value", func(r *createSecretRequest) { r.SecretData = param(strings.Repeat("x", 30720)) }, ""},
		{"value too large", func(r *createSecretRequest) { r.SecretData = param(strings.Repeat("x", 30721)) }, "InvalidParameter"},
		{"no value", func(r *createSecretRequest) { r.SecretData = nil }, "MissingParameter"},
		{"no version", func(r *createSecretRequest) { r.VersionId = nil }, "MissingParameter"},
		{"longest version", func(r *createSecretRequest) { r.VersionId = param(strings.Repeat("v", 64)) }, ""},
		{"version too long", func(r *createSecretRequest) { r.VersionId = param(strings.Repeat("v", 65)) }, "InvalidParameter"},
		{"binary", func(r *createSecretRequest) { r.SecretDataType = param("binary") }, ""},
		{"unknown data type", func(r *createSecretRequest) { r.SecretDataType = param("json") }, "InvalidParameter"},
		{"generic rotates", func(r *createSecretRequest) {
			r.EnableAutomaticRotation, r.RotationInterval = param(true), param("7d")
		}, "InvalidParameter"},
		{"ten pairs", func(r *createSecretRequest) { r.ExtendedConfig = pairs(10) }, ""},
		{"eleven pairs", func(r *createSecretRequest) { r.ExtendedConfig = pairs(11) }, "InvalidParameter"},
		{"long configuration", func(r *createSecretRequest) { r.ExtendedConfig = JSONMap{"x": strings.Repeat("x", 1024)} }, "InvalidParameter"},
		{"tags", func(r *createSecretRequest) { r.Tags = param(`[{"TagKey":"team","TagValue":"orders"}]`) }, ""},
		{"bad tags", func(r *createSecretRequest) { r.Tags = param(`{"team":"orders"}`) }, "InvalidParameter"},
		{"policy without an instance", func(r *createSecretRequest) { r.Policy = param(`{}`) }, "UnsupportedOperation"},
		{"unknown instance", func(r *createSecretRequest) { r.DKMSInstanceId = param("kst-none") }, "Forbidden.DKMSInstanceNotFound"},
		{"instance without key", func(r *createSecretRequest) { r.DKMSInstanceId = &w.software }, "MissingParameter"},
		{"long description", func(r *createSecretRequest) { r.Description = param(strings.Repeat("d", 8193)) }, "InvalidParameter"},
	} {
		in := &createSecretRequest{SecretName: param(fmt.Sprintf("limit-%d", i)), SecretData: param("value"), VersionId: param("v1")}
		c.change(in)
		_, err := ask[createSecretResponse](w, w.public(), "CreateSecret", in)
		if c.code != "" {
			refusedWith(t, c.name, err, c.code)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSecretKeyLivesInTheSameInstance(t *testing.T) {
	w := newCryptoWorld(t)
	software, hardware := w.key(w.software, "Aliyun_AES_256", "").KeyId, w.key(w.hardware, "Aliyun_AES_256", "").KeyId
	plain, pair := w.key("", "Aliyun_AES_256", "").KeyId, w.key(w.software, "RSA_2048", "").KeyId
	disabled := w.key(w.software, "Aliyun_AES_256", "").KeyId
	w.setKey(disabled, func(k *Key) { k.State = stateDisabled })
	for _, c := range []struct{ instance, key, code string }{
		{w.software, software, ""}, {"", plain, ""}, {"", "", ""}, {w.hardware, hardware, ""},
		{w.software, hardware, "InvalidParameter"}, {w.software, plain, "InvalidParameter"}, {"", software, "InvalidParameter"},
		{w.software, pair, "InvalidParameter"}, {w.software, "none", "Forbidden.KeyNotFound"}, {w.software, disabled, "Rejected.Disabled"},
	} {
		in := &createSecretRequest{SecretName: param("s-" + c.instance + "-" + c.key), SecretData: param("v"), VersionId: param("v1")}
		if c.instance != "" {
			in.DKMSInstanceId = &c.instance
		}
		if c.key != "" {
			in.EncryptionKeyId = &c.key
		}
		_, err := ask[createSecretResponse](w, w.public(), "CreateSecret", in)
		if c.code != "" {
			refusedWith(t, c.instance+" with "+c.key, err, c.code)
		} else if err != nil {
			t.Errorf("%s with %s: %v", c.instance, c.key, err)
		}
	}
	strict := newCryptoWorld(t, func(o *Options) { o.Strict = true })
	_, err := ask[createSecretResponse](strict, strict.public(), "CreateSecret", &createSecretRequest{SecretName: param("s"), SecretData: param("v"), VersionId: param("v1")})
	refusedWith(t, "strict without an instance", err, "MissingParameter")
}

func TestSecretQuotaOfTheInstance(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	w.setInstance(w.software, func(i *KMSInstance) { i.SecretNum = "2" })
	w.secret("elsewhere", "v1", "does not count")
	for i, code := range []string{"", "", "Rejected.LimitExceeded"} {
		_, err := ask[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{SecretName: param(fmt.Sprint("s", i)), SecretData: param("v"), VersionId: param("v1"), DKMSInstanceId: &w.software, EncryptionKeyId: &key})
		if code != "" {
			refusedWith(t, "one too many", err, code)
		} else if err != nil {
			t.Errorf("secret %d: %v", i, err)
		}
	}
}

func TestStagesMove(t *testing.T) {
	w := newCryptoWorld(t)
	w.secret("s", "v1", "one")
	w.wantStages("created", "s", "v1:ACSCurrent")
	if _, err := w.put("s", "v2", "two"); err != nil {
		t.Fatal(err)
	}
	w.wantStages("put", "s", "v1:ACSPrevious", "v2:ACSCurrent")
	if _, err := w.put("s", "v3", "three", "ACSNext"); err != nil {
		t.Fatal(err)
	}
	w.wantStages("custom label only", "s", "v1:ACSPrevious", "v2:ACSCurrent", "v3:ACSNext")
	if _, err := w.put("s", "v4", "four", "ACSCurrent", "ACSNext"); err != nil {
		t.Fatal(err)
	}
	w.wantStages("both labels", "s", "v1:", "v2:ACSPrevious", "v3:", "v4:ACSCurrent,ACSNext")

	move := func(stage, from, to string) error {
		_, err := ask[secretNameResponse](w, w.public(), "UpdateSecretVersionStage", &updateSecretVersionStageRequest{SecretName: param("s"), VersionStage: &stage, MoveToVersion: &to, RemoveFromVersion: &from})
		return err
	}
	if err := move("ACSCurrent", "", "v2"); err != nil {
		t.Fatal(err)
	}
	w.wantStages("roll back", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSNext,ACSPrevious")
	if err := move("ACSNext", "v4", "v3"); err != nil {
		t.Fatal(err)
	}
	w.wantStages("move a label", "s", "v1:", "v2:ACSCurrent", "v3:ACSNext", "v4:ACSPrevious")
	if err := move("ACSNext", "v3", ""); err != nil {
		t.Fatal(err)
	}
	w.wantStages("remove a label", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSPrevious")
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
		refusedWith(t, fmt.Sprint(c), move(c.stage, c.from, c.to), c.code)
	}
	w.wantStages("refusals change nothing", "s", "v1:", "v2:ACSCurrent", "v3:", "v4:ACSPrevious")
	for which, want := range map[string]string{"": "two", "ACSCurrent": "two", "ACSPrevious": "four", "#v1": "one", "#v3": "three"} {
		if got, err := w.read("s", which); err != nil || got != want {
			t.Errorf("reading %q: %q, %v", which, got, err)
		}
	}
	for _, which := range []string{"ACSNext", "#v9"} {
		_, err := w.read("s", which)
		refusedWith(t, which, err, "Forbidden.ResourceNotFound")
	}
	visible := must[listSecretVersionIDsResponse](w, w.public(), "ListSecretVersionIds", &listSecretVersionIDsRequest{SecretName: param("s")})
	if visible.TotalCount != 2 || visible.PageSize != 10 {
		t.Errorf("deprecated versions show: %+v", visible)
	}
}

func TestPutSecretValueIsIdempotent(t *testing.T) {
	w := newCryptoWorld(t)
	w.secret("s", "v1", "one")
	if _, err := w.put("s", "v2", "two"); err != nil {
		t.Fatal(err)
	}
	out, err := w.put("s", "v1", "one")
	if err != nil || !slices.Equal(out.VersionStages.VersionStage, []string{"ACSPrevious"}) {
		t.Errorf("the same version again: %+v, %v", out, err)
	}
	w.wantStages("the same again", "s", "v1:ACSPrevious", "v2:ACSCurrent")
	_, err = w.put("s", "v1", "other")
	refusedWith(t, "the same id, another value", err, "Rejected.ResourceExist")
	_, err = ask[putSecretValueResponse](w, w.public(), "PutSecretValue", &putSecretValueRequest{SecretName: param("s"), VersionId: param("v1"), SecretData: param("one"), SecretDataType: param("binary")})
	refusedWith(t, "the same id, another type", err, "Rejected.ResourceExist")
	arn := "acs:kms:" + w.e.opts.Region + ":" + w.e.opts.Account + ":secret/s"
	if _, err := w.put(arn, "v3", "three"); err != nil {
		t.Errorf("by ARN: %v", err)
	}
	for _, bad := range []string{`[]`, `["ACSPrevious"]`, `["A","A"]`, `"A"`, `[""]`, `["` + strings.Repeat("x", 65) + `"]`} {
		_, err := ask[putSecretValueResponse](w, w.public(), "PutSecretValue", &putSecretValueRequest{SecretName: param("s"), VersionId: param("vx"), SecretData: param("x"), VersionStages: &bad})
		refusedWith(t, bad, err, "InvalidParameter")
	}
	_, err = w.put("none", "v1", "x")
	refusedWith(t, "unknown secret", err, "Forbidden.ResourceNotFound")
}

func TestTenVersionsAndEightLabels(t *testing.T) {
	w := newCryptoWorld(t)
	w.secret("s", "v1", "1")
	if _, err := w.put("s", "keep", "kept", "Keep"); err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= 12; i++ {
		if _, err := w.put("s", fmt.Sprint("v", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	w.wantStages("the oldest without a label go first", "s",
		"keep:Keep", "v4:", "v5:", "v6:", "v7:", "v8:", "v9:", "v10:", "v11:ACSPrevious", "v12:ACSCurrent")
	if _, err := w.read("s", "#v1"); err == nil {
		t.Error("a rolled-off version can be read")
	}
	n := 0
	w.change(func(tx *store.Tx) { n = w.e.table.secretVersion.Count(tx, w.public().scope("s\x00")) })
	if n != 10 {
		t.Errorf("%d versions are stored", n)
	}
	for i := range 5 {
		if _, err := w.put("s", fmt.Sprint("l", i), "x", fmt.Sprint("Label", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := w.stages("s") // Keep, five labels, current and previous: eight
	_, err := w.put("s", "l9", "x", "Ninth")
	refusedWith(t, "a ninth label", err, "Rejected.LimitExceeded")
	w.wantStages("nothing changed", "s", before...)
}

func TestSecretDeletionWindow(t *testing.T) {
	w := newCryptoWorld(t)
	w.secret("s", "v1", "one")
	planned := must[deleteSecretResponse](w, w.public(), "DeleteSecret", &deleteSecretRequest{SecretName: param("s"), RecoveryWindowInDays: param("7")}).PlannedDeleteTime
	if want := timestamp(w.e.now().Add(7 * day)); planned != want {
		t.Errorf("planned for %s, want %s", planned, want)
	}
	for name, in := range map[string]any{
		"CreateSecret":             &createSecretRequest{SecretName: param("s"), SecretData: param("v"), VersionId: param("v1")},
		"PutSecretValue":           &putSecretValueRequest{SecretName: param("s"), SecretData: param("v"), VersionId: param("v2")},
		"GetSecretValue":           &getSecretValueRequest{SecretName: param("s")},
		"UpdateSecret":             &updateSecretRequest{SecretName: param("s"), Description: param("d")},
		"UpdateSecretVersionStage": &updateSecretVersionStageRequest{SecretName: param("s"), VersionStage: param("A"), MoveToVersion: param("v1")},
		"DeleteSecret":             &deleteSecretRequest{SecretName: param("s")},
		"RotateSecret":             &rotateSecretRequest{SecretName: param("s"), VersionId: param("v2")},
	} {
		_, err := Operations()[name].Handle(w.e, w.public(), in)
		refusedWith(t, name+" in the window", err, "Rejected.ResourceInDeleteWindow")
	}
	_, err := ask[deleteSecretResponse](w, w.public(), "DeleteSecret", &deleteSecretRequest{SecretName: param("s"), ForceDeleteWithoutRecovery: param("true")})
	refusedWith(t, "forced in the window", err, "Rejected.ResourceInDeleteWindow")
	if got := must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("s")}).PlannedDeleteTime; got != planned {
		t.Errorf("described as planned for %q", got)
	}
	listed := must[listSecretsResponse](w, w.public(), "ListSecrets", &listSecretsRequest{}).SecretList.Secret
	if len(listed) != 1 || listed[0].PlannedDeleteTime != planned {
		t.Errorf("listed as %+v", listed)
	}
	must[secretNameResponse](w, w.public(), "RestoreSecret", &secretNameRequest{param("s")})
	if got, err := w.read("s", ""); err != nil || got != "one" {
		t.Errorf("restored: %q, %v", got, err)
	}
	if got := must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("s")}).PlannedDeleteTime; got != "" {
		t.Errorf("restored, but planned for %q", got)
	}

	must[deleteSecretResponse](w, w.public(), "DeleteSecret", &deleteSecretRequest{SecretName: param("s")})
	if _, err := w.e.Advance(30*day - time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := ask[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("s")}); err != nil {
		t.Errorf("a second before its time: %v", err)
	}
	fired, err := w.e.Advance(time.Second)
	if err != nil || len(fired) != 1 || fired[0].Resource != "s" || fired[0].Event != "secret deleted" {
		t.Errorf("fired %+v, %v", fired, err)
	}
	_, err = ask[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("s")})
	refusedWith(t, "at its second", err, "Forbidden.ResourceNotFound")
	w.secret("s", "v1", "again")
	w.wantStages("the name is free", "s", "v1:ACSCurrent")
}

func TestDeleteSecretParameters(t *testing.T) {
	w := newCryptoWorld(t)
	for _, c := range []struct{ force, days, code string }{
		{"", "", ""}, {"false", "7", ""}, {"false", "30", ""}, {"true", "", ""},
		{"true", "7", "InvalidParameter"}, {"", "6", "InvalidParameter"}, {"", "31", "InvalidParameter"}, {"", "week", "InvalidParameter"}, {"yes", "", "InvalidParameter"},
	} {
		name := "s" + c.force + c.days
		w.secret(name, "v1", "v")
		in := &deleteSecretRequest{SecretName: &name}
		if c.force != "" {
			in.ForceDeleteWithoutRecovery = &c.force
		}
		if c.days != "" {
			in.RecoveryWindowInDays = &c.days
		}
		_, err := ask[deleteSecretResponse](w, w.public(), "DeleteSecret", in)
		if c.code != "" {
			refusedWith(t, fmt.Sprint(c), err, c.code)
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c, err)
		}
		if _, err := ask[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: &name}); (err == nil) == (c.force == "true") {
			t.Errorf("%v: described afterwards: %v", c, err)
		}
	}
	_, err := ask[deleteSecretResponse](w, w.public(), "DeleteSecret", &deleteSecretRequest{SecretName: param("none")})
	refusedWith(t, "unknown", err, "Forbidden.ResourceNotFound")
	_, err = ask[secretNameResponse](w, w.public(), "RestoreSecret", &secretNameRequest{param("none")})
	refusedWith(t, "restore unknown", err, "Forbidden.ResourceNotFound")
}

func TestReadingNeedsTheEncryptionKey(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{SecretName: param("s"), SecretData: param("v"), VersionId: param("v1"), DKMSInstanceId: &w.software, EncryptionKeyId: &key})
	if got, err := w.read("s", ""); err != nil || got != "v" {
		t.Fatalf("%q, %v", got, err)
	}
	for state, code := range map[string]string{stateDisabled: "Rejected.Disabled", statePendingDeletion: "Rejected.PendingDeletion"} {
		w.setKey(key, func(k *Key) { k.State = state })
		_, err := w.read("s", "")
		refusedWith(t, "reading with a key in "+state, err, code)
		_, err = w.put("s", "v2", "x")
		refusedWith(t, "writing with a key in "+state, err, code)
	}
	w.change(func(tx *store.Tx) { w.e.table.keys.Delete(tx, w.public().scope(key)) })
	_, err := w.read("s", "")
	refusedWith(t, "reading with a deleted key", err, "Forbidden.KeyNotFound")
}

func TestSecretsThroughTheInstance(t *testing.T) {
	w := newCryptoWorld(t, func(o *Options) { o.Strict = true })
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	config := JSONMap{"CustomData": map[string]any{"team": "orders"}}
	must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{SecretName: param("mine"), SecretData: param("v"), VersionId: param("v1"), DKMSInstanceId: &w.software, EncryptionKeyId: &key, ExtendedConfig: config})
	other := w.key(w.hardware, "Aliyun_AES_256", "").KeyId
	must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{SecretName: param("other"), SecretData: param("v"), VersionId: param("v1"), DKMSInstanceId: &w.hardware, EncryptionKeyId: &other})

	out := mustInstance[*dkms.GetSecretValueResponse](w, w.client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine", FetchExtendedConfig: true})
	if out.SecretData != "v" || out.VersionId != "v1" || !slices.Equal(out.VersionStages, []string{"ACSCurrent"}) || out.ExtendedConfig != `{"CustomData":{"team":"orders"}}` || out.AutomaticRotation != "Disabled" {
		t.Errorf("%v", out)
	}
	if out := mustInstance[*dkms.GetSecretValueResponse](w, w.client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine"}); out.ExtendedConfig != "" {
		t.Error("the configuration comes unasked")
	}
	if got := must[getSecretValueResponse](w, w.dedicated(), "GetSecretValue", &getSecretValueRequest{SecretName: param("mine")}); got.SecretData != "v" {
		t.Errorf("dedicated: %+v", got)
	}
	_, err := askInstance[*dkms.GetSecretValueResponse](w, w.client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "other"})
	refusedWith(t, "another instance's secret", err, "Forbidden.ResourceNotFound")
	_, err = ask[getSecretValueResponse](w, w.dedicated(), "GetSecretValue", &getSecretValueRequest{SecretName: param("other")})
	refusedWith(t, "another instance's secret, dedicated", err, "Forbidden.ResourceNotFound")
	_, err = askInstance[*dkms.GetSecretValueResponse](w, w.client(), "GetSecretValue", &dkms.GetSecretValueRequest{})
	refusedWith(t, "no name", err, "MissingParameter")

	// The secret alone is not enough: the key that encrypts it must be granted too.
	w.change(func(tx *store.Tx) {
		p, _ := w.e.table.policies.Get(tx, w.public().scope(bootstrapName))
		p.Resources = []string{"secret/*"}
		w.e.table.policies.Put(tx, w.public().scope(bootstrapName), p)
	})
	_, err = askInstance[*dkms.GetSecretValueResponse](w, w.client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine"})
	refusedWith(t, "without the key", err, "Forbidden.NoPermission")
}

func TestDescribeUpdateAndListSecrets(t *testing.T) {
	w := newCryptoWorld(t)
	for i := range 23 {
		must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{
			SecretName: param(fmt.Sprintf("app/%02d", i)), SecretData: param("v"), VersionId: param("v1"), Description: param(fmt.Sprint("number ", i)),
			Tags: param(fmt.Sprintf(`[{"TagKey":"n","TagValue":"%d"},{"TagKey":"parity","TagValue":"%d"}]`, i, i%2)),
		})
		if _, err := w.e.Advance(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	list := func(filters, tags string, page, size int64) (*listSecretsResponse, error) {
		return ask[listSecretsResponse](w, w.public(), "ListSecrets", &listSecretsRequest{Filters: &filters, FetchTags: &tags, PageNumber: &page, PageSize: &size})
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
	for _, bad := range []string{`{"Key":"SecretName"}`, `[{"Key":"Color","Values":["red"]}]`, `[{"Key":"TagKey","Values":["a"]},{"Key":"TagKey","Values":["b"]}]`} {
		_, err := list(bad, "", 1, 10)
		refusedWith(t, bad, err, "InvalidParameter")
	}
	for _, size := range []int64{0, 101} {
		_, err := list("", "", 1, size)
		refusedWith(t, "page size", err, "InvalidParameter")
	}
	tagged, err := list(`[{"Key":"TagValue","Values":["7"]}]`, "true", 1, 10)
	if err != nil || len(tagged.SecretList.Secret) != 1 || len(tagged.SecretList.Secret[0].Tags.Tag) != 2 || tagged.SecretList.Secret[0].Tags.Tag[0] != (secretTag{"n", "7"}) {
		t.Errorf("with tags: %+v, %v", tagged, err)
	}

	must[secretNameResponse](w, w.public(), "UpdateSecret", &updateSecretRequest{SecretName: param("app/07"), Description: param("new"), ExtendedConfig: &customConfig{JSONMap{"team": "orders"}}})
	d := must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("app/07"), FetchTags: param("true")})
	if d.Description != "new" || d.ExtendedConfig != `{"CustomData":{"team":"orders"}}` || len(d.Tags.Tag) != 2 || d.UpdateTime == d.CreateTime || d.AutomaticRotation != "Disabled" {
		t.Errorf("%+v", d)
	}
	must[secretNameResponse](w, w.public(), "UpdateSecret", &updateSecretRequest{SecretName: param("app/07"), ExtendedConfig: &customConfig{JSONMap{"team": "billing"}}})
	d = must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("app/07")})
	if d.Description != "new" || d.ExtendedConfig != `{"CustomData":{"team":"billing"}}` || d.Tags != nil {
		t.Errorf("a description that was not sent changed, or tags came: %+v", d)
	}
}
