package stack

import (
	"context"
	"errors"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// answerLookups reads what the lookups of a plan ask, until there is no question left: the answer to one may be what the
// next asks for. What a survey has read is not read again.
func (s *Stack) answerLookups(ctx context.Context, in plan.Input) error {
	if !plan.HasLookups(s.Config) {
		return nil
	}
	for {
		in.Live = s.live
		asks, deferred := plan.Unanswered(in)
		s.live.Deferred = deferred
		answers := resource.LookUpAll(ctx, s.clients, asks)
		if len(answers) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s.learn(answers)
		if err := resource.Complete(ctx, s.clients, s.Config, s.State, s.live); err != nil {
			return err
		}
	}
}

// learn keeps answers for the rest of the run, so that all of it goes by the same ones.
func (s *Stack) learn(answers map[plan.Question]plan.Answer) {
	if s.live.Answers == nil {
		s.live.Answers = map[plan.Question]plan.Answer{}
	}
	maps.Copy(s.live.Answers, answers)
}

// lookUpFor answers the lookups behind some data blocks, for a run without a survey: of what is managed, the state's word is
// taken. Only the gateways of those lookups are asked.
func (s *Stack) lookUpFor(ctx context.Context, wanted func(addr.Address) bool) error {
	needed := s.lookupsBehind(wanted)
	clients := map[string]resource.GatewayClients{}
	for {
		var asks []plan.Ask
		objects := plan.Remember(s.Config, s.State, s.live)
		for _, b := range s.Config.Blocks {
			for _, a := range b.Instances {
				if !needed[a] {
					continue
				}
				body, diags := s.Config.Body(a, objects)
				if diags.HasErrors() {
					return s.invalid(diags)
				}
				ask, unknown := plan.AskOf(b.GatewayName(), b.Kind, body.Attrs)
				answer, answered := s.live.Answers[ask.Question]
				if answered && answer.Err != nil {
					return s.invalid(plan.LookupFailed(b, body, a, answer.Err))
				}
				if unknown == "" && !answered {
					asks = append(asks, ask)
				}
			}
		}
		if len(asks) == 0 {
			return nil
		}
		if err := s.managed(ctx, asks, clients); err != nil {
			return err
		}
		s.learn(resource.LookUpAll(ctx, clients, asks))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// lookupsBehind are the lookups that the wanted data blocks and batches use, directly or through others.
func (s *Stack) lookupsBehind(wanted func(addr.Address) bool) map[addr.Address]bool {
	needed, seen := map[addr.Address]bool{}, map[addr.Address]bool{}
	var behind func(a addr.Address)
	behind = func(a addr.Address) {
		for _, d := range s.Config.DependsOn(a) {
			if !d.Data || seen[d] {
				continue
			}
			seen[d] = true
			if b := s.Config.Block(d.Block()); b != nil && b.Kind.Looks() {
				needed[d] = true
			}
			behind(d)
		}
	}
	for _, b := range slices.Concat(s.Config.Blocks, s.Config.Batches) {
		for _, a := range b.Instances {
			if (b.Kind.File() || b.Kind.Batch()) && wanted(a) {
				behind(a)
			}
		}
	}
	return needed
}

// managed opens the gateways of some questions for management.
func (s *Stack) managed(ctx context.Context, asks []plan.Ask, into map[string]resource.GatewayClients) error {
	for _, ask := range asks {
		if _, open := into[ask.Gateway]; open {
			continue
		}
		c, err := s.clientsOf(ctx, ask.Gateway)
		if err != nil {
			return err
		}
		c.Manager = resource.Shared(c.Manager)
		into[ask.Gateway] = c
	}
	return nil
}

// lookUp answers a lookup that a plan put off until now.
func lookUp(ctx context.Context, clients resource.GatewayClients, ask plan.Ask) plan.Answer {
	answer := resource.LookUp(ctx, clients, ask)
	if nothing := (*plan.NothingFound)(nil); errors.As(answer.Err, &nothing) {
		answer.Err = hint(answer.Err, "What it names was known only now. Correct it and apply again: what was done is recorded.")
	}
	return answer
}
