package oss

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// Config is what a Handler needs.
type Config struct {
	DB                 *store.DB // attached, see Attach
	Credentials        func(accessKeyID string) (engine.Credential, bool)
	DefaultAccessKeyID func() string // whose calls they are that say nothing, with public.Off
	Auth               public.Auth
	Region             string
	Now                func() time.Time
	NewRequestID       func() string
	Logger             *slog.Logger
}

// Handler answers as the object service does.
type Handler struct{ Config }

// New returns a Handler.
func New(c Config) *Handler { return &Handler{c} }

// mostBody is the largest body that is taken, in bytes. The service takes 5 GB.
const mostBody = 64 << 20

// request is a call: of the service, of a bucket, or of an object.
type request struct {
	*http.Request
	bucket, key string
	query       url.Values
	account     string
	body        []byte
}

// answer is what a successful call gets.
type answer struct {
	status int // 0 = 200
	header map[string]string
	body   []byte
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.ReplaceAll(h.NewRequestID(), "-", "")[:24]
	w.Header().Set("x-oss-request-id", id)
	w.Header().Set("Server", "AliyunOSS")
	a, err := h.answer(r)
	if err != nil {
		var no *refusal
		if !errors.As(err, &no) {
			h.Logger.Error("the object service failed", "error", err)
			no = refuse(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
		}
		no.write(w, r, id)
		return
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(a.status, http.StatusOK))
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

func (h *Handler) answer(r *http.Request) (answer, error) {
	q, err := parse(r)
	if err != nil {
		return answer{}, err
	}
	c, no := h.authenticate(q)
	if no != nil {
		return answer{}, no
	}
	q.account = c.Account
	op, no := q.operation()
	if no != nil {
		return answer{}, no
	}
	if err := q.read(); err != nil {
		return answer{}, err
	}
	return op(h, q)
}

var (
	virtualHost = pattern.New(`^([a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.oss(-[a-z0-9-]+)?\.aliyuncs\.com(:[0-9]+)?$`)
	bucketName  = pattern.New(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// parse finds bucket and object: in the host's name and the path, or in the path alone.
func parse(r *http.Request) (*request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errInvalid("The query string is invalid.")
	}
	q := &request{Request: r, query: query}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if m := virtualHost.FindStringSubmatch(strings.ToLower(r.Host)); m != nil {
		q.bucket, q.key = m[1], path
	} else {
		q.bucket, q.key, _ = strings.Cut(path, "/")
	}
	switch {
	case q.bucket != "" && !bucketName.MatchString(q.bucket):
		return nil, refuse(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	case len(q.key) > 1023 || !utf8.ValidString(q.key) || strings.ContainsRune(q.key, 0) || strings.HasPrefix(q.key, "/") || strings.HasPrefix(q.key, `\`):
		return nil, refuse(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.")
	}
	return q, nil
}

type operation func(*Handler, *request) (answer, error)

// onBucket and onObject are the operations, by method and by the parameter that chooses them.
var (
	onBucket = map[string]operation{
		"PUT": putBucket, "PUT versioning": putVersioning, "DELETE": deleteBucket,
		"GET bucketInfo": bucketInfo, "GET versioning": getVersioning, "GET list-type": list,
		"GET versions": listVersions, "GET uploads": listUploads,
	}
	onObject = map[string]operation{
		"PUT": putObject, "GET": getObject, "HEAD": getObject, "DELETE": deleteObject, "POST append": appendObject,
		"GET acl": getACL, "PUT acl": putACL, "GET tagging": getTagging, "PUT tagging": putTagging, "DELETE tagging": deleteTagging,
		"POST uploads": initiateUpload, "PUT partNumber": uploadPart, "POST uploadId": completeUpload, "DELETE uploadId": abortUpload,
	}
	// plain are parameters that choose nothing.
	plain = []string{
		"acl", "append", "bucketInfo", "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type", "max-keys",
		"max-uploads", "partNumber", "position", "prefix", "start-after", "tagging", "upload-id-marker", "uploadId", "uploads", "version-id-marker",
		"versionId", "versioning", "versions",
	}
)

// operation finds what is asked for. A parameter that is not known could ask for something else.
func (q *request) operation() (operation, *refusal) {
	table, name := onBucket, q.Method
	if q.key != "" {
		table = onObject
	}
	for parameter := range q.query {
		if !contains(plain, parameter) {
			return nil, errNotImplemented("The emulator does not have the parameter " + parameter + ".")
		}
		if _, ok := table[q.Method+" "+parameter]; ok {
			name = q.Method + " " + parameter
		}
	}
	op, ok := table[name]
	if q.bucket == "" || !ok {
		return nil, errNotImplemented("The emulator does not have this operation.")
	}
	return op, nil
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

// read reads the body whole, and checks it against its digest.
func (q *request) read() (err error) {
	q.body, err = io.ReadAll(io.LimitReader(q.Body, mostBody+1))
	switch {
	case err != nil:
		return refuse(http.StatusBadRequest, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.")
	case len(q.body) > mostBody:
		return refuse(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
	case q.ContentLength >= 0 && int64(len(q.body)) != q.ContentLength:
		return refuse(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	}
	if want := q.Header.Get("Content-MD5"); want != "" {
		if sum := md5.Sum(q.body); base64.StdEncoding.EncodeToString(sum[:]) != want {
			return refuse(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not valid.")
		}
	}
	return nil
}

// inBucket runs fn on the request's bucket, if it is the caller's.
func (h *Handler) inBucket(q *request, run func(func(*store.Tx) error) error, fn func(*store.Tx, bucket) error) error {
	return run(func(tx *store.Tx) error {
		b, ok := buckets.Get(tx, q.bucket)
		switch {
		case !ok:
			return errNoSuchBucket()
		case b.Account != q.account:
			return errDenied("You have no right to access this object because of bucket acl.")
		}
		return fn(tx, b)
	})
}
