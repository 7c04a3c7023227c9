package state

import (
	"strings"
	"testing"
)

// An older state that comes back follows the newer one, and what it does not know is named by what it is, not by its address.
func TestRollBack(t *testing.T) {
	key := func(address, id string) Resource {
		return Resource{Address: address, Kind: "key", Gateway: "dev", ID: id}
	}
	older := State{Version: FormatVersion, Serial: 3, Lineage: "l", Journal: "j3", Resources: []Resource{
		key("key.a", "1"), key("key.gone", "2"), {Address: "alias.a", Kind: "alias", Gateway: "dev", ID: "alias/a"},
	}, Files: []File{{Address: "data.encrypt.f", Path: "f.enc"}}}
	successor := key("key.a", "3")
	successor.Predecessors = []Predecessor{{ID: "1"}, {ID: "0"}}
	current := State{Version: FormatVersion, Serial: 7, Lineage: "l", Journal: "j7", Stored: &Stored{By: "x"}, Resources: []Resource{
		successor, {Address: "alias.moved", Kind: "alias", Gateway: "dev", ID: "alias/a"}, {Address: "secret.s", Kind: "secret", Gateway: "dev", ID: "s"},
	}, Files: []File{{Address: "data.encrypt.f", Path: "f.enc"}, {Address: "data.encrypt.g", Path: "g.enc"}}}
	v := Version{Lineage: "l", Serial: 7, Digest: "d"}
	r, err := RollBack(current, v, older, "9.9.9")
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Next; n.Serial != 8 || n.ObjectsSerial != 8 || n.CensusSerial != 8 || n.Lineage != "l" || n.Journal != "j7" || n.Writer != "9.9.9" || n.Stored != nil || len(n.Resources) != 3 {
		t.Errorf("it would store %+v", n)
	}
	if err := CheckSuccession(v, r.Next, true); err != nil {
		t.Error(err)
	}
	ids := func(list []Resource) (out string) {
		for _, r := range list {
			out += r.ID + " "
		}
		return out
	}
	if got := ids(r.Lost) + "| " + ids(r.Back) + "| " + ids(r.Keys()); got != "3 0 s | 2 | 3 0 " {
		t.Error(got)
	}
	if len(r.LostFiles) != 1 || r.LostFiles[0].Path != "g.enc" {
		t.Error(r.LostFiles)
	}
	for want, change := range map[string]func(*State){
		"lineage m": func(st *State) { st.Lineage = "m" },
		"serial 7":  func(st *State) { st.Serial = 7 },
	} {
		st := older
		change(&st)
		if _, err := RollBack(current, v, st, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
