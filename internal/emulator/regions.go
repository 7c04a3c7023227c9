package emulator

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// DefaultRegion is the default region of an emulator that is told none.
const DefaultRegion = engine.DefaultRegion

// region is what serves one region beside the default one: addresses at which a
// request that names no region means this one, and a ClientKey of its instance.
type region struct {
	public, instance string // addresses
	clientKey        *clientKey
}

// In is Ready for a region, which is served from then on; "" is the default one.
// Regions share the data, the clock, the faults and the accounts, and nothing else:
// each has its own keys, secrets, names and instance.
func (s *Server) In(name string) (Ready, error) {
	if name == "" || name == s.settings.Region {
		return s.Ready(), nil
	}
	if err := checkRegion(name); err != nil {
		return Ready{}, err
	}
	s.regionsMu.Lock()
	defer s.regionsMu.Unlock()
	r := s.regions[name]
	if r == nil {
		var err error
		if r, err = s.openRegion(name); err != nil {
			return Ready{}, fmt.Errorf("serve the region %s: %w", name, err)
		}
		s.regions[name] = r
	}
	b, err := s.engine.BootstrapIn(name)
	if err != nil {
		return Ready{}, fmt.Errorf("serve the region %s: %w", name, err)
	}
	return s.describe(b, r.public, "", r.instance, r.clientKey), nil
}

func (s *Server) openRegion(name string) (*region, error) {
	r := &region{clientKey: &clientKey{dir: s.dir, region: name, engine: s.engine}}
	if err := r.clientKey.ensure(); err != nil {
		return nil, err
	}
	publicTLS, err := tlsConfig(s.authority, s.faults, engine.Public)
	if err != nil {
		return nil, err
	}
	instanceTLS, err := tlsConfig(s.authority, s.faults, engine.Instance)
	if err != nil {
		return nil, err
	}
	o := s.settings
	shared := s.shared.In(name)
	return r, s.openDoors([]door{
		{&r.public, anyLoopbackPort, gatewayServer(shared, o.Logger), publicTLS, engine.Public},
		{&r.instance, anyLoopbackPort, gatewayServer(s.instanceGateway(o, shared), o.Logger), instanceTLS, engine.Instance},
	})
}

// renewClientKeys makes every ClientKey that is offered one that the engine accepts.
func (s *Server) renewClientKeys() error {
	if err := s.clientKey.ensure(); err != nil {
		return err
	}
	s.regionsMu.Lock()
	defer s.regionsMu.Unlock()
	for _, r := range s.regions {
		if err := r.clientKey.ensure(); err != nil {
			return err
		}
	}
	return nil
}

// checkRegion refuses a region that the emulator does not know.
func checkRegion(name string) error {
	if known := engine.Regions(); !slices.Contains(known, name) {
		return fmt.Errorf("the region %q is not one of %s", name, strings.Join(known, ", "))
	}
	return nil
}
