package kind

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// The stages that the service keeps itself (KMS: UpdateSecretVersionStage), and how many there may be of others: a secret has
// eight at most (KMS: PutSecretValue).
const (
	serviceStages = "ACS"
	maxStages     = 6
	maxVersionID  = 64
)

var stageName = pattern.New(`^[A-Za-z0-9_-]{1,64}$`)

func checkVersionID(v cty.Value) error {
	if n := len([]rune(v.AsString())); n < 1 || n > maxVersionID {
		return sentence("A version id has 1 to %d characters; this one has %d.", maxVersionID, n)
	}
	return nil
}

func checkStages(v cty.Value) error {
	if n := v.LengthInt(); n > maxStages {
		return sentence("A secret has at most %d stages beside ACSCurrent and ACSPrevious; these are %d.", maxStages, n)
	}
	for it := v.ElementIterator(); it.Next(); {
		name, version := it.Element()
		switch stage := name.AsString(); {
		case strings.HasPrefix(stage, serviceStages):
			return sentence("The stage %s is the service's own. Write version_id for the version that is to be current; ACSPrevious follows by itself.", stage)
		case !stageName.MatchString(stage):
			return sentence("The stage %q is no name of one: 1 to 64 letters, digits, - and _.", stage)
		}
		if version.IsKnown() && !version.IsNull() && !version.IsMarked() {
			if err := checkVersionID(version); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkVersions(b Values) (string, error) {
	name, known := typeOf(b)
	for _, attr := range []string{"version_id", "stages"} {
		if known && ManagedSecret(name) && b.Set(attr) {
			return attr, sentence("KMS itself writes the versions of a secret of type %q, and moves its stages. Leave %s out.", name, attr)
		}
	}
	if b.Blocks["generate"] != nil && b.Set("version_id") {
		return "version_id", sentence("A generated value gets an id of its own. Leave version_id out, or write value.")
	}
	return "", nil
}
