package witness

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/kms"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// v1 is github.com/aliyun/alibaba-cloud-sdk-go, the vendor's first generation.
type v1 struct {
	*kms.Client
	host   string
	scheme string
}

func (c v1) call(operation string, p params) (answer, error) {
	method := reflect.ValueOf(c.Client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("%w: %s", errUnsupported, operation)
	}
	// As kms.Create<Operation>Request does.
	request := reflect.New(method.Type().In(0).Elem())
	rpc := &requests.RpcRequest{}
	request.Elem().FieldByName("RpcRequest").Set(reflect.ValueOf(rpc))
	rpc.InitWithApiInfo("Kms", "2016-01-20", operation, "kms", "openAPI")
	rpc.Method, rpc.Scheme, rpc.Domain = requests.POST, c.scheme, c.host
	if method.Type().NumIn() != 1 {
		return nil, fmt.Errorf("%s has an unusual shape", operation)
	}
	if err := fill(request.Elem(), legacy(p), "name"); err != nil {
		return nil, err
	}
	out := method.Call([]reflect.Value{request})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, firstGeneration(err)
	}
	return toAnswer(out[0].Interface())
}

// firstGeneration reads the error of the first generation's SDKs.
func firstGeneration(err error) error {
	var server *sdkerrors.ServerError
	if errors.As(err, &server) {
		return &refusal{server.HttpStatus(), server.ErrorCode(), server.Message()}
	}
	return err
}

// legacy names the one nested parameter as this generation does.
func legacy(p params) params {
	out := params{}
	for name, v := range p {
		if m, ok := v.(map[string]any); ok && m["CustomData"] != nil {
			name, v = name+".CustomData", m["CustomData"]
		}
		out[name] = v
	}
	return out
}

func newV1(t testing.TB, r emulator.Ready, scheme string, credential auth.Credential) v1 {
	t.Helper()
	transport := trusting(t, r).Transport.(*http.Transport)
	config := sdk.NewConfig().WithHttpTransport(transport).WithScheme(scheme).WithAutoRetry(false)
	c, err := kms.NewClientWithOptions(r.Region, config, credential)
	if err != nil {
		t.Fatal(err)
	}
	host := r.Public.HTTPS
	if strings.EqualFold(scheme, "HTTP") {
		host = r.Public.HTTP
	}
	return v1{c, host, scheme}
}

func TestSDKv1(t *testing.T) {
	w := newWorld(t, "go-sdk-v1")
	key := credentials.NewAccessKeyCredential(w.ready.AccessKeyID, w.ready.AccessKeySecret)
	w.live(newV1(t, w.ready, "HTTPS", key))
	w.refuse(newV1(t, w.ready, "HTTPS", key))
	w.reset()
	w.live(newV1(t, w.ready, "HTTP", credentials.NewAccessKeyCredential(w.ready.AccessKeyID, w.ready.AccessKeySecret)))
	w.reset()
	session := w.session()
	w.live(newV1(t, w.ready, "HTTPS", credentials.NewStsTokenCredential(session.AccessKeyID, session.Secret, session.SecurityToken)))
	w.testify()
}
