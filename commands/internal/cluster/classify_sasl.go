package cluster

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// readSASL reads why logging in failed.
func (s *Settings) readSASL(_ string, err error) (finding, bool) {
	var token *tokenError
	switch {
	case errors.As(err, &token):
		return token.finding(), true
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return s.loginRefused(brokerWords(err)), true
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return s.mechanismOff(nil), true
	case errors.Is(err, kerr.IllegalSaslState):
		return noSASL(), true
	}
	return finding{}, false
}

// loginRefused adds what to look at to the broker's words, which are the same for
// an unknown user and a wrong password.
func (s *Settings) loginRefused(words string) finding {
	f := finding{
		cause: CauseCredentials, problem: fmt.Sprintf("login of %s by %s refused%s", s.login(), s.sasl.mechanism, words),
		hint: "check user and password",
	}
	switch s.sasl.mechanism {
	case mechanismScram256, mechanismScram512:
		f.hint += ", and that the user exists for this mechanism: SCRAM users are made per mechanism"
	case mechanismOAuth:
		f.hint = refusedTokenHint
	}
	return f
}

const refusedTokenHint = "its issuer, audience, signature or scope isn't what the broker expects"

func (e *tokenError) finding() finding {
	f := finding{cause: CauseToken, problem: printable(e.problem), hint: e.hint}
	if e.refused {
		f.cause = CauseCredentials
		f.hint = refusedTokenHint
		if e.scope != "" {
			f.hint += " (scope: " + printable(e.scope) + ")"
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
		f.problem += ", only " + printable(strings.Join(offered, ", "))
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
		cause: CauseNeedsSASL, problem: "it wants a SASL login (" + printable(strings.Join(offered, ", ")) + "), and none is configured",
		hint: "set sasl: {mechanism, user, password} in a context, or security.protocol and sasl.jaas.config in a --command-config file",
	}
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
	return ": " + printable(strings.TrimRight(words, "."))
}
