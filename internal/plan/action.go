package plan

// Action is what will be done with one object; its value is the sign that is printed.
type Action rune

// The actions of a plan.
const (
	NoOp    Action = ' '
	Create  Action = '+'
	Update  Action = '~'
	Adopt   Action = '&' // import block, or an interrupted create found by its intent tag
	Rescue  Action = '^' // CancelKeyDeletion, RestoreSecret
	Succeed Action = '»'
	Retire  Action = '!' // one step of disable, soak, schedule deletion
	Delete  Action = '-'
	Forget  Action = '.'
	Read    Action = '<' // printed as <=
)

// Sign is the text printed before the address.
func (a Action) Sign() string {
	if a == Read {
		return "<="
	}
	return string(a)
}

// Destructive reports whether the action takes something away that others may use.
func (a Action) Destructive() bool { return a == Delete || a == Retire }

// Actions are all of them.
var Actions = []Action{NoOp, Create, Update, Adopt, Rescue, Succeed, Retire, Delete, Forget, Read}
