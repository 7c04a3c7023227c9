package plan

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
)

// keyFiles are the files of the census under one key: those of blocks that there are, those of blocks that are gone, and those
// that were taken up of others. All are quoted for a shell.
type keyFiles struct {
	key         string
	blocks      []string // addresses, each once
	loose, gone []string // paths, and the addresses that the state has them under
	imported    []string // paths
	absent      []string // paths of imported files that are not there
}

func (p *planner) filesUnder(key string) (f keyFiles) {
	f.key = key
	for _, file := range MovedFiles(p.in.Config, p.in.State.Files) {
		a, err := addr.Parse(file.Address)
		switch {
		case file.KeyID != key:
		case err == nil && p.in.Config.Block(a.Block()) != nil:
			f.blocks = append(f.blocks, shellWord(file.Address))
		case file.Imported() && p.in.Absent[file.Path]:
			f.absent = append(f.absent, shellWord(file.Path))
		case file.Imported():
			f.imported = append(f.imported, shellWord(file.Path))
		default:
			sealed := file.Path
			if a.Kind == "decrypt" {
				sealed = file.Source
			}
			f.loose = append(f.loose, shellWord(sealed))
			f.gone = append(f.gone, shellWord(file.Address))
		}
	}
	f.blocks, f.gone, f.imported, f.absent = sortedOnce(f.blocks), sortedOnce(f.gone), sortedOnce(f.imported), sortedOnce(f.absent)
	return f
}

// MostPasted is how many files a command names that is to be pasted; beyond that it takes them from a list.
const MostPasted = 20

// RewrapCommand brings imported files, quoted for a shell, under a key. They are those of the census under the key and the
// version that they need now; either may be "".
func RewrapCommand(to, key, version string, files []string) string {
	if len(files) <= MostPasted {
		return fmt.Sprintf("kmsplan rewrap -key %s %s", to, strings.Join(files, " "))
	}
	list := "kmsplan status -print0"
	if key != "" {
		list += " -key " + key
	}
	if version != "" {
		list += " -version " + version
	}
	return fmt.Sprintf("%s | kmsplan rewrap -key %s -files0-from -", list, to)
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func sortedOnce(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// waysOfLoose say how files whose blocks are gone let go of their key: nothing writes the state's record of them any more.
func (f keyFiles) waysOfLoose(key string) string {
	return fmt.Sprintf("bring the files of blocks that are gone under the new key with `kmsplan rewrap -key %s %s`, or delete those that nobody needs, and then have the state forget them: `kmsplan state rm %s`",
		key, strings.Join(f.loose, " "), strings.Join(f.gone, " "))
}

// waysOfImported say how files that were taken up let go of their key; every plan looks at them again.
func (f keyFiles) waysOfImported(key string) (ways []string) {
	if len(f.imported) > 0 {
		ways = append(ways, fmt.Sprintf("bring %s under the new key with `%s`", plural(len(f.imported), "the imported file", fmt.Sprintf("the %d imported files", len(f.imported))), RewrapCommand(key, f.key, "", f.imported)))
	}
	switch n := len(f.absent); {
	case n > MostPasted:
		ways = append(ways, fmt.Sprintf("look where the %d imported files are that are not in their places (`kmsplan status -key %s` names them), or drop them if nobody needs them with `kmsplan import-census -forget DIRECTORY`", n, f.key))
	case n > 0:
		ways = append(ways, fmt.Sprintf("look where the imported files are that are not in their places, or drop them if nobody needs them with `kmsplan import-census -forget %s`", strings.Join(f.absent, " ")))
	}
	return ways
}

// under is how rewrap names a key of a node's gateway.
func (p *planner) under(n *node, key string) string {
	if all := p.in.Config.Gateways; len(all) > 0 && all[0].Name != n.gateway {
		return key + " -gateway " + n.gateway
	}
	return key
}

// waysFromKey say how what uses a key lets go of it.
func (p *planner) waysFromKey(n *node) []string {
	ways := []string{"Move every user to another key first: re-point or delete the aliases, re-create the secrets, rewrap the files."}
	f := p.filesUnder(n.change.ID)
	if len(f.blocks) > 0 {
		ways = append(ways, fmt.Sprintf("Name another key in the blocks of the files, and write them anew with `kmsplan run %s`.", strings.Join(f.blocks, " ")))
	}
	if len(f.gone) > 0 {
		way := f.waysOfLoose("KEY")
		ways = append(ways, strings.ToUpper(way[:1])+way[1:]+".")
	}
	for _, way := range append(f.waysOfImported("KEY"), p.waysOfBatches(n)...) {
		ways = append(ways, strings.ToUpper(way[:1])+way[1:]+".")
	}
	if dying := p.dyingSecrets(n); len(dying) > 0 {
		ways = append(ways, fmt.Sprintf("A secret that is deleted can be restored until its window ends, and needs its key for that. Delete %s without retiring the key, and retire it after the window: `kmsplan plan` says when.", strings.Join(dying, ", ")))
	}
	return ways
}

// dyingSecrets are the secrets under a key that wait for their deletion, or will after this plan.
func (p *planner) dyingSecrets(n *node) (names []string) {
	g := p.in.Live.Gateways[n.gateway]
	for _, id := range sorted(keysOf(g.Objects[KindSecret])) {
		if text(g.Objects[KindSecret][id].Attrs["encryption_key"]) != n.change.ID {
			continue
		}
		a, held := p.holder[objectID{n.gateway, KindSecret, id}]
		if g.Objects[KindSecret][id].Dying() || held && p.nodes[a] != nil && p.nodes[a].change.Action == Delete {
			names = append(names, id)
		}
	}
	return names
}

// waysFromPredecessor says how what needs a predecessor moves to its successor: files by one command.
func (p *planner) waysFromPredecessor(n *node) []string {
	f := p.filesUnder(n.change.ID)
	var ways []string
	if len(f.blocks) > 0 {
		ways = append(ways, fmt.Sprintf("bring the files under the new key with `kmsplan run %s`", strings.Join(f.blocks, " ")))
	}
	if len(f.loose) > 0 {
		ways = append(ways, f.waysOfLoose(p.under(n, n.of.change.ID)))
	}
	ways = append(ways, f.waysOfImported(p.under(n, n.of.change.ID))...)
	ways = append(ways, p.waysOfBatches(n)...)
	if n.usedBy(KindAlias) {
		ways = append(ways, "point the aliases at the new key")
	}
	if n.usedBy(KindSecret) {
		ways = append(ways, "declare secrets of other names under the new key, and delete the old ones once nothing reads them; a deleted one needs its key until its window ends")
	}
	if n.usedBy(KindRotation) {
		ways = append(ways, "take it out of the rotation policies")
	}
	return []string{"Move what needs it: " + strings.Join(ways, "; ") + "."}
}
