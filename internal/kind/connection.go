package kind

import (
	"net/url"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// The bounds of a gateway's timeout. The shortest leaves a handshake over a continent time; the longest a service that
// is overloaded, and no pipeline to hang.
const (
	MinTimeout = time.Second
	MaxTimeout = 10 * time.Minute
)

// NoProxy is what `proxy` says to pass by the proxy of the environment.
const NoProxy = "none"

// How a gateway is reached, the same for both.
var (
	connectionTimeout = Attribute{
		Name: "timeout", Type: cty.String, Check: checkDurationWithin("A timeout", MinTimeout, MaxTimeout),
		Doc: "How long one attempt may take, connection and answer included: `1s` to `10m`. Default `10s`. What may be sent again is tried again for a minute.",
	}
	connectionProxy = Attribute{
		Name: "proxy", Type: cty.String, Check: checkText(checkProxy),
		Doc: "The proxy: `http://`, `https://` or `socks5://HOST:PORT`, or `none`. Default: what `HTTPS_PROXY` and `NO_PROXY` say, which is also where a proxy's password belongs.",
	}
	ignoreSSL = Attribute{Name: "ignore_ssl", Refused: certificatesAreChecked}
	insecure  = Attribute{Name: "insecure", Refused: certificatesAreChecked}
)

const certificatesAreChecked = "Certificates are always checked: requests carry plaintext and signatures, and whoever answers is believed, so that without the check anyone on the way reads and forges them. " +
	"Name the CA that signed the certificate instead, by ca_file or ca; an instance's is PrivateKmsCA_kst-….pem in the KMS console, or CaCertificateChainPem of kmsplan kms GetKmsInstance."

// checkProxy repeats nothing of the value, which may hold a password.
func checkProxy(text string) error {
	if text == NoProxy {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" || u.Path != "" && u.Path != "/" {
		return sentence(`A proxy is http://HOST:PORT, https://HOST:PORT, socks5://HOST:PORT or "none".`)
	}
	if u.User != nil {
		return sentence("A proxy's user and password do not belong in a configuration. Leave the argument out and set HTTPS_PROXY in the environment.")
	}
	return nil
}
