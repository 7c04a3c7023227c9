package emulator

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

func TestQuotasAreMetOnlyWhenAskedFor(t *testing.T) {
	custom := engine.Quotas{Aliases: 2}
	for _, c := range []struct {
		name string
		o    Options
		want engine.Quotas
	}{
		{"by default", Options{}, engine.NoQuotas},
		{"with the documented throttle", Options{Throttle: "documented"}, engine.DefaultQuotas},
		{"alone", Options{Quotas: "documented"}, engine.DefaultQuotas},
		{"switched off beside the throttle", Options{Throttle: "documented", Quotas: "off"}, engine.NoQuotas},
		{"as figures", Options{Quotas: "documented", QuotaFigures: custom}, custom},
	} {
		got, err := c.o.quotas()
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	if _, err := (Options{Quotas: "some"}).quotas(); err == nil {
		t.Error("an unknown word was taken")
	}
}
