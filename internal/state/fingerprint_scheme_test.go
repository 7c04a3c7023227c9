package state

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// TestSlowFingerprintsAreFewAtATime: each takes 19 MiB, so that on many cores a thousand would take much memory. Who
// comes too many waits, and keyed ones wait for nobody.
func TestSlowFingerprintsAreFewAtATime(t *testing.T) {
	before := runtime.GOMAXPROCS(64)
	few := cap(NewFingerprints(nil).slow)
	runtime.GOMAXPROCS(before)
	if few != 4 {
		t.Errorf("on 64 cores %d are made together", few)
	}
	slow := NewFingerprint([]byte("v"))
	synctest.Test(t, func(t *testing.T) {
		p := NewFingerprints(nil)
		for range cap(p.slow) {
			p.slow <- struct{}{}
		}
		compared, made := make(chan Match, 1), make(chan error, 1)
		go func() { compared <- p.Compare(slow, []byte("v")) }()
		go func() { _, err := p.New("secret.a", []byte("v")); made <- err }()
		if synctest.Wait(); len(compared)+len(made) > 0 {
			t.Error("one more was made at once")
		}
		p.Compare(Fingerprint{Params: keyedPrefix}, nil)
		<-p.slow
		if m, err := <-compared, <-made; m != Same || err != nil {
			t.Errorf("after the wait: %v, %v", m, err)
		}
		if len(p.slow) != cap(p.slow)-1 {
			t.Errorf("%d places are held after all is done", len(p.slow))
		}
	})
}
