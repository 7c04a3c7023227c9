package secrets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
)

// managed creates a managed secret that rotates, or not when every is "".
func managed(w *enginetest.CryptoWorld, kind, name, data, every string, config core.JSONMap) *secrets.CreateSecretResponse {
	w.Helper()
	in := &secrets.CreateSecretRequest{SecretName: &name, SecretType: &kind, SecretData: &data, VersionId: enginetest.Param("v1"), ExtendedConfig: config}
	if every != "" {
		in.EnableAutomaticRotation, in.RotationInterval = enginetest.Param(true), &every
	}
	return enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", in)
}

func rdsConfig() core.JSONMap {
	return core.JSONMap{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1"}
}

const rdsData = `{"Accounts":[{"AccountName":"app","AccountPassword":"first"}]}`

func TestManagedSecretsRotateInTime(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	created := managed(w, secrets.SecretRds, "db", rdsData, "7d", rdsConfig())
	if created.AutomaticRotation != "Enabled" || created.RotationInterval != "604800s" || created.NextRotationDate != core.Timestamp(w.E.Now().Add(7*core.Day)) {
		t.Errorf("%+v", created)
	}
	seen := map[string]bool{`{"AccountName":"app","AccountPassword":"first"}`: true}
	for i := range 3 {
		start := w.E.Now()
		fired, err := w.E.Advance(7 * core.Day)
		if err != nil || len(fired) != 1 || !fired[0].At.Equal(start.Add(7*core.Day)) {
			t.Fatalf("rotation %d: %+v, %v", i, fired, err)
		}
		value, err := read(w, "db", "")
		if err != nil || seen[value] || !strings.Contains(value, `"AccountName":"app"`) {
			t.Errorf("rotation %d: %q, %v", i, value, err)
		}
		seen[value] = true
		previous, err := read(w, "db", "ACSPrevious")
		if err != nil || !seen[previous] || previous == value {
			t.Errorf("rotation %d: the previous value is %q, %v", i, previous, err)
		}
	}
	d := enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("db")})
	if d.LastRotationDate != core.Timestamp(w.E.Now()) || d.NextRotationDate != core.Timestamp(w.E.Now().Add(7*core.Day)) {
		t.Errorf("%+v", d)
	}
	if versions := stages(w, "db"); len(versions) != 4 {
		t.Errorf("versions %v", versions)
	}
}

func TestRotationRenewsOnlyTheCredentials(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for _, c := range []struct {
		kind, name, data string
		config           core.JSONMap
		renewed, kept    []string
	}{
		{secrets.SecretRedis, "cache", rdsData, core.JSONMap{"SecretSubType": "SingleUser"}, []string{"AccountPassword"}, []string{"AccountName"}},
		{secrets.SecretPolarDB, "polar", rdsData, core.JSONMap{"SecretSubType": "SingleUser"}, []string{"AccountPassword"}, []string{"AccountName"}},
		{secrets.SecretRAM, secrets.AutoName, `{"AccessKeys":[{"AccessKeyId":"id","AccessKeySecret":"secret"}]}`, core.JSONMap{"SecretSubType": "RamUserAccessKey", "UserName": "bob"}, []string{"AccessKeyId", "AccessKeySecret"}, nil},
		{secrets.SecretECS, "acs/ecs/pw", `{"UserName":"root","Password":"p"}`, core.JSONMap{"SecretSubType": "Password", "RegionId": "r", "InstanceId": "i"}, []string{"Password"}, []string{"UserName"}},
		{secrets.SecretECS, "acs/ecs/key", `{"UserName":"root","PublicKey":"a","PrivateKey":"b"}`, core.JSONMap{"SecretSubType": "SSHKey", "RegionId": "r", "InstanceId": "i"}, []string{"PublicKey", "PrivateKey"}, []string{"UserName"}},
	} {
		name := managed(w, c.kind, c.name, c.data, "", c.config).SecretName
		enginetest.Must[secrets.RotateSecretResponse](w, w.Public(), "RotateSecret", &secrets.RotateSecretRequest{&name, enginetest.Param("v2")})
		after, err := read(w, name, "")
		if err != nil {
			t.Fatal(err)
		}
		old, now := fieldsOf(t, c.data), fieldsOf(t, after)
		for _, field := range c.renewed {
			if now[field] == "" || now[field] == old[field] {
				t.Errorf("%s: %s was not renewed", c.kind, field)
			}
		}
		for _, field := range c.kept {
			if now[field] != old[field] {
				t.Errorf("%s: %s changed", c.kind, field)
			}
		}
	}
}

// TestTwoUsersTakeTurns: after each rotation the other account is ACSCurrent with a new
// password, and the one that clients used until now is ACSPrevious with the password it
// had (KMS: CreateSecret, SecretSubType DoubleUsers).
func TestTwoUsersTakeTurns(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	config := core.JSONMap{"SecretSubType": "DoubleUsers", "DBInstanceId": "rm-1"}
	managed(w, secrets.SecretRds, "one", rdsData, "", config)
	managed(w, secrets.SecretRds, "two", `{"Accounts":[{"AccountName":"a","AccountPassword":"pa"},{"AccountName":"b","AccountPassword":"pb"}]}`, "", config)
	account := func(name, stage string) map[string]string {
		value, err := read(w, name, stage)
		if err != nil {
			t.Fatal(err)
		}
		return fieldsOf(t, value)
	}
	passwords := map[string]string{"a": "pa", "b": "pb"}
	for version, want := range []string{"app_clone b", "app a", "app_clone b"} {
		before := account("two", "")
		for _, name := range []string{"one", "two"} {
			enginetest.Must[secrets.RotateSecretResponse](w, w.Public(), "RotateSecret", &secrets.RotateSecretRequest{&name, enginetest.Param("r" + string(rune('0'+version)))})
		}
		after := account("two", "")
		if got := account("one", "")["AccountName"] + " " + after["AccountName"]; got != want {
			t.Errorf("rotation %d: %s, want %s", version, got, want)
		}
		if previous := account("two", "ACSPrevious"); !maps.Equal(previous, before) {
			t.Errorf("rotation %d: ACSPrevious is %v, was %v", version, previous, before)
		}
		if after["AccountPassword"] == passwords[after["AccountName"]] {
			t.Errorf("rotation %d: %s has its old password", version, after["AccountName"])
		}
		passwords[after["AccountName"]] = after["AccountPassword"]
	}
}

func TestFiftyRotationsAnHour(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	managed(w, secrets.SecretRds, "db", rdsData, "", rdsConfig())
	rotate := func(id string) error {
		_, err := enginetest.Ask[secrets.RotateSecretResponse](w, w.Public(), "RotateSecret", &secrets.RotateSecretRequest{enginetest.Param("db"), &id})
		return err
	}
	for n := range 50 {
		if err := rotate(fmt.Sprint("r", n)); err != nil {
			t.Fatalf("rotation %d: %v", n, err)
		}
	}
	if err := rotate("r49"); err != nil {
		t.Errorf("a repetition counts: %v", err)
	}
	var refusal *core.Error
	if err := rotate("r50"); !errors.As(err, &refusal) || refusal.Code != "Rejected.LimitExceeded" {
		t.Errorf("the 51st: %v", err)
	}
	if _, err := w.E.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := rotate("r50"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// fieldsOf collects the text fields of a JSON document at any depth.
func fieldsOf(t *testing.T, document string) map[string]string {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	_ = secrets.EachObject(doc, func(o map[string]any) error {
		for name, value := range o {
			if s, ok := value.(string); ok {
				fields[name] = s
			}
		}
		return nil
	})
	return fields
}

func TestRotateSecretIsIdempotent(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	managed(w, secrets.SecretRds, "db", rdsData, "", rdsConfig())
	rotate := func(version string) {
		t.Helper()
		out := enginetest.Must[secrets.RotateSecretResponse](w, w.Public(), "RotateSecret", &secrets.RotateSecretRequest{enginetest.Param("db"), &version})
		if out.VersionId != version || out.SecretName != "db" || !strings.HasSuffix(out.Arn, ":secret/db") {
			t.Errorf("%+v", out)
		}
	}
	rotate("v2")
	first, _ := read(w, "db", "")
	rotate("v2")
	if again, _ := read(w, "db", ""); again != first {
		t.Error("the same version id rotates twice")
	}
	wantStages(w, "rotated once", "db", "v1:ACSPrevious", "v2:ACSCurrent")
	_, err := enginetest.Ask[secrets.RotateSecretResponse](w, w.Public(), "RotateSecret", &secrets.RotateSecretRequest{enginetest.Param("db"), nil})
	enginetest.RefusedWith(t, "no version id", err, "MissingParameter")
}

func TestRotationPolicy(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	managed(w, secrets.SecretRds, "db", rdsData, "", rdsConfig())
	update := func(enable *bool, every string) error {
		in := &secrets.UpdateSecretRotationPolicyRequest{SecretName: enginetest.Param("db"), EnableAutomaticRotation: enable}
		if every != "" {
			in.RotationInterval = &every
		}
		_, err := enginetest.Ask[secrets.SecretNameResponse](w, w.Public(), "UpdateSecretRotationPolicy", in)
		return err
	}
	for _, c := range []struct {
		enable *bool
		every  string
		code   string
	}{
		{nil, "7d", "MissingParameter"}, {enginetest.Param(true), "", "MissingParameter"}, {enginetest.Param(true), "5h", "InvalidParameter"},
		{enginetest.Param(true), "8761h", "InvalidParameter"}, {enginetest.Param(true), "1w", "InvalidParameter"}, {enginetest.Param(true), "-7d", "InvalidParameter"},
		{enginetest.Param(true), "6h", ""}, {enginetest.Param(true), "8760h", ""}, {enginetest.Param(true), "365d", ""}, {enginetest.Param(true), "86400s", ""},
	} {
		if err := update(c.enable, c.every); c.code == "" && err != nil {
			t.Errorf("%s: %v", c.every, err)
		} else if c.code != "" {
			enginetest.RefusedWith(t, c.every, err, c.code)
		}
	}
	// The interval counts from the value's age: shortened below it, the secret rotates at once.
	if err := update(enginetest.Param(true), "365d"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.E.Advance(10 * core.Day); err != nil {
		t.Fatal(err)
	}
	if err := update(enginetest.Param(true), "7d"); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(w, "db", ""); got == rdsData {
		t.Error("an overdue secret did not rotate")
	}
	if err := update(enginetest.Param(false), ""); err != nil {
		t.Fatal(err)
	}
	d := enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("db")})
	if d.AutomaticRotation != "Disabled" || d.NextRotationDate != "" || d.RotationInterval != "" {
		t.Errorf("%+v", d)
	}
	if fired, err := w.E.Advance(400 * core.Day); err != nil || len(fired) != 0 {
		t.Errorf("rotation that is off fired %+v, %v", fired, err)
	}
}

func TestGenericAndManagedAreKeptApart(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	w.Secret("generic", "v1", "v")
	managed(w, secrets.SecretRds, "db", rdsData, "", rdsConfig())
	for name, in := range map[string]any{
		"RotateSecret":               &secrets.RotateSecretRequest{enginetest.Param("generic"), enginetest.Param("v2")},
		"UpdateSecretRotationPolicy": &secrets.UpdateSecretRotationPolicyRequest{SecretName: enginetest.Param("generic"), EnableAutomaticRotation: enginetest.Param(true), RotationInterval: enginetest.Param("7d")},
		"PutSecretValue":             &secrets.PutSecretValueRequest{SecretName: enginetest.Param("db"), VersionId: enginetest.Param("v2"), SecretData: enginetest.Param(rdsData)},
		"UpdateSecretVersionStage":   &secrets.UpdateSecretVersionStageRequest{SecretName: enginetest.Param("db"), VersionStage: enginetest.Param("A"), MoveToVersion: enginetest.Param("v1")},
	} {
		_, err := engine.Operations()[name].Handle(w.E, w.Public(), in)
		enginetest.RefusedWith(t, name, err, "UnsupportedOperation")
	}
}

func TestRotationWaitsForTheKey(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{
		SecretName: enginetest.Param("db"), SecretType: enginetest.Param(secrets.SecretRds), SecretData: enginetest.Param(rdsData), VersionId: enginetest.Param("v1"), ExtendedConfig: rdsConfig(),
		EnableAutomaticRotation: enginetest.Param(true), RotationInterval: enginetest.Param("7d"), DKMSInstanceId: &w.Software, EncryptionKeyId: &key,
	})
	w.SetKey(key, func(k *core.Key) { k.State = core.StateDisabled })
	if _, err := w.E.Advance(8 * core.Day); err != nil {
		t.Fatal(err)
	}
	wantStages(w, "key disabled", "db", "v1:ACSCurrent")
	w.SetKey(key, func(k *core.Key) { k.State = core.StateEnabled })
	if _, err := w.E.Advance(6 * core.Day); err != nil {
		t.Fatal(err)
	}
	if got := stages(w, "db"); len(got) != 2 {
		t.Errorf("key enabled again: %v", got)
	}
}

func TestRestoreCatchesUpARotation(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	managed(w, secrets.SecretRds, "db", rdsData, "7d", rdsConfig())
	enginetest.Must[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", &secrets.DeleteSecretRequest{SecretName: enginetest.Param("db")})
	if fired, err := w.E.Advance(10 * core.Day); err != nil || len(fired) != 0 {
		t.Errorf("a secret in its window fired %+v, %v", fired, err)
	}
	enginetest.Must[secrets.SecretNameResponse](w, w.Public(), "RestoreSecret", &secrets.SecretNameRequest{enginetest.Param("db")})
	if got, err := read(w, "db", ""); err != nil || got == rdsData {
		t.Errorf("restored, not rotated: %v", err)
	}
	if _, err := w.E.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestRandomPassword(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	ask1 := func(in secrets.GetRandomPasswordRequest) (string, error) {
		out, err := enginetest.Ask[secrets.GetRandomPasswordResponse](w, w.Public(), "GetRandomPassword", &in)
		if err != nil {
			return "", err
		}
		return out.RandomPassword, nil
	}
	yes, no := enginetest.Param("true"), enginetest.Param("false")
	for _, c := range []struct {
		name string
		in   secrets.GetRandomPasswordRequest
		n    int
		none string // characters that must not be there
		each []string
	}{
		{"default", secrets.GetRandomPasswordRequest{}, 32, "", []string{secrets.Lowercase, secrets.Uppercase, secrets.Digits, secrets.Punctuation}},
		{"shortest", secrets.GetRandomPasswordRequest{PasswordLength: enginetest.Param("8")}, 8, "", []string{secrets.Lowercase, secrets.Uppercase, secrets.Digits, secrets.Punctuation}},
		{"longest", secrets.GetRandomPasswordRequest{PasswordLength: enginetest.Param("128")}, 128, "", nil},
		{"no punctuation", secrets.GetRandomPasswordRequest{ExcludePunctuation: yes, ExcludeLowercase: no}, 32, secrets.Punctuation, []string{secrets.Lowercase, secrets.Uppercase, secrets.Digits}},
		{"digits only", secrets.GetRandomPasswordRequest{ExcludePunctuation: yes, ExcludeLowercase: yes, ExcludeUppercase: yes}, 32, secrets.Lowercase + secrets.Uppercase + secrets.Punctuation, nil},
		{"without some", secrets.GetRandomPasswordRequest{ExcludeCharacters: enginetest.Param("aeiou01")}, 32, "aeiou01", nil},
		{"not each", secrets.GetRandomPasswordRequest{RequireEachIncludedType: no}, 32, "", nil},
	} {
		seen := map[string]bool{}
		for range 50 {
			password, err := ask1(c.in)
			if err != nil || len(password) != c.n || strings.ContainsAny(password, c.none) && c.none != "" || seen[password] {
				t.Fatalf("%s: %q, %v", c.name, password, err)
			}
			seen[password] = true
			for _, class := range c.each {
				if !strings.ContainsAny(password, class) {
					t.Errorf("%s: none of %q", c.name, class)
				}
			}
		}
	}
	for name, in := range map[string]secrets.GetRandomPasswordRequest{
		"too short":      {PasswordLength: enginetest.Param("7")},
		"too long":       {PasswordLength: enginetest.Param("129")},
		"no number":      {PasswordLength: enginetest.Param("many")},
		"no flag":        {ExcludeNumbers: enginetest.Param("1")},
		"nothing left":   {ExcludeLowercase: yes, ExcludeUppercase: yes, ExcludeNumbers: yes, ExcludePunctuation: yes},
		"nothing at all": {ExcludeCharacters: enginetest.Param(secrets.Lowercase + secrets.Uppercase + secrets.Digits + secrets.Punctuation)},
	} {
		_, err := ask1(in)
		enginetest.RefusedWith(t, name, err, "InvalidParameter")
	}
}

// A password's first characters must not betray the order of the classes.
func TestPasswordsAreShuffled(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	classes := map[string]int{}
	for range 400 {
		password := enginetest.Must[secrets.GetRandomPasswordResponse](w, w.Public(), "GetRandomPassword", &secrets.GetRandomPasswordRequest{}).RandomPassword
		for _, class := range []string{secrets.Lowercase, secrets.Uppercase, secrets.Digits, secrets.Punctuation} {
			if strings.ContainsAny(password[:1], class) {
				classes[class]++
			}
		}
	}
	if len(classes) != 4 || slices.Max(slices.Collect(func(yield func(int) bool) {
		for _, n := range classes {
			if !yield(n) {
				return
			}
		}
	})) > 300 {
		t.Errorf("first characters by class: %v", classes)
	}
}
