package credential

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clearEnv takes every source of credentials away from the chain.
func clearEnv(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN",
		"ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_CONFIG_FILE", "ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_CREDENTIALS_FILE",
		"ALIBABA_CLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_ECS_METADATA"} {
		t.Setenv(name, "")
	}
	return home
}

func cliConfig(t *testing.T, home, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(home, ".aliyun"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".aliyun", "config.json"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestChainReadsTheEnvironment(t *testing.T) {
	clearEnv(t)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", testKeyID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", canarySecret)
	t.Setenv("ALIBABA_CLOUD_SECURITY_TOKEN", canaryToken)
	c, err := Chain(Config{}).Credential(context.Background())
	if err != nil || c.Provider != "env" || c.AccessKeySecret.Reveal() != canarySecret || c.SecurityToken.Reveal() != canaryToken {
		t.Error(c, err)
	}
}

func TestChainReadsTheCLIProfile(t *testing.T) {
	home := clearEnv(t)
	cliConfig(t, home, `{"current":"work","profiles":[{"name":"default","mode":"AK","access_key_id":"no","access_key_secret":"no"},
		{"name":"work","mode":"AK","access_key_id":"`+testKeyID+`","access_key_secret":"`+canarySecret+`"}]}`)
	c, err := Chain(Config{}).Credential(context.Background())
	if err != nil || !strings.HasPrefix(c.Provider, "cli_profile") || c.AccessKeyID != testKeyID {
		t.Error(c, err)
	}
	if c, err = Chain(Config{Profile: "default"}).Credential(context.Background()); err != nil || c.AccessKeyID != "no" {
		t.Error(c, err)
	}
}

// What the chain must survive without printing a secret, running a command,
// asking the network or ending the process.
func TestChainRefusesDangerousProfiles(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	for name, c := range map[string]struct{ config, want string }{
		"broken file":     {`{"current":"d","profiles":[{"access_key_secret":"` + canarySecret + `"`, "is not the JSON"},
		"external":        {`{"current":"d","profiles":[{"name":"d","mode":"External","process_command":"touch ` + marker + `"}]}`, "external command"},
		"metadata":        {`{"current":"d","profiles":[{"name":"d","mode":"EcsRamRole","ram_role_name":"r"}]}`, "metadata service"},
		"circle":          {`{"current":"a","profiles":[{"name":"a","mode":"ChainableRamRoleArn","source_profile":"b"},{"name":"b","mode":"ChainableRamRoleArn","source_profile":"a"}]}`, "circle"},
		"source external": {`{"current":"a","profiles":[{"name":"a","mode":"ChainableRamRoleArn","source_profile":"b"},{"name":"b","mode":"External","process_command":"touch ` + marker + `"}]}`, "external command"},
		"unknown profile": {`{"current":"z","profiles":[{"name":"a","mode":"AK"}]}`, `no profile "z"`},
	} {
		t.Run(name, func(t *testing.T) {
			cliConfig(t, clearEnv(t), c.config)
			_, err := Chain(Config{}).Credential(context.Background())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "ALIBABA_CLOUD_ACCESS_KEY_ID") {
				t.Fatal(err)
			}
			without(t, "error", err.Error(), canarySecret)
		})
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("the external command ran")
	}
}

func TestExternalProfileRunsWhenAllowed(t *testing.T) {
	const profile = `{"current":"d","profiles":[{"name":"d","mode":"External","process_command":%q}]}`
	for command, want := range map[string]string{
		`echo '{"mode":"AK","access_key_id":"ext","access_key_secret":"s"}'`: "",
		`echo ` + canarySecret: "printed something else",
		`false`:                "false failed",
		`echo '{"mode":"StsToken","access_key_id":"ext","access_key_secret":"s"}'`: "sts_token",
		`echo "unfinished`: "inside quotes",
		` `:                "is empty",
	} {
		home := clearEnv(t)
		cliConfig(t, home, fmt.Sprintf(profile, command))
		before, err := os.ReadFile(filepath.Join(home, ".aliyun", "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Chain(Config{AllowExternal: true}).Credential(context.Background())
		if want == "" && (err != nil || c.AccessKeyID != "ext" || c.Provider != "cli_profile/external") ||
			want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v %v", command, c, err)
		}
		if err != nil {
			without(t, "error", err.Error(), canarySecret)
		}
		if after, err := os.ReadFile(filepath.Join(home, ".aliyun", "config.json")); err != nil || string(after) != string(before) {
			t.Errorf("the configuration was rewritten: %s", after)
		}
	}
}

func FuzzSplitCommand(f *testing.F) {
	f.Add(`tool "a b" 'c\d' e\ f ""`)
	f.Fuzz(func(t *testing.T, command string) {
		argv, err := splitCommand(command)
		if err == nil && len(argv) == 0 {
			t.Error("no command and no error")
		}
	})
}

func TestSplitCommand(t *testing.T) {
	got, err := splitCommand(`  tool "a b"  'c\d' e\ f "" "x\"y"z `)
	if want := []string{"tool", "a b", `c\d`, "e f", "", `x"yz`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
}

// After a total failure the whole chain is searched again, not only its last
// source.
func TestChainRecovers(t *testing.T) {
	home := clearEnv(t)
	chain := Chain(Config{})
	if _, err := chain.Credential(context.Background()); err == nil {
		t.Fatal("credentials from nowhere")
	}
	cliConfig(t, home, `{"current":"d","profiles":[{"name":"d","mode":"AK","access_key_id":"one","access_key_secret":"s"}]}`)
	if c, err := chain.Credential(context.Background()); err != nil || c.AccessKeyID != "one" {
		t.Fatal(c, err)
	}
}

// Case W8. Without credentials one sentence says so and names the ways, in our own words; half a pair
// is named for what it is.
func TestNoCredentialsIsOneSentence(t *testing.T) {
	clearEnv(t)
	_, err := Chain(Config{}).Credential(context.Background())
	if want := "none are set up; " + waysToCredentials; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", testKeyID)
	_, err = Chain(Config{}).Credential(context.Background())
	if want := "none that are set up can be used; environment: ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set; mend that, or " + waysToCredentials; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

const (
	testKeyID    = "AKTESTKEYID00001"
	canarySecret = "canary-ak-secret-8c1f"
	canaryToken  = "canary-sts-token-77aa"
)

func without(t *testing.T, where, text, canary string) {
	t.Helper()
	if strings.Contains(text, canary) {
		t.Errorf("%s holds %q:\n%s", where, canary, text)
	}
}
