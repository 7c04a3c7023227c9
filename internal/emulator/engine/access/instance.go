package access

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func instanceOperations() []core.Operation {
	return []core.Operation{
		core.Op("ListKmsInstances", core.GroupInstanceRead, listKmsInstances),
		core.Op("GetKmsInstance", core.GroupInstanceRead, getKmsInstance),
		core.Op("GetDefaultKmsInstance", core.GroupInstanceRead, getDefaultKmsInstance),
		core.Op("GetKmsInstanceQuotaInfos", core.GroupInstanceRead, getKmsInstanceQuotaInfos),
		core.Op("ConnectKmsInstance", core.GroupInstanceWrite, connectKmsInstance).Mutating(),
		core.Op("ReleaseKmsInstance", core.GroupInstanceWrite, releaseKmsInstance).Mutating(),
		core.Op("UpdateKmsInstanceBindVpc", core.GroupInstanceWrite, updateKmsInstanceBindVpc).Mutating(),
	}
}

// ChangeInstance lets an operation change an instance in one Update.
func ChangeInstance(e *core.Engine, c *core.Call, id string, change func(*core.KMSInstance) error) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		i, err := e.LookupInstance(tx, c, id)
		if err != nil {
			return err
		}
		if err := change(i); err != nil {
			return err
		}
		e.PutInstance(tx, *i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// ListKmsInstancesResponse is one page of instances.
type ListKmsInstancesResponse struct {
	KmsInstances struct{ KmsInstance []ListedInstance }
	PageNumber   int
	PageSize     int
	TotalCount   int
}

// ListedInstance names an instance.
type ListedInstance struct{ KmsInstanceArn, KmsInstanceId string }

// ListKmsInstancesRequest asks for one page of instances.
type ListKmsInstancesRequest struct {
	Filters    *string // newer clients: JSON [{"Key":…,"Values":[…]}]; see undocumented.InstanceFilterKeys
	PageNumber *int64
	PageSize   *int64
}

func listKmsInstances(e *core.Engine, c *core.Call, in *ListKmsInstancesRequest) (*ListKmsInstancesResponse, error) {
	p, err := core.PageOfAccess(in.PageNumber, in.PageSize)
	if err != nil {
		return nil, err
	}
	filters, err := core.ParseFilters(core.Text(in.Filters), func(key string) bool {
		return slices.Contains(strings.Fields(undocumented.InstanceFilterKeys), key)
	})
	if err != nil {
		return nil, err
	}
	out := &ListKmsInstancesResponse{PageNumber: p.Number, PageSize: p.Size}
	out.KmsInstances.KmsInstance = []ListedInstance{}
	err = e.View(func(tx *store.Tx) error {
		for _, i := range e.Table.Instances.ScanIndex(tx, core.ByCreation, c.Scope(""), 0) {
			if !filters.Match(func(key string) []string { return []string{filterValue(i, key)} }) {
				continue
			}
			if out.TotalCount >= p.Offset() && len(out.KmsInstances.KmsInstance) < p.Size {
				out.KmsInstances.KmsInstance = append(out.KmsInstances.KmsInstance,
					ListedInstance{core.Arn(i.Region, i.Account, core.InstanceResource+i.ID), i.ID})
			}
			out.TotalCount++
		}
		return nil
	})
	return out, err
}

func filterValue(i *core.KMSInstance, key string) string {
	if key == "Status" {
		return i.Status
	}
	return i.ID
}

// ReleaseKmsInstanceRequest gives an instance back.
type ReleaseKmsInstanceRequest struct{ ForceDeleteWithoutBackup, KmsInstanceId *string }

// releaseKmsInstance refuses: the service releases postpaid instances only, and
// the emulator's have an end date, as prepaid ones.
func releaseKmsInstance(e *core.Engine, c *core.Call, in *ReleaseKmsInstanceRequest) (*core.Empty, error) {
	id, err := core.Required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	return ChangeInstance(e, c, id, func(*core.KMSInstance) error {
		return core.Refuse(undocumented.ReleaseStatus, undocumented.ReleaseCode, "This action is not supported.")
	})
}

// InstanceRequest names an instance.
type InstanceRequest struct{ KmsInstanceId *string }

// GetKmsInstanceResponse describes an instance.
type GetKmsInstanceResponse struct{ KmsInstance DescribedInstance }

// DescribedInstance is all that the service tells of an instance.
type DescribedInstance struct {
	BindVpcs              struct{ BindVpc []BoundVPC }
	CaCertificateChainPem string
	CreateTime            string
	EndDate               string
	InstanceId            string
	InstanceName          string
	KeyNum                int64
	SecretNum             string
	Spec                  int64
	StartDate             string
	Status                string
	VpcId                 string
	VpcNum                int64
	VswitchIds            string
	ZoneIds               string
}

// BoundVPC is a network that reaches an instance.
type BoundVPC struct {
	RegionId   string
	VSwitchId  string
	VpcId      string
	VpcOwnerId string
}

func getKmsInstance(e *core.Engine, c *core.Call, in *InstanceRequest) (*GetKmsInstanceResponse, error) {
	id, err := core.Required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	var i *core.KMSInstance
	if err := e.View(func(tx *store.Tx) error {
		i, err = e.LookupInstance(tx, c, id)
		return err
	}); err != nil {
		return nil, err
	}
	d := DescribedInstance{
		CaCertificateChainPem: e.CaCertificates(), CreateTime: core.Timestamp(i.Created), EndDate: core.Timestamp(i.End),
		InstanceId: i.ID, InstanceName: i.Name, KeyNum: i.KeyNum, SecretNum: i.SecretNum, Spec: i.Spec,
		StartDate: core.Timestamp(i.Start), Status: i.Status, VpcId: i.VPCID, VpcNum: i.VPCNum,
		VswitchIds: i.VSwitchIDs, ZoneIds: i.ZoneIDs,
	}
	d.BindVpcs.BindVpc = boundVPCs(i)
	return &GetKmsInstanceResponse{d}, nil
}

// boundVPCs reads the list that updateKmsInstanceBindVpc checked.
func boundVPCs(i *core.KMSInstance) []BoundVPC {
	list := []BoundVPC{}
	if i.BindVPCs != "" {
		_ = json.Unmarshal([]byte(i.BindVPCs), &list)
	}
	return list
}

// ConnectKmsInstanceRequest puts a new instance into a network.
type ConnectKmsInstanceRequest struct {
	KMProvider    *string // Aliyun
	KmsInstanceId *string
	VSwitchIds    *string
	VpcId         *string
	ZoneIds       *string
}

// theProvider is the only KMProvider there is.
const theProvider = "Aliyun"

// connectKmsInstance connects at once, where the service takes half an hour. It is for
// software instances only (KMS: ConnectKmsInstance, Limits).
func connectKmsInstance(e *core.Engine, c *core.Call, in *ConnectKmsInstanceRequest) (*core.Empty, error) {
	for _, p := range []struct {
		name  string
		value *string
	}{
		{"KmsInstanceId", in.KmsInstanceId}, {"KMProvider", in.KMProvider},
		{"VpcId", in.VpcId}, {"ZoneIds", in.ZoneIds}, {"VSwitchIds", in.VSwitchIds},
	} {
		if _, err := core.Required(p.name, p.value); err != nil {
			return nil, err
		}
	}
	if *in.KMProvider != theProvider {
		return nil, core.ErrInvalidParameter("KMProvider")
	}
	return ChangeInstance(e, c, *in.KmsInstanceId, func(i *core.KMSInstance) error {
		if i.Kind == core.KindHardware {
			return core.ErrUnsupportedOperation()
		}
		if i.Status != core.StatusUninitialized {
			return core.ErrInstanceState()
		}
		i.Status = undocumented.StatusAfterConnect
		i.VPCID, i.ZoneIDs, i.VSwitchIDs = *in.VpcId, *in.ZoneIds, *in.VSwitchIds
		return nil
	})
}

// UpdateKmsInstanceBindVpcRequest replaces the list of further networks.
type UpdateKmsInstanceBindVpcRequest struct {
	BindVpcs      *string // JSON [{"VpcId","VSwitchId","RegionId","VpcOwnerId"}]
	KmsInstanceId *string
}

func updateKmsInstanceBindVpc(e *core.Engine, c *core.Call, in *UpdateKmsInstanceBindVpcRequest) (*core.Empty, error) {
	id, err := core.Required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	list, err := parseBoundVPCs(in.BindVpcs)
	if err != nil {
		return nil, err
	}
	return ChangeInstance(e, c, id, func(i *core.KMSInstance) error {
		if int64(len(list)) > i.VPCNum {
			return core.ErrLimitExceeded("VPC")
		}
		kept, err := json.Marshal(list)
		i.BindVPCs = string(kept)
		return err
	})
}

func parseBoundVPCs(s *string) ([]BoundVPC, error) {
	value, err := core.Required("BindVpcs", s)
	if err != nil {
		return nil, err
	}
	// Clients send VpcOwnerId as a number or as text.
	var sent []struct {
		RegionId, VSwitchId, VpcId string
		VpcOwnerId                 any
	}
	if err := core.ParseJSON("BindVpcs", value, &sent); err != nil {
		return nil, err
	}
	list := []BoundVPC{}
	for _, v := range sent {
		bound := BoundVPC{RegionId: v.RegionId, VSwitchId: v.VSwitchId, VpcId: v.VpcId}
		switch owner := v.VpcOwnerId.(type) {
		case string:
			bound.VpcOwnerId = owner
		case float64:
			bound.VpcOwnerId = strconv.FormatFloat(owner, 'f', -1, 64)
		}
		if v.VpcId == "" || v.VSwitchId == "" {
			return nil, core.ErrInvalidParameter("BindVpcs")
		}
		list = append(list, bound)
	}
	return list, nil
}

// GetDefaultKmsInstanceResponse names the account's first instance.
type GetDefaultKmsInstanceResponse struct{ DefaultKmsInstanceId string }

func getDefaultKmsInstance(e *core.Engine, c *core.Call, _ *core.Empty) (*GetDefaultKmsInstanceResponse, error) {
	out := &GetDefaultKmsInstanceResponse{}
	err := e.View(func(tx *store.Tx) error {
		for _, i := range e.Table.Instances.ScanIndex(tx, core.ByCreation, c.Scope(""), 0) {
			out.DefaultKmsInstanceId = i.ID
			break
		}
		return nil
	})
	return out, err
}

// GetKmsInstanceQuotaInfosRequest asks for an instance's quotas.
type GetKmsInstanceQuotaInfosRequest struct {
	KmsInstanceId *string // absent: the account's first instance
	ResourceType  *string // key, secret, qps, vpc; absent: all
}

// GetKmsInstanceQuotaInfosResponse tells quotas and use.
type GetKmsInstanceQuotaInfosResponse struct {
	KmsInstanceId         string
	KmsInstanceQuotaInfos []QuotaInfo
}

// QuotaInfo is one quota.
type QuotaInfo struct {
	ResourceQuota int64
	ResourceType  string
	UsedQuantity  int64
}

func getKmsInstanceQuotaInfos(e *core.Engine, c *core.Call, in *GetKmsInstanceQuotaInfosRequest) (*GetKmsInstanceQuotaInfosResponse, error) {
	id := core.Text(in.KmsInstanceId)
	if id == "" {
		first, err := getDefaultKmsInstance(e, c, nil)
		if err != nil {
			return nil, err
		}
		id = first.DefaultKmsInstanceId
	}
	out := &GetKmsInstanceQuotaInfosResponse{KmsInstanceId: id, KmsInstanceQuotaInfos: []QuotaInfo{}}
	err := e.View(func(tx *store.Tx) error {
		i, err := e.LookupInstance(tx, c, id)
		if err != nil {
			return err
		}
		for _, q := range instanceQuotas(e, tx, i) {
			if t := core.Text(in.ResourceType); t == "" || t == q.ResourceType {
				out.KmsInstanceQuotaInfos = append(out.KmsInstanceQuotaInfos, q)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out.KmsInstanceQuotaInfos) == 0 {
		return nil, core.ErrInvalidParameter("ResourceType")
	}
	return out, nil
}

func instanceQuotas(e *core.Engine, tx *store.Tx, i *core.KMSInstance) []QuotaInfo {
	secrets, _ := strconv.ParseInt(i.SecretNum, 10, 64)
	return []QuotaInfo{
		{i.KeyNum, "key", int64(e.Table.KeyVersions.CountIndex(tx, core.ByHolder, core.Holder(i.Account, i.Region, i.ID)))},
		{secrets, "secret", int64(e.Table.Secrets.CountIndex(tx, core.ByHolder, core.Holder(i.Account, i.Region, i.ID)))},
		{i.Spec, "qps", 0},
		{i.VPCNum, "vpc", int64(len(boundVPCs(i)))},
	}
}
