package public

import (
	"bufio"
	"net"
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

// §6. What a server writes in place of HTTP, and any error whose text may come from outside, is not
// passed on.
func TestForeignErrorTextIsNotPassedOn(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 " + kmstest.CanaryPlain + "\r\n\r\n",
		kmstest.CanaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + kmstest.CanaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + kmstest.CanaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + kmstest.CanaryPlain + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + kmstest.CanaryPlain + "\r\n",
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			conn, out, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			writeOnce(conn, out, answer)
		})
		e := kmstest.KMSError(t, encryptCanary(client(t, g, noRetry)))
		if e.Cause == nil || e.Outcome != kms.Ambiguous {
			t.Errorf("%q: %+v", answer, e)
		}
	}
}

func writeOnce(conn net.Conn, out *bufio.ReadWriter, text string) {
	defer conn.Close()
	_, _ = out.WriteString(text)
	_ = out.Flush()
}
