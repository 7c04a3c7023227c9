package core

import (
	"strconv"
	"strings"
)

// Regions lists the regions the emulator answers for, in alphabetical order.
func Regions() []string {
	return []string{
		"ap-northeast-1", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5",
		"cn-beijing", "cn-chengdu", "cn-guangzhou", "cn-hangzhou", "cn-heyuan", "cn-hongkong",
		"cn-huhehaote", "cn-nanjing", "cn-qingdao", "cn-shanghai", "cn-shenzhen", "cn-wulanchabu",
		"cn-zhangjiakou", "eu-central-1", "eu-west-1", "me-east-1", "us-east-1", "us-west-1",
	}
}

// ImageAtLeast compares image versions such as 4.1.0; "" is the least.
func ImageAtLeast(image, least string) bool {
	have, want := strings.Split(image, "."), strings.Split(least, ".")
	for i := range want {
		w, _ := strconv.Atoi(want[i])
		h := 0
		if i < len(have) {
			h, _ = strconv.Atoi(have[i])
		}
		if h != w {
			return h > w
		}
	}
	return true
}
