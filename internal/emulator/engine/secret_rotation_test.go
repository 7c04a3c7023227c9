package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// managed creates a managed secret that rotates, or not when every is "".
func (w *cryptoWorld) managed(kind, name, data, every string, config JSONMap) *createSecretResponse {
	w.Helper()
	in := &createSecretRequest{SecretName: &name, SecretType: &kind, SecretData: &data, VersionId: param("v1"), ExtendedConfig: config}
	if every != "" {
		in.EnableAutomaticRotation, in.RotationInterval = param(true), &every
	}
	return must[createSecretResponse](w, w.public(), "CreateSecret", in)
}

func rdsConfig() JSONMap { return JSONMap{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1"} }

const rdsData = `{"Accounts":[{"AccountName":"app","AccountPassword":"first"}]}`

func TestManagedSecretsRotateInTime(t *testing.T) {
	w := newCryptoWorld(t)
	created := w.managed(secretRds, "db", rdsData, "7d", rdsConfig())
	if created.AutomaticRotation != "Enabled" || created.RotationInterval != "604800s" || created.NextRotationDate != timestamp(w.e.now().Add(7*day)) {
		t.Errorf("%+v", created)
	}
	seen := map[string]bool{rdsData: true}
	for i := range 3 {
		start := w.e.now()
		fired, err := w.e.Advance(7 * day)
		if err != nil || len(fired) != 1 || !fired[0].At.Equal(start.Add(7*day)) {
			t.Fatalf("rotation %d: %+v, %v", i, fired, err)
		}
		value, err := w.read("db", "")
		if err != nil || seen[value] || !strings.Contains(value, `"AccountName":"app"`) {
			t.Errorf("rotation %d: %q, %v", i, value, err)
		}
		seen[value] = true
		previous, err := w.read("db", "ACSPrevious")
		if err != nil || !seen[previous] || previous == value {
			t.Errorf("rotation %d: the previous value is %q, %v", i, previous, err)
		}
	}
	d := must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("db")})
	if d.LastRotationDate != timestamp(w.e.now()) || d.NextRotationDate != timestamp(w.e.now().Add(7*day)) {
		t.Errorf("%+v", d)
	}
	if versions := w.stages("db"); len(versions) != 4 {
		t.Errorf("versions %v", versions)
	}
}

func TestRotationRenewsOnlyTheCredentials(t *testing.T) {
	w := newCryptoWorld(t)
	for _, c := range []struct {
		kind, name, data string
		config           JSONMap
		renewed, kept    []string
	}{
		{secretRedis, "cache", rdsData, JSONMap{"SecretSubType": "SingleUser"}, []string{"AccountPassword"}, []string{"AccountName"}},
		{secretPolarDB, "polar", rdsData, JSONMap{"SecretSubType": "SingleUser"}, []string{"AccountPassword"}, []string{"AccountName"}},
		{secretRAM, autoName, `{"AccessKeys":[{"AccessKeyId":"id","AccessKeySecret":"secret"}]}`, JSONMap{"SecretSubType": "RamUserAccessKey", "UserName": "bob"}, []string{"AccessKeyId", "AccessKeySecret"}, nil},
		{secretECS, "acs/ecs/pw", `{"UserName":"root","Password":"p"}`, JSONMap{"SecretSubType": "Password", "RegionId": "r", "InstanceId": "i"}, []string{"Password"}, []string{"UserName"}},
		{secretECS, "acs/ecs/key", `{"UserName":"root","PublicKey":"a","PrivateKey":"b"}`, JSONMap{"SecretSubType": "SSHKey", "RegionId": "r", "InstanceId": "i"}, []string{"PublicKey", "PrivateKey"}, []string{"UserName"}},
	} {
		name := w.managed(c.kind, c.name, c.data, "", c.config).SecretName
		must[rotateSecretResponse](w, w.public(), "RotateSecret", &rotateSecretRequest{&name, param("v2")})
		after, err := w.read(name, "")
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

// TestTwoUsersTakeTurns: after each rotation the other account is in front with
// a new password, and the one that clients used until now is still valid.
func TestTwoUsersTakeTurns(t *testing.T) {
	w := newCryptoWorld(t)
	config := JSONMap{"SecretSubType": "DoubleUsers", "DBInstanceId": "rm-1"}
	w.managed(secretRds, "one", rdsData, "", config)
	w.managed(secretRds, "two", `{"Accounts":[{"AccountName":"a","AccountPassword":"pa"},{"AccountName":"b","AccountPassword":"pb"}]}`, "", config)
	front := func(name string) (string, []map[string]string) {
		value, err := w.read(name, "")
		var doc struct{ Accounts []map[string]string }
		if err != nil || json.Unmarshal([]byte(value), &doc) != nil {
			t.Fatalf("%q %v", value, err)
		}
		return doc.Accounts[0]["AccountName"], doc.Accounts
	}
	for version, want := range []string{"app_clone b", "app a", "app_clone b"} {
		_, before := front("two")
		for _, name := range []string{"one", "two"} {
			must[rotateSecretResponse](w, w.public(), "RotateSecret", &rotateSecretRequest{&name, param("r" + string(rune('0'+version)))})
		}
		one, _ := front("one")
		two, after := front("two")
		if one+" "+two != want {
			t.Errorf("rotation %d: %s %s, want %s", version, one, two, want)
		}
		if after[1]["AccountPassword"] != before[0]["AccountPassword"] || after[0]["AccountPassword"] == before[1]["AccountPassword"] {
			t.Errorf("rotation %d: the wrong account got a new password", version)
		}
	}
}

func TestFiftyRotationsAnHour(t *testing.T) {
	w := newCryptoWorld(t)
	w.managed(secretRds, "db", rdsData, "", rdsConfig())
	rotate := func(id string) error {
		_, err := ask[rotateSecretResponse](w, w.public(), "RotateSecret", &rotateSecretRequest{param("db"), &id})
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
	var refusal *Error
	if err := rotate("r50"); !errors.As(err, &refusal) || refusal.Code != "Rejected.LimitExceeded" {
		t.Errorf("the 51st: %v", err)
	}
	if _, err := w.e.Advance(time.Hour); err != nil {
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
	_ = eachObject(doc, func(o map[string]any) error {
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
	w := newCryptoWorld(t)
	w.managed(secretRds, "db", rdsData, "", rdsConfig())
	rotate := func(version string) {
		t.Helper()
		out := must[rotateSecretResponse](w, w.public(), "RotateSecret", &rotateSecretRequest{param("db"), &version})
		if out.VersionId != version || out.SecretName != "db" || !strings.HasSuffix(out.Arn, ":secret/db") {
			t.Errorf("%+v", out)
		}
	}
	rotate("v2")
	first, _ := w.read("db", "")
	rotate("v2")
	if again, _ := w.read("db", ""); again != first {
		t.Error("the same version id rotates twice")
	}
	w.wantStages("rotated once", "db", "v1:ACSPrevious", "v2:ACSCurrent")
	_, err := ask[rotateSecretResponse](w, w.public(), "RotateSecret", &rotateSecretRequest{param("db"), nil})
	refusedWith(t, "no version id", err, "MissingParameter")
}

func TestRotationPolicy(t *testing.T) {
	w := newCryptoWorld(t)
	w.managed(secretRds, "db", rdsData, "", rdsConfig())
	update := func(enable *bool, every string) error {
		in := &updateSecretRotationPolicyRequest{SecretName: param("db"), EnableAutomaticRotation: enable}
		if every != "" {
			in.RotationInterval = &every
		}
		_, err := ask[secretNameResponse](w, w.public(), "UpdateSecretRotationPolicy", in)
		return err
	}
	for _, c := range []struct {
		enable *bool
		every  string
		code   string
	}{
		{nil, "7d", "MissingParameter"}, {param(true), "", "MissingParameter"}, {param(true), "5h", "InvalidParameter"},
		{param(true), "8761h", "InvalidParameter"}, {param(true), "1w", "InvalidParameter"}, {param(true), "-7d", "InvalidParameter"},
		{param(true), "6h", ""}, {param(true), "8760h", ""}, {param(true), "365d", ""}, {param(true), "86400s", ""},
	} {
		if err := update(c.enable, c.every); c.code == "" && err != nil {
			t.Errorf("%s: %v", c.every, err)
		} else if c.code != "" {
			refusedWith(t, c.every, err, c.code)
		}
	}
	// The interval counts from the value's age: shortened below it, the secret rotates at once.
	if err := update(param(true), "365d"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.e.Advance(10 * day); err != nil {
		t.Fatal(err)
	}
	if err := update(param(true), "7d"); err != nil {
		t.Fatal(err)
	}
	if got, _ := w.read("db", ""); got == rdsData {
		t.Error("an overdue secret did not rotate")
	}
	if err := update(param(false), ""); err != nil {
		t.Fatal(err)
	}
	d := must[describeSecretResponse](w, w.public(), "DescribeSecret", &describeSecretRequest{SecretName: param("db")})
	if d.AutomaticRotation != "Disabled" || d.NextRotationDate != "" || d.RotationInterval != "" {
		t.Errorf("%+v", d)
	}
	if fired, err := w.e.Advance(400 * day); err != nil || len(fired) != 0 {
		t.Errorf("rotation that is off fired %+v, %v", fired, err)
	}
}

func TestGenericAndManagedAreKeptApart(t *testing.T) {
	w := newCryptoWorld(t)
	w.secret("generic", "v1", "v")
	w.managed(secretRds, "db", rdsData, "", rdsConfig())
	for name, in := range map[string]any{
		"RotateSecret":               &rotateSecretRequest{param("generic"), param("v2")},
		"UpdateSecretRotationPolicy": &updateSecretRotationPolicyRequest{SecretName: param("generic"), EnableAutomaticRotation: param(true), RotationInterval: param("7d")},
		"PutSecretValue":             &putSecretValueRequest{SecretName: param("db"), VersionId: param("v2"), SecretData: param(rdsData)},
		"UpdateSecretVersionStage":   &updateSecretVersionStageRequest{SecretName: param("db"), VersionStage: param("A"), MoveToVersion: param("v1")},
	} {
		_, err := Operations()[name].Handle(w.e, w.public(), in)
		refusedWith(t, name, err, "UnsupportedOperation")
	}
}

func TestRotationWaitsForTheKey(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{
		SecretName: param("db"), SecretType: param(secretRds), SecretData: param(rdsData), VersionId: param("v1"), ExtendedConfig: rdsConfig(),
		EnableAutomaticRotation: param(true), RotationInterval: param("7d"), DKMSInstanceId: &w.software, EncryptionKeyId: &key,
	})
	w.setKey(key, func(k *Key) { k.State = stateDisabled })
	if _, err := w.e.Advance(8 * day); err != nil {
		t.Fatal(err)
	}
	w.wantStages("key disabled", "db", "v1:ACSCurrent")
	w.setKey(key, func(k *Key) { k.State = stateEnabled })
	if _, err := w.e.Advance(6 * day); err != nil {
		t.Fatal(err)
	}
	if got := w.stages("db"); len(got) != 2 {
		t.Errorf("key enabled again: %v", got)
	}
}

func TestRestoreCatchesUpARotation(t *testing.T) {
	w := newCryptoWorld(t)
	w.managed(secretRds, "db", rdsData, "7d", rdsConfig())
	must[deleteSecretResponse](w, w.public(), "DeleteSecret", &deleteSecretRequest{SecretName: param("db")})
	if fired, err := w.e.Advance(10 * day); err != nil || len(fired) != 0 {
		t.Errorf("a secret in its window fired %+v, %v", fired, err)
	}
	must[secretNameResponse](w, w.public(), "RestoreSecret", &secretNameRequest{param("db")})
	if got, err := w.read("db", ""); err != nil || got == rdsData {
		t.Errorf("restored, not rotated: %v", err)
	}
	if _, err := w.e.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestRandomPassword(t *testing.T) {
	w := newCryptoWorld(t)
	ask1 := func(in getRandomPasswordRequest) (string, error) {
		out, err := ask[getRandomPasswordResponse](w, w.public(), "GetRandomPassword", &in)
		if err != nil {
			return "", err
		}
		return out.RandomPassword, nil
	}
	yes, no := param("true"), param("false")
	for _, c := range []struct {
		name string
		in   getRandomPasswordRequest
		n    int
		none string // characters that must not be there
		each []string
	}{
		{"default", getRandomPasswordRequest{}, 32, "", []string{lowercase, uppercase, digits, punctuation}},
		{"shortest", getRandomPasswordRequest{PasswordLength: param("8")}, 8, "", []string{lowercase, uppercase, digits, punctuation}},
		{"longest", getRandomPasswordRequest{PasswordLength: param("128")}, 128, "", nil},
		{"no punctuation", getRandomPasswordRequest{ExcludePunctuation: yes, ExcludeLowercase: no}, 32, punctuation, []string{lowercase, uppercase, digits}},
		{"digits only", getRandomPasswordRequest{ExcludePunctuation: yes, ExcludeLowercase: yes, ExcludeUppercase: yes}, 32, lowercase + uppercase + punctuation, nil},
		{"without some", getRandomPasswordRequest{ExcludeCharacters: param("aeiou01")}, 32, "aeiou01", nil},
		{"not each", getRandomPasswordRequest{RequireEachIncludedType: no}, 32, "", nil},
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
	for name, in := range map[string]getRandomPasswordRequest{
		"too short":      {PasswordLength: param("7")},
		"too long":       {PasswordLength: param("129")},
		"no number":      {PasswordLength: param("many")},
		"no flag":        {ExcludeNumbers: param("1")},
		"nothing left":   {ExcludeLowercase: yes, ExcludeUppercase: yes, ExcludeNumbers: yes, ExcludePunctuation: yes},
		"nothing at all": {ExcludeCharacters: param(lowercase + uppercase + digits + punctuation)},
	} {
		_, err := ask1(in)
		refusedWith(t, name, err, "InvalidParameter")
	}
}

// A password's first characters must not betray the order of the classes.
func TestPasswordsAreShuffled(t *testing.T) {
	w := newCryptoWorld(t)
	classes := map[string]int{}
	for range 400 {
		password := must[getRandomPasswordResponse](w, w.public(), "GetRandomPassword", &getRandomPasswordRequest{}).RandomPassword
		for _, class := range []string{lowercase, uppercase, digits, punctuation} {
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
