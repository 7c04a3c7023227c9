package fault

import (
	"fmt"
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

// The actions; see the table.
const (
	TLSExpired  Name = "tls-expired"
	TLSWrongSAN Name = "tls-wrong-san"
	TLSCut      Name = "tls-cut"
	TLSOld      Name = "tls-old"

	DropBefore Name = "drop-before"
	Outage     Name = "outage"
	ClockSkew  Name = "clock-skew"
	Redirect   Name = "redirect"
	TooLarge   Name = "too-large"
	URITooLong Name = "uri-too-long"

	Reject            Name = "reject"
	RejectAfterCommit Name = "reject-after-commit"
	DropAfterCommit   Name = "drop-after-commit"
	CloseAfterCommit  Name = "close-after-commit"
	DiskFull          Name = "disk-full"
	LateCommit        Name = "late-commit"
	Delay             Name = "delay"
	DelayAfter        Name = "delay-after"
	Duplicate         Name = "duplicate"
	AboutAnother      Name = "about-another"
	Stale             Name = "stale"
	StaleRead         Name = "stale-read"
	LateTags          Name = "late-tags"
	Throttle          Name = "throttle"
	ThrottleHint      Name = "throttle-retry-after"
	Truncate          Name = "truncate"
	WrongLength       Name = "wrong-length"
	SlowBody          Name = "slow-body"
	Malformed         Name = "malformed"
	HTML              Name = "html"
	Crash             Name = "crash-after-commit"

	Corrupt      Name = "corrupt"
	Shorten      Name = "shorten"
	Lengthen     Name = "lengthen"
	WrongKeyID   Name = "wrong-key-id"
	WrongVersion Name = "wrong-key-version"
	WrongARN     Name = "wrong-arn"
	ExtraFields  Name = "extra-fields"
)

// argument says what may follow the "=" of an action.
type argument int

const (
	none argument = iota
	duration
	number
	code
	word // any text; for WrongARN one of arnParts
)

// spec describes an action.
type spec struct {
	name     Name
	stage    Stage
	argument argument
	standard string // the argument when none is given
	says     string // for the documentation
}

// table is every action, in the order of the documentation. "Commit" is the
// moment at which the operation has been carried out and stored.
var table = []spec{
	{TLSExpired, OnConnection, none, "", "present an expired certificate"},
	{TLSWrongSAN, OnConnection, none, "", "present a certificate for another host"},
	{TLSCut, OnConnection, none, "", "close the connection in the handshake"},
	{TLSOld, OnConnection, none, "", "offer TLS 1.1 at most"},

	{DropBefore, OnArrival, none, "", "reset the connection; nothing is carried out"},
	{Outage, OnArrival, duration, "1s", "reset it and every other of the gateway, and refuse new ones for a while; =duration of wall time"},
	{ClockSkew, OnArrival, duration, "20m", "judge the request's date, and answer, as if the server's clock were off; =duration"},
	{Redirect, OnArrival, none, "", "302 to another host"},
	{TooLarge, OnArrival, none, "", "413"},
	{URITooLong, OnArrival, none, "", "414"},

	{Reject, OnExecution, code, "ServiceUnavailableTemporary/503", "refuse before the commit; =Code or =Code/status"},
	{RejectAfterCommit, OnExecution, code, "InternalFailure/500", "carry out, then answer with a failure; =Code or =Code/status, so `=Rejected.Throttling` is a 429 after the commit"},
	{DropAfterCommit, OnExecution, none, "", "carry out, then reset the connection (RST)"},
	{CloseAfterCommit, OnExecution, none, "", "carry out, then close the connection politely (FIN)"},
	{DiskFull, OnExecution, none, "", "the commit fails with ENOSPC and changes nothing"},
	{LateCommit, OnExecution, none, "", "hang until the client gives up, then carry out"},
	{Delay, OnExecution, duration, "1s", "wait before the commit; =duration"},
	{DelayAfter, OnExecution, duration, "1s", "wait after the commit; =duration"},
	{Duplicate, OnExecution, none, "", "carry out twice, give the second answer"},
	{AboutAnother, OnExecution, word, NoSuchKey, "carry out for another object than the one asked for, and give that answer; =key id, alias or secret name"},
	{Stale, OnExecution, number, "1", "give the answer the same call got before; =n counts answers back"},
	{StaleRead, OnExecution, duration, "10s", "read the state of a while ago on the virtual clock; =duration; writes are not affected"},
	{LateTags, OnExecution, duration, "1h", "show the tags of a while ago on the virtual clock, and everything else as it is; =duration"},
	{Throttle, OnExecution, duration, "10s", "429 for everybody for a while; =duration"},
	{ThrottleHint, OnExecution, duration, "10s", "throttle, with the header Retry-After; =duration"},
	{Truncate, OnExecution, number, "10", "carry out, answer with the first =n bytes"},
	{WrongLength, OnExecution, none, "", "carry out, announce more bytes than follow"},
	{SlowBody, OnExecution, number, "100", "carry out, answer with =n bytes a second"},
	{Malformed, OnExecution, none, "", "carry out, answer with a broken body"},
	{HTML, OnExecution, number, "502", "carry out, answer like a proxy: an HTML page with status =n"},
	{Crash, OnExecution, none, "", "carry out, then end the process with status 137"},

	{Corrupt, OnExecution, word, "", "carry out, flip a bit of the answer's ciphertext, or of =Member as the API names it (`Plaintext`, `Signature` …; true becomes false)"},
	{Shorten, OnExecution, word, "", "carry out, take the last byte off the answer's `Plaintext`, or off =Member"},
	{Lengthen, OnExecution, word, "", "carry out, add a byte to the answer's `Plaintext`, or to =Member"},
	{WrongKeyID, OnExecution, word, NoSuchKey, "carry out, name another key wherever the answer names its own, ARNs included; =key id"},
	{WrongVersion, OnExecution, word, NoSuchVersion, "carry out, name another key version in the answer; =version id"},
	{WrongARN, OnExecution, word, "account", "carry out, name another account, or =region, in the answer's ARNs"},
	{ExtraFields, OnExecution, none, "", "carry out, add fields to the answer that no client knows"},
}

var actions = func() map[Name]spec {
	m := make(map[Name]spec, len(table))
	for _, s := range table {
		m[s.name] = s
	}
	return m
}()

// Names returns every action, sorted.
func Names() []string {
	names := make([]string, 0, len(table))
	for _, s := range table {
		names = append(names, string(s.name))
	}
	slices.Sort(names)
	return names
}

// Markdown renders the actions for the documentation.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| action | what happens |\n|---|---|\n")
	for _, s := range table {
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.name, s.says)
	}
	return b.String()
}
