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

// Word is the stable name of an action in JSON and in tests.
func (a Action) Word() string {
	switch a {
	case Create:
		return "create"
	case Update:
		return "update"
	case Adopt:
		return "import"
	case Rescue:
		return "rescue"
	case Succeed:
		return "succeed"
	case Retire:
		return "retire"
	case Delete:
		return "delete"
	case Forget:
		return "forget"
	case Read:
		return "read"
	}
	return "no-op"
}

// Destructive reports whether the action takes something away that others may use.
func (a Action) Destructive() bool { return a == Delete || a == Retire }

// Actions are all of them.
var Actions = []Action{NoOp, Create, Update, Adopt, Rescue, Succeed, Retire, Delete, Forget, Read}
