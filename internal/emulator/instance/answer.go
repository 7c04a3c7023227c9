package instance

import (
	"fmt"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// success renders an operation's answer, with the request's id in it.
func success(out proto.Message, requestID, keyVersionID string, date time.Time) (fault.Answer, error) {
	m := out.ProtoReflect()
	if f := m.Descriptor().Fields().ByName("request_id"); f != nil {
		m.Set(f, protoreflect.ValueOfString(requestID))
	}
	body, err := proto.Marshal(out)
	if err != nil {
		return fault.Answer{}, fmt.Errorf("encode %s: %w", m.Descriptor().Name(), err)
	}
	a := answer(http.StatusOK, "", body, date)
	if keyVersionID != "" {
		a.Header.Set(dkms.HeaderMigrationKeyVersionID, keyVersionID)
	}
	a.Alter = func(change func(fault.Members)) fault.Answer { return alter(a, out, change) }
	return a, nil
}

// refusal renders an error as the protobuf Error. A 413 has no body at all
// (KMS: common error codes, whose table shows an empty cell): with text in it the
// vendor's SDK fails to parse and sends the request four times.
func refusal(e *engine.Error, requestID string, date time.Time) fault.Answer {
	if e.Status == http.StatusRequestEntityTooLarge {
		return answer(e.Status, e.Code, nil, date)
	}
	body, err := proto.Marshal(&dkms.Error{
		StatusCode: int32(e.Status), ErrorCode: valid(e.Code), ErrorMessage: valid(e.Message), RequestId: requestID,
	})
	if err != nil { // only text that is not UTF-8 fails, and there is none
		body = nil
	}
	return answer(e.Status, e.Code, body, date)
}

func answer(status int, code string, body []byte, date time.Time) fault.Answer {
	return fault.Answer{Status: status, Code: code, Body: body, Header: http.Header{
		"Content-Type": {dkms.ContentType},
		"Date":         {date.UTC().Format(http.TimeFormat)},
	}}
}
