package cluster

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// UsageError means that something was asked wrongly: a flag, an environment
// variable, a property, or a file that one of them names. Nothing was
// connected to. The exit code is 2.
type UsageError struct {
	problem string
	hint    string
	err     error
}

// Error says what is wrong and where it was given.
func (e *UsageError) Error() string { return e.problem }

// Hint is a next step; it may be empty.
func (e *UsageError) Hint() string { return e.hint }

// Unwrap gives the underlying error, such as fs.ErrNotExist; it may be nil.
func (e *UsageError) Unwrap() error { return e.err }

func usagef(hint, format string, args ...any) *UsageError {
	err := fmt.Errorf(format, args...)
	return &UsageError{problem: err.Error(), hint: hint, err: err}
}

// Cause is why a connection failed. The words are stable.
type Cause string

const (
	CauseRefused           Cause = "refused"            // nothing listens on the port
	CauseUnresolved        Cause = "unresolved"         // the host name has no address
	CauseUnreachable       Cause = "unreachable"        // no route, or nobody answers the connection request
	CauseSilent            Cause = "silent"             // connected, but no answer within the time limit
	CauseClosed            Cause = "closed"             // connected, then closed without a reason that could be found
	CauseAdvertised        Cause = "advertised"         // the bootstrap broker answers, the address it hands out can't be reached
	CauseNotKafka          Cause = "not-kafka"          // something else than Kafka answers
	CauseNeedsTLS          Cause = "needs-tls"          // plain text was sent to a TLS listener
	CauseNoTLS             Cause = "no-tls"             // TLS was sent to a plain-text listener
	CauseUntrusted         Cause = "untrusted"          // the certificate's authority isn't trusted here
	CauseWrongName         Cause = "wrong-name"         // the certificate is for another host
	CauseExpired           Cause = "expired"            // the certificate isn't valid now
	CauseClientCertificate Cause = "client-certificate" // the broker wants a client certificate, or refuses the one given
	CauseTLS               Cause = "tls"                // any other TLS failure
	CauseCredentials       Cause = "credentials"        // user, password or token refused
	CauseMechanism         Cause = "mechanism"          // the broker doesn't offer the SASL mechanism
	CauseNeedsSASL         Cause = "needs-sasl"         // the listener wants SASL, none is configured
	CauseNoSASL            Cause = "no-sasl"            // SASL is configured, the listener has none
	CauseToken             Cause = "token"              // the token is expired, or can't be obtained
	CauseSecret            Cause = "secret"             // a secret's command failed
	CauseUnknown           Cause = "unknown"            // none of the above; Unwrap has it
)

// ConnectError means that a broker couldn't be talked to. The exit code is 1.
type ConnectError struct {
	// Broker is host:port, as dialed. It is empty when nothing was dialed,
	// because a secret or a token couldn't be obtained.
	Broker  string
	Problem string // what went wrong, in words
	Cause   Cause

	attempt string // what was attempted, when it wasn't the first connection
	hint    string
	err     error
}

// Error says which broker and what went wrong.
func (e *ConnectError) Error() string {
	switch {
	case e.Broker == "" && e.attempt == "":
		return e.Problem
	case e.Broker == "":
		return e.attempt + ": " + e.Problem
	case e.attempt == "":
		return fmt.Sprintf("connect to broker %s: %s", e.Broker, e.Problem)
	default:
		return fmt.Sprintf("%s: broker %s: %s", e.attempt, e.Broker, e.Problem)
	}
}

// Hint is a next step.
func (e *ConnectError) Hint() string { return e.hint }

// Unwrap gives the error of the network, TLS or Kafka client below.
func (e *ConnectError) Unwrap() error { return e.err }

// RequestError means that a broker answered a request with an error code. The
// exit code is 1.
type RequestError struct {
	// Code is Kafka's error, for errors.Is.
	Code *kerr.Error

	problem string
	hint    string
	err     error
}

// Error keeps what was attempted, in the caller's words, and says the broker's
// error code in plain ones.
func (e *RequestError) Error() string { return e.problem }

// Hint is a next step; it may be empty.
func (e *RequestError) Hint() string { return e.hint }

// Unwrap gives the error as Explain received it.
func (e *RequestError) Unwrap() error { return e.err }
