package credential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"
)

const (
	externalTimeout = 60 * time.Second
	externalEarly   = 3 * time.Minute // renewed this long before it expires
	externalKept    = time.Minute     // when the command names no expiry
)

// external runs the command of a CLI profile of mode External. The vendor's own
// provider prints the command's output, secrets included, when it is not JSON,
// and writes what it got into the user's configuration file.
type external struct {
	argv []string

	mu    sync.Mutex
	kept  *providers.Credentials
	until time.Time
}

// GetProviderName implements providers.CredentialsProvider.
func (e *external) GetProviderName() string { return "cli_profile/external" }

// GetCredentials implements providers.CredentialsProvider.
func (e *external) GetCredentials() (*providers.Credentials, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept != nil && time.Now().Before(e.until) {
		return e.kept, nil
	}
	got, until, err := e.run()
	if err != nil {
		return nil, err
	}
	e.kept, e.until = got, until
	return got, nil
}

func (e *external) run() (*providers.Credentials, time.Time, error) {
	ctx, cancel := context.WithTimeout(context.Background(), externalTimeout)
	defer cancel()
	var stdout bytes.Buffer
	cmd := exec.CommandContext(ctx, e.argv[0], e.argv[1:]...)
	cmd.Stdout = &stdout
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return nil, time.Time{}, fmt.Errorf("the external command %s failed: %w", e.argv[0], err)
	}
	var said struct {
		Mode, Expiration string
		ID               string `json:"access_key_id"`
		Secret           string `json:"access_key_secret"`
		Token            string `json:"sts_token"`
	}
	if json.Unmarshal(stdout.Bytes(), &said) != nil {
		return nil, time.Time{}, fmt.Errorf("the external command %s printed something else than a JSON object", e.argv[0])
	}
	if said.ID == "" || said.Secret == "" || said.Mode == "StsToken" && said.Token == "" {
		return nil, time.Time{}, fmt.Errorf("the external command %s named no access_key_id, access_key_secret or sts_token", e.argv[0])
	}
	until := time.Now().Add(externalKept)
	if expires, err := time.Parse(time.RFC3339, said.Expiration); err == nil {
		until = expires.Add(-externalEarly)
	}
	return &providers.Credentials{AccessKeyId: said.ID, AccessKeySecret: said.Secret, SecurityToken: said.Token,
		ProviderName: e.GetProviderName()}, until, nil
}

// splitCommand splits a command as a POSIX shell would, without expanding
// anything: blanks separate, quotes group, a backslash takes the next character
// as it is, except inside single quotes.
func splitCommand(command string) ([]string, error) {
	var (
		argv  []string
		word  strings.Builder
		begun bool
		quote rune
		plain bool // the next character stands for itself
	)
	for _, r := range command {
		switch {
		case plain:
			word.WriteRune(r)
			plain = false
		case r == '\\' && quote != '\'':
			plain, begun = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && strings.ContainsRune(" \t\r\n", r):
			if begun {
				argv = append(argv, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 || plain {
		return nil, errors.New("its process_command ends inside quotes or after a backslash")
	}
	if begun {
		argv = append(argv, word.String())
	}
	if len(argv) == 0 {
		return nil, errors.New("its process_command is empty")
	}
	return argv, nil
}
