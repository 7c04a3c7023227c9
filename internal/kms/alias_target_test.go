package kms_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// An alias is bound to the key it was resolved to: by a list, by a description, by the call that
// pointed it there, or by the first answer. Both clients of a gateway share what is known.
func TestAliasesAreHeldToTheirTarget(t *testing.T) {
	target := kmstest.Mine
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.Header.Get("X-Acs-Action") {
		case "DescribeKey":
			kmstest.Reply(w, 200, fmt.Sprintf(`{"KeyMetadata":{"KeyId":%q}}`, target))
		case "ListAliases":
			kmstest.Reply(w, 200, fmt.Sprintf(`{"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":%q}]},"TotalCount":1}`, target))
		case "":
			_, out := kmstest.ProtoMessages(r.Header.Get(dkms.HeaderAPIName))
			_ = protojson.Unmarshal([]byte(fmt.Sprintf(`{"keyId":%q,"ciphertextBlob":"eA=="}`, target)), out)
			kmstest.AnswerProto(w, 200, out)
		default:
			kmstest.Reply(w, 200, fmt.Sprintf(`{"KeyId":%q,"CiphertextBlob":"eA=="}`, target))
		}
	})
	ctx := context.Background()
	var shared *kms.Aliases
	encrypt := func(p *public.Client) error { _, err := p.Encrypt(ctx, "alias/a", []byte("x"), nil); return err }
	for name, know := range map[string]func(p *public.Client) error{
		"listed":    func(p *public.Client) error { _, err := p.ListAliases(ctx); return err },
		"described": func(p *public.Client) error { _, err := p.DescribeKey(ctx, "alias/a"); return err },
		"by ARN": func(p *public.Client) error {
			_, err := p.DescribeKey(ctx, "acs:kms:cn-hangzhou:1111:alias/a")
			return err
		},
		"created": func(p *public.Client) error { return p.CreateAlias(ctx, "alias/a", kmstest.Mine) },
		"pointed": func(p *public.Client) error { return p.UpdateAlias(ctx, "alias/a", kmstest.Mine) },
		"used":    encrypt,
	} {
		t.Run(name, func(t *testing.T) {
			shared, target = new(kms.Aliases), kmstest.Mine
			p := connectPublic(t, g, func(c *public.Config) { c.Aliases = shared })
			k := connectInstance(t, g, func(c *clientkey.Config) { c.Aliases = shared })
			if err := know(p); err != nil {
				t.Fatal(err)
			}
			if err := encrypt(p); err != nil {
				t.Errorf("the right key was refused: %v", err)
			}
			target = "key-1"
			if err := encrypt(p); !kms.HasCode(err, kms.CodeOtherObject) {
				t.Errorf("another key under the alias: %v", err)
			}
			if _, err := k.Encrypt(ctx, "alias/a", []byte("x"), nil); !kms.HasCode(err, kms.CodeOtherObject) {
				t.Errorf("another key under the alias, at the other client: %v", err)
			}
			if _, err := p.DescribeKey(ctx, "alias/a"); err != nil {
				t.Errorf("resolved anew: %v", err)
			}
			if err := encrypt(p); err != nil {
				t.Errorf("after it was resolved anew: %v", err)
			}
		})
	}
}
