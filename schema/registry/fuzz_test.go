package registry_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/registry"
)

// saying is a way to a registry that answers every question the same.
type saying string

func (s saying) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(s))), Request: r,
	}, nil
}

// FuzzAnswers looks for an answer that ends the program, or that is taken for
// compatible without the very words.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"is_compatible":true}`, `{"is_compatible":false,"messages":["m"]}`, `{"is_compatible":"true"}`, `[1,2]`, `["a"]`, ``, `null`, `<html>`,
		`{"schema":"\"int\"","schemaType":"AVRO","version":1,"references":[{"name":"a","subject":"b","version":1}]}`,
		`{"compatibilityLevel":"FULL"}`, `{"is_compatible":true,"is_compatible":false}`, "{\"is_compatible\":true}\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := client(t, "http://registry", &http.Client{Transport: saying(body)})
		verdict, err := c.Check(t.Context(), "orders", 1, candidate)
		if verdict.Compatible && (err != nil || !strings.Contains(body, `true`) || strings.Contains(body, "}{")) {
			t.Errorf("%q is taken for compatible, error %v", body, err)
		}
		_, _ = c.Subjects(t.Context(), registry.Live)
		_, _ = c.Versions(t.Context(), "orders", registry.Live)
		_, _ = c.Latest(t.Context(), "orders")
		_, _ = c.Compatibility(t.Context(), "orders")
	})
}
