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

// atWork is what a terminal knows of steps that have begun, so that they can say that they are still at work.
type atWork struct {
	mu   sync.Mutex
	busy map[string]func()
}

// say prints a line that another step's line must not cut.
func (t *Terminal) say(s apply.Step, format string, args ...any) {
	t.work.mu.Lock()
	defer t.work.mu.Unlock()
	t.aboveWorking(func() {
		t.tell("%s%s\n", paint(t.Color, bold, s.Addr.String()+": "), fmt.Sprintf(format, args...))
	})
}

// Started begins a step.
func (t *Terminal) Started(s apply.Step) {
	t.say(s, "%s...", doing(s))
	began, stop := time.Now(), make(chan struct{})
	t.work.mu.Lock()
	defer t.work.mu.Unlock()
	if t.work.busy == nil {
		t.work.busy = map[string]func(){}
	}
	t.work.busy[s.Addr.String()] = sync.OnceFunc(func() { close(stop) })
	go t.still(s, began, stop)
}

// still repeats every ten seconds that a step is at work, until it ends.
func (t *Terminal) still(s apply.Step, began time.Time, stop <-chan struct{}) {
	tick := time.NewTicker(stillEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			t.say(s, "Still %s... [%s elapsed]", lowerFirst(doing(s)), time.Since(began).Round(time.Second))
		}
	}
}

func (t *Terminal) ended(s apply.Step) {
	t.work.mu.Lock()
	defer t.work.mu.Unlock()
	if stop := t.work.busy[s.Addr.String()]; stop != nil {
		stop()
		delete(t.work.busy, s.Addr.String())
	}
}

// Calling is too much for people.
func (t *Terminal) Calling(apply.Step, string) {}

// Done ends a step.
func (t *Terminal) Done(s apply.Step, o apply.Outcome) {
	t.ended(s)
	id := ""
	if o.ID != "" {
		id = " [id=" + neutral(o.ID) + "]"
	}
	t.say(s, "%s after %s%s", finished(s), elapsed(o.Elapsed), id)
	if o.Found {
		t.say(s, "The answer to its creation was lost; it was found by its tag and adopted, not created again")
	}
	for _, id := range o.Duplicates {
		t.say(s, "Its creation was carried out twice: %s exists too and is left alone; look at it, and import it or retire it by hand", neutral(id))
	}
}

// Failed ends a step that failed; why stands at the end, with the others.
func (t *Terminal) Failed(s apply.Step, o apply.Outcome) {
	t.ended(s)
	word := "Failed"
	if o.Status == apply.Unknown {
		word = "Outcome unknown"
	}
	t.say(s, "%s after %s", word, elapsed(o.Elapsed))
}

// Skipped says why a step was not begun.
func (t *Terminal) Skipped(s apply.Step, o apply.Outcome) { t.say(s, "Skipped: %s", neutral(o.Reason)) }

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
	case plan.Read:
		return "Reading"
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
	case plan.Read:
		return "Read complete"
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
	case apply.Untold:
		t.Notef("%s: whether %s of an interrupted run took effect is not to be told; what of it is missing is planned again", in.Address, in.Operation)
	case apply.NeverHappened:
		t.Notef("%s: %s of an interrupted run never took effect", in.Address, in.Operation)
	case apply.StillPending:
		t.Notef("%s: whether %s took effect is certain only after %s; until then it is not repeated", in.Address, in.Operation, r.Until.UTC().Format(time.RFC3339))
	}
	for _, id := range r.Duplicates {
		t.Notef("%s: a further object of the same call exists, %s; it is left alone, look at it and retire it by hand", in.Address, neutral(id))
	}
}

// Ask prints the question that only yes answers.
func (t *Terminal) Ask(workspace string) {
	where := ""
	if otherWorkspace(workspace) {
		where = fmt.Sprintf(" in the workspace %s", workspace)
	}
	t.tell("\nDo you want to perform these actions%s?\n  kmsplan will perform the actions described above.\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ", where)
}

// AskVariable says which variable is asked for.
func (t *Terminal) AskVariable(name, description string) {
	fmt.Fprintf(t.beside(), "\n%s\n", paint(t.ErrColor, bold, "var."+name))
	if description != "" {
		fmt.Fprintf(t.beside(), "  %s\n", strings.ReplaceAll(wrap(neutral(description), t.Width-2), "\n", "\n  "))
	}
	fmt.Fprintln(t.beside())
}

// EnterValue asks for a value in one line.
func (t *Terminal) EnterValue(how string) { fmt.Fprintf(t.beside(), "  Enter a value%s: ", how) }

// Cancelled says that the answer was not yes.
func (t *Terminal) Cancelled() { t.tell("\nApply cancelled.\n") }

// Applied prints Terraform's closing sentence and the outputs.
func (t *Terminal) Applied(r apply.Report) {
	t.tell("\n%s\n", paint(t.Color, green, paint(t.Color, bold, AppliedLine(r))))
	if r.Files > 0 {
		t.tell("Files: %d written.\n", r.Files)
	}
	if len(r.State.Outputs) > 0 {
		t.tell("\nOutputs:\n\n")
		t.Outputs(r.State.Outputs)
	}
}

// Rescued says what was done of a plan that a guard refuses.
func (t *Terminal) Rescued(r apply.Report) {
	t.tell("\nRescued: %d. Nothing else was done, because a guard refuses the plan.\n", r.Changed)
}

// Unfinished shows what failed, and that the rest was recorded.
func (t *Terminal) Unfinished(r apply.Report, err error) {
	summary, counts, detail := unfinished(r, err)
	t.Error(summary, detail, counts)
}

// unfinished puts a run that did not do everything into words.
func unfinished(r apply.Report, err error) (summary, counts string, detail error) {
	summary = "Apply did not finish"
	if r.Unknown > 0 {
		summary = "Apply ended with an unknown outcome"
	}
	if err == nil {
		err = fmt.Errorf("%d objects failed, %d were skipped", r.Failed, r.Skipped)
	}
	counts = fmt.Sprintf("Done and recorded: %d added, %d changed, %d destroyed%s. Failed: %d, skipped: %d, unknown: %d. Nothing was rolled back; apply again to go on.",
		r.Added, r.Changed, r.Destroyed, furtherDone(r), r.Failed, r.Skipped, r.Unknown)
	return summary, counts, err
}

func furtherDone(r apply.Report) string {
	return further(count{r.Forgotten, "forgotten"}, count{r.Retired, "retired"}, count{r.Moved, "moved"})
}

// Current says that a data block's files are as they should be.
func (t *Terminal) Current(block string) { t.tell("%s: current\n", block) }

// Wrote lists what a data block wrote.
func (t *Terminal) Wrote(block string, paths []string) {
	t.clearWorking()
	for _, p := range paths {
		t.tell("%s: wrote %s\n", block, neutral(pathText(p)))
	}
}

// Recovery sums up what became of open calls.
func (t *Terminal) Recovery(r apply.Recovery) {
	t.tell("%s\n", recoveryLine(r))
	for _, s := range r.Strays {
		t.tell("\n%s\n", neutral(s.String()))
	}
}

func recoveryLine(r apply.Recovery) string {
	switch {
	case len(r.Open) > 0:
		return fmt.Sprintf("%d calls are still open.", len(r.Open))
	case len(r.Recovered) > 0:
		return fmt.Sprintf("Resolved %d open calls; the state has %d objects.", len(r.Recovered), len(r.State.Resources))
	case len(r.Strays) == 1:
		return "No call is open, and one object carries this stack's tags that the state does not record."
	case len(r.Strays) > 1:
		return fmt.Sprintf("No call is open, and %d objects carry this stack's tags that the state does not record.", len(r.Strays))
	}
	return "Nothing is open."
}

// AppliedLine is the sentence pipelines parse.
func AppliedLine(r apply.Report) string {
	line := "Apply complete! Resources: "
	if r.Adopted > 0 {
		line += fmt.Sprintf("%d imported, ", r.Adopted)
	}
	line += fmt.Sprintf("%d added, %d changed, %d destroyed", r.Added, r.Changed, r.Destroyed)
	return line + furtherDone(r) + "."
}
