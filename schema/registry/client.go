package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// defaultTimeout bounds an exchange for an HTTP client that has no bound.
	defaultTimeout = 10 * time.Second

	// maxAnswer bounds an answer, unpacked. The largest that make sense are lists
	// of all subjects and schemas of some tens of megabytes.
	maxAnswer = 64 << 20
	// maxComplaint bounds what is read of an answer that is an error.
	maxComplaint = 64 << 10

	// parallel is how many questions are under way at a time. Hosted registries
	// allow some 25 a second.
	parallel = 8
)

// Client reads from a registry. It may be used from any goroutine.
type Client struct {
	base *url.URL
	http *http.Client
}

// New makes a client of the registry whose interface begins at the given http or
// https URL. The HTTP client brings login, trust, proxy and the time limit of an
// exchange (10 s where it has none); its rules for redirects are replaced. Nothing
// is asked yet.
func New(base string, client *http.Client) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	switch {
	case err != nil:
		err = errors.New("not a URL") // url's own words would show a password in it
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		err = errors.New("not a URL of the form http://host:port")
	case u.User != nil:
		err = errors.New("a login doesn't belong in the URL")
	case u.RawQuery != "" || u.Fragment != "":
		err = errors.New("nothing may follow the path")
	}
	if err != nil {
		return nil, fmt.Errorf("registry URL: %w", err)
	}
	own := *client
	own.CheckRedirect = stay
	if own.Timeout == 0 {
		own.Timeout = defaultTimeout
	}
	return &Client{base: u, http: &own}, nil
}

// URL is the registry's, without a slash at its end.
func (c *Client) URL() string { return c.base.String() }

// question is one request.
type question struct {
	attempt string // for people, as in `versions of subject "orders"`
	method  string // GET when empty
	path    []string
	query   string // encoded
	body    any    // sent as JSON; nil for none
	// registers tells the one question whose conflict means "incompatible".
	registers bool
}

// ask sends a question and returns the answer's body, which came with status 200
// (or 201). Every error is an *Error.
func (c *Client) ask(ctx context.Context, q question) ([]byte, error) {
	for tries := 1; ; tries++ {
		response, err := c.send(ctx, q)
		if err != nil {
			return nil, c.transportError(ctx, q, err)
		}
		if wait, again := c.waitFor(response, tries); again {
			response.Body.Close()
			if err := pause(ctx, wait); err != nil {
				return nil, c.fail(q, err)
			}
			continue
		}
		body, err := c.read(ctx, q, response)
		response.Body.Close()
		return body, err
	}
}

func (c *Client) send(ctx context.Context, q question) (*http.Response, error) {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	address := c.base.String()
	for _, segment := range q.path {
		address += "/" + escape(segment)
	}
	if q.query != "" {
		address += "?" + q.query
	}
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	}
	return c.http.Do(request)
}

// read returns the body of a good answer, and an error for any other.
func (c *Client) read(ctx context.Context, q question, response *http.Response) ([]byte, error) {
	limit := int64(maxAnswer)
	good := response.StatusCode == http.StatusOK || response.StatusCode == http.StatusCreated
	if !good {
		limit = maxComplaint
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case !good:
		return nil, c.statusError(q, response, body)
	case err != nil:
		return nil, c.transportError(ctx, q, fmt.Errorf("the answer broke off: %w", err))
	case int64(len(body)) > limit:
		return nil, c.odd(q, "an answer of more than %d MB", maxAnswer>>20)
	case isPage(response, body):
		return nil, c.page(q, response.StatusCode)
	}
	return body, nil
}

// escape encodes a name as one segment of a path. More is encoded than must be,
// as some servers split at an encoded colon's plain form; and a name of dots only
// must not be taken for a folder.
func escape(name string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	if strings.Trim(name, ".") == "" {
		return strings.ReplaceAll(escaped, ".", "%2E")
	}
	return escaped
}
