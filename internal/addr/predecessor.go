package addr

import "strconv"

// kindPredecessor is the kind in the address of a key whose place another took.
const kindPredecessor = "predecessor"

// Predecessor addresses an object that the one at an address succeeded, by its id: predecessor.orders["key-hzz…"].
func Predecessor(of Address, id string) Address {
	return Address{Module: of.Module, Kind: kindPredecessor, Name: of.Name}.WithKey(id)
}

// IsPredecessor reports whether the address is one of Predecessor, or stands for all of one object's.
func (a Address) IsPredecessor() bool { return a.Kind == kindPredecessor && !a.Data }

// PredecessorID is the id in an address of Predecessor, or "".
func (a Address) PredecessorID() string {
	if !a.IsPredecessor() || len(a.Key) < 2 {
		return ""
	}
	id, err := strconv.Unquote(a.Key[1 : len(a.Key)-1])
	if err != nil {
		return ""
	}
	return id
}
