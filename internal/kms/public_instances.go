package kms

import "context"

// GetKmsInstance implements InstanceManager.
func (p *Public) GetKmsInstance(ctx context.Context, instanceID string) (Instance, error) {
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
		return Instance{}, err
	}
	got := out.KmsInstance
	instance := Instance{
		ID: got.InstanceID, Name: got.InstanceName, Status: got.Status, CAChainPEM: got.CaCertificateChainPem,
		KeyNum: got.KeyNum, Spec: got.Spec, VPCNum: got.VpcNum, SecretNum: got.SecretNum, VPCID: got.VpcID,
		VSwitchIDs: got.VswitchIDs, ZoneIDs: got.ZoneIDs,
		Created: parseTime(got.CreateTime), Start: parseTime(got.StartDate), End: parseTime(got.EndDate),
	}
	for _, v := range got.BindVpcs.BindVpc {
		instance.BindVPCs = append(instance.BindVPCs, BindVPC{v.RegionID, v.VpcID, v.VSwitchID, v.VpcOwnerID})
	}
	return instance, nil
}

// ListKmsInstances implements InstanceManager.
func (p *Public) ListKmsInstances(ctx context.Context) ([]InstanceRef, error) {
	return allPages(ctx, func(i InstanceRef) string { return i.ID }, func(ctx context.Context, n int) (page[InstanceRef], error) {
		var out struct {
			KmsInstances struct {
				KmsInstance []struct{ KmsInstanceArn, KmsInstanceID string }
			}
			TotalCount int
		}
		err := p.invoke(ctx, "ListKmsInstances", args{"PageNumber": n, "PageSize": pageSize}, &out)
		rows := make([]InstanceRef, len(out.KmsInstances.KmsInstance))
		for i, row := range out.KmsInstances.KmsInstance {
			rows[i] = InstanceRef{ID: row.KmsInstanceID, ARN: row.KmsInstanceArn}
		}
		return page[InstanceRef]{rows, out.TotalCount}, err
	})
}
