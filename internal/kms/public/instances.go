package public

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kms"
)

// GetKmsInstance implements InstanceManager.
func (p *Client) GetKmsInstance(ctx context.Context, instanceID string) (kms.Instance, error) {
	var out struct {
		KmsInstance struct {
			BindVpcs struct {
				BindVpc []struct{ RegionID, VSwitchID, VpcID, VpcOwnerID string }
			}
			CaCertificateChainPem, CreateTime, EndDate, InstanceID, InstanceName string
			SecretNum, StartDate, Status, VpcID, VswitchIDs, ZoneIDs             string
			KeyNum, Spec, VpcNum                                                 int64
		}
	}
	if err := p.invoke(ctx, "GetKmsInstance", args{"KmsInstanceId": instanceID}, &out); err != nil {
		return kms.Instance{}, err
	}
	got := out.KmsInstance
	instance := kms.Instance{
		ID: got.InstanceID, Name: got.InstanceName, Status: got.Status, CAChainPEM: got.CaCertificateChainPem,
		KeyNum: got.KeyNum, Spec: got.Spec, VPCNum: got.VpcNum, SecretNum: got.SecretNum, VPCID: got.VpcID,
		VSwitchIDs: got.VswitchIDs, ZoneIDs: got.ZoneIDs,
		Created: kms.ParseTime(got.CreateTime), Start: kms.ParseTime(got.StartDate), End: kms.ParseTime(got.EndDate),
	}
	for _, v := range got.BindVpcs.BindVpc {
		instance.BindVPCs = append(instance.BindVPCs, kms.BindVPC{RegionID: v.RegionID, VPCID: v.VpcID, VSwitchID: v.VSwitchID, OwnerID: v.VpcOwnerID})
	}
	return instance, nil
}

// ListKmsInstances implements InstanceManager.
func (p *Client) ListKmsInstances(ctx context.Context) ([]kms.InstanceRef, error) {
	return allPages(ctx, func(i kms.InstanceRef) string { return i.ID }, func(ctx context.Context, n int) (page[kms.InstanceRef], error) {
		var out struct {
			KmsInstances struct {
				KmsInstance []struct{ KmsInstanceArn, KmsInstanceID string }
			}
			TotalCount int
		}
		err := p.invoke(ctx, "ListKmsInstances", args{"PageNumber": n, "PageSize": pageSize}, &out)
		rows := make([]kms.InstanceRef, len(out.KmsInstances.KmsInstance))
		for i, row := range out.KmsInstances.KmsInstance {
			rows[i] = kms.InstanceRef{ID: row.KmsInstanceID, ARN: row.KmsInstanceArn}
		}
		return page[kms.InstanceRef]{rows, out.TotalCount}, err
	})
}
