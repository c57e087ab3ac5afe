package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Explain puts an error of a Kafka request that was made through a client of s
// into words with a next step: a *RequestError for a broker's error code, a
// *ConnectError for anything that happened to the connection. What the caller
// wrapped around the error, such as "offsets of topic \"orders\"", is kept.
//
// Errors that this package made, context.Canceled, and errors that have nothing
// to do with Kafka stay as they are, and so does nil. No connection is opened.
func (s *Settings) Explain(err error) error {
	var usage *UsageError
	var connect *ConnectError
	var request *RequestError
	if err == nil || errors.As(err, &usage) || errors.As(err, &connect) || errors.As(err, &request) {
		return err
	}
	var token *tokenError
	if errors.As(err, &token) {
		f := token.finding()
		return &ConnectError{Broker: s.brokerOf(err), Problem: f.problem, Cause: f.cause, hint: f.hint, err: err}
	}
	var code *kerr.Error
	if errors.As(err, &code) && !isLoginCode(code) {
		return s.explainCode(err, code)
	}
	if errors.Is(err, context.Canceled) || (code == nil && !isTimeout(err) && !isConnectionError(err)) {
		return err
	}
	return s.explainConnection(err)
}

func isLoginCode(code *kerr.Error) bool {
	return code == kerr.SaslAuthenticationFailed || code == kerr.UnsupportedSaslMechanism || code == kerr.IllegalSaslState
}

// isConnectionError reports whether err comes from a connection rather than from
// somewhere else in the program.
func isConnectionError(err error) bool {
	var dialed *dialError
	var first *kgo.ErrFirstReadEOF
	return errors.As(err, &dialed) || errors.As(err, &first) || isClosed(err) || isAlert(err)
}

// explainConnection words a failed connection. When all that is known is that
// time was up, the watch knows what the client was waiting for.
func (s *Settings) explainConnection(err error) error {
	addr, cause := s.brokerOf(err), err
	if givenUp(err) || addr == "" {
		if trouble := s.watch.latest(); len(trouble) > 0 {
			addr, cause = trouble[0].addr, s.attemptError(trouble[0])
		}
	}
	f := s.classify(addr, cause)
	if addr == "" && isTimeout(err) { // connected, and nothing wrong with any connection
		f.problem = "no answer in time"
		f.hint = fmt.Sprintf("the cluster may be overloaded; try a longer --timeout than %s", s.Timeout)
	}
	if addr != "" && !slices.Contains(s.Brokers, addr) && telling(f) <= telling(finding{cause: CauseClosed}) {
		f.hint = "the cluster advertises this address: that broker is down, or its advertised.listeners names an address that this machine can't reach"
	}
	if addr == "" {
		addr = strings.Join(s.Brokers, ", ")
	}
	return &ConnectError{Broker: addr, Problem: f.problem, Cause: f.cause, attempt: attemptOf(err), hint: f.hint, err: err}
}

// brokerOf gives the address in a dialError, else "".
func (s *Settings) brokerOf(err error) string {
	var dialed *dialError
	if errors.As(err, &dialed) {
		return dialed.addr
	}
	return ""
}

// attemptOf is what the caller wrapped around an error of the Kafka client or
// the network, without its last ": ".
func attemptOf(err error) string {
	attempt, _ := strings.CutSuffix(err.Error(), coreOf(err).Error())
	attempt = strings.TrimSuffix(attempt, ": ")
	attempt = strings.TrimSuffix(attempt, "unable to dial") // the Kafka client's
	return strings.TrimSuffix(attempt, ": ")
}

// coreOf takes off what was wrapped around an error of the network.
func coreOf(err error) error {
	for {
		switch err.(type) {
		case *dialError, *kgo.ErrFirstReadEOF, *net.OpError:
			return err
		}
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// shardPrefix is what kadm puts before the first of several errors.
var shardPrefix = regexp.MustCompile(`request (\w+) has \d+ separate shard errors, first: `)

// explainCode words a broker's error code in the place where it stands in err.
func (s *Settings) explainCode(err error, code *kerr.Error) error {
	words, known := codeWords[code.Code]
	if !known {
		words = codeWord{problem: lowerFirst(strings.TrimSuffix(code.Description, ".")) + " (" + code.Message + ")"}
	}
	hint := strings.ReplaceAll(words.hint, "{login}", s.login())
	hint = strings.ReplaceAll(hint, "{timeout}", s.Timeout.String())
	problem := strings.Replace(err.Error(), code.Error(), words.problem, 1)
	problem = printable(shardPrefix.ReplaceAllString(problem, "$1: "))
	if problem == err.Error() { // the code is in the chain, but not in the text
		problem = fmt.Sprintf("%s: %s", problem, words.problem)
	}
	return &RequestError{Code: code, problem: problem, hint: hint, err: err}
}

func lowerFirst(s string) string {
	if s == "" || strings.ToUpper(s[:1]) != s[:1] {
		return s
	}
	if len(s) > 1 && strings.ToUpper(s[1:2]) == s[1:2] && s[1] != ' ' { // an abbreviation
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
