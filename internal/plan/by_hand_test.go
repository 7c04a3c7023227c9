package plan

import "testing"

func TestByHandNamesTheGateway(t *testing.T) {
	for gateway, want := range map[string]string{
		"hz": "`kmsplan kms DisableKey -gateway hz -key-id k`",
		"":   "`kmsplan kms DisableKey -key-id k`",
	} {
		if got := ByHand(gateway, "DisableKey", "-key-id", "k"); got != want {
			t.Errorf("%s", got)
		}
	}
}
