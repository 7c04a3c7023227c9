package transport

import (
	"context"
	"net"

	"kmsplan.dev/kmsplan/internal/kms"
)

// LimitOf is the rate that a group allows now.
func (q *Quotas) LimitOf(g kms.QuotaGroup) float64 { return float64(q.groups[g].limiter.Limit()) }

// LimitOf is the documented rate of a group.
func LimitOf(g kms.QuotaGroup) float64 { return quotaLimits[g] }

// Through has every connection written to by way of another.
func (x *Exchange) Through(wrap func(net.Conn) net.Conn) {
	dial := x.transport.DialContext
	x.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		counting := conn.(*countingConn)
		counting.Conn = wrap(counting.Conn)
		return counting, nil
	}
}

// Parse reads an endpoint as the configuration does.
var Parse = parseEndpoint
