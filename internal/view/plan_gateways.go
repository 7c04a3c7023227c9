package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// movedGateways lists the gateways whose objects get another gateway's name in the state.
func (r planText) movedGateways(list []plan.MovedGateway) {
	for _, m := range list {
		r.printf("  # %s has moved to %s (%s)\n\n", paint(r.color, bold, "gateway."+m.From), paint(r.color, bold, "gateway."+m.To), plural(m.Objects, "object"))
	}
}

func (l *Lines) movedGateways(list []plan.MovedGateway) {
	for _, m := range list {
		l.emit("info", "moved_gateway", fmt.Sprintf("gateway.%s has moved to gateway.%s (%s)", m.From, m.To, plural(m.Objects, "object")), map[string]any{"moved": movedGatewayJSON(m)})
	}
}

func movedGatewayJSON(m plan.MovedGateway) map[string]any {
	return map[string]any{"from": m.From, "to": m.To, "objects": m.Objects}
}

func movedGatewaysJSON(list []plan.MovedGateway) []any {
	out := []any{}
	for _, m := range list {
		out = append(out, movedGatewayJSON(m))
	}
	return out
}
