package stack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsimple"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
)

// bare is a gateway that is described without a module, in a file or in the environment. Credentials other than a
// ClientKey are the chain of Alibaba Cloud's tools. It never holds a password.
type bare struct {
	Region                string `hcl:"region,optional"`
	Endpoint              string `hcl:"endpoint,optional"` // of the instance, or of the public gateway without one
	Instance              string `hcl:"instance,optional"` // id
	CAFile                string `hcl:"ca_file,optional"`
	Profile               string `hcl:"profile,optional"` // CLI profile, without an instance
	ClientKeyFile         string `hcl:"client_key_file,optional"`
	ClientKeyPasswordFile string `hcl:"client_key_password_file,optional"`

	password string // from the environment
}

// FromEnvironment stands for the environment in the place of a file's name.
const FromEnvironment = "env"

// bareVariable begins the environment variables that describe a gateway; the rest is an argument's name in capitals.
const bareVariable = "KMSPLAN_GATEWAY_"

// maxBare bounds what is read of a file, bytes.
const maxBare = 1 << 20

// GatewaysFrom opens the gateway that a file describes, or the environment where from is FromEnvironment. No module is
// read. Relative paths in the file are relative to it, those of the environment to dir.
func GatewaysFrom(from, dir string, getenv func(string) string, o Options) (*Gateways, error) {
	b := bare{}
	if from != FromEnvironment {
		path := from
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, from)
		}
		if err := b.readFile(path); err != nil {
			return nil, err
		}
		dir = filepath.Dir(path)
	} else {
		b.readEnvironment(getenv)
	}
	b.password = getenv(bareVariable + "CLIENT_KEY_PASSWORD")
	gateway, err := b.gateway(from, dir)
	if err != nil {
		return nil, err
	}
	return newGateways(&hcl.Config{Dir: dir, Gateways: []*hcl.Gateway{gateway}}, o.withDefaults()), nil
}

// readFile reads HCL, or JSON where it begins with a brace.
func (b *bare) readFile(path string) error {
	text, err := readShort(path)
	if err != nil {
		return fmt.Errorf("read the gateway: %w", err)
	}
	as := "gateway.hcl"
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		as = "gateway.json"
	}
	if bytes.Contains(text, []byte("client_key_password")) && !bytes.Contains(text, []byte("client_key_password_file")) {
		return fmt.Errorf("%s holds a password; put it into a file of its own, named by client_key_password_file, or into %sCLIENT_KEY_PASSWORD", path, bareVariable)
	}
	if err := hclsimple.Decode(as, text, nil, b); err != nil {
		return fmt.Errorf("%s describes no gateway: %s", path, strings.TrimPrefix(err.Error(), as+":"))
	}
	return nil
}

func readShort(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || info.Size() > maxBare {
		return nil, fmt.Errorf("%s is no file of a few lines", path)
	}
	return os.ReadFile(path)
}

func (b *bare) readEnvironment(getenv func(string) string) {
	for name, to := range map[string]*string{
		"REGION": &b.Region, "ENDPOINT": &b.Endpoint, "INSTANCE": &b.Instance, "CA_FILE": &b.CAFile, "PROFILE": &b.Profile,
		"CLIENT_KEY_FILE": &b.ClientKeyFile, "CLIENT_KEY_PASSWORD_FILE": &b.ClientKeyPasswordFile,
	} {
		*to = getenv(bareVariable + name)
	}
}

// gateway makes the block that a module would have.
func (b *bare) gateway(from, dir string) (*hcl.Gateway, error) {
	said := from
	if from == FromEnvironment {
		said = "the environment (" + bareVariable + "…)"
	}
	wrong := func(text string) error { return fmt.Errorf("%s: %s", said, text) }
	switch {
	case b.Region == "":
		return nil, wrong("region is missing; write it, for example cn-hangzhou")
	case b.Instance == "" && b.ClientKeyFile != "":
		return nil, wrong("a client key belongs to an instance: give its id as instance")
	case b.ClientKeyFile == "" && b.ClientKeyPasswordFile != "":
		return nil, wrong("client_key_password_file needs client_key_file")
	case b.Instance != "" && b.Profile != "":
		return nil, wrong("profile is for the public gateway; with an instance, credentials come from a client key or from the environment")
	}
	out := &hcl.Gateway{Name: "bare", Region: b.Region}
	reached := hcl.Connection{Endpoint: b.Endpoint, CAFile: b.CAFile}
	if b.Instance == "" {
		out.Public = &hcl.PublicGateway{Connection: reached, Profile: b.Profile}
		return out, nil
	}
	out.Instance = &hcl.InstanceGateway{Connection: reached, ID: b.Instance}
	if b.ClientKeyFile == "" {
		return out, nil
	}
	password, err := b.passwordIn(dir)
	if err != nil {
		return nil, wrong(err.Error())
	}
	out.Instance.ClientKey = &hcl.ClientKey{File: b.ClientKeyFile, Password: cty.StringVal(password)}
	return out, nil
}

// passwordIn is the client key's password: that of the environment, or the first line of its file.
func (b *bare) passwordIn(dir string) (string, error) {
	if b.password != "" && b.ClientKeyPasswordFile != "" {
		return "", errors.New("the client key's password is given twice, in a file and in the environment; keep one")
	}
	if b.password != "" {
		return b.password, nil
	}
	if b.ClientKeyPasswordFile == "" {
		return "", fmt.Errorf("the client key's password is missing: name its file with client_key_password_file, or set %sCLIENT_KEY_PASSWORD", bareVariable)
	}
	path := b.ClientKeyPasswordFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := readShort(path)
	if err != nil {
		return "", fmt.Errorf("read the client key's password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("%s holds no password", path)
	}
	return line, nil
}
