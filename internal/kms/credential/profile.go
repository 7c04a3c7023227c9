package credential

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aliyun/credentials-go/credentials/providers"

	"kmsplan.dev/kmsplan/internal/safety"
)

// cliProfile holds what is checked of a CLI profile before the vendor's
// provider reads it.
type cliProfile struct {
	Name           string `json:"name"`
	Mode           string `json:"mode"`
	SourceProfile  string `json:"source_profile"`
	ProcessCommand string `json:"process_command"`
}

// cliProvider checks the profile first: the vendor's provider would print a
// file that it cannot parse, AccessKeys included, would follow a circle of
// source profiles forever, and would run any command of mode External.
func (config Config) cliProvider() (providers.CredentialsProvider, error) {
	if strings.EqualFold(os.Getenv("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"), "true") {
		return nil, errors.New("disabled by ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
	}
	file, err := config.profileFile()
	if err != nil {
		return nil, err
	}
	profile, err := config.checkProfile(file)
	if err != nil {
		return nil, err
	}
	if profile.Mode == "External" {
		argv, err := splitCommand(profile.ProcessCommand)
		if err != nil {
			return nil, fmt.Errorf("%s: profile %q: %w", file, profile.Name, err)
		}
		return &external{argv: argv}, nil
	}
	return providers.NewCLIProfileCredentialsProviderBuilder().WithProfileFile(file).WithProfileName(profile.Name).Build()
}

func (config Config) profileFile() (string, error) {
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

// checkProfile returns the profile if it and its sources may be used.
func (config Config) checkProfile(file string) (cliProfile, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return cliProfile{}, fmt.Errorf("%s does not exist", file)
	}
	if err != nil {
		return cliProfile{}, err
	}
	var all struct {
		Current  string       `json:"current"`
		Profiles []cliProfile `json:"profiles"`
	}
	if json.Unmarshal(text, &all) != nil {
		return cliProfile{}, fmt.Errorf("%s is not the JSON of the aliyun CLI", file)
	}
	name := cmp.Or(config.Profile, os.Getenv("ALIBABA_CLOUD_PROFILE"), all.Current)
	profile, err := findProfile(all.Profiles, name)
	if err == nil {
		err = config.checkSources(all.Profiles, profile)
	}
	if err != nil {
		return cliProfile{}, fmt.Errorf("%s: %w", file, err)
	}
	return profile, nil
}

// checkSources follows the chain of source profiles to its end.
func (config Config) checkSources(all []cliProfile, p cliProfile) error {
	first, seen := p.Name, map[string]bool{}
	for {
		if seen[p.Name] {
			return fmt.Errorf("the source profiles of %q go in a circle", first)
		}
		seen[p.Name] = true
		if err := config.allowMode(p, p.Name != first); err != nil {
			return fmt.Errorf("profile %q %w", p.Name, err)
		}
		if p.Mode != "ChainableRamRoleArn" {
			return nil
		}
		var err error
		if p, err = findProfile(all, p.SourceProfile); err != nil {
			return err
		}
	}
}

func (config Config) allowMode(p cliProfile, isSource bool) error {
	switch {
	case p.Mode == "External" && !config.AllowExternal && !safety.Off(safety.NoCommand):
		return errors.New("runs an external command, which must be allowed first")
	case p.Mode == "External" && isSource:
		return errors.New("runs an external command, which kmsplan does not do for another profile's sake")
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
