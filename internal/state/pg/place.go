package pg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Place is a remote.Place in PostgreSQL.
type Place struct {
	pool   *pgxpool.Pool
	quoted string
	base   string // the stack's name
	where  string // the stack, for messages
	stack  string // the name in its workspace
	name   string
}

// In implements remote.House.
func (p *Place) In(workspace string) remote.House {
	other := *p
	other.stack, other.name = state.InWorkspace(p.base, workspace), state.InWorkspace(p.where, workspace)
	return &other
}

// Workspaces implements remote.House.
func (p *Place) Workspaces(ctx context.Context) ([]string, error) {
	rows, err := p.pool.Query(ctx, p.sql("SELECT stack FROM @.heads WHERE left(stack, length($1::text)) = $1::text"), p.base+"@")
	if err != nil {
		return nil, p.failure(err)
	}
	stacks, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil && !missing(err) {
		return nil, p.failure(err)
	}
	var names []string
	for _, stack := range stacks {
		if name, ok := state.WorkspaceOf(p.base, stack); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Vacate implements remote.House. The history stays, for people.
func (p *Place) Vacate(ctx context.Context, rev remote.Revision) error {
	_, err := p.pool.Exec(ctx, p.sql("DELETE FROM @.heads WHERE stack = $1 AND revision = $2::uuid"), p.stack, string(rev))
	if err != nil && !missing(err) {
		return p.failure(err)
	}
	return nil
}

// Close gives the connections back.
func (p *Place) Close() { p.pool.Close() }

// String implements remote.Place.
func (p *Place) String() string { return p.name }

// failure puts an error into words, and says which are final.
func (p *Place) failure(err error) error {
	switch stateOf(err) {
	case invalidPassword, invalidAuth:
		return fmt.Errorf("%s: the server does not take these credentials; set PGUSER and PGPASSWORD, or %s: %w (%w)", p.name, ConnVariable, remote.ErrRefused, err)
	case noPrivilege, noDatabase:
		return fmt.Errorf("%s: %w (%w)", p.name, remote.ErrRefused, err)
	case readOnly:
		return fmt.Errorf("%s: the server is a standby or read-only; connect to the primary: %w (%w)", p.name, remote.ErrRefused, err)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// Head implements remote.Place.
func (p *Place) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	var head []byte
	var rev string
	err := p.pool.QueryRow(ctx, p.sql("SELECT head, revision::text FROM @.heads WHERE stack = $1"), p.stack).Scan(&head, &rev)
	if errors.Is(err, pgx.ErrNoRows) || missing(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", p.failure(err)
	}
	return head, remote.Revision(rev), nil
}

// said is what the columns show of a head.
type said struct {
	Epoch int64 `json:"epoch"`
	Lease *struct {
		Info struct{ User, Host, Operation string } `json:"info"`
	} `json:"lease"`
	State struct {
		Lineage, Digest, Writer string
		Serial                  int64
	} `json:"state"`
}

func (s said) holder() *string {
	if s.Lease == nil {
		return nil
	}
	text := fmt.Sprintf("%s@%s for %s", s.Lease.Info.User, s.Lease.Info.Host, s.Lease.Info.Operation)
	return &text
}

// replace is one statement: the head changes where its revision is the one that was seen, and only then
// the history says what it names.
const replace = `
WITH w AS (%s RETURNING stack),
h AS (INSERT INTO @.history (stack, lineage, serial, epoch, holder, writer, digest)
	SELECT w.stack, $6::text, $7::bigint, $4::bigint, $5::text, $8::text, $9::text FROM w WHERE $7::bigint > 0 ON CONFLICT DO NOTHING)
SELECT count(*) FROM w`

var (
	insert = fmt.Sprintf(replace, `INSERT INTO @.heads (stack, revision, head, epoch, holder)
	SELECT $1::text, $2::uuid, $3::bytea, $4::bigint, $5::text WHERE $10::text = '' ON CONFLICT DO NOTHING`)
	update = fmt.Sprintf(replace, `UPDATE @.heads SET revision = $2::uuid, head = $3::bytea, epoch = $4::bigint, holder = $5::text, written = now()
	WHERE stack = $1::text AND revision = $10::uuid`)
)

// Swap implements remote.Place.
func (p *Place) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	if _, err := uuid.Parse(string(old)); err != nil && old != "" {
		return "", p.conflict()
	}
	var s said
	_ = json.Unmarshal(head, &s) // for people; what it lacks stays empty
	statement := update
	if old == "" {
		statement = insert
	}
	rev := uuid.NewString()
	var written int
	run := func() error {
		return p.pool.QueryRow(ctx, p.sql(statement), p.stack, rev, head, s.Epoch, s.holder(), s.State.Lineage, s.State.Serial, s.State.Writer, s.State.Digest, string(old)).Scan(&written)
	}
	err := run()
	if missing(err) && old == "" {
		if err = p.makeSchema(ctx); err == nil {
			err = run()
		}
	}
	if err != nil && !missing(err) {
		return "", p.failure(err)
	}
	if written != 1 {
		return "", p.conflict()
	}
	return remote.Revision(rev), nil
}

func (p *Place) conflict() error { return fmt.Errorf("%s: %w", p.name, remote.ErrConflict) }

// Put implements remote.Place.
func (p *Place) Put(ctx context.Context, name string, object []byte) error {
	run := func() error {
		_, err := p.pool.Exec(ctx, p.sql("INSERT INTO @.objects (stack, name, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"), p.stack, name, object)
		return err
	}
	err := run()
	if missing(err) {
		if err = p.makeSchema(ctx); err == nil {
			err = run()
		}
	}
	if err != nil {
		return p.failure(err)
	}
	return nil
}

// Get implements remote.Place.
func (p *Place) Get(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := p.pool.QueryRow(ctx, p.sql("SELECT data FROM @.objects WHERE stack = $1 AND name = $2"), p.stack, name).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) || missing(err) {
		return nil, fmt.Errorf("%s: %w: %s", p.name, remote.ErrNoObject, name)
	}
	if err != nil {
		return nil, p.failure(err)
	}
	return data, nil
}

// Drop implements remote.Place.
func (p *Place) Drop(ctx context.Context, names ...string) error {
	_, err := p.pool.Exec(ctx, p.sql("DELETE FROM @.objects WHERE stack = $1 AND name = ANY(string_to_array($2, ','))"), p.stack, strings.Join(names, ","))
	if err != nil && !missing(err) {
		return p.failure(err)
	}
	return nil
}

// Probe implements remote.Prober.
func (p *Place) Probe() (remote.Place, func(context.Context) error) {
	probe := *p
	probe.stack = p.stack + ".probe-" + uuid.NewString()
	return &probe, func(ctx context.Context) error {
		for _, table := range []string{"heads", "objects", "history"} {
			if _, err := p.pool.Exec(ctx, p.sql("DELETE FROM @."+table+" WHERE stack = $1"), probe.stack); err != nil {
				return p.failure(err)
			}
		}
		return nil
	}
}
