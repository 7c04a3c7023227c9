package engine

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Kinds and states of an instance (KMS: GetKmsInstance; the kinds are the
// console's).
const (
	kindSoftware        = "software"
	kindHardware        = "hardware"
	statusUninitialized = "Uninitialized"
	statusConnected     = "Connected"
)

func instanceOperations() []Operation {
	return []Operation{
		op("ListKmsInstances", GroupInstanceRead, (*Engine).listKmsInstances),
		op("GetKmsInstance", GroupInstanceRead, (*Engine).getKmsInstance),
		op("GetDefaultKmsInstance", GroupInstanceRead, (*Engine).getDefaultKmsInstance),
		op("GetKmsInstanceQuotaInfos", GroupInstanceRead, (*Engine).getKmsInstanceQuotaInfos),
		op("ConnectKmsInstance", GroupInstanceWrite, (*Engine).connectKmsInstance).mutating(),
		op("ReleaseKmsInstance", GroupInstanceWrite, (*Engine).releaseKmsInstance).mutating(),
		op("UpdateKmsInstanceBindVpc", GroupInstanceWrite, (*Engine).updateKmsInstanceBindVpc).mutating(),
	}
}

func (e *Engine) putInstance(tx *store.Tx, i KMSInstance) {
	e.table.instances.Put(tx, scope(i.Account, i.Region, i.ID), i)
}

// lookupInstance finds an instance of the caller's account and region; the copy
// is private. Refusal: Forbidden.DKMSInstanceNotFound.
func (e *Engine) lookupInstance(tx *store.Tx, c *Call, id string) (*KMSInstance, error) {
	i, found := e.table.instances.Get(tx, c.scope(id))
	if !found {
		return nil, errInstanceNotFound()
	}
	return &i, nil
}

// changeInstance lets an operation change an instance in one Update.
func (e *Engine) changeInstance(c *Call, id string, change func(*KMSInstance) error) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		i, err := e.lookupInstance(tx, c, id)
		if err != nil {
			return err
		}
		if err := change(i); err != nil {
			return err
		}
		e.putInstance(tx, *i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
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

func (e *Engine) listKmsInstances(c *Call, in *ListKmsInstancesRequest) (*ListKmsInstancesResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMax)
	if err != nil {
		return nil, err
	}
	filters, err := parseFilters(text(in.Filters), func(key string) bool {
		return slices.Contains(strings.Fields(undocumented.InstanceFilterKeys), key)
	})
	if err != nil {
		return nil, err
	}
	out := &ListKmsInstancesResponse{PageNumber: p.number, PageSize: p.size}
	out.KmsInstances.KmsInstance = []ListedInstance{}
	err = e.view(func(tx *store.Tx) error {
		for _, i := range e.table.instances.ScanIndex(tx, byCreation, c.scope(""), 0) {
			if !filters.match(i.filterValue) {
				continue
			}
			if out.TotalCount >= p.offset() && len(out.KmsInstances.KmsInstance) < p.size {
				out.KmsInstances.KmsInstance = append(out.KmsInstances.KmsInstance,
					ListedInstance{arn(i.Region, i.Account, instanceResource+i.ID), i.ID})
			}
			out.TotalCount++
		}
		return nil
	})
	return out, err
}

func (i *KMSInstance) filterValue(key string) string {
	if key == "Status" {
		return i.Status
	}
	return i.ID
}

// ReleaseKmsInstanceRequest gives an instance back.
type ReleaseKmsInstanceRequest struct{ ForceDeleteWithoutBackup, KmsInstanceId *string }

// releaseKmsInstance refuses: the service releases postpaid instances only, and
// the emulator's have an end date, as prepaid ones.
func (e *Engine) releaseKmsInstance(c *Call, in *ReleaseKmsInstanceRequest) (*empty, error) {
	id, err := required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	return e.changeInstance(c, id, func(*KMSInstance) error {
		return refuse(undocumented.ReleaseStatus, undocumented.ReleaseCode, "This action is not supported.")
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

func (e *Engine) getKmsInstance(c *Call, in *InstanceRequest) (*GetKmsInstanceResponse, error) {
	id, err := required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	var i *KMSInstance
	if err := e.view(func(tx *store.Tx) error {
		i, err = e.lookupInstance(tx, c, id)
		return err
	}); err != nil {
		return nil, err
	}
	d := DescribedInstance{
		CaCertificateChainPem: e.caCertificates(), CreateTime: timestamp(i.Created), EndDate: timestamp(i.End),
		InstanceId: i.ID, InstanceName: i.Name, KeyNum: i.KeyNum, SecretNum: i.SecretNum, Spec: i.Spec,
		StartDate: timestamp(i.Start), Status: i.Status, VpcId: i.VPCID, VpcNum: i.VPCNum,
		VswitchIds: i.VSwitchIDs, ZoneIds: i.ZoneIDs,
	}
	d.BindVpcs.BindVpc = i.boundVPCs()
	return &GetKmsInstanceResponse{d}, nil
}

// boundVPCs reads the list that updateKmsInstanceBindVpc checked.
func (i *KMSInstance) boundVPCs() []BoundVPC {
	list := []BoundVPC{}
	if i.BindVPCs != "" {
		_ = json.Unmarshal([]byte(i.BindVPCs), &list)
	}
	return list
}

// ConnectKmsInstanceRequest puts a new instance into a network.
type ConnectKmsInstanceRequest struct {
	KMProvider    *string
	KmsInstanceId *string
	VSwitchIds    *string
	VpcId         *string
	ZoneIds       *string
}

// connectKmsInstance connects at once, where the service takes half an hour.
func (e *Engine) connectKmsInstance(c *Call, in *ConnectKmsInstanceRequest) (*empty, error) {
	for _, p := range []struct {
		name  string
		value *string
	}{
		{"KmsInstanceId", in.KmsInstanceId}, {"VpcId", in.VpcId}, {"ZoneIds", in.ZoneIds}, {"VSwitchIds", in.VSwitchIds},
	} {
		if _, err := required(p.name, p.value); err != nil {
			return nil, err
		}
	}
	return e.changeInstance(c, *in.KmsInstanceId, func(i *KMSInstance) error {
		if i.Status != statusUninitialized {
			return errInstanceState()
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

func (e *Engine) updateKmsInstanceBindVpc(c *Call, in *UpdateKmsInstanceBindVpcRequest) (*empty, error) {
	id, err := required("KmsInstanceId", in.KmsInstanceId)
	if err != nil {
		return nil, err
	}
	list, err := parseBoundVPCs(in.BindVpcs)
	if err != nil {
		return nil, err
	}
	return e.changeInstance(c, id, func(i *KMSInstance) error {
		if int64(len(list)) > i.VPCNum {
			return errLimitExceeded("VPC")
		}
		kept, err := json.Marshal(list)
		i.BindVPCs = string(kept)
		return err
	})
}

func parseBoundVPCs(s *string) ([]BoundVPC, error) {
	value, err := required("BindVpcs", s)
	if err != nil {
		return nil, err
	}
	// Clients send VpcOwnerId as a number or as text.
	var sent []struct {
		RegionId, VSwitchId, VpcId string
		VpcOwnerId                 any
	}
	if err := parseJSON("BindVpcs", value, &sent); err != nil {
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
			return nil, errInvalidParameter("BindVpcs")
		}
		list = append(list, bound)
	}
	return list, nil
}

// GetDefaultKmsInstanceResponse names the account's first instance.
type GetDefaultKmsInstanceResponse struct{ DefaultKmsInstanceId string }

func (e *Engine) getDefaultKmsInstance(c *Call, _ *empty) (*GetDefaultKmsInstanceResponse, error) {
	out := &GetDefaultKmsInstanceResponse{}
	err := e.view(func(tx *store.Tx) error {
		for _, i := range e.table.instances.ScanIndex(tx, byCreation, c.scope(""), 0) {
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

func (e *Engine) getKmsInstanceQuotaInfos(c *Call, in *GetKmsInstanceQuotaInfosRequest) (*GetKmsInstanceQuotaInfosResponse, error) {
	id := text(in.KmsInstanceId)
	if id == "" {
		first, err := e.getDefaultKmsInstance(c, nil)
		if err != nil {
			return nil, err
		}
		id = first.DefaultKmsInstanceId
	}
	out := &GetKmsInstanceQuotaInfosResponse{KmsInstanceId: id, KmsInstanceQuotaInfos: []QuotaInfo{}}
	err := e.view(func(tx *store.Tx) error {
		i, err := e.lookupInstance(tx, c, id)
		if err != nil {
			return err
		}
		for _, q := range e.instanceQuotas(tx, i) {
			if t := text(in.ResourceType); t == "" || t == q.ResourceType {
				out.KmsInstanceQuotaInfos = append(out.KmsInstanceQuotaInfos, q)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out.KmsInstanceQuotaInfos) == 0 {
		return nil, errInvalidParameter("ResourceType")
	}
	return out, nil
}

func (e *Engine) instanceQuotas(tx *store.Tx, i *KMSInstance) []QuotaInfo {
	secrets, _ := strconv.ParseInt(i.SecretNum, 10, 64)
	return []QuotaInfo{
		{i.KeyNum, "key", int64(e.table.keyVersions.CountIndex(tx, byHolder, holder(i.Account, i.Region, i.ID)))},
		{secrets, "secret", int64(e.table.secrets.CountIndex(tx, byHolder, holder(i.Account, i.Region, i.ID)))},
		{i.Spec, "qps", 0},
		{i.VPCNum, "vpc", int64(len(i.boundVPCs()))},
	}
}
