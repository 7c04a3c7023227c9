package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// The protocol has no call that lists. The names of the workspaces are in a document of their own, whose address no
// workspace has, because a name begins with no hyphen. A name is there before something is stored for it, and as long
// as something may be.
const listing = "-workspaces"

// listed is the head of that document.
type listed struct {
	Format int      `json:"kmsplan_workspaces"`
	Names  []string `json:"names"`
}

const listedFormat = 1

// in are the options of a workspace's document: the address with -NAME behind it, and the locks' in the same way.
func (o Options) in(workspace string) Options {
	if workspace == "" {
		return o
	}
	for _, lock := range []*string{&o.LockAddress, &o.UnlockAddress} {
		if *lock != "" {
			*lock = besideAddress(o.Address, *lock, "-"+workspace)
		}
	}
	o.Address = longer(o.Address, "-"+workspace)
	return o
}

// besideAddress is the address of a lock when the document's becomes longer: behind that where it stands below it, as
// GitLab's does, otherwise longer itself.
func besideAddress(document, lock, by string) string {
	document, _ = splitAddress(document)
	path, query := splitAddress(lock)
	if below, ok := strings.CutPrefix(path, document); ok && strings.HasPrefix(below, "/") {
		return extended(document, by) + below + query
	}
	return longer(lock, by)
}

// longer is an address whose path is longer.
func longer(address, by string) string {
	path, query := splitAddress(address)
	return extended(path, by) + query
}

// extended makes a path longer, and never the host's name: credentials go there.
func extended(path, by string) string {
	if _, rest, _ := strings.Cut(path, "://"); !strings.Contains(rest, "/") {
		path += "/"
	}
	return path + by
}

// splitAddress parts an address from a slash at its end and from its query.
func splitAddress(address string) (path, query string) {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address, query = address[:i], address[i:]
	}
	return strings.TrimRight(address, "/"), query
}

// In implements remote.House.
func (p *Place) In(workspace string) remote.House {
	if workspace == state.DefaultWorkspace {
		workspace = ""
	}
	return newPlace(p.base, workspace, p.client)
}

// Workspaces implements remote.House.
func (p *Place) Workspaces(ctx context.Context) ([]string, error) {
	_, names, err := newPlace(p.base, listing, p.client).names(ctx)
	return names, err
}

// names reads the listing.
func (p *Place) names(ctx context.Context) (remote.Revision, []string, error) {
	head, rev, err := p.Head(ctx)
	if err != nil || head == nil {
		return rev, nil, err
	}
	var l listed
	switch err := json.Unmarshal(head, &l); {
	case err != nil || l.Format < 1:
		return rev, nil, &state.CorruptError{Path: p.name, Reason: "it is no list of workspaces", Foreign: true}
	case l.Format > listedFormat:
		return rev, nil, &state.NewerFormatError{Path: p.name, Format: l.Format, Writer: "of a later version"}
	}
	return rev, slices.DeleteFunc(l.Names, func(name string) bool { return state.CheckWorkspace(name) != nil || name == state.DefaultWorkspace }), nil
}

// mostRelistings bounds the rounds of relist: each means that somebody else wrote.
const mostRelistings = 20

// relist puts the name of this place's workspace on the list, or takes it from it.
func (p *Place) relist(ctx context.Context, there bool) error {
	list := newPlace(p.base, listing, p.client)
	for range mostRelistings {
		rev, names, err := list.names(ctx)
		if err != nil || slices.Contains(names, p.workspace) == there {
			return err
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == p.workspace })
		if there {
			names = append(names, p.workspace)
			slices.Sort(names)
		}
		head, err := json.Marshal(listed{listedFormat, names})
		if err != nil {
			return err
		}
		if _, err = list.Swap(ctx, rev, head); !errors.Is(err, remote.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%s: others changed the list of workspaces each time, %d times; try again", list.name, mostRelistings)
}

// enter puts the workspace on the list before anything is stored for it; once, because what is left of one that was removed
// looks like one in use.
func (p *Place) enter(ctx context.Context) error {
	if p.workspace == "" || p.workspace == listing || p.entered {
		return nil
	}
	err := p.relist(ctx, true)
	p.entered = err == nil
	return err
}

func (p *Place) asEntered(entered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entered = entered
}

// Vacate implements remote.House. A server that lets nobody delete a document keeps it, without objects.
func (p *Place) Vacate(ctx context.Context, rev remote.Revision) error {
	if p.workspace == "" {
		return nil
	}
	p.asEntered(true) // what is written below enters nothing
	defer p.asEntered(false)
	if err := p.relist(ctx, false); err != nil {
		return err
	}
	left, err := p.delete(ctx, rev)
	switch {
	case err != nil || left.doc.Head == nil:
		return err
	case left.revision() == rev:
		_, err = p.Swap(ctx, rev, left.doc.Head)
	}
	if left.revision() != rev || errors.Is(err, remote.ErrConflict) { // somebody began meanwhile, and found the name on the list
		return p.relist(ctx, true)
	}
	return err
}

// delete deletes the document where it still is the one of that revision, and returns what is there afterwards.
func (p *Place) delete(ctx context.Context, rev remote.Revision) (stored, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.read(ctx); err != nil || p.at.revision() != rev && !safety.Off(safety.VacateUnused) {
		return p.at, err
	}
	answer, err := p.exchange(ctx, request{method: http.MethodDelete, address: p.o.Address})
	if err != nil {
		return p.at, err
	}
	if answer.ok() || answer.status == http.StatusNotFound {
		p.at = stored{}
	}
	return p.at, nil
}

var _ remote.House = (*Place)(nil)
