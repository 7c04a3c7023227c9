package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// A plan is a function of the configuration, the state, what lives in the service, and the time.
func ExampleCalculate() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	module := `
gateway "dev" {
  emulator {}
}
key "orders" {
  description = "Order database"
}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(module), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	if diags.HasErrors() {
		fmt.Println(diags)
		return
	}
	p, diags := plan.Calculate(plan.Input{
		Config: cfg,
		State:  state.State{Version: state.FormatVersion, Lineage: "example"},
		Live:   plan.Live{Gateways: map[string]*plan.LiveGateway{"dev": {}}},
		Now:    time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if diags.HasErrors() {
		fmt.Println(diags)
		return
	}
	for _, c := range p.Changes {
		fmt.Println(c.Action.Sign(), c.Addr, c.Calls)
	}
	// Output:
	// + key.orders [CreateKey]
	// + alias.orders [CreateAlias]
}
