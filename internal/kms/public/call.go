package public

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	sdkcredentials "github.com/aliyun/credentials-go/credentials"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/compare"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/safety"
)

const apiVersion = "2016-01-20"

// Raw calls any operation of the gateway. Parameters are named as in the API;
// RegionId is filled in where an operation has it.
func (p *Client) Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error) {
	body, err := p.call(ctx, operation, params, nil)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(body), nil
}

// invoke calls an operation and decodes its answer into out, unless out is nil.
func (p *Client) invoke(ctx context.Context, operation string, params map[string]any, out any) error {
	return p.invokeAbout(ctx, operation, params, nil, out)
}

// invokeAbout is invoke for a call that does not name all that it is about: about holds what the
// answer must name, by the parameters that would say it.
func (p *Client) invokeAbout(ctx context.Context, operation string, params, about map[string]any, out any) error {
	body, err := p.call(ctx, operation, params, about)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		e := p.newError(operation, params)
		e.Code, e.Message, e.Status = kms.CodeBadAnswer, "the answer has fields of another type than documented", http.StatusOK
		if o := p.operations[operation]; o.Mutating {
			e.Outcome, e.Mutating = kms.Ambiguous, true
		}
		return e
	}
	return nil
}

// call is one call from top to bottom: check, then for each attempt a turn in
// the quota, a credential, one signed request, and its answer.
func (p *Client) call(ctx context.Context, operation string, params, about map[string]any) ([]byte, error) {
	o, sending, e := p.prepare(operation, params)
	if e != nil {
		return nil, e
	}
	if e := p.trusted(o, params); e != nil {
		return nil, e
	}
	names := kms.AskedIn(params, about)
	var body []byte
	e = p.retrier.Do(ctx, o, func(ctx context.Context, attempt int) *kms.Error {
		started := time.Now()
		a, e := p.attempt(ctx, o, params, names, sending)
		body = a.Body
		if transport.Logging(ctx, p.log) {
			transport.LogCall(ctx, p.log, transport.CallRecord{Operation: o, Gateway: p.gateway, Params: params, Attempt: attempt,
				Took: time.Since(started), Status: a.Status, Request: requestID(a), Err: e})
		}
		return e
	})
	if e != nil {
		p.comparer.Moved(o, names)
		return nil, e
	}
	return body, nil
}

// trusted refuses management calls of a gateway that has answered about another object: the
// next call could reach a stranger's. A ciphertext may lie about its key itself, and stops nothing else.
func (p *Client) trusted(o *kms.Operation, params map[string]any) *kms.Error {
	first := p.distrust.Load()
	if first == nil || !manages(o) || safety.Off(safety.NotTrusted) {
		return nil
	}
	e := p.newError(o.Name, params)
	e.Code, e.Message = kms.CodeNotTrusted, "not sent, because the gateway's answer to "+first.Operation+" was about another object"
	return e
}

func manages(o *kms.Operation) bool { return o.Group != "crypto" && o.Group != "certificates" }

func (p *Client) prepare(operation string, params map[string]any) (*kms.Operation, kms.Encoded, *kms.Error) {
	e := p.newError(operation, params)
	o, ok := p.operations[operation]
	if !ok {
		e.Code, e.Message = kms.UnknownOperation(operation, p.gateway)
		return nil, kms.Encoded{}, e
	}
	if _, has := o.Param("RegionId"); has && params["RegionId"] == nil {
		params = withParam(params, "RegionId", p.region)
	}
	sending, err := o.Encode(params)
	if err != nil {
		e.Code, e.Message = kms.CodeBadParameter, err.Error()
		return nil, kms.Encoded{}, e
	}
	return o, sending, nil
}

// attempt sends one request.
func (p *Client) attempt(ctx context.Context, o *kms.Operation, params map[string]any, names kms.Asked, sending kms.Encoded) (transport.Answer, *kms.Error) {
	e := p.newError(o.Name, params)
	e.Mutating = o.Mutating
	if err := p.quotas.Wait(ctx, o); err != nil {
		e.Message = "waiting for a turn in the account's quota"
		e.Code, e.Cause = transport.FailureCode(ctx, false, err), err
		return transport.Answer{}, e
	}
	attemptCtx, cancel := context.WithTimeout(ctx, p.exchange.Timeout)
	defer cancel()
	credential, err := p.credentials.Credential(attemptCtx)
	if err != nil {
		e.Code, e.Message = kms.CodeCredentials, "no credentials: "+err.Error()
		return transport.Answer{}, e
	}
	if kms.TooLate(ctx, o) {
		e.Code, e.Message = kms.CodeTooLate, "the time in which this call may start has passed"
		return transport.Answer{}, e
	}
	sending.Secrets = append(sending.Secrets, credential.AccessKeySecret.Reveal(), credential.SecurityToken.Reveal())
	c := &capture{exchange: p.exchange}
	err = p.sign(context.WithValue(attemptCtx, captureKey{}, c), o, sending.Values, credential)
	switch {
	case !c.called:
		e.Code, e.Message = kms.CodeBadParameter, "the request could not be built"
		if err != nil {
			e.Message += ": " + kms.ScrubSecrets(err.Error(), sending.Secrets)
		}
		return transport.Answer{}, e
	case c.err != nil:
		return transport.Answer{}, transport.Fail(ctx, e, c.sent, c.err)
	}
	said, e := readAnswer(e, c.answer, sending.Secrets)
	p.quotas.Report(o, e != nil && kms.IsThrottled(e))
	if e == nil {
		e = p.believe(o, params, names, said)
	}
	return c.answer, e
}

// believe holds a success against its request.
func (p *Client) believe(o *kms.Operation, params map[string]any, names kms.Asked, said map[string]any) *kms.Error {
	wrong := p.comparer.Compare(o, names, said)
	if wrong == "" {
		return nil
	}
	e := p.newError(o.Name, params).OtherObject(o, wrong)
	if manages(o) {
		p.distrust.CompareAndSwap(nil, e)
		p.Close()
	}
	return e
}

// sign has the SDK build, sign and send the request through capturer. All
// parameters travel in the form body, so that none can end in a URL, except for
// the operations that use GET, which have no secret ones.
func (p *Client) sign(ctx context.Context, o *kms.Operation, values url.Values, c kms.Credential) error {
	params := &openapi.Params{
		Action: &o.Name, Version: dara.String(apiVersion), Protocol: &p.exchange.Endpoint.Scheme,
		Pathname: dara.String("/"), Method: dara.String(http.MethodPost), AuthType: dara.String("AK"),
		Style: dara.String("RPC"), ReqBodyType: dara.String("byte"), BodyType: dara.String("binary"),
	}
	request := &openapiutil.OpenApiRequest{}
	switch {
	case o.Get:
		params.Method = dara.String(http.MethodGet)
		request.Query = make(map[string]*string, len(values))
		for name := range values {
			request.Query[name] = dara.String(values.Get(name))
		}
	case len(values) > 0:
		request.Headers = map[string]*string{"content-type": dara.String("application/x-www-form-urlencoded")}
		request.Body = []byte(values.Encode())
	}
	client := p.sdk // a copy, so that each call has its own credential
	client.Credential = sdkCredential{c}
	_, err := client.CallApiWithCtx(ctx, params, request, &dara.RuntimeOptions{})
	return err
}

// readAnswer returns a success decoded, else e filled in.
func readAnswer(e *kms.Error, a transport.Answer, secrets []string) (map[string]any, *kms.Error) {
	if a.Status < 300 {
		if said, ok := compare.DecodeObject(a.Body); ok {
			return said, nil
		}
	}
	now := time.Now()
	e.Status, e.RetryAfter, e.ClockSkew = a.Status, a.RetryAfter(now), a.ClockSkew(now)
	var body struct{ Code, Message, RequestID string }
	understood := json.Unmarshal(a.Body, &body) == nil && body.Code != ""
	e.RequestID = kms.ScrubSecrets(cmp.Or(body.RequestID, a.Header.Get("X-Acs-Request-Id")), secrets)
	switch {
	case a.Status >= 300 && a.Status < 400:
		e.Code, e.Message, e.Outcome = kms.CodeRedirect, "the answer is a redirect, which is never followed", kms.Ambiguous
	case a.Status >= 400 && understood:
		e.Code, e.Message = kms.ScrubSecrets(body.Code, secrets), kms.ScrubSecrets(body.Message, secrets)
		if a.Status >= 500 {
			e.Outcome = kms.Ambiguous
		}
	default:
		a.Foreign(e)
	}
	return nil, e
}

// sdkCredential hands one credential to the SDK.
type sdkCredential struct{ kms.Credential }

func (c sdkCredential) GetCredential() (*sdkcredentials.CredentialModel, error) {
	return &sdkcredentials.CredentialModel{
		AccessKeyId: &c.AccessKeyID, AccessKeySecret: dara.String(c.AccessKeySecret.Reveal()),
		SecurityToken: dara.String(c.SecurityToken.Reveal()), Type: c.GetType(), ProviderName: dara.String(c.providerHeader()),
	}, nil
}

func (c sdkCredential) GetAccessKeyId() (*string, error) { return &c.AccessKeyID, nil }

func (c sdkCredential) GetAccessKeySecret() (*string, error) {
	return dara.String(c.AccessKeySecret.Reveal()), nil
}

func (c sdkCredential) GetSecurityToken() (*string, error) {
	return dara.String(c.SecurityToken.Reveal()), nil
}

func (c sdkCredential) GetBearerToken() *string { return dara.String("") }

func (c sdkCredential) GetType() *string {
	if c.SecurityToken.Empty() {
		return dara.String("access_key")
	}
	return dara.String("sts")
}

// providerHeader is what the vendor's clients send for such a credential.
func (c sdkCredential) providerHeader() string {
	if c.SecurityToken.Empty() {
		return "static_ak"
	}
	return "static_sts"
}

// withParam returns params with one more, leaving the caller's map alone.
func withParam(params map[string]any, name string, value any) map[string]any {
	more := maps.Clone(params)
	if more == nil {
		more = map[string]any{}
	}
	more[name] = value
	return more
}

// requestID of an answer.
func requestID(a transport.Answer) string {
	var body struct{ RequestID string }
	_ = json.Unmarshal(a.Body, &body) // only for the log: an answer without one is logged without one
	return cmp.Or(body.RequestID, a.Header.Get("X-Acs-Request-Id"))
}
