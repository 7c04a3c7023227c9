package http

import "testing"

func TestTheAddressesOfAWorkspace(t *testing.T) {
	for _, c := range []struct{ address, lock, wantAddress, wantLock string }{
		{"https://gitlab.example/api/v4/projects/a%2Fb/terraform/state/kms", "https://gitlab.example/api/v4/projects/a%2Fb/terraform/state/kms/lock",
			"https://gitlab.example/api/v4/projects/a%2Fb/terraform/state/kms-prod", "https://gitlab.example/api/v4/projects/a%2Fb/terraform/state/kms-prod/lock"},
		{"https://h/state/?a=b#c", "https://h/locks/state?a=b", "https://h/state-prod?a=b#c", "https://h/locks/state-prod?a=b"},
		{"https://h/state", "https://h/state/lock?a=b", "https://h/state-prod", "https://h/state-prod/lock?a=b"},
		{"https://h/state", "https://h/state-lock", "https://h/state-prod", "https://h/state-lock-prod"},
		{"https://h/state", "https://h/state", "https://h/state-prod", "https://h/state-prod"},
		{"https://h/state", "", "https://h/state-prod", ""},
		// The host is never another one.
		{"https://h", "https://h/lock", "https://h/-prod", "https://h/-prod/lock"},
		{"https://h:1/", "https://h:1", "https://h:1/-prod", "https://h:1/-prod"},
	} {
		o := Options{Address: c.address, LockAddress: c.lock, UnlockAddress: c.lock}
		got := o.in("prod")
		if got.Address != c.wantAddress || got.LockAddress != c.wantLock || got.UnlockAddress != c.wantLock {
			t.Errorf("%s, %s: %s, %s", c.address, c.lock, got.Address, got.LockAddress)
		}
		if same := o.in(""); same != o {
			t.Errorf("the default workspace is at %+v", same)
		}
	}
}
