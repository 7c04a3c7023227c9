package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// samples are the SDK's, by the folder of its examples (KMS SDK for Python 1.1.3).
var samples = map[string]string{
	"operation": `advance_decrypt advance_encrypt advance_generate_data_key advance_generate_data_key_pair
		advance_generate_data_key_pair_without_plaintext decrypt encrypt generate_data_key generate_data_key_pair
		generate_data_key_pair_without_plaintext generate_random get_public_key get_secret_value sign verify`,
	"manage": `cancel_key_deletion create_alias create_key create_key_version create_secret delete_alias delete_key_material
		delete_secret describe_key describe_key_version describe_secret disable_key enable_key get_parameters_for_import
		get_public_key_by_shared_endpoint get_random_password get_secret_value_by_shared_endpoint import_key_material list_aliases
		list_key_versions list_keys list_resource_tags list_secret_version_ids list_secrets put_secret_value restore_secret
		rotate_secret schedule_key_deletion set_deletion_protection tag_resource untag_resource update_alias
		update_key_description update_rotation_policy update_secret update_secret_rotation_policy update_secret_version_stage`,
	"transfer": `asymmetric_decrypt asymmetric_encrypt asymmetric_sign asymmetric_verify create_key create_secret decrypt encrypt
		envelope_decrypt envelope_encrypt generate_data_key generate_data_key_without_plaintext get_public_key get_secret_value`,
}

// sdkRow is a row of docs/from-the-sdk.md.
type sdkRow struct {
	line                    int
	folder, sample, command string
}

var sdkRowPattern = regexp.MustCompile("^\\| `([a-z_]+)` \\| `((?:kmsplan|[A-Z]+=).*?)` \\|")

func sdkRows(text string) (rows []sdkRow) {
	folder := ""
	for i, line := range strings.Split(text, "\n") {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			folder = strings.TrimPrefix(strings.Split(heading, "`:")[0], "`example/")
		}
		if m := sdkRowPattern.FindStringSubmatch(line); m != nil {
			rows = append(rows, sdkRow{i + 1, folder, m[1], m[2]})
		}
	}
	return rows
}

func sdkPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "from-the-sdk.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEverySampleOfTheSDKHasAWay holds the page against the names of the samples.
func TestEverySampleOfTheSDKHasAWay(t *testing.T) {
	got := map[string][]string{}
	for _, r := range sdkRows(sdkPage(t)) {
		got[r.folder] = append(got[r.folder], r.sample)
	}
	for folder, names := range samples {
		want := strings.Fields(names)
		slices.Sort(got[folder])
		if !slices.Equal(got[folder], want) {
			t.Errorf("example/%s: the page has\n%q\nthe SDK\n%q", folder, got[folder], want)
		}
	}
}

// sdkFiles are what lines of the page read beside what they write.
var sdkFiles = map[string]string{
	"rds.json": `{"SecretName": "managed", "VersionId": "v1", "SecretType": "Rds", "SecretDataType": "text",
		"SecretData": "{\"Accounts\":[{\"AccountName\":\"app\",\"AccountPassword\":\"Opensesame-1234\"}]}",
		"ExtendedConfig": {"SecretSubType": "SingleUser", "DBInstanceId": "rm-bp1b3dd3a506e"}}`,
}

// sdkPrelude is what the page's own lines before the tables leave out, because a reader has it.
const sdkPrelude = `
openssl genrsa -out consumer.pem 2048 2>/dev/null
printf '{"PublicKeyBlob":"%s","WrappingKeySpec":"RSA_2048","WrappingAlgorithm":"RSAES_OAEP_SHA_256"}' $(openssl rsa -in consumer.pem -pubout -outform DER 2>/dev/null | base64 -w0) > exported.json
`

// alreadyDone is refused by an account that uses KMS, as the emulator's does.
const alreadyDone = "open_kms_service"

// prints is what commands print of what was put in.
var prints = map[string]string{
	"decrypt": "a configuration", "advance_decrypt": "a configuration", "verify": "true", "asymmetric_verify": "true",
	alreadyDone: "Forbidden.Opened", "asymmetric_decrypt": "a value", "get_secret_value_by_shared_endpoint": "a value", "get_public_key": "-----BEGIN PUBLIC KEY-----",
}

// TestTheSDKsSamplesByKmsplan runs the page: its module, its lines before the tables, and each row's command, in one shell.
func TestTheSDKsSamplesByKmsplan(t *testing.T) {
	if testing.Short() {
		t.Skip("runs all that docs/from-the-sdk.md shows")
	}
	if _, err := exec.LookPath("openssl"); err != nil || runtime.GOOS == "windows" {
		t.Skip("the page is written for a POSIX shell with openssl")
	}
	text, dir := sdkPage(t), t.TempDir()
	module, _ := hclExamples(text)
	files := map[string]string{"main.kms.hcl": module["Before 1"]}
	for name, content := range sdkFiles {
		files[name] = content
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	files["bin/kmsplan"] = fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", clitest.ActAsMain, self)
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	_, before, _ := strings.Cut(text, "```sh\n")
	before, _, _ = strings.Cut(before, "```")
	rows := sdkRows(text)
	const mark = "@@ row"
	var script strings.Builder
	fmt.Fprintf(&script, "exec 2>&1\nset -e\n%s\n%s\nset +e\n", before, sdkPrelude)
	for i, r := range rows {
		fmt.Fprintf(&script, "echo; echo '%s %d'\n%s\necho; echo \"%s exit $?\"\n", mark, i, r.command, mark)
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(script.String(), "\necho; echo \""+mark+" exit $?\"", "\ncode=$?; echo; echo \""+mark+" exit $code\""))
	shell.Dir = dir
	shell.Env = append(os.Environ(), "HOME="+dir, "NO_COLOR=1", "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, r := range rows {
		_, part, found := bytes.Cut(out, fmt.Appendf(nil, "%s %d\n", mark, i))
		part, code, _ := bytes.Cut(part, []byte(mark+" exit "))
		switch {
		case !found:
			t.Errorf("docs/from-the-sdk.md:%d: %s did not run", r.line, r.sample)
		case !bytes.HasPrefix(code, []byte("0\n")) && r.sample != alreadyDone:
			t.Errorf("docs/from-the-sdk.md:%d: %s: $ %s\n%s", r.line, r.sample, r.command, part)
		case !strings.Contains(string(part), prints[r.sample]):
			t.Errorf("docs/from-the-sdk.md:%d: %s does not print %q but\n%s", r.line, r.sample, prints[r.sample], part)
		}
	}
	if len(rows) < 15+37+14 {
		t.Errorf("only %d rows were found", len(rows))
	}
}
