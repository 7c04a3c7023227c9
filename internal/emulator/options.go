package emulator

import (
	"fmt"
	"log/slog"
	"net"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// Options describe an emulator. The zero value but for Dir or Memory is ready
// for use.
type Options struct {
	Dir         string        // data directory, created 0700; one process at a time holds it
	Memory      bool          // keep nothing: Dir is ignored, secrets live in a temporary directory until Close
	LockTimeout time.Duration // how long to wait for another process that holds Dir
	Waiting     func(error)   // is told once, before it waits, who holds Dir; nil = nobody is told

	SeedFile string // JSON, see seed.Document; objects that exist are left alone
	Region   string // default region; "" = engine.DefaultRegion
	Account  string // bootstrap account; "" = engine.DefaultAccount
	Strict   bool   // enforce key, secret and access point policies, and the current page's rotation ranges
	// InstanceImage is the image version of the first instance of each region, such as
	// 2 or 4.1.0; "" = the newest. Before 3.0.0 its host knows ClientKeys only.
	InstanceImage string
	// Quotas on resources: documented, or off; "" = documented when Throttle is, so that one switch
	// gives the service's limits and none are met unasked. QuotaFigures sets single ones instead.
	Quotas       string
	QuotaFigures engine.Quotas
	Rotation     engine.RotationProfile

	Auth     string // strict (default), permissive, off
	Throttle string // off (default), documented, or group=calls-per-second,…
	Faults   string // see fault.Parse
	// ListLag is for how long lists, those of tags included, do not show what has
	// happened, on the virtual clock: the service's lists are not consistent at
	// once. 0 = they are. At most an hour.
	ListLag time.Duration
	CallLog string // file that gets every call as a line of JSON, 0600; "" = none
	// Calls is how many of the newest calls can be asked for; 0 = calllog.DefaultSize. All are counted.
	Calls int

	// Addresses to listen on, host:port; "" = 127.0.0.1:0. HTTPListen may be "off".
	Listen, HTTPListen, InstanceListen, ControlListen string
	// OSSListen is where the object service answers, over https; "" = it does not.
	OSSListen        string
	AllowNonLoopback bool
	Names            []string // extra names and addresses for the certificate

	// Deterministic makes every id, nonce, key and request id follow from Seed.
	// Such keys protect nothing.
	Deterministic bool
	Seed          [32]byte

	Logger *slog.Logger // operator's log; nil = none
	Exit   func()       // ends the process, for the fault crash-after-commit; nil = that fault is refused
}

const anyLoopbackPort = "127.0.0.1:0"

// httpOff switches the plain HTTP listener off.
const httpOff = "off"

// settings are checked options.
type settings struct {
	Options
	auth    public.Auth
	profile throttle.Profile
}

// check refuses what cannot work before anything is opened.
func (o Options) check() (*settings, error) {
	s := &settings{Options: o}
	var err error
	if s.Dir == "" && !s.Memory {
		return nil, fmt.Errorf("start the emulator: give a data directory, or choose memory")
	}
	if s.auth, err = public.ParseAuth(o.Auth); err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	if s.profile, err = throttle.ParseProfile(o.Throttle); err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	if s.QuotaFigures, err = o.quotas(); err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	if s.ListLag < 0 || s.ListLag > time.Hour {
		return nil, fmt.Errorf("start the emulator: a list lag of %s is not within 0 and an hour", s.ListLag)
	}
	if err := o.checkNames(); err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	if s.Region == "" {
		s.Region = engine.DefaultRegion
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	for _, address := range []*string{&s.Listen, &s.HTTPListen, &s.InstanceListen, &s.ControlListen} {
		if *address == "" {
			*address = anyLoopbackPort
		}
		if err := s.checkAddress(*address); err != nil {
			return nil, err
		}
	}
	if s.OSSListen != "" {
		if err := s.checkAddress(s.OSSListen); err != nil {
			return nil, err
		}
	}
	// The control API rules everything and is not emulated: it never leaves the machine.
	if !isLoopback(s.ControlListen) {
		return nil, fmt.Errorf("start the emulator: the control API listens on loopback only, not on %s", s.ControlListen)
	}
	return s, nil
}

var (
	accountID    = pattern.New(`^[0-9]{16}$`)
	imageVersion = pattern.New(`^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$`)
)

// checkNames refuses an account, a region, an image and a patience that there cannot
// be.
func (o Options) checkNames() error {
	if o.Account != "" && !accountID.MatchString(o.Account) {
		return fmt.Errorf("the account %q is not an account id of 16 digits", o.Account)
	}
	if o.InstanceImage != "" && !imageVersion.MatchString(o.InstanceImage) {
		return fmt.Errorf("the instance image %q is not a version such as 2 or 4.1.0", o.InstanceImage)
	}
	if o.LockTimeout < 0 {
		return fmt.Errorf("a lock timeout of %s is negative", o.LockTimeout)
	}
	if o.Region == "" {
		return nil
	}
	return checkRegion(o.Region)
}

// quotas are the figures the engine enforces.
func (o Options) quotas() (engine.Quotas, error) {
	switch {
	case o.QuotaFigures != engine.Quotas{}:
		return o.QuotaFigures, nil
	case o.Quotas == "documented", o.Quotas == "" && o.Throttle == "documented":
		return engine.DefaultQuotas, nil
	case o.Quotas == "off", o.Quotas == "":
		return engine.NoQuotas, nil
	}
	return engine.Quotas{}, fmt.Errorf("quotas %q are not known; choose documented or off", o.Quotas)
}

func (s *settings) checkAddress(address string) error {
	if address == httpOff && address == s.HTTPListen {
		return nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("start the emulator: listen on %q: %w", address, err)
	}
	if !isLoopback(address) && !s.AllowNonLoopback {
		return fmt.Errorf("start the emulator: %s is not a loopback address, and whoever reaches the emulator can use its keys; use 127.0.0.1, or say explicitly that others may reach it", address)
	}
	return nil
}

// isLoopback accepts loopback addresses and the name localhost; an empty host
// listens everywhere.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
