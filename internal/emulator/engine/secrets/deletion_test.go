package secrets_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func TestSecretDeletionWindow(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	w.Secret("s", "v1", "one")
	planned := enginetest.Must[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", &secrets.DeleteSecretRequest{SecretName: enginetest.Param("s"), RecoveryWindowInDays: enginetest.Param("7")}).PlannedDeleteTime
	if want := core.Timestamp(w.E.Now().Add(7 * core.Day)); planned != want {
		t.Errorf("planned for %s, want %s", planned, want)
	}
	for name, in := range map[string]any{
		"CreateSecret":             &secrets.CreateSecretRequest{SecretName: enginetest.Param("s"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1")},
		"PutSecretValue":           &secrets.PutSecretValueRequest{SecretName: enginetest.Param("s"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v2")},
		"GetSecretValue":           &secrets.GetSecretValueRequest{SecretName: enginetest.Param("s")},
		"UpdateSecret":             &secrets.UpdateSecretRequest{SecretName: enginetest.Param("s"), Description: enginetest.Param("d")},
		"UpdateSecretVersionStage": &secrets.UpdateSecretVersionStageRequest{SecretName: enginetest.Param("s"), VersionStage: enginetest.Param("A"), MoveToVersion: enginetest.Param("v1")},
		"DeleteSecret":             &secrets.DeleteSecretRequest{SecretName: enginetest.Param("s")},
		"RotateSecret":             &secrets.RotateSecretRequest{SecretName: enginetest.Param("s"), VersionId: enginetest.Param("v2")},
	} {
		_, err := engine.Operations()[name].Handle(w.E, w.Public(), in)
		enginetest.RefusedWith(t, name+" in the window", err, "Rejected.ResourceInDeleteWindow")
	}
	_, err := enginetest.Ask[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", &secrets.DeleteSecretRequest{SecretName: enginetest.Param("s"), ForceDeleteWithoutRecovery: enginetest.Param("true")})
	enginetest.RefusedWith(t, "forced in the window", err, "Rejected.ResourceInDeleteWindow")
	if got := enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("s")}).PlannedDeleteTime; got != planned {
		t.Errorf("described as planned for %q", got)
	}
	listed := enginetest.Must[secrets.ListSecretsResponse](w, w.Public(), "ListSecrets", &secrets.ListSecretsRequest{}).SecretList.Secret
	if len(listed) != 1 || listed[0].PlannedDeleteTime != planned {
		t.Errorf("listed as %+v", listed)
	}
	enginetest.Must[secrets.SecretNameResponse](w, w.Public(), "RestoreSecret", &secrets.SecretNameRequest{enginetest.Param("s")})
	if got, err := read(w, "s", ""); err != nil || got != "one" {
		t.Errorf("restored: %q, %v", got, err)
	}
	if got := enginetest.Must[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("s")}).PlannedDeleteTime; got != "" {
		t.Errorf("restored, but planned for %q", got)
	}

	enginetest.Must[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", &secrets.DeleteSecretRequest{SecretName: enginetest.Param("s")})
	if _, err := w.E.Advance(30*core.Day - time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := enginetest.Ask[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("s")}); err != nil {
		t.Errorf("a second before its time: %v", err)
	}
	fired, err := w.E.Advance(time.Second)
	if err != nil || len(fired) != 1 || fired[0].Resource != "s" || fired[0].Event != "secret deleted" {
		t.Errorf("fired %+v, %v", fired, err)
	}
	_, err = enginetest.Ask[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: enginetest.Param("s")})
	enginetest.RefusedWith(t, "at its second", err, "Forbidden.ResourceNotFound")
	w.Secret("s", "v1", "again")
	wantStages(w, "the name is free", "s", "v1:ACSCurrent")
}

func TestDeleteSecretParameters(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for _, c := range []struct{ force, days, code string }{
		{"", "", ""}, {"false", "7", ""}, {"false", "30", ""}, {"true", "", ""},
		{"true", "7", "InvalidParameter"}, {"", "6", "InvalidParameter"}, {"", "31", "InvalidParameter"}, {"", "week", "InvalidParameter"}, {"yes", "", "InvalidParameter"},
	} {
		name := "s" + c.force + c.days
		w.Secret(name, "v1", "v")
		in := &secrets.DeleteSecretRequest{SecretName: &name}
		if c.force != "" {
			in.ForceDeleteWithoutRecovery = &c.force
		}
		if c.days != "" {
			in.RecoveryWindowInDays = &c.days
		}
		_, err := enginetest.Ask[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", in)
		if c.code != "" {
			enginetest.RefusedWith(t, fmt.Sprint(c), err, c.code)
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c, err)
		}
		if _, err := enginetest.Ask[secrets.DescribeSecretResponse](w, w.Public(), "DescribeSecret", &secrets.DescribeSecretRequest{SecretName: &name}); (err == nil) == (c.force == "true") {
			t.Errorf("%v: described afterwards: %v", c, err)
		}
	}
	_, err := enginetest.Ask[secrets.DeleteSecretResponse](w, w.Public(), "DeleteSecret", &secrets.DeleteSecretRequest{SecretName: enginetest.Param("none")})
	enginetest.RefusedWith(t, "unknown", err, "Forbidden.ResourceNotFound")
	_, err = enginetest.Ask[secrets.SecretNameResponse](w, w.Public(), "RestoreSecret", &secrets.SecretNameRequest{enginetest.Param("none")})
	enginetest.RefusedWith(t, "restore unknown", err, "Forbidden.ResourceNotFound")
}

func TestReadingNeedsTheEncryptionKey(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: enginetest.Param("s"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1"), DKMSInstanceId: &w.Software, EncryptionKeyId: &key})
	if got, err := read(w, "s", ""); err != nil || got != "v" {
		t.Fatalf("%q, %v", got, err)
	}
	for state, code := range map[string]string{core.StateDisabled: "Rejected.Disabled", core.StatePendingDeletion: "Rejected.PendingDeletion"} {
		w.SetKey(key, func(k *core.Key) { k.State = state })
		_, err := read(w, "s", "")
		enginetest.RefusedWith(t, "reading with a key in "+state, err, code)
		_, err = put(w, "s", "v2", "x")
		enginetest.RefusedWith(t, "writing with a key in "+state, err, code)
	}
	w.Change(func(tx *store.Tx) { w.E.Table.Keys.Delete(tx, w.Public().Scope(key)) })
	_, err := read(w, "s", "")
	enginetest.RefusedWith(t, "reading with a deleted key", err, "Forbidden.KeyNotFound")
}

func TestSecretsThroughTheInstance(t *testing.T) {
	w := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Strict = true })
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	config := core.JSONMap{"CustomData": map[string]any{"team": "orders"}}
	enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: enginetest.Param("mine"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1"), DKMSInstanceId: &w.Software, EncryptionKeyId: &key, ExtendedConfig: config})
	other := w.Key(w.Hardware, "Aliyun_AES_256", "").KeyId
	enginetest.Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: enginetest.Param("other"), SecretData: enginetest.Param("v"), VersionId: enginetest.Param("v1"), DKMSInstanceId: &w.Hardware, EncryptionKeyId: &other})

	out := enginetest.MustInstance[*dkms.GetSecretValueResponse](w, w.Client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine", FetchExtendedConfig: true})
	if out.SecretData != "v" || out.VersionId != "v1" || !slices.Equal(out.VersionStages, []string{"ACSCurrent"}) || out.ExtendedConfig != "" || out.AutomaticRotation != "" {
		t.Errorf("%v", out)
	}
	if out := enginetest.MustInstance[*dkms.GetSecretValueResponse](w, w.Client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine"}); out.ExtendedConfig != "" {
		t.Error("the configuration comes unasked")
	}
	if got := enginetest.Must[secrets.GetSecretValueResponse](w, w.Dedicated(), "GetSecretValue", &secrets.GetSecretValueRequest{SecretName: enginetest.Param("mine")}); got.SecretData != "v" {
		t.Errorf("dedicated: %+v", got)
	}
	_, err := enginetest.AskInstance[*dkms.GetSecretValueResponse](w, w.Client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "other"})
	enginetest.RefusedWith(t, "another instance's secret", err, "Forbidden.ResourceNotFound")
	_, err = enginetest.Ask[secrets.GetSecretValueResponse](w, w.Dedicated(), "GetSecretValue", &secrets.GetSecretValueRequest{SecretName: enginetest.Param("other")})
	enginetest.RefusedWith(t, "another instance's secret, dedicated", err, "Forbidden.ResourceNotFound")
	_, err = enginetest.AskInstance[*dkms.GetSecretValueResponse](w, w.Client(), "GetSecretValue", &dkms.GetSecretValueRequest{})
	enginetest.RefusedWith(t, "no name", err, "MissingParameter")

	// The secret alone is not enough: the key that encrypts it must be granted too.
	w.Change(func(tx *store.Tx) {
		p, _ := w.E.Table.Policies.Get(tx, w.Public().Scope(core.BootstrapName))
		p.Resources = []string{"secret/*"}
		w.E.Table.Policies.Put(tx, w.Public().Scope(core.BootstrapName), p)
	})
	_, err = enginetest.AskInstance[*dkms.GetSecretValueResponse](w, w.Client(), "GetSecretValue", &dkms.GetSecretValueRequest{SecretName: "mine"})
	enginetest.RefusedWith(t, "without the key", err, "Forbidden.NoPermission")
}
