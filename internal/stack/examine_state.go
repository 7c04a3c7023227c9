package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
)

// ExamineState proves that the module's state opens: what is stored, its journal, and the oldest of the states that are
// kept. It writes nothing and tries nothing out.
func (g *Gateways) ExamineState(ctx context.Context) []Finding {
	if g.Broken {
		return []Finding{{Check: "state", OK: true, Detail: "not looked at: the module does not load"}}
	}
	seen, err := readNotes(g.Config.Dir)
	if err != nil {
		return []Finding{{Check: "state", Detail: withHints(err)}}
	}
	name := backendOf(g.Config, seen.Given).name()
	store, err := openStore(g.Config, g.options, g)
	if err != nil {
		return []Finding{{Check: "state", Detail: withHints(err)}}
	}
	at, err := state.Look(ctx, store)
	if err != nil {
		return []Finding{{Check: "state", Detail: name + ": " + withHints(err)}}
	}
	kept, err := store.History(ctx)
	if err != nil {
		return []Finding{{Check: "state", Detail: name + ": " + withHints(err)}}
	}
	if len(kept) == 0 {
		return []Finding{{Check: "state", OK: true, Detail: name + ": there is none yet"}}
	}
	out := []Finding{{Check: "state", OK: true, Detail: fmt.Sprintf("%s: %s opens, %s", name, at.Version, under(kept[0].Key))}}
	if len(at.Open) > 0 {
		out = append(out, Finding{Check: "journal", OK: true, Detail: fmt.Sprintf("%d calls of an interrupted run are open; the next plan or apply resolves them", len(at.Open))})
	}
	past, clear := kept[1:], []string(nil)
	if kept[0].Key != "" {
		past, clear = inClear(past)
	}
	if len(past) > 0 {
		out = append(out, oldest(ctx, store, past))
	}
	if len(clear) > 0 {
		out = append(out, Finding{Check: "kept states", OK: true, Detail: "stored in clear before the state was encrypted, and not gone back to: serial " + strings.Join(clear, ", ") + ". They go when ten others have followed"})
	}
	return out
}

// inClear parts what was stored before a state was sealed.
func inClear(past []state.Kept) (sealed []state.Kept, clear []string) {
	for _, k := range past {
		if k.Key == "" && k.Problem == "" {
			clear = append(clear, fmt.Sprint(k.Version.Serial))
		} else {
			sealed = append(sealed, k)
		}
	}
	slices.Reverse(clear)
	return sealed, clear
}

// oldest opens the oldest of the past states; where it does not, those that follow it, until one does.
func oldest(ctx context.Context, store state.Store, past []state.Kept) Finding {
	var lost []string
	for _, k := range slices.Backward(past) {
		why := k.Problem
		if why == "" {
			_, err := store.Generation(ctx, k.Version.Serial)
			if err == nil {
				opens := fmt.Sprintf("serial %d opens, %s", k.Version.Serial, under(k.Key))
				if len(lost) == 0 {
					return Finding{Check: "kept states", OK: true, Detail: fmt.Sprintf("%d are kept; the oldest, %s", len(past), opens)}
				}
				lost = append(lost, opens)
				break
			}
			why = withHints(err)
		}
		lost = append(lost, fmt.Sprintf("serial %d, %s, cannot be read: %s", k.Version.Serial, under(k.Key), why))
	}
	return Finding{Check: "kept states", Detail: strings.Join(lost, "\n")}
}

func under(key string) string {
	if key == "" {
		return "not sealed"
	}
	return "sealed under " + key
}

// withHints is an error with the help that stands under it, in one line.
func withHints(err error) string {
	text := err.Error()
	var hinted *HintedError
	if errors.As(err, &hinted) && len(hinted.Hints) > 0 {
		text += ". " + strings.Join(hinted.Hints, " ")
	}
	return text
}
