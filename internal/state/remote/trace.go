package remote

import (
	"context"
	"fmt"
	"time"
)

// Trace tells say of every call of a Place: what, how many bytes, how long, how it ended. It says nothing of what the
// bytes are.
func Trace(p Place, say func(line string)) Place { return tracing{p, say} }

type tracing struct {
	Place
	say func(string)
}

func (p tracing) told(what string, bytes int, began time.Time, err error) {
	end := "ok"
	if err != nil {
		end = err.Error()
	}
	p.say(fmt.Sprintf("%s: %s, %d bytes, %s: %s", p.Place, what, bytes, time.Since(began).Round(time.Millisecond), end))
}

// Behind is the Place that is decorated.
func (p tracing) Behind() Place { return p.Place }

// Head implements Place.
func (p tracing) Head(ctx context.Context) ([]byte, Revision, error) {
	began := time.Now()
	data, rev, err := p.Place.Head(ctx)
	p.told("read the head", len(data), began, err)
	return data, rev, err
}

// Swap implements Place.
func (p tracing) Swap(ctx context.Context, old Revision, head []byte) (Revision, error) {
	began := time.Now()
	rev, err := p.Place.Swap(ctx, old, head)
	p.told("replace the head", len(head), began, err)
	return rev, err
}

// Put implements Place.
func (p tracing) Put(ctx context.Context, name string, object []byte) error {
	began := time.Now()
	err := p.Place.Put(ctx, name, object)
	p.told("store "+name, len(object), began, err)
	return err
}

// Get implements Place.
func (p tracing) Get(ctx context.Context, name string) ([]byte, error) {
	began := time.Now()
	object, err := p.Place.Get(ctx, name)
	p.told("read "+name, len(object), began, err)
	return object, err
}
