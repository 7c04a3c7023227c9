package public

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// rootXML is the root element of every granted answer (KMS: common parameters).
const rootXML = "KMS"

const (
	typeJSON = "application/json;charset=utf-8"
	typeXML  = "text/xml;charset=utf-8"
)

// errorBody is the JSON of every refusal.
type errorBody struct {
	HTTPStatus int    `json:"HttpStatus"`
	Code       string `json:"Code"`
	Message    string `json:"Message"`
	RequestID  string `json:"RequestId"`
	HostID     string `json:"HostId"`
	Recommend  string `json:"Recommend"`
}

// throttledBody is the documented answer to too many calls, and no more.
type throttledBody struct {
	HTTPStatus int    `json:"HttpStatus"`
	Code       string `json:"Code"`
	Message    string `json:"Message"`
	RequestID  string `json:"RequestId"`
}

// encoder renders the answers to one request.
type encoder struct {
	requestID string
	host      string
	action    string
	xml       bool
	date      time.Time
}

func (e encoder) answer(status int, code string, body []byte) fault.Answer {
	kind, root := typeJSON, rootXML
	if status >= 400 {
		root = "Error"
	}
	if e.xml {
		if converted, err := toXML(root, body); err == nil {
			body, kind = converted, typeXML
		}
	}
	return fault.Answer{Status: status, Code: code, Body: body, Header: http.Header{
		"Content-Type":     {kind},
		"X-Acs-Request-Id": {e.requestID},
		"Date":             {e.date.UTC().Format(http.TimeFormat)},
	}}
}

// success adds the RequestId to an operation's answer, unless it has one.
func (e encoder) success(out any) (fault.Answer, error) {
	body, err := marshal(out)
	if err != nil {
		return fault.Answer{}, fmt.Errorf("encode the answer of %s: %w", e.action, err)
	}
	if out == nil || bytes.Equal(body, []byte("null")) {
		body = []byte("{}")
	}
	if len(body) < 2 || body[0] != '{' {
		return fault.Answer{}, fmt.Errorf("encode the answer of %s: it is not an object", e.action)
	}
	head := `{"RequestId":"` + e.requestID + `"`
	if len(body) > 2 {
		head += ","
	}
	return e.granted(append([]byte(head), body[1:]...)), nil
}

// granted is the answer with a whole body.
func (e encoder) granted(body []byte) fault.Answer {
	a := e.answer(http.StatusOK, "", body)
	a.Alter = func(change func(fault.Members)) fault.Answer { return e.alter(body, change) }
	return a
}

// refusal renders an error.
func (e encoder) refusal(r *engine.Error) fault.Answer {
	var body any = errorBody{r.Status, r.Code, r.Message, e.requestID, e.host,
		"https://api.alibabacloud.com/troubleshoot?q=" + r.Code + "&product=Kms"}
	if r.Status == http.StatusTooManyRequests {
		body = throttledBody{r.Status, r.Code, r.Message, e.requestID}
	}
	text, err := marshal(body)
	if err != nil { // strings and an int: cannot fail
		text = []byte(`{"Code":"InternalFailure"}`)
	}
	return e.answer(r.Status, r.Code, text)
}

// marshal is json.Marshal without escaping for HTML, as the service writes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// toXML renders a JSON object as the gateway's XML: members are elements, a
// list repeats its own.
func toXML(root string, body []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	writeXML(&b, root, v)
	return b.Bytes(), nil
}

func writeXML(b *bytes.Buffer, name string, v any) {
	if list, ok := v.([]any); ok {
		for _, item := range list {
			writeXML(b, name, item)
		}
		return
	}
	b.WriteString("<" + name + ">")
	switch v := v.(type) {
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			writeXML(b, member, v[member])
		}
	case nil:
	default:
		_ = xml.EscapeText(b, []byte(fmt.Sprint(v))) // a bytes.Buffer does not fail
	}
	b.WriteString("</" + name + ">")
}

// alter lets a fault rule change a granted answer's members.
func (e encoder) alter(body []byte, change func(fault.Members)) fault.Answer {
	members, _ := parseObject(string(body)) // the body is our own
	change(members)
	changed, err := marshal(members)
	if err != nil {
		return e.refusal(exchange.ErrInternal())
	}
	return e.granted(changed)
}
