package core

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Key states (KMS: DescribeKey, KeyState).
const (
	StateEnabled         = "Enabled"
	StateDisabled        = "Disabled"
	StatePendingDeletion = "PendingDeletion"
	StatePendingImport   = "PendingImport"
)

// The refusals of the state machine, all HTTP 409. pass lets the call through.
const (
	pass                = ""
	rejectedDisabled    = "Rejected.Disabled"
	rejectedDeletion    = "Rejected.PendingDeletion"
	RejectedImport      = "Rejected.PendingImport"
	rejectedState       = "Rejected.StateModifiedFailed"
	rejectedUnavailable = "Rejected.Unavailable"
)

// stateRow says what a key's state does to an operation: one column per state.
type stateRow struct{ enabled, disabled, deletion, pendingImport string }

var (
	rowUse     = stateRow{pass, rejectedDisabled, rejectedDeletion, RejectedImport}
	rowAny     = stateRow{pass, pass, pass, pass}
	rowAlive   = stateRow{pass, pass, rejectedDeletion, pass}
	rowMutable = stateRow{pass, pass, rejectedState, pass}
	rowSwitch  = stateRow{pass, pass, rejectedState, rejectedState}
	rowCancel  = stateRow{rejectedState, rejectedState, pass, rejectedState}
)

// stateTable is the service's table of key states and operations
// (KMS: "Impact of CMK status on API operations"), with rows for the operations
// that are not in it, after those they resemble.
var stateTable = withLikeRows(map[string]stateRow{
	"GenerateDataKey":                 rowUse,
	"GenerateDataKeyWithoutPlaintext": rowUse,
	"Encrypt":                         rowUse,
	"Decrypt":                         rowUse,
	"UpdateRotationPolicy":            rowUse,
	"CreateKeyVersion":                rowUse,
	"UpdateKeyDescription":            rowAlive,
	"TagResource":                     rowAlive,
	"UntagResource":                   rowAlive,
	"EnableKey":                       rowSwitch,
	"DisableKey":                      rowSwitch,
	"ScheduleKeyDeletion":             rowMutable,
	"CancelKeyDeletion":               rowCancel,
	"CreateAlias":                     rowMutable,
	"UpdateAlias":                     rowAlive,
	"DeleteAlias":                     rowAny,
	"ListAliases":                     rowAny,
	"DescribeKey":                     rowAny,
	"ListKeys":                        rowAny,
	"ListResourceTags":                rowAny,
	"DescribeKeyVersion":              rowAny,
	"ListKeyVersions":                 rowAny,
	"GetParametersForImport":          rowAny,
	"DeleteKeyMaterial":               rowAny,
	"ImportKeyMaterial":               rowMutable,
})

func withLikeRows(documented map[string]stateRow) map[string]stateRow {
	for names, row := range map[string]stateRow{
		undocumented.StatesLikeTagging: rowAlive, undocumented.StatesLikeReading: rowAny, undocumented.StatesLikeUse: rowUse,
	} {
		for _, name := range strings.Fields(names) {
			documented[name] = row
		}
	}
	return documented
}

// RequireState refuses the operation if the key's state forbids it. An operation
// that is missing from the table is treated as a use of the key.
func RequireState(op string, k *Key) error {
	row, found := stateTable[op]
	if !found {
		row = rowUse
	}
	if code := row.column(k.State); code != pass {
		return ErrState(code, k.State)
	}
	return nil
}

func (r stateRow) column(state string) string {
	switch state {
	case StateEnabled:
		return r.enabled
	case StateDisabled:
		return r.disabled
	case StatePendingDeletion:
		return r.deletion
	case StatePendingImport:
		return r.pendingImport
	default:
		return rejectedUnavailable
	}
}

func ErrState(code, state string) *Error {
	return Refuse(409, code, "The request was rejected because the key state is %s.", state)
}
