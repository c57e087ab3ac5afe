package registry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/evtctl/evtctl/schema/registry"
)

func TestRedirects(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
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
	if elsewhere.Load() > 0 {
		t.Errorf("another server got %d requests, with the login", elsewhere.Load())
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
