package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// repeated adds a flag that may stand several times, each time with one value, which may hold commas. It is pflag's
// StringArray, whose every flag makes a writer of CSV to say that it has no default.
func repeated(f *pflag.FlagSet, to *[]string, name, usage string) {
	f.Var((*list)(to), name, usage)
}

// list is a pflag.SliceValue, so that completion offers the flag again after its first use.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func (*list) Type() string { return "stringArray" }

func (l *list) Append(value string) error { return l.Set(value) }

func (l *list) Replace(values []string) error {
	*l = values
	return nil
}

func (l *list) GetSlice() []string { return *l }
