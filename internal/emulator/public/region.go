package public

import (
	"net"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/pattern"
)

var regionName = pattern.New(`^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$`)

// region finds the region that the request is for: the endpoint's name as the
// Host header or the TLS handshake has it, else the RegionId parameter, else the
// default.
func (h *Handler) region(q *request) (string, *engine.Error) {
	hosts := []string{q.http.Host}
	if q.http.TLS != nil {
		hosts = append(hosts, q.http.TLS.ServerName)
	}
	for _, host := range hosts {
		if region := endpointRegion(host); region != "" {
			return region, nil
		}
	}
	region := q.params.Get("RegionId")
	if region == "" {
		return h.DefaultRegion, nil
	}
	if !regionName.MatchString(region) {
		return "", errInvalid("RegionId")
	}
	return region, nil
}

// endpointRegion reads kms.<region>.aliyuncs.com and kms-vpc.<region>.aliyuncs.com.
func endpointRegion(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	labels := strings.Split(strings.ToLower(host), ".")
	if len(labels) != 4 || labels[2] != "aliyuncs" || labels[3] != "com" || labels[0] != "kms" && labels[0] != "kms-vpc" {
		return ""
	}
	if !regionName.MatchString(labels[1]) {
		return ""
	}
	return labels[1]
}
