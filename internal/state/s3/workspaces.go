package s3

import (
	"context"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// In implements remote.House.
func (p *Place) In(workspace string) remote.House {
	other := *p
	other.key = state.InWorkspace(p.base, workspace)
	return &other
}

// Workspaces implements remote.House.
func (p *Place) Workspaces(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when an error ends the loop
	defer cancel()
	var names []string
	for o := range p.client.ListObjects(ctx, p.bucket, minio.ListObjectsOptions{Prefix: p.base + "@"}) {
		if o.Err != nil {
			return nil, p.failure(ctx, o.Err)
		}
		if name, ok := state.WorkspaceOf(p.base, o.Key); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Vacate implements remote.House. Between looking and deleting, another could begin: what that costs is a workspace that was
// made a moment ago and is empty.
func (p *Place) Vacate(ctx context.Context, rev remote.Revision) error {
	_, found, err := p.Head(ctx)
	if err != nil || found != rev || found == "" {
		return err
	}
	if err := p.client.RemoveObject(ctx, p.bucket, p.key, minio.RemoveObjectOptions{}); err != nil {
		return p.failure(ctx, err)
	}
	return nil
}

var _ remote.House = (*Place)(nil)
