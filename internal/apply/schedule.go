package apply

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// schedule runs the graph: as many steps at once as parallelism allows, each when
// those it waits for are done. A failed step takes its dependants with it and nobody else. After stop is
// closed, or when broken says so, nothing new is started and what runs is waited for.
type schedule struct {
	graph       *graph
	parallelism int
	stop        <-chan struct{}
	broken      func() error // why nothing more may be called, or nil
	started     func(*node)
	run         func(context.Context, *node) Outcome
	ended       func(*node)

	ready   []*node
	done    chan *node
	running int
}

func (s *schedule) execute(ctx context.Context) (interrupted bool) {
	s.done = make(chan *node)
	for _, n := range s.graph.nodes {
		if n.waits == 0 {
			s.ready = append(s.ready, n)
		}
	}
	stop, cancelled := s.stop, ctx.Done()
	for {
		interrupted = interrupted || isClosed(stop) || ctx.Err() != nil
		for !interrupted && len(s.ready) > 0 && s.running < s.parallelism && (s.broken() == nil || safety.Off(safety.BrokenStops)) {
			s.start(ctx)
			interrupted = isClosed(stop) || ctx.Err() != nil
		}
		if s.running == 0 {
			break
		}
		select {
		case n := <-s.done:
			s.running--
			s.end(n)
		case <-stop:
			interrupted, stop = true, nil
		case <-cancelled:
			interrupted, cancelled = true, nil
		}
	}
	return s.skipRest(interrupted) && interrupted
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (s *schedule) start(ctx context.Context) {
	n := s.ready[0]
	s.ready = s.ready[1:]
	s.started(n)
	s.running++
	go func() {
		out := s.run(ctx, n)
		n.out = &out
		s.done <- n
	}()
}

// end lets dependants of a finished step go ahead, or skips them.
func (s *schedule) end(n *node) {
	s.ended(n)
	for _, d := range n.next {
		if n.out.Status != Done && d.out == nil && !onlyOrders(n, d) && !safety.Off(safety.FailureStops) {
			s.without(d, n)
		}
		if d.waits--; d.waits == 0 && d.out == nil {
			s.ready = append(s.ready, d)
		}
	}
}

// without goes on with a step that depends on one that was not done: it is skipped, but a rescue is carried
// out without what else the change would do, because a deletion window does not wait.
func (s *schedule) without(d, n *node) {
	reason := fmt.Sprintf("it depends on %s, which was not done", n.Addr)
	if d.Action == plan.Rescue {
		d.because = reason
		return
	}
	d.out = &Outcome{Status: Skipped, Reason: reason}
	s.end(d)
}

// skipRest reports whether anything was left that is more than looking.
func (s *schedule) skipRest(interrupted bool) (left bool) {
	reason := "the run was interrupted before it was started"
	if !interrupted {
		reason = "nothing more was started after the journal failed"
	}
	for _, n := range s.graph.nodes {
		if n.out == nil {
			n.out = &Outcome{Status: Skipped, Reason: reason}
			s.ended(n)
			left = left || n.Action != plan.NoOp
		}
	}
	return left
}
