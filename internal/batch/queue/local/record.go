package local

import (
	"cmp"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
)

// mostWorkers bounds how many workers a record names: those that were seen last.
const mostWorkers = 64

// record is the batch as it is; alive tells whether who holds a lock file lives.
func (f *fold) record(alive func(lock string) bool) batch.Record {
	r := batch.Record{Spec: f.spec, Status: f.Status, Reason: f.Reason, Rate: f.Rate, Created: f.created, Started: f.Started, Ended: f.Ended}
	for i := range f.chunks {
		r.Tally.Add(f.chunks[i].tally)
	}
	living := map[string]bool{}
	for _, c := range f.claims {
		if _, asked := living[c.lock]; !asked {
			living[c.lock] = alive(c.lock)
		}
		if living[c.lock] {
			r.Chunks.Running++
		}
	}
	r.Chunks.Done = f.done
	r.Chunks.Waiting = len(f.chunks) - f.done - r.Chunks.Running
	r.Workers = f.seen()
	return r
}

// seen are the workers, the one that was seen last first.
func (f *fold) seen() []batch.WorkerSeen {
	all := slices.SortedFunc(maps.Values(f.workers), func(a, b batch.WorkerSeen) int {
		return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), mostWorkers)]
}
