package view

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
)

// stillEvery is how often a step that takes long says that it is still at work.
const stillEvery = 10 * time.Second

// Applying tells people what an apply does while it does it, in Terraform's sentences.
type Applying struct {
	t    *Terminal
	mu   sync.Mutex
	busy map[string]func()
}

// NewApplying makes the hooks' receiver for one apply.
func (t *Terminal) NewApplying() *Applying { return &Applying{t: t, busy: map[string]func(){}} }

// Hooks are what apply calls.
func (v *Applying) Hooks() apply.Hooks {
	return apply.Hooks{Started: v.started, Done: v.done, Failed: v.failed, Skipped: v.skipped, Recovered: v.t.Recovered}
}

func (v *Applying) printf(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.t.Printf(format, args...)
}

func (v *Applying) started(s apply.Step) {
	name := paint(v.t.Color, bold, s.Addr.String()+": ")
	v.printf("%s%s...\n", name, doing(s))
	began, stop := time.Now(), make(chan struct{})
	v.mu.Lock()
	v.busy[s.Addr.String()] = sync.OnceFunc(func() { close(stop) })
	v.mu.Unlock()
	go v.still(s, began, stop)
}

// still repeats every ten seconds that a step is at work, until it ends.
func (v *Applying) still(s apply.Step, began time.Time, stop <-chan struct{}) {
	tick := time.NewTicker(stillEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			v.printf("%sStill %s... [%s elapsed]\n", paint(v.t.Color, bold, s.Addr.String()+": "), lowerFirst(doing(s)), time.Since(began).Round(time.Second))
		}
	}
}

func (v *Applying) ended(s apply.Step) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if stop := v.busy[s.Addr.String()]; stop != nil {
		stop()
		delete(v.busy, s.Addr.String())
	}
}

func (v *Applying) done(s apply.Step, out apply.Outcome) {
	v.ended(s)
	id := ""
	if out.ID != "" {
		id = " [id=" + neutral(out.ID) + "]"
	}
	v.printf("%s%s after %s%s\n", paint(v.t.Color, bold, s.Addr.String()+": "), finished(s), elapsed(out.Elapsed), id)
}

func (v *Applying) failed(s apply.Step, out apply.Outcome) {
	v.ended(s)
	word := "Failed"
	if out.Status == apply.Unknown {
		word = "Outcome unknown"
	}
	v.printf("%s%s after %s\n", paint(v.t.Color, bold, s.Addr.String()+": "), word, elapsed(out.Elapsed))
}

func (v *Applying) skipped(s apply.Step, out apply.Outcome) {
	v.printf("%sSkipped: %s\n", paint(v.t.Color, bold, s.Addr.String()+": "), neutral(out.Reason))
}

func elapsed(d time.Duration) string {
	if d < time.Second {
		return "0s"
	}
	return d.Round(time.Second).String()
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// doing names a step while it is at work.
func doing(s apply.Step) string {
	if len(s.Files) > 0 {
		return map[string]string{"encrypt": "Encrypting", "decrypt": "Decrypting", "rewrap": "Rewrapping"}[s.Addr.Kind] + " " + plural(len(s.Files), "file")
	}
	switch s.Action {
	case plan.Create:
		return "Creating"
	case plan.Adopt:
		return "Importing"
	case plan.Rescue:
		return "Rescuing"
	case plan.Succeed:
		return "Creating a successor"
	case plan.Retire:
		return "Retiring"
	case plan.Delete:
		return "Destroying"
	case plan.Forget:
		return "Forgetting"
	}
	return "Modifying"
}

// finished names a step when it is done.
func finished(s apply.Step) string {
	if len(s.Files) > 0 {
		return map[string]string{"encrypt": "Encryption", "decrypt": "Decryption", "rewrap": "Rewrap"}[s.Addr.Kind] + " complete"
	}
	switch s.Action {
	case plan.Create, plan.Succeed:
		return "Creation complete"
	case plan.Adopt:
		return "Import complete"
	case plan.Rescue:
		return "Rescue complete"
	case plan.Retire:
		return "Retirement step complete"
	case plan.Delete:
		return "Destruction complete"
	case plan.Forget:
		return "Removed from state"
	}
	return "Modifications complete"
}

// Recovered says what became of a call that an earlier run left open.
func (t *Terminal) Recovered(r apply.Recovered) {
	in := r.Intent
	switch r.Status {
	case apply.Adopted:
		t.Notef("%s: %s of an interrupted run had taken effect; adopted %s", in.Address, in.Operation, neutral(r.ID))
	case apply.Confirmed:
		t.Notef("%s: %s of an interrupted run had taken effect", in.Address, in.Operation)
	case apply.NeverHappened:
		t.Notef("%s: %s of an interrupted run never took effect", in.Address, in.Operation)
	case apply.StillPending:
		t.Notef("%s: whether %s took effect is certain only after %s; until then it is not repeated", in.Address, in.Operation, r.Until.UTC().Format(time.RFC3339))
	}
	for _, id := range r.Duplicates {
		t.Notef("%s: a further object of the same call exists, %s; it is left alone, look at it and retire it by hand", in.Address, neutral(id))
	}
}

// Applied prints Terraform's closing sentence.
func (t *Terminal) Applied(r apply.Report) {
	t.Printf("\n%s\n", paint(t.Color, green, paint(t.Color, bold, AppliedLine(r))))
	if r.Files > 0 {
		t.Printf("Files: %d written.\n", r.Files)
	}
}

// AppliedLine is the sentence pipelines parse.
func AppliedLine(r apply.Report) string {
	line := "Apply complete! Resources: "
	if r.Adopted > 0 {
		line += fmt.Sprintf("%d imported, ", r.Adopted)
	}
	line += fmt.Sprintf("%d added, %d changed, %d destroyed", r.Added, r.Changed, r.Destroyed)
	if r.Forgotten > 0 {
		line += fmt.Sprintf(", %d forgotten", r.Forgotten)
	}
	return line + "."
}
