package stack

import (
	"context"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// probeDeadline bounds the look at one gateway.
const probeDeadline = 15 * time.Second

// prober is a client that can look at its gateway.
type prober interface {
	Probe(ctx context.Context) transport.Facts
}

// Finding is one line of a doctor's report.
type Finding struct {
	Gateway string `json:"gateway"` // "" = it is about the state
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Detail  string `json:"detail"`
}

// Examine looks at every gateway block, without changing anything.
func (g *Gateways) Examine(ctx context.Context) []Finding {
	var all []Finding
	for _, b := range g.Config.Gateways {
		all = append(all, g.examine(ctx, b.Name)...)
	}
	return all
}

// examine looks at every side of one gateway block.
func (g *Gateways) examine(ctx context.Context, name string) []Finding {
	opened, err := g.get(ctx, name)
	if err != nil {
		return []Finding{{name, "configuration", false, err.Error()}}
	}
	ctx, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	var out []Finding
	if opened.public != nil {
		out = append(out, g.report(name, opened.public.Probe(ctx))...)
	}
	if p, ok := opened.instance.(prober); ok {
		out = append(out, g.report(name, p.Probe(ctx))...)
	}
	return out
}

// report turns a probe's facts into findings.
func (g *Gateways) report(name string, f transport.Facts) []Finding {
	side := f.Gateway + " gateway " + f.Endpoint
	add := func(ok bool, check, format string, args ...any) Finding {
		return Finding{name, f.Gateway + ": " + check, ok, fmt.Sprintf(format, args...)}
	}
	var out []Finding
	if f.CredentialProvider != "" {
		out = append(out, add(true, "credentials", "%s, from %s", f.AccessKeyID, f.CredentialProvider))
	}
	if f.ClientKeyID != "" {
		out = append(out, add(g.lasts(f.ClientKeyNotAfter), "ClientKey", "%s, valid until %s", f.ClientKeyID, f.ClientKeyNotAfter.UTC().Format(time.RFC3339)))
	}
	if f.CASource != "" {
		out = append(out, add(g.lasts(f.CANotAfter), "CA", "%s (%s), valid until %s", f.CASubject, f.CASource, f.CANotAfter.UTC().Format(time.RFC3339)))
	}
	if f.Proxy != "" {
		out = append(out, add(true, "proxy", "%s", f.Proxy))
	}
	if f.Err != nil {
		out = append(out, add(false, "reachability", "%v", f.Err))
	} else {
		out = append(out, add(true, "reachability", "%s answered in %s", side, f.Latency.Round(time.Millisecond)))
	}
	if f.Reachable {
		out = append(out, add(f.ClockSkew.Abs() < maxSkew, "clock", "the gateway's clock differs from ours by %s", f.ClockSkew.Round(time.Second)))
	}
	for _, w := range f.Warnings {
		out = append(out, add(true, "note", "%s", w))
	}
	return out
}

// maxSkew is the clock difference from which requests are refused (KMS: 15 minutes) less a margin.
const maxSkew = 10 * time.Minute

// soon is how long before its end a certificate is worth a red line.
const soon = 30 * 24 * time.Hour

// lasts reports whether something stays valid for a month.
func (g *Gateways) lasts(notAfter time.Time) bool {
	return notAfter.Sub(g.options.Now()) > soon
}
