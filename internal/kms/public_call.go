package kms

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	sdkcredentials "github.com/aliyun/credentials-go/credentials"
)

const apiVersion = "2016-01-20"

// Raw calls any operation of the gateway. Parameters are named as in the API;
// RegionId is filled in where an operation has it.
func (p *Public) Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error) {
	body, err := p.call(ctx, operation, params, nil)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(body), nil
}

// invoke calls an operation and decodes its answer into out, unless out is nil.
func (p *Public) invoke(ctx context.Context, operation string, params map[string]any, out any) error {
	return p.invokeAbout(ctx, operation, params, nil, out)
}

// invokeAbout is invoke for a call that does not name all that it is about: about holds what the
// answer must name, by the parameters that would say it.
func (p *Public) invokeAbout(ctx context.Context, operation string, params, about map[string]any, out any) error {
	body, err := p.call(ctx, operation, params, about)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		e := p.newError(operation, params)
		e.Code, e.Message, e.Status = CodeBadAnswer, "the answer has fields of another type than documented", http.StatusOK
		if o := p.operations[operation]; o.Mutating {
			e.Outcome, e.mutating = Ambiguous, true
		}
		return e
	}
	return nil
}

// call is one call from top to bottom: check, then for each attempt a turn in
// the quota, a credential, one signed request, and its answer.
func (p *Public) call(ctx context.Context, operation string, params, about map[string]any) ([]byte, error) {
	o, sending, e := p.prepare(operation, params)
	if e != nil {
		return nil, e
	}
	if e := p.trusted(o, params); e != nil {
		return nil, e
	}
	names := asked(params, about)
	var body []byte
	e = p.retrier.do(ctx, o, func(ctx context.Context, attempt int) *Error {
		started := time.Now()
		a, e := p.attempt(ctx, o, params, names, sending)
		body = a.body
		if logging(ctx, p.log) {
			logCall(ctx, p.log, callRecord{o, p.gateway, params, attempt, time.Since(started), a, a.requestID(), e})
		}
		return e
	})
	if e != nil {
		p.comparer.moved(o, names)
		return nil, e
	}
	return body, nil
}

// trusted refuses management calls of a gateway that has answered about another object: the
// next call could reach a stranger's. A ciphertext may lie about its key itself, and stops nothing else.
func (p *Public) trusted(o *Operation, params map[string]any) *Error {
	first := p.distrust.Load()
	if first == nil || !manages(o) {
		return nil
	}
	e := p.newError(o.Name, params)
	e.Code, e.Message = CodeNotTrusted, "not sent, because the gateway's answer to "+first.Operation+" was about another object"
	return e
}

func manages(o *Operation) bool { return o.Group != "crypto" && o.Group != "certificates" }

func (p *Public) prepare(operation string, params map[string]any) (*Operation, encoded, *Error) {
	e := p.newError(operation, params)
	o, ok := p.operations[operation]
	if !ok {
		e.Code, e.Message = unknownOperation(operation, p.gateway)
		return nil, encoded{}, e
	}
	if _, has := o.Param("RegionId"); has && params["RegionId"] == nil {
		params = withParam(params, "RegionId", p.region)
	}
	sending, err := o.encode(params)
	if err != nil {
		e.Code, e.Message = CodeBadParameter, err.Error()
		return nil, encoded{}, e
	}
	return o, sending, nil
}

// attempt sends one request.
func (p *Public) attempt(ctx context.Context, o *Operation, params map[string]any, names naming, sending encoded) (answer, *Error) {
	e := p.newError(o.Name, params)
	e.mutating = o.Mutating
	if err := p.quotas.wait(ctx, o); err != nil {
		e.Message = "waiting for a turn in the account's quota"
		e.Code, e.Cause = failureCode(ctx, false, err), err
		return answer{}, e
	}
	attemptCtx, cancel := context.WithTimeout(ctx, p.exchange.timeout)
	defer cancel()
	credential, err := p.credentials.Credential(attemptCtx)
	if err != nil {
		e.Code, e.Message = CodeCredentials, "no credentials: "+err.Error()
		return answer{}, e
	}
	if tooLate(ctx, o) {
		e.Code, e.Message = CodeTooLate, "the time in which this call may start has passed"
		return answer{}, e
	}
	sending.secrets = append(sending.secrets, credential.AccessKeySecret.Reveal(), credential.SecurityToken.Reveal())
	c := &capture{exchange: p.exchange}
	err = p.sign(context.WithValue(attemptCtx, captureKey{}, c), o, sending.values, credential)
	switch {
	case !c.called:
		e.Code, e.Message = CodeBadParameter, "the request could not be built"
		if err != nil {
			e.Message += ": " + scrub(err.Error(), sending.secrets)
		}
		return answer{}, e
	case c.err != nil:
		return answer{}, e.fail(ctx, c.sent, c.err)
	}
	said, e := readPublicAnswer(e, c.answer, sending.secrets)
	p.quotas.report(o, e != nil && throttled(e))
	if e == nil {
		e = p.believe(o, params, names, said)
	}
	return c.answer, e
}

// believe holds a success against its request.
func (p *Public) believe(o *Operation, params map[string]any, names naming, said map[string]any) *Error {
	wrong := p.comparer.compare(o, names, said)
	if wrong == "" {
		return nil
	}
	e := p.newError(o.Name, params).otherObject(o, wrong)
	if manages(o) {
		p.distrust.CompareAndSwap(nil, e)
		p.Close()
	}
	return e
}

// sign has the SDK build, sign and send the request through capturer. All
// parameters travel in the form body, so that none can end in a URL, except for
// the operations that use GET, which have no secret ones.
func (p *Public) sign(ctx context.Context, o *Operation, values url.Values, c Credential) error {
	params := &openapi.Params{
		Action: &o.Name, Version: dara.String(apiVersion), Protocol: &p.exchange.endpoint.scheme,
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

// readPublicAnswer returns a success decoded, else e filled in.
func readPublicAnswer(e *Error, a answer, secrets []string) (map[string]any, *Error) {
	if a.status < 300 {
		if said, ok := decodeObject(a.body); ok {
			return said, nil
		}
	}
	now := time.Now()
	e.Status, e.RetryAfter, e.ClockSkew = a.status, a.retryAfter(now), a.clockSkew(now)
	var body struct{ Code, Message, RequestID string }
	understood := json.Unmarshal(a.body, &body) == nil && body.Code != ""
	e.RequestID = scrub(firstOf(body.RequestID, a.header.Get("X-Acs-Request-Id")), secrets)
	switch {
	case a.status >= 300 && a.status < 400:
		e.Code, e.Message, e.Outcome = CodeRedirect, "the answer is a redirect, which is never followed", Ambiguous
	case a.status >= 400 && understood:
		e.Code, e.Message = scrub(body.Code, secrets), scrub(body.Message, secrets)
		if a.status >= 500 {
			e.Outcome = Ambiguous
		}
	default:
		e.badAnswer(a)
	}
	return nil, e
}

// badAnswer describes an answer that is not the gateway's, without quoting it.
func (e *Error) badAnswer(a answer) {
	e.Code, e.Outcome = CodeBadAnswer, Ambiguous
	e.Message = fmt.Sprintf("the answer is not KMS's: %d bytes of %s", len(a.body),
		mediaType(a.header.Get("Content-Type")))
}

// sdkCredential hands one credential to the SDK.
type sdkCredential struct{ Credential }

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
