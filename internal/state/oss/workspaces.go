package oss

import (
	"context"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// In implements remote.House.
func (p *Place) In(workspace string) remote.House {
	return &Place{client: p.client, host: p.host, bucket: p.bucket, base: p.base, key: state.InWorkspace(p.base, workspace), limit: p.limit}
}

// Workspaces implements remote.House.
func (p *Place) Workspaces(ctx context.Context) ([]string, error) {
	var names []string
	pages := p.client.NewListObjectsV2Paginator(&sdk.ListObjectsV2Request{Bucket: &p.bucket, Prefix: sdk.Ptr(p.base + "@"), Delimiter: sdk.Ptr("/")})
	for pages.HasNext() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, p.failure(ctx, err)
		}
		for _, o := range page.Contents {
			if name, ok := state.WorkspaceOf(p.base, sdk.ToString(o.Key)); ok {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// Vacate implements remote.House: a log is never deleted, because its length keeps writers apart. One that says nothing stays.
func (p *Place) Vacate(context.Context, remote.Revision) error { return nil }

var _ remote.House = (*Place)(nil)
