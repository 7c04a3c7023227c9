package kms

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aliyun/credentials-go/credentials/providers"
)

// cliProfile holds what is checked of a CLI profile before the vendor's
// provider reads it.
type cliProfile struct {
	Name          string `json:"name"`
	Mode          string `json:"mode"`
	SourceProfile string `json:"source_profile"`
}

// cliProvider checks the profile first: the vendor's provider would print a
// file that it cannot parse, AccessKeys included, would follow a circle of
// source profiles forever, and would run any command of mode External.
func (config ChainConfig) cliProvider() (providers.CredentialsProvider, error) {
	if strings.EqualFold(os.Getenv("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"), "true") {
		return nil, errors.New("disabled by ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
	}
	file, err := config.profileFile()
	if err != nil {
		return nil, err
	}
	name, err := config.checkProfile(file)
	if err != nil {
		return nil, err
	}
	return providers.NewCLIProfileCredentialsProviderBuilder().WithProfileFile(file).WithProfileName(name).Build()
}

func (config ChainConfig) profileFile() (string, error) {
	for _, file := range []string{config.ProfileFile, os.Getenv("ALIBABA_CLOUD_CONFIG_FILE")} {
		if file != "" {
			return file, nil
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home directory to look for .aliyun/config.json in")
	}
	return filepath.Join(home, ".aliyun", "config.json"), nil
}

// checkProfile returns the profile's name if it and its sources may be used.
func (config ChainConfig) checkProfile(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s does not exist", file)
	}
	if err != nil {
		return "", err
	}
	var all struct {
		Current  string       `json:"current"`
		Profiles []cliProfile `json:"profiles"`
	}
	if json.Unmarshal(text, &all) != nil {
		return "", fmt.Errorf("%s is not the JSON of the aliyun CLI", file)
	}
	first := firstOf(config.Profile, os.Getenv("ALIBABA_CLOUD_PROFILE"), all.Current)
	seen := map[string]bool{}
	for name := first; ; {
		p, err := findProfile(all.Profiles, name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		if seen[name] {
			return "", fmt.Errorf("%s: the source profiles of %q go in a circle", file, first)
		}
		seen[name] = true
		if err := config.allowMode(p); err != nil {
			return "", fmt.Errorf("%s: profile %q %w", file, name, err)
		}
		if p.Mode != "ChainableRamRoleArn" {
			return first, nil
		}
		name = p.SourceProfile
	}
}

func (config ChainConfig) allowMode(p cliProfile) error {
	switch {
	case p.Mode == "External" && !config.AllowExternal:
		return errors.New("runs an external command, which must be allowed first")
	case p.Mode == "EcsRamRole" && !config.AllowECS:
		return errors.New("asks the machine's metadata service, which must be allowed first")
	}
	return nil
}

func findProfile(profiles []cliProfile, name string) (cliProfile, error) {
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return cliProfile{}, fmt.Errorf("there is no profile %q", name)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
