package access

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

func serviceOperations() []core.Operation {
	return []core.Operation{
		core.Op("DescribeRegions", core.GroupKeyRead, describeRegions),
		core.Op("DescribeAccountKmsStatus", core.GroupService, describeAccountKmsStatus),
		core.Op("OpenKmsService", core.GroupService, openKmsService).Mutating(),
	}
}

// DescribeRegionsResponse lists the regions the service is offered in.
type DescribeRegionsResponse struct {
	Regions struct{ Region []Region }
}

// Region is one region.
type Region struct{ RegionId string }

func describeRegions(e *core.Engine, _ *core.Call, _ *core.Empty) (*DescribeRegionsResponse, error) {
	out := &DescribeRegionsResponse{}
	for _, id := range core.Regions() {
		out.Regions.Region = append(out.Regions.Region, Region{id})
	}
	return out, nil
}

// accountEnabled is the status of every account of the emulator; the service knows
// NotEnabled, InDebt and Suspended too (KMS: DescribeAccountKmsStatus).
const accountEnabled = "Enabled"

// DescribeAccountKmsStatusResponse tells whether the account has opened the service.
type DescribeAccountKmsStatusResponse struct{ AccountStatus string }

func describeAccountKmsStatus(e *core.Engine, _ *core.Call, _ *core.Empty) (*DescribeAccountKmsStatusResponse, error) {
	return &DescribeAccountKmsStatusResponse{AccountStatus: accountEnabled}, nil
}

// openKmsService opens what is open: every account of the emulator has the service
// (KMS: OpenKmsService, document_detail/186020).
func openKmsService(e *core.Engine, _ *core.Call, _ *core.Empty) (*core.Empty, error) {
	return nil, core.Refuse(400, "Forbidden.Opened", "Your account has already opened KMS.")
}
