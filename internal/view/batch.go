package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// BatchPlan shows what a batch would do and what that takes.
func (t *Terminal) BatchPlan(p batch.Plan) {
	t.clearWorking()
	for _, line := range batchPlanLines(p) {
		t.tell("%s\n", neutral(line))
	}
}

// BatchPlan writes the plan as one line.
func (l *Lines) BatchPlan(p batch.Plan) {
	l.emit("info", "planned_batch", p.Spec.Address+": "+todoSentence(p), map[string]any{"batch": p})
}

func batchPlanLines(p batch.Plan) []string {
	s := p.Spec
	lines := []string{
		s.Address,
		"  source    " + s.Source,
		"  action    " + string(s.Action) + verifyWords(s),
	}
	if s.Target.KeyID != "" {
		lines = append(lines, "  target    key "+s.Target.KeyID+", version "+s.Target.Version)
	}
	lines = append(lines, fmt.Sprintf("  objects   %s, %s, in %s", countWord(s.Objects, "object"), Bytes(s.Bytes), countWord(int64(s.Chunks), "chunk")))
	lines = append(lines, underLines(p)...)
	lines = append(lines, "  to do     "+todoWords(p))
	if p.DataKeys > 0 && !p.Unread {
		lines = append(lines, "  data keys "+about(p.Estimated)+grouped(p.DataKeys)+" distinct")
	}
	lines = append(lines, "  calls     "+callsWords(p), "  manifest  "+s.Manifest)
	for _, text := range p.Advice {
		lines = append(lines, "  note      "+text)
	}
	return append(lines, "", todoSentence(p))
}

// verifyWords say what is opened once more.
func verifyWords(s batch.Spec) string {
	switch {
	case s.Action == batch.Verify:
		return ""
	case s.Sample.All:
		return ", then every wrap is opened"
	case s.Sample.Share > 0:
		return fmt.Sprintf(", then a sample of %s %% is opened", strconv.FormatFloat(100*s.Sample.Share, 'g', 4, 64))
	}
	return ""
}

// underLines count objects by what they are now.
func underLines(p batch.Plan) (lines []string) {
	if p.Unread {
		return []string{"            headers were not read: nothing is known of keys and versions"}
	}
	for _, u := range p.Under {
		at := ""
		if u.KeyID == p.Spec.Target.KeyID && u.KeyVersion == p.Spec.Target.Version {
			at = " (the target)"
		}
		lines = append(lines, fmt.Sprintf("            %s under key %s, version %s%s", grouped(u.Objects), u.KeyID, u.KeyVersion, at))
	}
	if p.Plain > 0 {
		fail := ""
		if p.Spec.Action != batch.Encrypt {
			fail = ": they will be named as failures"
		}
		lines = append(lines, fmt.Sprintf("            %s no envelope%s", grouped(p.Plain), fail))
	}
	if p.Damaged > 0 {
		lines = append(lines, fmt.Sprintf("            %s damaged: they will be named as failures", grouped(p.Damaged)))
	}
	return lines
}

func todoWords(p batch.Plan) string {
	text := fmt.Sprintf("%s, %s", countWord(p.Todo, "object"), Bytes(p.TodoBytes))
	if p.There > 0 {
		text += fmt.Sprintf("; %s %s already", grouped(p.There), thereWords(p))
	}
	return text
}

func callsWords(p batch.Plan) string {
	text := about(p.Estimated || p.Unread) + grouped(p.Calls) + " of KMS"
	if p.Calls > 0 {
		text += fmt.Sprintf(": %s at %s calls a second, %s %% of the gateway's %s", Span(p.Takes()), rateWord(p.PerSecond),
			strconv.FormatFloat(100*p.PerSecond/max(p.Quota, 1), 'g', 3, 64), rateWord(p.Quota))
	}
	return text
}

// thereWords say what objects are that there is nothing to do about: encrypt leaves envelopes as they are, under whatever key.
func thereWords(p batch.Plan) string {
	if p.Spec.Action == batch.Encrypt {
		return "encrypted"
	}
	return "at the target"
}

// todoSentence sums a plan up.
func todoSentence(p batch.Plan) string {
	switch {
	case p.Spec.Objects == 0:
		return "Nothing to do: there is no object, or source and filter leave none."
	case p.Todo == 0 && p.Calls > 0:
		return fmt.Sprintf("Nothing to write: every object is there already. To open them takes %s%s.", about(p.Estimated), countWord(p.Calls, "call"))
	case p.Todo == 0 && p.Spec.Action == batch.Encrypt:
		return "Nothing to do: every object is encrypted already. What brings envelopes under the target is a rewrap."
	case p.Todo == 0:
		return "Nothing to do: every object is at the target."
	}
	return fmt.Sprintf("Plan: %s to %s, %s%s%s.", countWord(p.Todo, "object"), p.Spec.Action, about(p.Estimated || p.Unread), countWord(p.Calls, "call"), failWords(p))
}

// failWords say how many of the objects fail for certain, and what comes of that.
func failWords(p batch.Plan) string {
	n := p.Damaged
	if p.Spec.Action != batch.Encrypt {
		n += p.Plain
	}
	if n == 0 || p.Unread {
		return ""
	}
	text := fmt.Sprintf("; %s of them will fail", grouped(n))
	if most := int64(p.Spec.MaxFailures); most >= 0 && n > most {
		text += fmt.Sprintf(", more than max_failures = %s: the batch will pause itself", grouped(most))
	}
	return text
}

func about(estimated bool) string {
	if estimated {
		return "about "
	}
	return ""
}

// grouped writes a number with commas.
func grouped(n int64) string { return thousands(int(n)) }

func countWord(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return grouped(n) + " " + word + "s"
}

func rateWord(perSecond float64) string { return strconv.FormatFloat(perSecond, 'f', -1, 64) }

// Span is a duration as people say it: 55 hours, 3 minutes 20 seconds.
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Second {
		return "less than a second"
	}
	units := []struct {
		word string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	var parts []string
	for _, u := range units {
		if n := d / u.size; n > 0 {
			parts = append(parts, countWord(int64(n), u.word))
			d -= n * u.size
		}
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}
