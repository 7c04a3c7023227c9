package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Row is one operation of one gateway with everything that foreign clients did there.
type Row struct {
	Place   string   // "gateway Operation"
	Clients []string // ids of the clients that got an answer, sorted
	Refused []string // "status Code" that foreign clients met, sorted
}

// Rows gathers the records of foreign clients by operation, sorted by place.
func Rows(records []Record) []Row {
	rows := map[string]*Row{}
	for _, r := range records {
		if !r.Client.Foreign {
			continue
		}
		for place, o := range r.Operations {
			row := rows[place]
			if row == nil {
				row = &Row{Place: place}
				rows[place] = row
			}
			if o.Answered {
				row.Clients = append(row.Clients, r.Client.ID)
			}
			row.Refused = append(row.Refused, o.Refused...)
		}
	}
	out := make([]Row, 0, len(rows))
	for _, place := range slices.Sorted(maps.Keys(rows)) {
		row := rows[place]
		slices.Sort(row.Clients)
		slices.Sort(row.Refused)
		row.Refused = slices.Compact(row.Refused)
		out = append(out, *row)
	}
	return out
}

// Markdown renders the clients and the table for docs/emulator.md.
func Markdown(records []Record) string {
	var b strings.Builder
	b.WriteString("| client | package | language | signatures |\n|---|---|---|---|\n")
	for _, r := range records {
		if r.Client.Foreign {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Client.ID, r.Client.Name, r.Client.Language, strings.Join(r.Signatures, ", "))
		}
	}
	b.WriteString("\n| gateway and operation | answered to | refusals met |\n|---|---|---|\n")
	for _, row := range Rows(records) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.Place, orNone(row.Clients), orNone(row.Refused))
	}
	b.WriteString("\n" + refusalTable(records))
	return b.String()
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "—"
	}
	return strings.Join(list, ", ")
}
