package emulator

import (
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/instance"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// OperationNames lists every operation of both gateways, sorted.
func OperationNames() []string {
	names := slices.Collect(maps.Keys(engine.Operations()))
	names = slices.AppendSeq(names, maps.Keys(engine.InstanceOperations()))
	slices.Sort(names)
	return slices.Compact(names)
}

// gateways builds the two handlers over the engine.
func (s *Server) gateways(o *settings) (*public.Handler, *instance.Handler) {
	shared := public.New(public.Config{
		Config: exchange.Config{
			Engine: s.engine, Now: s.engine.Clock().Now, WireNow: time.Now, NewRequestID: s.requestIDs.next, Lag: o.ListLag, Outage: s.outage,
			Throttle: throttle.New(o.profile, s.engine.Clock().Now), Faults: s.faults, Calls: s.calls, Logger: o.Logger,
		},
		Operations: engine.Operations(), Credentials: s.engine.Credential,
		DefaultAccessKeyID: func() string { return s.engine.Bootstrap().AccessKeyID },
		DefaultRegion:      s.engine.Options().Region, Auth: o.auth, Reaches: s.engine.Reaches, Permits: s.engine.RAMPermits, SpeaksRAM: s.engine.SpeaksRAM,
	})
	return shared, s.instanceGateway(o, shared)
}

// instanceGateway is the instance's host; calls with RAM credentials go to shared.
func (s *Server) instanceGateway(o *settings, shared *public.Handler) *instance.Handler {
	return instance.New(instance.Config{
		Config: shared.Config.Config, Operations: engine.InstanceOperations(), ClientKey: s.engine.ClientKeyByID, Instance: instanceOf,
		Verify: o.auth == public.Strict, Dedicated: shared, Reaches: s.engine.ReachesByKey,
	})
}

var instanceHost = pattern.New(`^(kst-[a-z0-9]+)\.cryptoservice\.kms\.aliyuncs\.com$`)

// instanceOf reads an instance's id from its host name; any other host, such as
// 127.0.0.1, names none.
func instanceOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if m := instanceHost.FindStringSubmatch(strings.ToLower(host)); m != nil {
		return m[1]
	}
	return ""
}
