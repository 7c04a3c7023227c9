package connect_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/oss/connect"
)

func TestOptionsThatAreRefused(t *testing.T) {
	t.Setenv("OSS_REGION", "")
	t.Setenv("ALIBABA_CLOUD_REGION_ID", "")
	fine := connect.Options{For: "the oss source", Bucket: "bucket", Region: "cn-hangzhou"}
	for want, change := range map[string]func(*connect.Options){
		"bucket":           func(o *connect.Options) { o.Bucket = "No" },
		"needs the bucket": func(o *connect.Options) { o.Region = "" },
		"not one such":     func(o *connect.Options) { o.Region = "x/y" },
		"credentials":      func(o *connect.Options) { o.Endpoint = "https://id:canary@h" },
		"not encrypted":    func(o *connect.Options) { o.Endpoint = "http://oss.example" },
		"no URL":           func(o *connect.Options) { o.Endpoint = "https://h/canary?x=y" },
		"ca_file":          func(o *connect.Options) { o.CAFile = "/none" },
	} {
		o := fine
		change(&o)
		if _, _, err := o.Client(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "the oss source") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, host, err := fine.Client(); err != nil || host != "oss-cn-hangzhou.aliyuncs.com" {
		t.Errorf("%s, %v", host, err)
	}
}
