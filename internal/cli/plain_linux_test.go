package cli

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/view"
)

// Issue 9, point 9. TestAPlainTerminalGetsNoEscapeCodes asks on a real terminal what is painted and redrawn there. That it is a
// terminal stays known where it is plain: kms shows no secret on one unasked.
func TestAPlainTerminalGetsNoEscapeCodes(t *testing.T) {
	_, tty := clitest.Terminal(t)
	for name, c := range map[string]struct {
		env   map[string]string
		plain bool
	}{
		"colours":   {map[string]string{"TERM": "xterm"}, false},
		"TERM=dumb": {map[string]string{"TERM": "dumb"}, true},
		"NO_COLOR":  {map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, true},
	} {
		term := view.NewTerminal(tty, tty, func(name string) string { return c.env[name] })
		if term.Color == c.plain || term.ErrColor == c.plain || term.Redraws == c.plain || !term.Live {
			t.Errorf("%s: colours %v and %v, redrawn %v, terminal %v", name, term.Color, term.ErrColor, term.Redraws, term.Live)
		}
	}
	for _, flag := range []string{"-no-color", "--no-color"} {
		if !noColor([]string{"plan", flag}) {
			t.Errorf("%s is not plain", flag)
		}
	}
}
