package cli

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// everything is what there is to look at, by where it is: the store, the logs of its server, the files beside the module, and
// what was said.
func (l *aLife) everything() map[string][][]byte {
	l.t.Helper()
	all := map[string][][]byte{}
	add := func(where string, pieces map[string][]byte) {
		for name, data := range pieces {
			all[where+name] = clitest.Opened(data, clitest.PackedDepth)
		}
	}
	if l.store.holds != nil {
		add(inStore, l.store.holds(l.t))
		add(inLog, l.store.log(l.t))
	}
	add(inFile, l.files())
	add(inWords, l.said)
	return all
}

// The places, as the names of what lies there begin.
const (
	inStore = "in the store, "
	inLog   = "in the server's log, "
	inFile  = "in the file "
	inWords = "said by "
)

// files are those of the module, but for those that hold a secret because the user put it there.
func (l *aLife) files() map[string][]byte {
	l.t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(l.dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case name == "app.yaml" || name == "secret.auto.kmsvars.hcl" || name == "ready.json" || l.theirs[name]:
			return nil
		}
		files[name], err = os.ReadFile(filepath.Join(l.dir, name))
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return files
}

// found says where a secret is, and in which form.
func found(all map[string][][]byte, secret string) []string {
	var places []string
	for where, layers := range all {
		for _, form := range clitest.Holding(layers, secret) {
			places = append(places, fmt.Sprintf("%s, as %s", where, form))
		}
	}
	return places
}

// search demands that no secret is anywhere.
func (l *aLife) search() {
	l.t.Helper()
	all := l.everything()
	for what, secret := range l.secrets {
		for _, place := range found(all, secret) {
			l.t.Errorf("%s is %s", what, place)
		}
	}
	for where, layers := range all {
		if strings.HasPrefix(where, inWords) && bytes.Contains(layers[0], []byte("level=DEBUG")) {
			return
		}
	}
	l.t.Error("nothing was logged")
}

// readable demands that what was stored in clear is seen by the search: the state, and the journal of the call in which the
// runner died.
func (l *aLife) readable() {
	l.t.Helper()
	where := inStore
	if l.store.holds == nil {
		where = inFile + "kmsplan.state.json"
	}
	for _, text := range []string{marker, "PutSecretValue"} {
		if !begins(found(l.everything(), text), where) {
			l.t.Errorf("%q is not found %s", text, where)
		}
	}
}

func begins(places []string, where string) bool {
	for _, place := range places {
		if strings.HasPrefix(place, where) {
			return true
		}
	}
	return false
}

// control plants a secret in every place, in the store in every form, and demands that each is found there.
func (l *aLife) control() {
	l.t.Helper()
	planted := map[string]string{} // secret: where
	plant := func(where string, put func(secret string)) {
		secret := "planted" + strings.ReplaceAll(uuid.NewString(), "-", "")[:20]
		if where == inStore {
			secret += ` "é & /`
		}
		planted[secret] = where
		put(secret)
	}
	plant(inFile+".kmsplan/planted", func(s string) { l.write(".kmsplan/planted", s) })
	plant(inWords, func(s string) { l.try("no-command-" + s) })
	if l.store.holds != nil {
		for form := range clitest.Disguises("of any text") {
			plant(inStore, func(s string) { l.store.plant(l.t, string(clitest.Disguises(s)[form])) })
		}
		for log := range l.store.log(l.t) {
			plant(inLog+log, func(s string) { l.store.mention(l.t, s) })
		}
	}
	all := l.everything()
	for secret, where := range planted {
		if !begins(found(all, secret), where) {
			l.t.Errorf("what was planted %s is not found there: the search is blind", where)
		}
	}
}
