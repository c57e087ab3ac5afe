package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// Why a question wasn't answered, for errors.Is. What none of them fits is an
// *Error all the same.
var (
	// ErrSubjectNotFound: the registry has no such subject, or a deleted one.
	ErrSubjectNotFound = errors.New("no such subject")
	// ErrVersionNotFound: the subject has no such version, or a deleted one.
	ErrVersionNotFound = errors.New("no such version")
	// ErrSchemaNotFound: no schema has that id, or the subject doesn't have it.
	ErrSchemaNotFound = errors.New("no such schema")
	// ErrIncompatible: the registry refuses to register the schema (409).
	ErrIncompatible = errors.New("incompatible with an earlier version")
	// ErrInvalid: the registry takes the schema, mode or version for invalid (422).
	ErrInvalid = errors.New("refused as invalid")
	// ErrUnauthorized: the login is missing or wrong (401).
	ErrUnauthorized = errors.New("not logged in")
	// ErrForbidden: the login may not do this (403).
	ErrForbidden = errors.New("not permitted")
	// ErrBusy: too many requests, also after asking again (429).
	ErrBusy = errors.New("too many requests")
	// ErrRedirected: a redirect that would lead elsewhere; it wasn't followed.
	ErrRedirected = errors.New("redirected")
	// ErrNoRegistry: what answers there isn't a registry, as far as can be seen.
	ErrNoRegistry = errors.New("what answers there is no schema registry")
	// ErrOdd: an answer that isn't what was asked for.
	ErrOdd = errors.New("an answer that makes no sense")

	errNotConfigured = errors.New("not configured for the subject")
)

// Error is a question that the registry didn't answer, or not as it should.
type Error struct {
	Attempt string // what was asked, as in `versions of subject "orders"`
	URL     string // the registry's
	Status  int    // of HTTP; 0 when no answer came
	Code    int    // the registry's own error code, as in 40401; 0 when it gave none
	Message string // the registry's own words, cut and in one line; may be empty
	Err     error  // why: one of the errors above, or what happened on the way
	hint    string
	page    bool // a web page came
}

// Error says what was asked, where, and why there is no answer.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s at %s: %v", e.Attempt, e.URL, e.Err)
	if e.Status != 0 && e.Status != http.StatusOK {
		text += fmt.Sprintf(" (%d", e.Status)
		if e.Code != 0 && e.Code != e.Status {
			text += fmt.Sprintf("/%d", e.Code)
		}
		text += ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is the next step; empty when none is known.
func (e *Error) Hint() string { return e.hint }

// codes are the registry's own error codes, which tell more than the status.
var codes = map[int]error{
	40401: ErrSubjectNotFound,
	40402: ErrVersionNotFound,
	40403: ErrSchemaNotFound,
	40408: errNotConfigured, // compatibility
	40409: errNotConfigured, // mode
}

// statuses say why for a status, whatever the code.
var statuses = map[int]struct {
	err  error
	hint string
}{
	http.StatusUnauthorized:        {ErrUnauthorized, "check the registry's user and password, or its token"},
	http.StatusForbidden:           {ErrForbidden, "ask whoever runs the registry for the right to do this"},
	http.StatusConflict:            {ErrIncompatible, ""},
	http.StatusUnprocessableEntity: {ErrInvalid, ""},
	http.StatusTooManyRequests:     {ErrBusy, "try again later, or with fewer schemas at a time"},
	http.StatusProxyAuthRequired:   {errors.New("a proxy on the way wants a login"), "give the proxy's login in HTTPS_PROXY or HTTP_PROXY, or name the registry in NO_PROXY"},
}

const hintURL = "check the registry's URL: its path may be missing or wrong (Apicurio's is /apis/ccompat/v7)"

// statusError is an answer with a status that isn't a success.
func (c *Client) statusError(q question, response *http.Response, body []byte) *Error {
	code, message := complaint(body)
	e := &Error{Attempt: q.attempt, URL: c.URL(), Status: response.StatusCode, Code: code, Message: message}
	known, ok := statuses[e.Status]
	switch {
	case e.Status == http.StatusConflict && !q.registers:
		e.Err = errors.New("refused, as something stands against it")
	case ok:
		e.Err, e.hint = known.err, known.hint
	case isPage(response, body):
		return c.page(q, e.Status)
	case e.Status == http.StatusNotFound && codes[code] != nil:
		e.Err = codes[code]
	case e.Status == http.StatusNotFound && code < 40400:
		// A registry has a code of its own for all that it can miss.
		e.Err, e.hint = ErrNoRegistry, hintURL
	case e.Status >= 300 && e.Status < 400:
		e.Err, e.hint = fmt.Errorf("%w, not said where to", ErrRedirected), hintURL
	case e.Status >= 500:
		e.Err, e.hint = errors.New("the registry is in trouble"), "try again; if it stays so, look into the registry's log"
	default:
		e.Err = errors.New("refused")
	}
	return e
}

// transportError is an exchange that didn't come to its end.
func (c *Client) transportError(ctx context.Context, q question, err error) error {
	var sent *url.Error
	if errors.As(err, &sent) {
		err = sent.Err
	}
	e := &Error{Attempt: q.attempt, URL: c.URL(), Err: err}
	var (
		elsewhere *redirected
		untrusted *tls.CertificateVerificationError
		dialed    *net.OpError
	)
	switch {
	case errors.As(err, &elsewhere):
		e.hint = "if that is the registry, configure it as the registry's URL: a login is sent to no other address"
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case isTimeout(err):
		e.Err = fmt.Errorf("no answer within %s: %w", c.http.Timeout, err)
		e.hint = "see whether it can be reached from here, or allow more time"
	case errors.As(err, &untrusted):
		e.hint = "configure the authority that signed the registry's certificate"
	case errors.As(err, &dialed) && dialed.Op == "proxyconnect":
		e.hint = "see whether the proxy in HTTPS_PROXY can be reached, or name the registry in NO_PROXY"
	default:
		e.hint = "see whether the registry runs there and can be reached from here"
	}
	return e
}

// fail is a question given up for a reason of this side's.
func (c *Client) fail(q question, err error) *Error {
	return &Error{Attempt: q.attempt, URL: c.URL(), Err: err}
}

// odd is a success that lacks what it has to have.
func (c *Client) odd(q question, format string, args ...any) *Error {
	return &Error{
		Attempt: q.attempt, URL: c.URL(), Status: http.StatusOK,
		Err: fmt.Errorf("%w: %s", ErrOdd, fmt.Sprintf(format, args...)), hint: hintURL,
	}
}

// page is a page for people where a registry should be.
func (c *Client) page(q question, status int) *Error {
	return &Error{
		Attempt: q.attempt, URL: c.URL(), Status: status, Err: ErrNoRegistry, Message: "it sends a web page", page: true,
		hint: "check the registry's URL; a proxy or a login page may answer in its place",
	}
}

// isPage tells HTML, by its declared type or by how it begins.
func isPage(response *http.Response, body []byte) bool {
	return strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") ||
		bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// complaint reads an error's body as far as it can be read: the registries' form,
// other JSON with words in it, or plain text.
func complaint(body []byte) (code int, message string) {
	object, err := fields(body)
	if err != nil {
		return 0, oneLine(string(body))
	}
	_ = object.into("error_code", &code) // one that isn't a number is none
	for _, name := range []string{"message", "detail", "title", "error"} {
		if object.into(name, &message) == nil && message != "" {
			break
		}
	}
	return code, oneLine(message)
}

// oneLine cuts foreign text to what fits into a message.
func oneLine(text string) string {
	const most = 400
	text = strings.ToValidUTF8(text, "?")
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	runes := []rune(strings.Join(words, " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
