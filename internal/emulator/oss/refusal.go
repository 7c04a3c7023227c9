package oss

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"
)

// refusal is an answer with one of the service's error codes.
type refusal struct {
	status  int
	code    string
	message string
	header  map[string]string
}

// Error implements error.
func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

func errNoSuchBucket() *refusal {
	return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
}

func errNoSuchKey() *refusal {
	return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

func errNotImplemented(what string) *refusal {
	return refuse(http.StatusNotImplemented, "NotImplemented", what)
}

func errInvalid(message string) *refusal {
	return refuse(http.StatusBadRequest, "InvalidArgument", message)
}

// errPosition also says, in a header, where the next append has to begin.
func errPosition(length int64) *refusal {
	r := refuse(http.StatusConflict, "PositionNotEqualToLength", "Position is not equal to file length")
	r.header = map[string]string{"x-oss-next-append-position": strconv.FormatInt(length, 10)}
	return r
}

type errorXML struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}

// write answers; to HEAD, which has no body, the error goes into a header.
func (r *refusal) write(w http.ResponseWriter, q *http.Request, id string) {
	body, err := xml.Marshal(errorXML{Code: r.code, Message: r.message, RequestID: id, HostID: q.Host})
	if err != nil {
		body = nil
	}
	body = append([]byte(xml.Header), body...)
	for name, value := range r.header {
		w.Header().Set(name, value)
	}
	if q.Method == http.MethodHead {
		w.Header().Set("x-oss-err", base64.StdEncoding.EncodeToString(body))
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.status)
	_, _ = w.Write(body)
}
