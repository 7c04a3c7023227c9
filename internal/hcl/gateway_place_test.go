package hcl

import "testing"

func TestWhichGatewaysLeadElsewhere(t *testing.T) {
	emulated := func(region string, e EmulatorGateway) *Gateway { return &Gateway{Region: region, Emulator: &e} }
	at := func(path string) EmulatorGateway { return EmulatorGateway{Path: path} }
	for name, tt := range map[string]struct {
		a, b *Gateway
		want bool
	}{
		"one region":                       {&Gateway{Region: "cn-hangzhou"}, &Gateway{Region: "cn-hangzhou"}, false},
		"two regions":                      {&Gateway{Region: "cn-hangzhou"}, &Gateway{Region: "cn-beijing"}, true},
		"the service and an emulator":      {&Gateway{Region: "cn-hangzhou"}, emulated("cn-hangzhou", at("")), true},
		"one emulator":                     {emulated("", at("")), emulated("", at("./.kmsplan/emulator/")), false},
		"one emulator, seeded":             {emulated("", at("")), emulated("", EmulatorGateway{Seed: "seed.json"}), false},
		"one emulator, two regions":        {emulated("cn-hangzhou", at("")), emulated("cn-beijing", at("")), true},
		"one emulator, its region and not": {emulated("", at("")), emulated("cn-beijing", at("")), true},
		"one emulator, its region twice":   {emulated("", at("")), emulated(EmulatorRegion, at("")), false},
		"two emulators":                    {emulated("", at("a")), emulated("", at("b")), true},
		"one that runs, of some region":    {emulated("", EmulatorGateway{ReadyFile: "r"}), emulated("cn-beijing", EmulatorGateway{ReadyFile: "r"}), false},
		"nobody knows":                     {nil, &Gateway{Region: "cn-beijing"}, false},
	} {
		if got := tt.a.Elsewhere(tt.b); got != tt.want || tt.b.Elsewhere(tt.a) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
