package cluster

import (
	"errors"
	"strings"
)

// jaasModule is the one login module of a sasl.jaas.config, such as
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";
type jaasModule struct {
	class   string // without its package
	options map[string]string
}

// The login modules that have a counterpart here.
const (
	plainModule = "PlainLoginModule"
	scramModule = "ScramLoginModule"
	oauthModule = "OAuthBearerLoginModule"
)

// holdsSecret reports whether an option is a secret. Unsecured token claims and
// SASL extensions are not; what other modules take can't be known.
func (m jaasModule) holdsSecret() bool {
	if m.options["password"] != "" || m.options["clientSecret"] != "" {
		return true
	}
	known := m.class == plainModule || m.class == scramModule || m.class == oauthModule
	return !known && len(m.options) > 0
}

// prefixed gives the options whose name begins with prefix, without it.
func (m jaasModule) prefixed(prefix string) map[string]string {
	found := map[string]string{}
	for option, value := range m.options {
		if name, ok := strings.CutPrefix(option, prefix); ok && name != "" {
			found[name] = value
		}
	}
	return found
}

// errJAAS says no more than the form: the value may hold a password.
var errJAAS = errors.New("it has to be: MODULE required name=\"value\" ... ;")

// parseJAAS reads one module with its options, by the rules of Kafka's
// JaasConfig: words, values quoted with " or ' and backslash escapes inside, a
// semicolon at the end.
func parseJAAS(text string) (jaasModule, error) {
	tokens, err := jaasTokens(text)
	if err != nil {
		return jaasModule{}, err
	}
	if len(tokens) < 3 || tokens[len(tokens)-1] != ";" || !isControlFlag(tokens[1]) {
		return jaasModule{}, errJAAS
	}
	class := tokens[0][strings.LastIndex(tokens[0], ".")+1:]
	module := jaasModule{class: class, options: map[string]string{}}
	options := tokens[2 : len(tokens)-1]
	if len(options)%3 != 0 {
		return jaasModule{}, errJAAS
	}
	for i := 0; i < len(options); i += 3 {
		if options[i+1] != "=" {
			return jaasModule{}, errJAAS
		}
		module.options[options[i]] = strings.TrimPrefix(options[i+2], quoted)
	}
	return module, nil
}

func isControlFlag(word string) bool {
	switch strings.ToLower(word) {
	case "required", "requisite", "sufficient", "optional":
		return true
	}
	return false
}

// quoted marks a token that stood in quotes, so that a ";" or "=" there is
// none of the syntax.
const quoted = "\x00"

func jaasTokens(text string) ([]string, error) {
	var tokens []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c <= ' ':
			i++
		case c == '=' || c == ';':
			tokens = append(tokens, text[i:i+1])
			i++
		case c == '"' || c == '\'':
			value, length, ok := unquoteJAAS(text[i:])
			if !ok {
				return nil, errJAAS
			}
			tokens = append(tokens, quoted+value)
			i += length
		default:
			end := strings.IndexAny(text[i:], " \t\r\n=;\"'")
			if end < 0 {
				end = len(text) - i
			}
			tokens = append(tokens, text[i:i+end])
			i += end
		}
	}
	return tokens, nil
}

// unquoteJAAS reads the quoted value that text begins with, and says how long
// it is with its quotes. Escapes are those of java.io.StreamTokenizer, but for
// its octal ones.
func unquoteJAAS(text string) (value string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return b.String(), i + 1, true
		case text[i] == '\n':
			return "", 0, false
		case text[i] == '\\' && i+1 < len(text):
			i++
			if at := strings.IndexByte("abfnrtv", text[i]); at >= 0 {
				b.WriteByte("\a\b\f\n\r\t\v"[at])
			} else {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return "", 0, false
}
