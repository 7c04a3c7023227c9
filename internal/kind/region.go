package kind

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/suggest"
)

var regionPattern = pattern.New(`^[a-z]{2,4}(-[a-z0-9]+)+$`)

// regions are those where KMS is offered (KMS: regions and endpoints). New ones come up, so one that is not
// listed is taken, unless it looks like a slip of one that is.
var regions = []string{
	"cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-shenzhen", "cn-heyuan",
	"cn-guangzhou", "cn-chengdu", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-zhengzhou-jva", "cn-hongkong",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-northeast-1", "ap-northeast-2", "ap-south-1",
	"us-west-1", "us-east-1", "us-southeast-1", "na-south-1", "eu-central-1", "eu-west-1", "me-east-1", "me-central-1",
	"cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1", "cn-beijing-finance-1", "cn-north-2-gov-1",
}

// CheckRegion says what is wrong with a region's id, or nil.
func CheckRegion(id string) error {
	if slices.Contains(regions, id) {
		return nil
	}
	near := suggest.Nearest(id, regions)
	switch {
	case near != "" && !numbered(id, near):
		return sentence("%q is no region id. Did you mean %q?", id, near)
	case !regionPattern.MatchString(id):
		return sentence(`%q is no region id; one looks like "cn-hangzhou".`, id)
	}
	return nil
}

// numbered reports whether two ids differ in their numbers only: ap-southeast-9 may be a new region.
func numbered(a, b string) bool {
	return strings.TrimRight(a, "0123456789") == strings.TrimRight(b, "0123456789")
}

// CheckEndpoint says what is wrong with a gateway's endpoint, or nil: a host, with a port perhaps, over https;
// over http on this machine only.
func CheckEndpoint(endpoint string) error {
	text := endpoint
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return sentence(`%q is no endpoint; one looks like "kms.cn-hangzhou.aliyuncs.com".`, endpoint)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return sentence("The endpoint %q is not encrypted, and secrets would travel in the open. Write https://%s.", endpoint, u.Host)
	case u.Scheme != "http" && u.Scheme != "https":
		return sentence(`The endpoint %q has the scheme %q. Write "https://%s".`, endpoint, u.Scheme, u.Host)
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
