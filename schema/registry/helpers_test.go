package registry_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema/registry"
)

// limit is the time limit of the exchanges in these tests.
const limit = 10 * time.Second

// scripted is a registry whose answers are written down: by method and path as
// they come over the wire, with the query if there is one.
type scripted struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	sent  []string // bodies
}

// answer is what comes back; the zero status is 200.
type answer struct {
	status int
	body   string
	header http.Header
}

func ok(body string) answer { return answer{body: body} }

// serve starts one. What isn't written down is 404 with the code 40401, which
// Confluent's registry sends for a missing subject.
func serve(t *testing.T, answers map[string]answer) *scripted {
	t.Helper()
	s := &scripted{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		question := r.Method + " " + r.RequestURI
		s.mu.Lock()
		s.asked, s.sent = append(s.asked, question), append(s.sent, string(body))
		s.mu.Unlock()
		a, known := answers[question]
		if !known {
			a = answer{status: 404, body: `{"error_code":40401,"message":"Subject not found."}`}
		}
		for name, values := range a.header {
			w.Header()[name] = values
		}
		if a.status == 0 {
			a.status = 200
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(s.Close)
	return s
}

// questions are those asked so far.
func (s *scripted) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *scripted) client(t *testing.T) *registry.Client {
	t.Helper()
	return client(t, s.URL, &http.Client{Timeout: limit})
}

func client(t *testing.T, url string, over *http.Client) *registry.Client {
	t.Helper()
	c, err := registry.New(url, over)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantError checks that an error is the package's own, for the reason and with
// the words given, and returns it.
func wantError(t *testing.T, err, reason error, words ...string) *registry.Error {
	t.Helper()
	var e *registry.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want a *registry.Error", err)
	}
	if reason != nil && !errors.Is(err, reason) {
		t.Errorf("the error is %q, want one for %q", err, reason)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error %q doesn't say %q", err, word)
		}
	}
	return e
}

// quote makes a JSON string.
func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// must returns what a set-up gives, or ends the test.
func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
