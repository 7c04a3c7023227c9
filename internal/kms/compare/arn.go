package compare

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"kmsplan.dev/kmsplan/internal/kms"
)

const (
	arnPrefix   = "acs:kms:"
	aliasPrefix = "alias/"
)

// named is a key, alias or secret as an id or an ARN names it.
type named struct {
	region, account string // "" for a bare id
	id              string // a key's or secret's without its kind; an alias with alias/
}

// parseResource reads acs:kms:REGION:ACCOUNT:KIND/ID, or takes the text as an id.
func parseResource(text string) named {
	rest, ok := strings.CutPrefix(text, arnPrefix)
	if !ok {
		return named{id: text}
	}
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) != 3 {
		return named{id: text}
	}
	id := parts[2]
	for _, kind := range []string{"key/", "secret/"} {
		id = strings.TrimPrefix(id, kind)
	}
	return named{region: parts[0], account: parts[1], id: id}
}

// keyARN holds a key's ARN against its own id, the gateway's region, and the
// account that the gateway's keys are in.
func keyARN(member string) rowCheck {
	return func(c *Comparer, asked kms.Asked, row map[string]any) string {
		return c.ownARN(asked, text(row, member), text(row, "KeyId"), c.account.pin)
	}
}

// aliasARN leaves the account open: the service's own aliases, alias/acs/…, may be in another.
func aliasARN(c *Comparer, asked kms.Asked, row map[string]any) string {
	return c.ownARN(asked, text(row, "AliasArn"), text(row, "AliasName"), func(any string) string { return any })
}

func secretARN(c *Comparer, asked kms.Asked, row map[string]any) string {
	return c.ownARN(asked, text(row, "Arn"), text(row, "SecretName"), c.account.pin)
}

// ownARN holds an ARN against the id beside it; account turns the account it names into the
// one that it must be.
func (c *Comparer) ownARN(asked kms.Asked, arn, id string, account func(string) string) string {
	got := parseResource(arn)
	if arn == "" || id == "" {
		return ""
	}
	want := named{region: c.region, id: id}
	for _, a := range asked("KeyId") {
		if other := parseResource(a); other.region != "" {
			want.region, want.account = other.region, other.account
		}
	}
	if want.account == "" && got.region != "" {
		want.account = account(got.account)
	}
	if got.id == want.id && (want.region == "" || got.region == want.region) && got.account == want.account {
		return ""
	}
	return fmt.Sprintf("its ARN is %s, and that is not %s of account %s in %s", kms.Plain(arn), kms.Plain(id),
		kms.Plain(want.account), kms.Plain(cmp.Or(want.region, "any region")))
}

// account is the account of a gateway's credentials: the first that an ARN named.
type account struct {
	mu sync.Mutex
	id string
}

func (a *account) pin(id string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id == "" {
		a.id = id
	}
	return a.id
}

func (a *account) known() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.id
}
