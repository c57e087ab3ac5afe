package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/schema/registry"
)

// The tests here run against the real Apicurio Registry. Those of its own ways
// fail when a new version of it has mended them, so that what is written about
// them stays true.

const (
	order      = `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}`
	withNote   = `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"note","type":"string","default":""}]}`
	withAmount = `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"amount","type":"long"}]}`
)

// apicurio returns the shared registry with a client and a writer.
func apicurio(t *testing.T) (*kafkatest.Registry, *registry.Client, *registry.Writer) {
	t.Helper()
	r := kafkatest.Apicurio(t)
	c := client(t, r.URL, &http.Client{Timeout: 3 * limit})
	return r, c, registry.NewWriter(c)
}

// subjectWith registers schemas under a mode that forbids none of them, and then
// sets the mode.
func subjectWith(t *testing.T, r *kafkatest.Registry, w *registry.Writer, mode string, schemas ...registry.Candidate) string {
	t.Helper()
	subject := r.Subject(t, "value")
	if err := w.SetCompatibility(t.Context(), subject, "NONE"); err != nil {
		t.Fatal(err)
	}
	for _, s := range schemas {
		must[registry.Registration](t)(w.Register(t.Context(), subject, s))
	}
	if err := w.SetCompatibility(t.Context(), subject, mode); err != nil {
		t.Fatal(err)
	}
	return subject
}

func TestApicurio(t *testing.T) {
	r, c, w := apicurio(t)
	subject := subjectWith(t, r, w, "BACKWARD", registry.Candidate{Schema: order}, registry.Candidate{Schema: withNote})

	t.Run("lists, and gives schemas back", func(t *testing.T) {
		if got := must[[]string](t)(c.Subjects(t.Context(), registry.Live)); !slices.Contains(got, subject) {
			t.Errorf("%q isn't among the subjects %v", subject, got)
		}
		history := must[[]registry.Schema](t)(c.History(t.Context(), subject, registry.Live))
		if len(history) != 2 || history[0].Schema != order || history[1].Schema != withNote {
			t.Fatalf("its history is %+v", history)
		}
		byID := must[*registry.Schema](t)(c.ByID(t.Context(), history[1].ID, ""))
		if byID.Schema != withNote || byID.Type != registry.Avro {
			t.Errorf("schema %d is %+v", history[1].ID, byID)
		}
		if latest := must[*registry.Schema](t)(c.Latest(t.Context(), subject)); latest.Version != 2 {
			t.Errorf("the latest is version %d", latest.Version)
		}
		if found := must[*registry.Schema](t)(c.Find(t.Context(), subject, registry.Candidate{Schema: order})); found.Version != 1 {
			t.Errorf("the first is found as version %d", found.Version)
		}
	})
	t.Run("judges", func(t *testing.T) {
		for schema, want := range map[string]bool{withNote: true, withAmount: false} {
			verdicts := must[[]registry.Verdict](t)(c.CheckEach(t.Context(), subject, []int{1, 2}, registry.Candidate{Schema: schema}))
			if verdicts[0].Compatible != want || verdicts[1].Compatible != want {
				t.Errorf("%s: the verdicts are %v, want %t", schema, verdicts, want)
			}
		}
	})
	t.Run("refuses", func(t *testing.T) {
		_, err := w.Register(t.Context(), subject, registry.Candidate{Schema: withAmount})
		wantError(t, err, registry.ErrIncompatible, "(409)")
		_, err = w.Register(t.Context(), subject, registry.Candidate{Schema: `{"type":"record"`})
		wantError(t, err, registry.ErrInvalid, "(422/42201)")
		_, err = c.Check(t.Context(), subject, 9, registry.Candidate{Schema: order})
		wantError(t, err, registry.ErrVersionNotFound)
		_, err = c.Version(t.Context(), subject, 9, registry.Live)
		wantError(t, err, registry.ErrVersionNotFound)
		_, err = c.Versions(t.Context(), r.Subject(t, "nowhere"), registry.Live)
		wantError(t, err, registry.ErrSubjectNotFound)
		_, err = c.ByID(t.Context(), 1<<30, "")
		wantError(t, err, registry.ErrSchemaNotFound)
	})
	t.Run("knows what was deleted", func(t *testing.T) {
		subject := subjectWith(t, r, w, "NONE", registry.Candidate{Schema: order}, registry.Candidate{Schema: withNote})
		r.Must(t, http.MethodDelete, "/subjects/"+subject+"/versions/1", "")
		history := must[[]registry.Schema](t)(c.History(t.Context(), subject, registry.WithDeleted))
		if len(history) != 2 || !history[0].Deleted || history[1].Deleted {
			t.Errorf("its history is %+v", history)
		}
		r.Must(t, http.MethodDelete, "/subjects/"+subject, "")
		_, err := c.Versions(t.Context(), subject, registry.Live)
		wantError(t, err, registry.ErrSubjectNotFound)
		if gone := must[[]int](t)(c.Versions(t.Context(), subject, registry.WithDeleted)); !slices.Equal(gone, []int{1, 2}) {
			t.Errorf("with deleted ones its versions are %v", gone)
		}
	})
	t.Run("takes any subject's name", func(t *testing.T) {
		for _, name := range []string{"a/b c:d", ":.staging:orders", "100%?#&+;ä"} {
			subject := name + r.Subject(t, "")
			must[registry.Registration](t)(w.Register(t.Context(), subject, registry.Candidate{Schema: order}))
			if got := must[*registry.Schema](t)(c.Latest(t.Context(), subject)); got.Subject != subject {
				t.Errorf("%q is kept as %q", subject, got.Subject)
			}
		}
	})
	t.Run("keeps references", func(t *testing.T) {
		subject, refs := r.Subject(t, "invoice"), []registry.Reference{{Name: "Order", Subject: subject, Version: 1}}
		invoice := registry.Candidate{Schema: `{"type":"record","name":"Invoice","fields":[{"name":"order","type":"Order"}]}`, References: refs}
		must[registry.Registration](t)(w.Register(t.Context(), subject, invoice))
		got := must[*registry.Schema](t)(c.Latest(t.Context(), subject))
		resolved := must[[]registry.Referenced](t)(c.Resolve(t.Context(), subject, got.References))
		if len(resolved) != 1 || resolved[0].Name != "Order" || resolved[0].Schema.Schema != order {
			t.Errorf("its references resolve to %+v", resolved)
		}
	})
}

func TestApicurioGivesNoMessages(t *testing.T) {
	r, c, w := apicurio(t)
	subject := subjectWith(t, r, w, "BACKWARD", registry.Candidate{Schema: order})
	verdict := must[registry.Verdict](t)(c.Check(t.Context(), subject, 1, registry.Candidate{Schema: withAmount}))
	if verdict.Compatible || verdict.Messages != nil {
		t.Errorf("the verdict is %+v, want incompatible without messages, though verbose=true asks for them", verdict)
	}
}

func TestApicurioRefusesEveryReferenceInACheck(t *testing.T) {
	r, c, w := apicurio(t)
	target := subjectWith(t, r, w, "BACKWARD", registry.Candidate{Schema: order})
	invoice := registry.Candidate{
		Schema:     `{"type":"record","name":"Invoice","fields":[{"name":"order","type":"Order"}]}`,
		References: []registry.Reference{{Name: "Order", Subject: target, Version: 1}},
	}
	subject := subjectWith(t, r, w, "BACKWARD", invoice)
	_, err := c.Check(t.Context(), subject, 1, invoice)
	wantError(t, err, registry.ErrInvalid, "(422/42201)")
}

// TestApicurioWithNothingConfigured needs a registry where nothing is.
func TestApicurioWithNothingConfigured(t *testing.T) {
	r := kafkatest.OwnApicurio(t)
	c := client(t, r.URL, &http.Client{Timeout: 3 * limit})
	w := registry.NewWriter(c)
	must[registry.Registration](t)(w.Register(t.Context(), "orders", registry.Candidate{Schema: order}))

	t.Run("says NONE", func(t *testing.T) {
		got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "orders"))
		if got.Mode != "NONE" {
			t.Errorf("it is %v", got)
		}
		if got := must[registry.Compatibility](t)(c.GlobalCompatibility(t.Context())); got != (registry.Compatibility{Mode: "NONE", From: registry.OfAll}) {
			t.Errorf("the global one is %v", got)
		}
	})
	t.Run("checks as if it were BACKWARD", func(t *testing.T) {
		for schema, want := range map[string]bool{withNote: true, withAmount: false} {
			if got := must[registry.Verdict](t)(c.Check(t.Context(), "orders", 1, registry.Candidate{Schema: schema})); got.Compatible != want {
				t.Errorf("%s: compatible is %t", schema, got.Compatible)
			}
		}
	})
	t.Run("and registers anything", func(t *testing.T) {
		must[registry.Registration](t)(w.Register(t.Context(), "orders", registry.Candidate{Schema: withAmount}))
	})
	t.Run("a global mode counts for subjects that say NONE and mean nothing", func(t *testing.T) {
		if err := w.SetCompatibility(t.Context(), "", "FULL"); err != nil {
			t.Fatal(err)
		}
		if raw := r.Must(t, http.MethodGet, "/config/orders", ""); raw != `{"compatibilityLevel":"NONE"}` {
			t.Errorf("asked for the subject's own it says %s", raw)
		}
		if got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "orders")); got != (registry.Compatibility{Mode: "FULL", From: registry.OfAll}) {
			t.Errorf("it is %v", got)
		}
		if got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "new")); got != (registry.Compatibility{Mode: "FULL", From: registry.OfAll}) {
			t.Errorf("a new subject's is %v", got)
		}
		if err := w.SetCompatibility(t.Context(), "orders", "NONE"); err != nil {
			t.Fatal(err)
		}
		if got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "orders")); got != (registry.Compatibility{Mode: "NONE", From: registry.OfSubject}) {
			t.Errorf("set to NONE, it is %v", got)
		}
	})
	t.Run("a mode can be removed, except NONE", func(t *testing.T) {
		wantError(t, w.UnsetCompatibility(t.Context(), "orders"), registry.ErrOdd, "yet it is NONE")
		if err := w.SetCompatibility(t.Context(), "orders", "FORWARD"); err != nil {
			t.Fatal(err)
		}
		if err := w.UnsetCompatibility(t.Context(), "orders"); err != nil {
			t.Fatal(err)
		}
		if got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "orders")); got.From != registry.OfAll {
			t.Errorf("it is %v", got)
		}
	})
	t.Run("a subject that is only a setting isn't listed", func(t *testing.T) {
		if err := w.SetCompatibility(t.Context(), "planned", "FORWARD"); err != nil {
			t.Fatal(err)
		}
		if got := must[registry.Compatibility](t)(c.Compatibility(t.Context(), "planned")); got.Mode != "FORWARD" {
			t.Errorf("it is %v", got)
		}
		_, err := c.Versions(t.Context(), "planned", registry.Live)
		wantError(t, err, registry.ErrSubjectNotFound)
	})
	t.Run("READONLY hinders nobody", func(t *testing.T) {
		r.Must(t, http.MethodPut, "/mode/orders", `{"mode":"READONLY"}`)
		if got := must[string](t)(c.WriteMode(t.Context(), "orders")); got != "READONLY" {
			t.Errorf("its write mode is %q", got)
		}
		must[registry.Registration](t)(w.Register(t.Context(), "orders", registry.Candidate{Schema: withAmount}))
	})
}

func TestApicurioAndJSONSchema(t *testing.T) {
	r, c, w := apicurio(t)
	bare := registry.Candidate{Type: registry.JSON, Schema: `{"type":"object"}`}
	_, err := w.Register(t.Context(), r.Subject(t, "bare"), bare)
	wantError(t, err, registry.ErrInvalid, "discover artifact type")

	for _, draft := range []string{"http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"} {
		schema := func(kind string) registry.Candidate {
			return registry.Candidate{Type: registry.JSON, Schema: fmt.Sprintf(`{"$schema":%q,"type":"object","properties":{"a":{"type":%q}}}`, draft, kind)}
		}
		subject := subjectWith(t, r, w, "BACKWARD", schema("string"))
		for kind, want := range map[string]bool{"string": true, "integer": false} {
			if got := must[registry.Verdict](t)(c.Check(t.Context(), subject, 1, schema(kind))); got.Compatible != want {
				t.Errorf("%s, string to %s: compatible is %t", draft, kind, got.Compatible)
			}
		}
	}
}

func TestApicurioAndProtobuf(t *testing.T) {
	r, c, w := apicurio(t)
	message := func(kind string) registry.Candidate {
		return registry.Candidate{Type: registry.Protobuf, Schema: `syntax = "proto3"; message Order { ` + kind + ` id = 1; }`}
	}
	subject := subjectWith(t, r, w, "BACKWARD", message("string"))
	if got := must[*registry.Schema](t)(c.Latest(t.Context(), subject)); got.Type != registry.Protobuf {
		t.Errorf("its type is %q", got.Type)
	}
	for kind, want := range map[string]bool{"string": true, "int32": false} {
		if got := must[registry.Verdict](t)(c.Check(t.Context(), subject, 1, message(kind))); got.Compatible != want {
			t.Errorf("string to %s: compatible is %t", kind, got.Compatible)
		}
	}
}

func TestApicurioAtAWrongPath(t *testing.T) {
	r, _, _ := apicurio(t)
	root := strings.TrimSuffix(r.URL, "/apis/ccompat/v7")
	for _, base := range []string{root, root + "/apis/ccompat", root + "/apis/ccompat/v7/subjects", root + "/apis/registry/v3"} {
		c := client(t, base, &http.Client{Timeout: 3 * limit})
		_, err := c.Versions(t.Context(), "orders", registry.Live)
		if e := wantError(t, err, nil); e.Hint() == "" || errors.Is(err, registry.ErrSubjectNotFound) {
			t.Errorf("%s: the error is %q, with the hint %q", base, e, e.Hint())
		}
	}
}

func TestApicurioWithTLSAndPasswords(t *testing.T) {
	r := kafkatest.SecuredApicurio(t)
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	as := func(user, password string) *registry.Client {
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		t.Cleanup(base.CloseIdleConnections)
		return client(t, r.URL, &http.Client{Timeout: 3 * limit, Transport: basic{base, user, password}})
	}
	t.Run("lets in who knows the password", func(t *testing.T) {
		c, subject := as(r.User, r.Password), r.Subject(t, "value")
		w := registry.NewWriter(c)
		if err := w.SetCompatibility(t.Context(), subject, "BACKWARD"); err != nil {
			t.Fatal(err)
		}
		must[registry.Registration](t)(w.Register(t.Context(), subject, registry.Candidate{Schema: order}))
		verdicts := must[[]registry.Verdict](t)(c.CheckEach(t.Context(), subject, []int{1}, registry.Candidate{Schema: withAmount}))
		if verdicts[0].Compatible {
			t.Errorf("the verdict is %v", verdicts)
		}
	})
	t.Run("sends a wrong password away with an empty body", func(t *testing.T) {
		for user, password := range map[string]string{r.User: "wrong", "nobody": r.Password, "": ""} {
			_, err := as(user, password).Versions(t.Context(), "orders", registry.Live)
			if e := wantError(t, err, registry.ErrUnauthorized, "(401)"); e.Message != "" || !strings.Contains(e.Hint(), "password") {
				t.Errorf("%q: it says %q, the hint is %q", user, e.Message, e.Hint())
			}
		}
	})
	t.Run("isn't trusted without its authority", func(t *testing.T) {
		_, err := client(t, r.URL, &http.Client{Timeout: 3 * limit, Transport: &http.Transport{}}).Subjects(t.Context(), registry.Live)
		if e := wantError(t, err, nil, "certificate"); !strings.Contains(e.Hint(), "authority") {
			t.Errorf("the hint is %q", e.Hint())
		}
	})
	t.Run("isn't reached without TLS", func(t *testing.T) {
		plain := strings.Replace(r.URL, "https:", "http:", 1)
		_, err := client(t, plain, &http.Client{Timeout: 3 * limit}).Subjects(t.Context(), registry.Live)
		wantError(t, err, nil)
	})
}

// basic adds a login to every request.
type basic struct {
	http.RoundTripper
	user, password string
}

func (b basic) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.user != "" {
		r = r.Clone(r.Context())
		r.SetBasicAuth(b.user, b.password)
	}
	return b.RoundTripper.RoundTrip(r)
}
