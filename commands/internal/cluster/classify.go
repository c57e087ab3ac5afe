package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
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

// printable escapes what a terminal might obey, or not show, in words that come
// from elsewhere: a broker, a certificate, a token endpoint, a command.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) || r == '\n' || r == '\t' {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
