package plan

import (
	"fmt"
	"strings"
)

// BlockText is a block as fmt lays it out, on lines of its own, so that a message can be copied from: the block's type,
// then names and expressions in turn.
func BlockText(kind string, args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s {\n", kind)
	wide := 0
	for i := 0; i < len(args); i += 2 {
		wide = max(wide, len(args[i]))
	}
	for i := 0; i < len(args); i += 2 {
		fmt.Fprintf(&b, "  %-*s = %s\n", wide, args[i], args[i+1])
	}
	b.WriteString("}\n")
	return b.String()
}

// importText is the import block for an object, taken over from another stack unless lineage is "".
func importText(to, id, lineage string) string {
	args := []string{"to", to, "id", fmt.Sprintf("%q", id)}
	if lineage != "" {
		args = append(args, "take_over", fmt.Sprintf("%q", lineage))
	}
	return BlockText("import", args...)
}

// removedText is the removed block for an address.
func removedText(from, action string) string {
	return BlockText("removed", "from", from, "action", fmt.Sprintf("%q", action))
}

// limitText is a limit in the settings.
func limitText(name string, most int) string {
	return fmt.Sprintf("\nkmsplan {\n  limits {\n    %s = %d\n  }\n}\n", name, most)
}
