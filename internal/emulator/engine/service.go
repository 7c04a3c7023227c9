package engine

import "kmsplan.dev/kmsplan/internal/emulator/undocumented"

func serviceOperations() []Operation {
	return []Operation{
		op("DescribeRegions", GroupKeyRead, (*Engine).describeRegions),
		op("DescribeAccountKmsStatus", GroupService, (*Engine).describeAccountKmsStatus),
		op("OpenKmsService", GroupService, (*Engine).openKmsService).mutating(),
	}
}

// DescribeRegionsResponse lists the regions the service is offered in.
type DescribeRegionsResponse struct {
	Regions struct{ Region []Region }
}

// Region is one region.
type Region struct{ RegionId string }

func (e *Engine) describeRegions(*Call, *empty) (*DescribeRegionsResponse, error) {
	out := &DescribeRegionsResponse{}
	for _, id := range Regions() {
		out.Regions.Region = append(out.Regions.Region, Region{id})
	}
	return out, nil
}

// DescribeAccountKmsStatusResponse tells whether the account has opened the service.
type DescribeAccountKmsStatusResponse struct{ AccountStatus string }

func (e *Engine) describeAccountKmsStatus(*Call, *empty) (*DescribeAccountKmsStatusResponse, error) {
	return &DescribeAccountKmsStatusResponse{AccountStatus: undocumented.AccountStatus}, nil
}

// openKmsService opens what is open: every account of the emulator has the service
// (KMS: OpenKmsService, document_detail/186020).
func (e *Engine) openKmsService(*Call, *empty) (*empty, error) {
	return nil, refuse(400, "Forbidden.Opened", "Your account has already opened KMS.")
}
