package stack_test

import (
	"context"
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/stack"
)

// counting gives turns at once, and counts them.
type counting struct{ begun, refused int }

func (c *counting) Begin(context.Context, *kms.Operation) (int64, error) { c.begun++; return 0, nil }
func (c *counting) Refused(context.Context, *kms.Operation, int64)       { c.refused++ }

// Where a gateway has no instance, key operations are the shared gateway's: they took no turns, and a batch's rate was nobody's.
func TestKeyOperationsTakeTurnsOnEveryGateway(t *testing.T) {
	server := emulatortest.New(t)
	at := server.Ready()
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", at.AccessKeyID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", at.AccessKeySecret)
	shared := fmt.Sprintf("  region = %q\n  public {\n    endpoint = %q\n    ca_file  = %q\n  }\n", at.Region, at.Public.HTTPS, at.CAFile)
	dedicated := fmt.Sprintf("  instance {\n    id       = %q\n    endpoint = %q\n    ca_file  = %q\n  }\n", at.Instance.ID, at.Instance.Endpoint, at.CAFile)
	for name, text := range map[string]string{
		"shared":                     shared,
		"dedicated, RAM credentials": shared + dedicated,
		"emulator":                   "  emulator { ready_file = \"ready.json\" }\n",
	} {
		t.Run(name, func(t *testing.T) {
			r, turns := machineOn(t, server, ""), &counting{}
			r.write("main.kms.hcl", "gateway \"dev\" {\n"+text+"}\n")
			r.options.Pace = func(string) transport.Pace { return turns }
			s, err := stack.Open(r.module(), r.options)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close(s)
			g, err := s.Keyring().Gateway(t.Context(), "dev")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Crypt.GenerateDataKey(t.Context(), "alias/none", 32, nil); err == nil {
				t.Error("a key that is not there made a data key")
			}
			if turns.begun != 1 {
				t.Errorf("one call took %d turns", turns.begun)
			}
		})
	}
}
