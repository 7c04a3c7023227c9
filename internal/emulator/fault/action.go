package fault

import (
	"slices"
	"strings"
)

// Stage is the place where an action takes effect.
type Stage int

// The stages, in order.
const (
	OnConnection Stage = iota // during the TLS handshake
	OnArrival                 // the request is read, nothing is checked yet
	OnExecution               // the request is authenticated and about to be carried out
)

// Name names an action.
type Name string

// The actions. "Commit" is the moment at which the operation has been carried
// out and stored.
const (
	TLSExpired  Name = "tls-expired"   // present an expired certificate
	TLSWrongSAN Name = "tls-wrong-san" // present a certificate for another host
	TLSCut      Name = "tls-cut"       // close the connection in the handshake
	TLSOld      Name = "tls-old"       // offer TLS 1.1 at most

	DropBefore Name = "drop-before" // reset the connection; nothing is carried out
	Outage     Name = "outage"      // reset it and every other of the gateway, and refuse new ones for a while; =duration of wall time
	ClockSkew  Name = "clock-skew"  // judge the request's date, and answer, as if the server's clock were off; =duration
	Redirect   Name = "redirect"    // 302 to another host
	TooLarge   Name = "too-large"   // 413
	URITooLong Name = "uri-too-long"

	Reject            Name = "reject"               // refuse before the commit; =Code or =Code/status
	RejectAfterCommit Name = "reject-after-commit"  // carry out, then answer with a failure; =Code or =Code/status
	DropAfterCommit   Name = "drop-after-commit"    // carry out, then reset the connection (RST)
	CloseAfterCommit  Name = "close-after-commit"   // carry out, then close the connection politely (FIN)
	DiskFull          Name = "disk-full"            // the commit fails with ENOSPC and changes nothing
	LateCommit        Name = "late-commit"          // hang until the client gives up, then carry out
	Delay             Name = "delay"                // wait before the commit; =duration
	DelayAfter        Name = "delay-after"          // wait after the commit; =duration
	Duplicate         Name = "duplicate"            // carry out twice, give the second answer
	Stale             Name = "stale"                // give the answer the same call got before; =n counts answers back
	StaleRead         Name = "stale-read"           // read the state of a while ago on the virtual clock; =duration; writes are not affected
	Throttle          Name = "throttle"             // 429 for everybody for a while; =duration
	ThrottleHint      Name = "throttle-retry-after" // throttle, with the header Retry-After; =duration
	Truncate          Name = "truncate"             // carry out, answer with the first =n bytes
	WrongLength       Name = "wrong-length"         // carry out, announce more bytes than follow
	SlowBody          Name = "slow-body"            // carry out, answer with =n bytes a second
	Corrupt           Name = "corrupt"              // carry out, flip a bit of the ciphertext in the answer
	WrongVersion      Name = "wrong-key-version"    // carry out, name a key version in the answer that there is not
	Malformed         Name = "malformed"            // carry out, answer with a broken body
	HTML              Name = "html"                 // carry out, answer like a proxy: an HTML page with status =n
	ExtraFields       Name = "extra-fields"         // carry out, add fields to the answer that no client knows
	Crash             Name = "crash-after-commit"   // carry out, then end the process with status 137
)

// argument says what may follow the "=" of an action.
type argument int

const (
	none argument = iota
	duration
	number
	code
)

// spec describes an action.
type spec struct {
	stage    Stage
	argument argument
	standard string // the argument when none is given
	commits  bool   // carries the operation out
}

var actions = map[Name]spec{
	TLSExpired:  {stage: OnConnection},
	TLSWrongSAN: {stage: OnConnection},
	TLSCut:      {stage: OnConnection},
	TLSOld:      {stage: OnConnection},

	DropBefore: {stage: OnArrival},
	Outage:     {stage: OnArrival, argument: duration, standard: "1s"},
	ClockSkew:  {stage: OnArrival, argument: duration, standard: "20m"},
	Redirect:   {stage: OnArrival},
	TooLarge:   {stage: OnArrival},
	URITooLong: {stage: OnArrival},

	Reject:            {stage: OnExecution, argument: code, standard: "ServiceUnavailableTemporary/503"},
	RejectAfterCommit: {stage: OnExecution, argument: code, standard: "InternalFailure/500", commits: true},
	DropAfterCommit:   {stage: OnExecution, commits: true},
	CloseAfterCommit:  {stage: OnExecution, commits: true},
	DiskFull:          {stage: OnExecution},
	LateCommit:        {stage: OnExecution, commits: true},
	Delay:             {stage: OnExecution, argument: duration, standard: "1s", commits: true},
	DelayAfter:        {stage: OnExecution, argument: duration, standard: "1s", commits: true},
	Duplicate:         {stage: OnExecution, commits: true},
	Stale:             {stage: OnExecution, argument: number, standard: "1"},
	StaleRead:         {stage: OnExecution, argument: duration, standard: "10s"},
	Throttle:          {stage: OnExecution, argument: duration, standard: "10s"},
	ThrottleHint:      {stage: OnExecution, argument: duration, standard: "10s"},
	Truncate:          {stage: OnExecution, argument: number, standard: "10", commits: true},
	WrongLength:       {stage: OnExecution, commits: true},
	SlowBody:          {stage: OnExecution, argument: number, standard: "100", commits: true},
	Corrupt:           {stage: OnExecution, commits: true},
	WrongVersion:      {stage: OnExecution, commits: true},
	Malformed:         {stage: OnExecution, commits: true},
	HTML:              {stage: OnExecution, argument: number, standard: "502", commits: true},
	ExtraFields:       {stage: OnExecution, commits: true},
	Crash:             {stage: OnExecution, commits: true},
}

// Names returns every action, sorted.
func Names() []string {
	names := make([]string, 0, len(actions))
	for n := range actions {
		names = append(names, string(n))
	}
	slices.Sort(names)
	return names
}

// statuses are the HTTP statuses of codes that a reject may name alone.
var statuses = map[string]int{
	"InternalFailure":             500,
	"ServiceUnavailableTemporary": 503,
	"Rejected.Throttling":         429,
	"Throttling":                  400,
	"Throttling.User":             400,
	"Throttling.Api":              400,
	"Forbidden.NoPermission":      403,
	"Forbidden.KeyNotFound":       404,
	"Forbidden.AliasNotFound":     404,
	"Forbidden.ResourceNotFound":  404,
	"InvalidAccessKeyId.NotFound": 404,
	"Rejected.LimitExceeded":      400,
	"InvalidParameter":            400,
}

// statusOf guesses the status of a code that is not in the table by its family.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	switch {
	case strings.HasPrefix(code, "Forbidden."):
		return 403
	case strings.HasPrefix(code, "Rejected."):
		return 409
	default:
		return 400
	}
}
