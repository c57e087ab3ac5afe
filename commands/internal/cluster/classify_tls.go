package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// readCertificate reads why the broker's certificate isn't accepted.
func (s *Settings) readCertificate(addr string, err error) (finding, bool) {
	host, _, _ := net.SplitHostPort(addr)
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		wanted := name.Host
		if wanted == "" {
			wanted = host
		}
		return finding{
			cause: CauseWrongName, problem: fmt.Sprintf("its certificate is for %s, not for %q", certificateNames(name.Certificate), wanted),
			hint: "use an address that is in the certificate, or name the expected one: tls: {server_name: NAME}",
		}, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expiredCertificate(invalid.Cert, time.Now()), true
	case errors.As(err, &authority):
		return untrusted(authority.Cert, s.tls.trust.given()), true
	case errors.As(err, &invalid):
		return finding{cause: CauseTLS, problem: "its certificate isn't valid: " + strings.TrimPrefix(invalid.Error(), "x509: "), hint: "have the broker's certificate issued anew"}, true
	}
	return finding{}, false
}

func certificateNames(c *x509.Certificate) string {
	names := strings.Fields(printable(strings.Join(c.DNSNames, " ")))
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch len(names) {
	case 0:
		return fmt.Sprintf("no host (only the subject %q, which isn't looked at)", c.Subject)
	case 1, 2, 3, 4:
		return strings.Join(names, ", ")
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
}

func expiredCertificate(c *x509.Certificate, now time.Time) finding {
	if now.Before(c.NotBefore) {
		return finding{
			cause: CauseExpired, problem: fmt.Sprintf("its certificate is valid only from %s", c.NotBefore.UTC().Format(time.RFC3339)),
			hint: "compare this machine's clock",
		}
	}
	return finding{
		cause: CauseExpired, problem: "its certificate expired " + when(c.NotAfter, now),
		hint: "renew the broker's certificate; if it is new, compare this machine's clock",
	}
}

func untrusted(c *x509.Certificate, own bool) finding {
	signer := "an unknown authority"
	if c != nil {
		signer = fmt.Sprintf("%q", c.Issuer)
	}
	f := finding{cause: CauseUntrusted, problem: fmt.Sprintf("its certificate is signed by %s, which isn't trusted", signer)}
	if own {
		f.hint = "the CA file given isn't the one that signed the broker's certificate"
	} else {
		f.hint = "give the authority's certificate: tls: {ca: FILE} in a context, or ssl.truststore.location"
	}
	return f
}

// clientAlerts are the TLS alerts (RFC 8446, 6.2) by which a broker says that it
// doesn't accept the client's certificate, or misses it. Which one is sent
// differs by TLS version and implementation.
var clientAlerts = map[string]string{
	"certificate required":          "it wants a client certificate",
	"bad certificate":               "it doesn't accept the client certificate",
	"unsupported certificate":       "it doesn't accept the client certificate's kind",
	"revoked certificate":           "the client certificate is revoked",
	"expired certificate":           "the client certificate expired",
	"unknown certificate":           "it doesn't accept the client certificate",
	"unknown certificate authority": "it doesn't trust the authority of the client certificate",
	"access denied":                 "it denies access to the client certificate",
}

// readTLS reads handshakes that failed for other reasons than the broker's
// certificate.
func (s *Settings) readTLS(_ string, err error) (finding, bool) {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		if r := recognize(record.RecordHeader[:], nil); r.text != "" {
			return notKafka(r.text), true
		}
		return finding{cause: CauseNoTLS, vague: true, problem: "it doesn't speak TLS", hint: "check the port; without TLS: security.protocol=PLAINTEXT or SASL_PLAINTEXT"}, true
	}
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" {
		return finding{}, false
	}
	alert := strings.TrimPrefix(remote.Err.Error(), "tls: ")
	if problem, ok := clientAlerts[alert]; ok {
		return s.clientCertificate(problem), true
	}
	return finding{cause: CauseTLS, vague: true, problem: "it ended the TLS handshake: " + alert, hint: "client and broker share no TLS version or cipher, or the broker wants a client certificate"}, true
}

// clientCertificate words what a broker has against the client's certificate.
func (s *Settings) clientCertificate(problem string) finding {
	f := finding{cause: CauseClientCertificate, problem: problem}
	if !s.tls.keys.given() {
		f.problem = "it wants a client certificate, and none is configured"
		f.hint = "give one: tls: {cert: FILE, key: FILE} in a context, or ssl.keystore.location"
		return f
	}
	f.hint = "check that the broker trusts the certificate's authority"
	if own := s.ownCertificate(); own != nil && time.Now().After(own.NotAfter) {
		f.problem = "the client certificate expired " + when(own.NotAfter, time.Now())
		f.hint = "renew it"
	}
	return f
}

// ownCertificate is the client's certificate, nil without one.
func (s *Settings) ownCertificate() *x509.Certificate {
	if s.tlsConf == nil || s.tlsConf.GetClientCertificate == nil {
		return nil
	}
	pair, err := s.tlsConf.GetClientCertificate(&tls.CertificateRequestInfo{})
	if err != nil {
		return nil
	}
	return pair.Leaf
}

// when words a time for people and for logs.
func when(t, now time.Time) string {
	return fmt.Sprintf("%s (%s)", humanize.RelTime(t, now, "ago", "from now"), t.UTC().Format(time.RFC3339))
}

func needsTLS() finding {
	return finding{cause: CauseNeedsTLS, problem: "this port speaks TLS, and plain text was sent", hint: "set tls: {enabled: true} in a context, or security.protocol=SSL or SASL_SSL"}
}

func noTLS() finding {
	return finding{cause: CauseNoTLS, problem: "this port speaks Kafka in plain text, and TLS is configured", hint: "check the port; without TLS: security.protocol=PLAINTEXT or SASL_PLAINTEXT"}
}
