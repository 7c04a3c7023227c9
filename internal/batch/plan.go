package batch

import "time"

// Plan is what people approve before a batch is created: what its manifest holds, and what the work on it takes.
type Plan struct {
	Spec Spec `json:"spec"`
	// Under counts objects by the key version that their headers name, most first.
	Under   []Under `json:"under"`
	Plain   int64   `json:"plain"`   // no envelopes
	Damaged int64   `json:"damaged"` // of a header that cannot be read: the batch names them as failures
	There   int64   `json:"at_target"`
	Todo    int64   `json:"to_do"`
	// TodoBytes are those of what is to do, as the listing tells of them.
	TodoBytes int64 `json:"to_do_bytes"`
	// DataKeys are distinct wrapped data keys of what is to do; Estimated says that there are too many to tell each from each.
	DataKeys  int64 `json:"data_keys"`
	Estimated bool  `json:"data_keys_estimated,omitempty"`
	// Unread says that no headers were read: nothing above is known but how many there are to do.
	Unread bool `json:"headers_unread,omitempty"`

	Calls     int64   `json:"calls"` // of KMS
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"calls_per_second"` // the rate of the batch
	Quota     float64 `json:"quota_per_second"` // of the gateway, symmetric operations

	Advice []string `json:"advice,omitempty"` // what the source knows of its store that stops nothing
}

// Takes is how long the calls take at the rate.
func (p Plan) Takes() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }
