package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/twmb/franz-go/pkg/kerr"
)

// finding is what went wrong with one broker, in words.
type finding struct {
	cause   Cause
	problem string
	hint    string
	// vague findings fit several causes; asking the broker again tells which.
	vague bool
}

// classify reads an error of dialing, shaking hands or logging in at addr.
func (s *Settings) classify(addr string, err error) finding {
	for _, reading := range []func(string, error) (finding, bool){
		s.readSASL, s.readCertificate, s.readTLS, s.readNetwork,
	} {
		if f, ok := reading(addr, err); ok {
			return f
		}
	}
	// franz-go's own words, such as for a response that is too large: whatever
	// answered, it wasn't in Kafka's protocol.
	return finding{
		cause: CauseUnknown, vague: true,
		problem: "the answer isn't one of a Kafka broker: " + innermost(err).Error(),
		hint:    "check the address and port",
	}
}

// readNetwork reads what the operating system says.
func (s *Settings) readNetwork(addr string, err error) (finding, bool) {
	host, _, _ := net.SplitHostPort(addr)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return finding{cause: CauseUnresolved, problem: fmt.Sprintf("the host name %q has no address", host), hint: "check the spelling, and whether this machine uses the right DNS or VPN"}, true
	case errors.As(err, &dns):
		return finding{cause: CauseUnresolved, problem: fmt.Sprintf("the host name %q can't be looked up: %s", host, dns.Err), hint: "check this machine's DNS and network"}, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{cause: CauseRefused, problem: "connection refused, nothing listens there", hint: s.refusedHint()}, true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return finding{cause: CauseUnreachable, problem: "no route to the host", hint: "check the address, and whether this machine needs a VPN to get there"}, true
	case isTimeout(err):
		return s.silence(err), true
	case isClosed(err) && s.loggingIn(addr):
		return finding{
			cause: CauseCredentials, problem: fmt.Sprintf("it hung up during the login of %s by %s", s.login(), s.sasl.mechanism),
			hint: "most likely user or password is wrong; the broker's log has the reason",
		}, true
	case isClosed(err):
		return finding{cause: CauseClosed, vague: true, problem: "the connection was closed before Kafka answered", hint: "look into the broker's log for the reason"}, true
	}
	return finding{}, false
}

// silence tells a connection request that nobody answers from a broker that
// accepts connections and then says nothing.
func (s *Settings) silence(err error) finding {
	var dialed *dialError
	if errors.As(err, &dialed) && dialed.stage == stageDial {
		return finding{
			cause: CauseUnreachable, problem: fmt.Sprintf("nobody answered the connection request within %s", s.Timeout),
			hint: "check the address; a firewall may drop the packets",
		}
	}
	return finding{
		cause: CauseSilent, vague: true, problem: fmt.Sprintf("it accepts connections but didn't answer within %s", s.Timeout),
		hint: "the broker may hang or be overloaded, or the port is not Kafka's; a longer --timeout helps only when it is slow",
	}
}

func (s *Settings) loggingIn(addr string) bool {
	a, ok := s.watch.attempt(addr)
	return ok && a.stage == stageLogin
}

func (s *Settings) refusedHint() string {
	if s.BrokersFrom == "default" {
		return "no brokers are configured: name yours with --brokers, EVTCTL_BROKERS or a context, or start one to try things with: evtctl sandbox"
	}
	return fmt.Sprintf("check that the broker runs and listens on this port (the address is from: %s)", s.BrokersFrom)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

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
	names := append([]string{}, c.DNSNames...)
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
		cause: CauseExpired, problem: fmt.Sprintf("its certificate expired %s (%s)", humanize.RelTime(c.NotAfter, now, "ago", "from now"), c.NotAfter.UTC().Format(time.RFC3339)),
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
	if s.tls.keys.given() {
		f.hint = "check that the certificate is valid and that the broker trusts its authority"
	} else {
		f.problem = "it wants a client certificate, and none is configured"
		f.hint = "give one: tls: {cert: FILE, key: FILE} in a context, or ssl.keystore.location"
	}
	return f
}

// readSASL reads why logging in failed.
func (s *Settings) readSASL(_ string, err error) (finding, bool) {
	var token *tokenError
	switch {
	case errors.As(err, &token):
		return token.finding(), true
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return finding{
			cause: CauseCredentials, problem: fmt.Sprintf("login of %s by %s refused%s", s.login(), s.sasl.mechanism, brokerWords(err)),
			hint: "check user and password, and that the user exists for this mechanism: SCRAM users are made per mechanism",
		}, true
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return s.mechanismOff(nil), true
	case errors.Is(err, kerr.IllegalSaslState):
		return noSASL(), true
	}
	return finding{}, false
}

func (e *tokenError) finding() finding {
	f := finding{cause: CauseToken, problem: e.problem, hint: e.hint}
	if e.refused {
		f.cause = CauseCredentials
		f.hint = "its issuer, audience, signature or scope isn't what the broker expects"
		if e.scope != "" {
			f.hint += " (scope: " + e.scope + ")"
		}
	}
	return f
}

// mechanismOff says that the broker doesn't have the mechanism; offered, when
// known, is what it has.
func (s *Settings) mechanismOff(offered []string) finding {
	f := finding{
		cause: CauseMechanism, vague: offered == nil,
		problem: fmt.Sprintf("it doesn't offer the SASL mechanism %s", s.sasl.mechanism),
		hint:    "set another mechanism: sasl: {mechanism: ...} in a context, or sasl.mechanism",
	}
	if len(offered) > 0 {
		f.problem += ", only " + strings.Join(offered, ", ")
	}
	return f
}

func noSASL() finding {
	return finding{
		cause: CauseNoSASL, problem: "this listener has no SASL, but SASL is configured",
		hint: "check the port; without SASL: security.protocol=PLAINTEXT or SSL",
	}
}

func needsSASL(offered []string) finding {
	return finding{
		cause: CauseNeedsSASL, problem: "it wants a SASL login (" + strings.Join(offered, ", ") + "), and none is configured",
		hint: "set sasl: {mechanism, user, password} in a context, or security.protocol and sasl.jaas.config in a --command-config file",
	}
}

func needsTLS() finding {
	return finding{cause: CauseNeedsTLS, problem: "this port speaks TLS, and plain text was sent", hint: "set tls: {enabled: true} in a context, or security.protocol=SSL or SASL_SSL"}
}

func noTLS() finding {
	return finding{cause: CauseNoTLS, problem: "this port speaks Kafka in plain text, and TLS is configured", hint: "check the port; without TLS: security.protocol=PLAINTEXT or SASL_PLAINTEXT"}
}

// brokerWords are what the broker adds to an error code, "" when that is nothing
// but the code's own description.
func brokerWords(err error) string {
	var code *kerr.Error
	if !errors.As(err, &code) {
		return ""
	}
	_, words, found := strings.Cut(err.Error(), code.Error()+": ")
	if !found {
		return ""
	}
	return ": " + strings.TrimRight(words, ".")
}

// innermost unwraps as far as there is one error inside.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
