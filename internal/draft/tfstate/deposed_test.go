package tfstate_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/draft/tfstate"
)

// What a replacement left behind is deleted by Terraform's next apply: it is named, and forgotten with the rest of its resource.
func TestWhatAReplacementLeftBehindIsNamed(t *testing.T) {
	for name, doc := range map[string]string{
		"a state": `{"version":4,"resources":[{"mode":"managed","type":"alicloud_kms_key","name":"k","instances":[
			{"attributes":{"id":"key-new","status":"Enabled"}},
			{"deposed":"00000001","attributes":{"id":"key-old","status":"Enabled"}}]}]}`,
		"what show says": `{"format_version":"1.0","values":{"root_module":{"resources":[
			{"mode":"managed","type":"alicloud_kms_key","name":"k","values":{"id":"key-new","status":"Enabled"}},
			{"mode":"managed","type":"alicloud_kms_key","name":"k","deposed_key":"00000001","values":{"id":"key-old","status":"Enabled"}}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			resources, err := tfstate.Read([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			taken := tfstate.Take(resources, anywhere)
			if len(taken.Left) != 1 || !strings.Contains(taken.Left[0].Why, "left key-old behind") || len(taken.Removed) != 1 || taken.Count["key"] != 1 {
				t.Errorf("%+v", taken)
			}
			if text := string(source(taken)); strings.Contains(text, "key-old") {
				t.Errorf("it is imported:\n%s", text)
			}
		})
	}
}
