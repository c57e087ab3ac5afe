package registry_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema/registry"
)

const checkPath = "POST /compatibility/subjects/orders/versions/1?verbose=true"

var candidate = registry.Candidate{Schema: `"string"`}

func TestNoOddAnswerIsAVerdict(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, test := range []struct {
		name   string
		answer answer
		reason error
		says   string
	}{
		{"an empty body", ok(""), registry.ErrOdd, "empty body"},
		{"blanks", ok("  \n"), registry.ErrOdd, "empty body"},
		{"a web page", answer{body: "<!doctype html><p>welcome", header: html}, registry.ErrNoRegistry, "web page"},
		{"a web page that doesn't say so", ok("\n <html>welcome"), registry.ErrNoRegistry, "web page"},
		{"JSON that says it is a page", answer{body: `{"is_compatible":true}`, header: html}, registry.ErrNoRegistry, "web page"},
		{"plain text", ok("OK"), registry.ErrOdd, `"OK"`},
		{"a bare true", ok("true"), registry.ErrOdd, "JSON object"},
		{"a list", ok(`[{"is_compatible":true}]`), registry.ErrOdd, "JSON object"},
		{"null", ok("null"), registry.ErrOdd, "JSON object"},
		{"an empty object", ok("{}"), registry.ErrOdd, `no field "is_compatible"`},
		{"messages only", ok(`{"messages":[]}`), registry.ErrOdd, `no field "is_compatible"`},
		{"the field in capitals", ok(`{"IS_COMPATIBLE":true}`), registry.ErrOdd, `no field "is_compatible"`},
		{"null for a verdict", ok(`{"is_compatible":null}`), registry.ErrOdd, `no field "is_compatible"`},
		{"a text for a verdict", ok(`{"is_compatible":"true"}`), registry.ErrOdd, `"is_compatible" is "true"`},
		{"a number for a verdict", ok(`{"is_compatible":1}`), registry.ErrOdd, `"is_compatible" is 1`},
		{"two verdicts", ok(`{"is_compatible":false,"is_compatible":true}`), registry.ErrOdd, "twice"},
		{"messages of another type", ok(`{"is_compatible":true,"messages":7}`), registry.ErrOdd, `"messages"`},
		{"half an answer", ok(`{"is_compatible":true`), registry.ErrOdd, "JSON object"},
		{"text after it", ok(`{"is_compatible":true} {"is_compatible":false}`), registry.ErrOdd, "after its end"},
		{"no content", answer{status: 204}, nil, "(204)"},
		{"accepted, to be done later", answer{status: 202, body: `{"is_compatible":true}`}, nil, "(202)"},
		{"not modified", answer{status: 304}, registry.ErrRedirected, "(304)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := serve(t, map[string]answer{checkPath: test.answer}).client(t)
			verdict, err := c.Check(t.Context(), "orders", 1, candidate)
			wantError(t, err, test.reason, test.says, `check against version 1 of subject "orders"`, c.URL())
			if verdict.Compatible {
				t.Error("the verdict is that it is compatible")
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
		reason error
		says   string
		hint   string
	}{
		{"401 without a body", answer{status: 401}, registry.ErrUnauthorized, "(401)", "password"},
		{"401 with a page", answer{status: 401, body: "<html>Log in</html>"}, registry.ErrUnauthorized, "(401)", "password"},
		{"403", answer{status: 403, body: `{"error_code":40301,"message":"Forbidden"}`}, registry.ErrForbidden, "(403/40301): Forbidden", "right"},
		{"404, a version", answer{status: 404, body: `{"error_code":40402,"message":"Version 1 not found."}`}, registry.ErrVersionNotFound, "Version 1 not found.", ""},
		{"404, an empty body", answer{status: 404}, registry.ErrNoRegistry, "(404)", "/apis/ccompat/v7"},
		{"404 in plain text", answer{status: 404, body: "404 page not found\n"}, registry.ErrNoRegistry, "404 page not found", "URL"},
		{"404 of another server", answer{status: 404, body: `{"title":"no resource","status":404}`}, registry.ErrNoRegistry, "no resource", "URL"},
		{"404 with its own status for a code", answer{status: 404, body: `{"error_code":404,"message":"HTTP 404 Not Found"}`}, registry.ErrNoRegistry, "(404): HTTP 404", "URL"},
		{"404, a page", answer{status: 404, body: "<html>404</html>"}, registry.ErrNoRegistry, "web page", "login page"},
		{"407", answer{status: 407}, nil, "proxy", "HTTPS_PROXY"},
		{"409", answer{status: 409, body: `{"error_code":409,"message":"busy"}`}, nil, "(409): busy", ""},
		{"422", answer{status: 422, body: `{"error_code":42201,"message":"Invalid Avro schema"}`}, registry.ErrInvalid, "(422/42201): Invalid Avro schema", ""},
		{"429, again and again", answer{status: 429, header: http.Header{"Retry-After": {"0"}}}, registry.ErrBusy, "(429)", "later"},
		{"429, and hours to wait", answer{status: 429, header: http.Header{"Retry-After": {"7200"}}}, registry.ErrBusy, "(429)", "later"},
		{"500", answer{status: 500, body: `{"error_code":50001,"message":"Error in the backend"}`}, nil, "Error in the backend", "log"},
		{"500 with a code that is a text", answer{status: 500, body: `{"error_code":"x","message":"boom"}`}, nil, "(500): boom", "log"},
		{"502, a proxy's page", answer{status: 502, body: "<html>Bad Gateway</html>"}, registry.ErrNoRegistry, "web page", "proxy"},
		{"503, nothing more", answer{status: 503}, nil, "(503)", "again"},
		{"a message that would fill the screen", answer{status: 400, body: strings.Repeat("long\x1b[2J\n", 1000)}, nil, "long [2J long", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := serve(t, map[string]answer{checkPath: test.answer}).client(t)
			_, err := c.Check(t.Context(), "orders", 1, candidate)
			e := wantError(t, err, test.reason, test.says)
			if e.Status != test.answer.status {
				t.Errorf("its status is %d, want %d", e.Status, test.answer.status)
			}
			if errors.Is(err, registry.ErrIncompatible) {
				t.Error("a conflict on checking counts as incompatible")
			}
			if !strings.Contains(e.Hint(), test.hint) || (e.Hint() == "") != (test.hint == "") {
				t.Errorf("its hint is %q, want %q in it", e.Hint(), test.hint)
			}
			if len(err.Error()) > 700 || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("the message is %q", err)
			}
		})
	}
}

func TestABusyRegistryIsAskedAgain(t *testing.T) {
	for _, status := range []int{429, 503} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if asked++; asked < 3 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
				return
			}
			if string(body) != `{"schema":"\"string\""}` {
				t.Errorf("asked again with the body %s", body)
			}
			_, _ = io.WriteString(w, `{"is_compatible":true}`)
		}))
		defer server.Close()
		verdict, err := client(t, server.URL, &http.Client{Timeout: limit}).Check(t.Context(), "orders", 1, candidate)
		if err != nil || !verdict.Compatible || asked != 3 {
			t.Errorf("%d: after %d questions the verdict is %v, error %v", status, asked, verdict, err)
		}
	}
}

func TestWaitingForABusyRegistryEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(429)
		cancel()
	}))
	defer server.Close()
	_, err := client(t, server.URL, &http.Client{Timeout: time.Hour}).Check(ctx, "orders", 1, candidate)
	wantError(t, err, context.Canceled)
}

func TestASlowRegistryIsBounded(t *testing.T) {
	const short = 150 * time.Millisecond
	for name, begin := range map[string]func(io.Writer){
		"that never answers":                   func(io.Writer) {},
		"that ends in the middle of it":        func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{") },
		"that stops in the middle of its head": func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200") },
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, "http://"+listen(t, func(conn net.Conn) {
				begin(conn)
				_, _ = io.Copy(io.Discard, conn) // until the client hangs up
			}), &http.Client{Timeout: short})
			started := time.Now()
			_, err := c.Check(t.Context(), "orders", 1, candidate)
			e := wantError(t, err, nil, "no answer within 150ms")
			if e.Hint() == "" {
				t.Error("it has no hint")
			}
			if took := time.Since(started); took > 20*short {
				t.Errorf("it took %s", took)
			}
		})
	}
	t.Run("by the context, too", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		c := client(t, "http://"+listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }), &http.Client{})
		_, err := c.Check(ctx, "orders", 1, candidate)
		wantError(t, err, context.DeadlineExceeded)
	})
}

func TestBrokenConnections(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		closed := httptest.NewServer(nil)
		closed.Close()
		_, err := client(t, closed.URL, &http.Client{Timeout: limit}).Subjects(t.Context(), registry.Live)
		if e := wantError(t, err, nil, "refused"); e.Hint() == "" {
			t.Error("it has no hint")
		}
	})
	t.Run("the answer breaks off", func(t *testing.T) {
		c := client(t, "http://"+listen(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[\"orders\"]")
		}), &http.Client{Timeout: limit})
		_, err := c.Subjects(t.Context(), registry.Live)
		wantError(t, err, io.ErrUnexpectedEOF, "broke off")
	})
	t.Run("something else than HTTP", func(t *testing.T) {
		c := client(t, "http://"+listen(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "\x00\x00\x00\x2a\x00\x00\x00\x00")
		}), &http.Client{Timeout: limit})
		_, err := c.Subjects(t.Context(), registry.Live)
		wantError(t, err, nil, "malformed HTTP")
	})
	t.Run("a certificate nobody knows", func(t *testing.T) {
		server := httptest.NewUnstartedServer(nil)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		_, err := client(t, server.URL, &http.Client{Timeout: limit}).Subjects(t.Context(), registry.Live)
		if e := wantError(t, err, nil, "certificate"); !strings.Contains(e.Hint(), "authority") {
			t.Errorf("its hint is %q", e.Hint())
		}
	})
	t.Run("an answer without end", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			piece := []byte(strings.Repeat(" ", 1<<20))
			for range 70 {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		}))
		defer server.Close()
		_, err := client(t, server.URL, &http.Client{Timeout: time.Minute}).Subjects(t.Context(), registry.Live)
		wantError(t, err, registry.ErrOdd, "more than 64 MB")
	})
}

func TestRedirects(t *testing.T) {
	var elsewhere int
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere++
		_, _ = io.WriteString(w, `{"is_compatible":true}`)
	}))
	defer other.Close()
	otherName := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)

	for _, test := range []struct {
		name, to string
		status   int
	}{
		{"to another port", other.URL, 307},
		{"to another name of the same machine", otherName, 307},
		{"to a private address", "http://192.168.0.1/compatibility", 307},
		{"to where clouds keep their secrets", "http://169.254.169.254/latest/meta-data/", 302},
		{"to another scheme", "https://HOST/compatibility", 308},
		{"to a file", "file:///etc/passwd", 307},
		{"moved for good", other.URL, 301},
		{"that makes a GET of it", "http://HOST/verdict", 302},
		{"that makes a GET of it by design", "http://HOST/verdict", 303},
		{"to itself for ever", "http://HOST/compatibility", 307},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/verdict" {
					_, _ = io.WriteString(w, `{"is_compatible":true}`)
					return
				}
				w.Header().Set("Location", strings.Replace(test.to, "HOST", r.Host, 1)+"?token=hidden")
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			// The login is added on the way, as the command line does it.
			over := &http.Client{Timeout: limit, Transport: login{}}
			verdict, err := client(t, server.URL, over).Check(t.Context(), "orders", 1, candidate)
			e := wantError(t, err, registry.ErrRedirected, "it redirects to ")
			if verdict.Compatible || strings.Contains(err.Error(), "hidden") || e.Hint() == "" {
				t.Errorf("the verdict is %v, the error %q, its hint %q", verdict, err, e.Hint())
			}
		})
	}
	if elsewhere > 0 {
		t.Errorf("another server got %d requests, with the login", elsewhere)
	}

	t.Run("within the registry are followed", func(t *testing.T) {
		s := serve(t, map[string]answer{
			checkPath:        {status: 307, header: http.Header{"Location": {"/moved"}}},
			"POST /moved":    ok(`{"is_compatible":false}`),
			"GET /subjects":  {status: 301, header: http.Header{"Location": {"/subjects/"}}},
			"GET /subjects/": ok(`["orders"]`),
		})
		if verdict, err := s.client(t).Check(t.Context(), "orders", 1, candidate); err != nil || verdict.Compatible {
			t.Errorf("the verdict is %v, error %v", verdict, err)
		}
		if subjects, err := s.client(t).Subjects(t.Context(), registry.Live); err != nil || len(subjects) != 1 {
			t.Errorf("the subjects are %v, error %v", subjects, err)
		}
	})
	t.Run("without a place to go", func(t *testing.T) {
		c := serve(t, map[string]answer{"GET /subjects": {status: 302}}).client(t)
		_, err := c.Subjects(t.Context(), registry.Live)
		wantError(t, err, registry.ErrRedirected, "not said where to")
	})
}

// login adds a login to every request, wherever it goes.
type login struct{}

func (login) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth("alice", "secret")
	return http.DefaultTransport.RoundTrip(r)
}

func TestProxies(t *testing.T) {
	through := func(t *testing.T, proxy string) *registry.Client {
		at, err := url.Parse(proxy)
		if err != nil {
			t.Fatal(err)
		}
		return client(t, "http://registry.invalid:8081", &http.Client{Timeout: limit, Transport: &http.Transport{Proxy: http.ProxyURL(at)}})
	}
	t.Run("are gone through", func(t *testing.T) {
		proxy := serve(t, map[string]answer{"GET http://registry.invalid:8081/subjects": ok(`["orders"]`)})
		if subjects, err := through(t, proxy.URL).Subjects(t.Context(), registry.Live); err != nil || len(subjects) != 1 {
			t.Errorf("the subjects are %v, error %v", subjects, err)
		}
	})
	t.Run("may want a login", func(t *testing.T) {
		proxy := serve(t, map[string]answer{"GET http://registry.invalid:8081/subjects": {status: 407}})
		_, err := through(t, proxy.URL).Subjects(t.Context(), registry.Live)
		wantError(t, err, nil, "proxy", "(407)")
	})
	t.Run("may have a page instead", func(t *testing.T) {
		proxy := serve(t, map[string]answer{"GET http://registry.invalid:8081/subjects": {status: 503, body: "<html>blocked</html>"}})
		_, err := through(t, proxy.URL).Subjects(t.Context(), registry.Live)
		wantError(t, err, registry.ErrNoRegistry, "web page")
	})
	t.Run("may be down", func(t *testing.T) {
		closed := httptest.NewServer(nil)
		closed.Close()
		_, err := through(t, closed.URL).Subjects(t.Context(), registry.Live)
		if e := wantError(t, err, nil, "proxyconnect"); !strings.Contains(e.Hint(), "NO_PROXY") {
			t.Errorf("its hint is %q", e.Hint())
		}
	})
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"", "localhost:8081", "ftp://registry", "http://", "http://u:hidden@registry:8081", "http://r/?a=b", "http://r/#a", "http://r:x:hidden/"} {
		_, err := registry.New(url, http.DefaultClient)
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: the error is %v", url, err)
		}
	}
	s := serve(t, map[string]answer{"GET /apis/ccompat/v7/subjects": ok(`[]`)})
	if subjects, err := client(t, s.URL+"/apis/ccompat/v7/", http.DefaultClient).Subjects(t.Context(), registry.Live); err != nil || len(subjects) > 0 {
		t.Errorf("the subjects are %v, error %v", subjects, err)
	}
	if http.DefaultClient.CheckRedirect != nil || http.DefaultClient.Timeout != 0 {
		t.Error("the client that was handed in has changed")
	}
}

// listen serves raw connections and returns the address.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return l.Addr().String()
}
