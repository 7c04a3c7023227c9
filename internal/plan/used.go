package plan

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// recentUse is how late a use of a key is worth a word before it is taken out of use.
const recentUse = 30 * 24 * time.Hour

// checkUsed cites what usage import learnt of keys that would be taken out of use: a late use is warned of, and a key that
// somebody asked for after it was disabled is not scheduled for deletion.
func (p *planner) checkUsed() {
	if len(p.in.State.Uses) == 0 {
		return
	}
	for _, n := range p.order {
		if n.refused || n.object == nil || n.change.Kind != KindKey || !n.takesOutOfUse() || p.tearsDown(n) {
			continue
		}
		uses := p.in.State.UsesOf(n.change.ID, "")
		if len(uses) == 0 {
			continue
		}
		last, said := uses[0], p.usedWords(uses[0])
		since := n.prior != nil && !n.prior.RetiredAt.IsZero() && last.Last.After(n.prior.RetiredAt)
		switch {
		case since && n.change.Needs("ScheduleKeyDeletion") && !safety.Off(safety.UsedSinceDisabled):
			p.refuseObject(n, GuardUsedSince,
				fmt.Sprintf("%s (%s) would be scheduled for deletion, and somebody asked for it after it was disabled on %s. %s.", n.addr, n.change.ID, day(n.prior.RetiredAt), said),
				fmt.Sprintf("Find out who that is: `kmsplan usage show %s` lists who used which version when. Put the key's block back for them, which enables it, and move what they have under another key.", n.change.ID),
				fmt.Sprintf("If nobody needs it, have the state forget what was learnt: `kmsplan usage forget %s`. The next plan goes on.", n.change.ID))
		case p.in.Now.Sub(last.Last) < recentUse:
			p.warn(n.addr, "The key was used lately", fmt.Sprintf(
				"%s. Whoever that is fails once %s (%s) is disabled; until it is deleted it can be enabled again.", said, n.addr, n.change.ID))
		}
	}
}

func (p *planner) usedWords(u state.Use) string {
	return UsedWords(u, max(0, int(p.in.Now.Sub(u.Last)/(24*time.Hour))))
}

// UsedWords say when a key was used last: "Last used 3 days ago by ram:user/alice (Decrypt)".
func UsedWords(u state.Use, days int) string {
	verb := "Last used"
	if u.Refused {
		verb = "Last asked for, in vain,"
	}
	return fmt.Sprintf("%s %s by %s (%s, %s)", verb, ago(days), u.Principal, u.Operation, u.Last.UTC().Format(time.DateTime+" UTC"))
}

func ago(days int) string {
	switch days {
	case 0:
		return "today"
	case 1:
		return "yesterday"
	}
	return fmt.Sprintf("%d days ago", days)
}
