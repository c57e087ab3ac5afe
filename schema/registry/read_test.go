package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/schema/registry"
)

func TestSubjectsAndVersions(t *testing.T) {
	s := serve(t, map[string]answer{
		"GET /subjects":                              ok(`["orders","a"]`),
		"GET /subjects?deleted=true":                 ok(`["orders","a","gone"]`),
		"GET /subjects/orders/versions":              ok(`[3,1]`),
		"GET /subjects/orders/versions?deleted=true": ok(`[1,2,3]`),
		"GET /subjects/empty/versions":               ok(`[]`),
	})
	c := s.client(t)
	if got := must[[]string](t)(c.Subjects(t.Context(), registry.Live)); !slices.Equal(got, []string{"a", "orders"}) {
		t.Errorf("the subjects are %v", got)
	}
	if got := must[[]string](t)(c.Subjects(t.Context(), registry.WithDeleted)); len(got) != 3 {
		t.Errorf("with deleted ones the subjects are %v", got)
	}
	if got := must[[]int](t)(c.Versions(t.Context(), "orders", registry.Live)); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("the versions are %v", got)
	}
	if got := must[[]int](t)(c.Versions(t.Context(), "orders", registry.WithDeleted)); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("with deleted ones the versions are %v", got)
	}
	for _, subject := range []string{"empty", "nowhere"} {
		_, err := c.Versions(t.Context(), subject, registry.Live)
		wantError(t, err, registry.ErrSubjectNotFound, fmt.Sprintf("versions of subject %q", subject))
	}
}

func TestOddLists(t *testing.T) {
	for body, says := range map[string]string{
		"":                      "empty body",
		"null":                  "JSON array",
		"{}":                    "JSON array",
		`["1"]`:                 "JSON array",
		`[1.5]`:                 "JSON array",
		`[1,null]`:              "null in it",
		`[0]`:                   "the versions [0]",
		`[-1,1]`:                "the versions [-1 1]",
		`[1,1]`:                 "the versions [1 1]",
		`[1] [2]`:               "after its end",
		`[9999999999999999999]`: "JSON array",
	} {
		_, err := serve(t, map[string]answer{"GET /subjects/orders/versions": ok(body)}).client(t).Versions(t.Context(), "orders", registry.Live)
		wantError(t, err, registry.ErrOdd, says)
	}
	for _, body := range []string{`["a",null]`, `[1]`, `"a"`} {
		_, err := serve(t, map[string]answer{"GET /subjects": ok(body)}).client(t).Subjects(t.Context(), registry.Live)
		wantError(t, err, registry.ErrOdd)
	}
}

func TestASubjectIsMissingOnlyWhereThereIsARegistry(t *testing.T) {
	bare := answer{status: 404, body: "not found"}
	versions := "GET /subjects/orders/versions"
	for _, test := range []struct {
		name    string
		answers map[string]answer
		reason  error
	}{
		{"the registry says so", map[string]answer{}, registry.ErrSubjectNotFound},
		{"a 404 without a code, and it isn't listed", map[string]answer{versions: bare, "GET /subjects?deleted=true": ok(`["other"]`)}, registry.ErrSubjectNotFound},
		{"a 404 without a code, though it is listed", map[string]answer{versions: bare, "GET /subjects?deleted=true": ok(`["orders"]`)}, registry.ErrNoRegistry},
		{"everything is 404", map[string]answer{versions: bare, "GET /subjects?deleted=true": bare}, registry.ErrNoRegistry},
		{"the list is a page", map[string]answer{versions: bare, "GET /subjects?deleted=true": ok("<html>")}, registry.ErrNoRegistry},
		{"the list is empty of everything", map[string]answer{versions: bare, "GET /subjects?deleted=true": ok("")}, registry.ErrNoRegistry},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := serve(t, test.answers).client(t).Versions(t.Context(), "orders", registry.Live)
			wantError(t, err, test.reason)
		})
	}
}

func TestNamesAreEncoded(t *testing.T) {
	for subject, path := range map[string]string{
		"a/b c:d":          "a%2Fb%20c%3Ad",
		":.staging:orders": "%3A.staging%3Aorders",
		"100% ä?#&+":       "100%25%20%C3%A4%3F%23%26%2B",
		"..":               "%2E%2E",
		"a;b,c=d@e":        "a%3Bb%2Cc%3Dd%40e",
	} {
		s := serve(t, map[string]answer{"GET /subjects/" + path + "/versions": ok(`[7]`)})
		if versions, err := s.client(t).Versions(t.Context(), subject, registry.Live); err != nil || len(versions) != 1 {
			t.Errorf("%q was asked for as %v: error %v", subject, s.questions(), err)
		}
	}
}

func TestSchemas(t *testing.T) {
	full := `{"subject":"orders","version":2,"id":9,"guid":"g","schemaType":"PROTOBUF","schema":"syntax = \"proto3\";",
		"references":[{"name":"a.proto","subject":"a","version":1}],"metadata":null,"ts":1700000000000,"deleted":false}`
	s := serve(t, map[string]answer{
		"GET /subjects/orders/versions/2":              ok(full),
		"GET /subjects/orders/versions/latest":         ok(full),
		"GET /subjects/orders/versions/1?deleted=true": ok(`{"subject":"orders","version":1,"id":3,"schema":"\"int\""}`),
		"GET /schemas/ids/3":                           ok(`{"schema":"\"int\""}`),
		"GET /schemas/ids/3?subject=%3A.ctx%3A":        ok(`{"schema":"\"long\""}`),
		"GET /schemas/guids/g":                         ok(`{"schema":"\"int\"","schemaType":null,"references":null}`),
		"GET /schemas/ids/4":                           {status: 404, body: `{"error_code":40403,"message":"Schema 4 not found"}`},
	})
	c := s.client(t)
	want := &registry.Schema{
		Subject: "orders", Version: 2, ID: 9, GUID: "g", Type: registry.Protobuf, Schema: `syntax = "proto3";`,
		References: []registry.Reference{{Name: "a.proto", Subject: "a", Version: 1}},
	}
	for name, got := range map[string]*registry.Schema{
		"version 2": must[*registry.Schema](t)(c.Version(t.Context(), "orders", 2, registry.Live)),
		"latest":    must[*registry.Schema](t)(c.Latest(t.Context(), "orders")),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	old := must[*registry.Schema](t)(c.Version(t.Context(), "orders", 1, registry.WithDeleted))
	if old.Type != registry.Avro || old.Schema != `"int"` {
		t.Errorf("what has no type is %+v, want Avro", old)
	}
	if got := must[*registry.Schema](t)(c.ByID(t.Context(), 3, "")); got.ID != 3 || got.Schema != `"int"` {
		t.Errorf("schema 3 is %+v", got)
	}
	if got := must[*registry.Schema](t)(c.ByID(t.Context(), 3, ":.ctx:")); got.Schema != `"long"` {
		t.Errorf("schema 3 of the context is %+v", got)
	}
	if got := must[*registry.Schema](t)(c.ByGUID(t.Context(), "g")); got.GUID != "g" || got.Type != registry.Avro {
		t.Errorf("schema g is %+v", got)
	}
	_, err := c.ByID(t.Context(), 4, "")
	wantError(t, err, registry.ErrSchemaNotFound, "schema 4")
}

func TestOddSchemas(t *testing.T) {
	for body, says := range map[string]string{
		``:                          "empty body",
		`{}`:                        `no field "schema"`,
		`{"schema":null}`:           `no field "schema"`,
		`{"schema":{"type":"int"}}`: `the field "schema"`,
		`{"schema":"","version":1}`: "empty schema",
		`{"schema":"x","version":1,"schemaType":"XML"}`:          `type "XML"`,
		`{"schema":"x","version":1,"schemaType":7}`:              `"schemaType" is 7`,
		`{"schema":"x","version":2}`:                             "version 2 instead",
		`{"schema":"x"}`:                                         "version 0 instead",
		`{"schema":"x","version":"1"}`:                           `"version" is "1"`,
		`{"schema":"x","version":1,"references":{}}`:             `"references"`,
		`{"schema":"x","version":1,"references":[{"name":"a"}]}`: "a reference to version 0",
	} {
		_, err := serve(t, map[string]answer{"GET /subjects/orders/versions/1": ok(body)}).client(t).Version(t.Context(), "orders", 1, registry.Live)
		wantError(t, err, registry.ErrOdd, says)
	}
	_, err := serve(t, map[string]answer{"GET /subjects/orders/versions/latest": ok(`{"schema":"x"}`)}).client(t).Latest(t.Context(), "orders")
	wantError(t, err, registry.ErrOdd, "no version")
}

func TestHistoryMarksWhatIsDeleted(t *testing.T) {
	version := func(n int) answer {
		return ok(fmt.Sprintf(`{"subject":"orders","version":%d,"id":%d,"schema":"s%d"}`, n, n, n))
	}
	answers := map[string]answer{
		"GET /subjects/orders/versions":                ok(`[2]`),
		"GET /subjects/orders/versions?deleted=true":   ok(`[1,2]`),
		"GET /subjects/orders/versions/1?deleted=true": version(1),
		"GET /subjects/orders/versions/2?deleted=true": version(2),
		"GET /subjects/orders/versions/2":              version(2),
		"GET /subjects/gone/versions?deleted=true":     ok(`[1]`),
		"GET /subjects/gone/versions/1?deleted=true":   version(1),
	}
	c := serve(t, answers).client(t)
	state := func(subject string, which registry.Which) (states []string) {
		for _, s := range must[[]registry.Schema](t)(c.History(t.Context(), subject, which)) {
			states = append(states, fmt.Sprintf("%d %s %t", s.Version, s.Schema, s.Deleted))
		}
		return states
	}
	for _, test := range []struct {
		subject string
		which   registry.Which
		want    []string
	}{
		{"orders", registry.Live, []string{"2 s2 false"}},
		{"orders", registry.WithDeleted, []string{"1 s1 true", "2 s2 false"}},
		{"gone", registry.WithDeleted, []string{"1 s1 true"}},
	} {
		if got := state(test.subject, test.which); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: %v, want %v", test.subject, got, test.want)
		}
	}
	_, err := c.History(t.Context(), "gone", registry.Live)
	wantError(t, err, registry.ErrSubjectNotFound)
}

func TestReferencesAreResolvedInOrderOfNeed(t *testing.T) {
	schema := func(subject string, version int, refs ...string) answer {
		return ok(fmt.Sprintf(`{"subject":%q,"version":%d,"id":1,"schema":"%s%d","references":[%s]}`, subject, version, subject, version, strings.Join(refs, ",")))
	}
	ref := func(name string, version int) string {
		return fmt.Sprintf(`{"name":%q,"subject":%q,"version":%d}`, name, name, version)
	}
	at := func(subject string, version int) string {
		return fmt.Sprintf("GET /subjects/%s/versions/%d?deleted=true", subject, version)
	}
	s := serve(t, map[string]answer{
		at("customer", 1):      schema("customer", 1, ref("address", 2), ref("money", 1)),
		at("address", 2):       schema("address", 2, ref("country", 1)),
		at("money", 1):         schema("money", 1, ref("country", 1)),
		at("country", 1):       schema("country", 1),
		at("egg", 1):           schema("egg", 1, ref("hen", 1)),
		at("hen", 1):           schema("hen", 1, ref("egg", 1)),
		at("%3A.c%3Amoney", 1): schema(":.c:money", 1, ref("country", 1)),
	})
	c := s.client(t)
	names := func(subject string, refs ...registry.Reference) string {
		var got []string
		for _, r := range must[[]registry.Referenced](t)(c.Resolve(t.Context(), subject, refs)) {
			got = append(got, r.Name+"="+r.Schema.Schema)
		}
		return strings.Join(got, " ")
	}
	customer := registry.Reference{Name: "customer", Subject: "customer", Version: 1}
	money := registry.Reference{Name: "money", Subject: "money", Version: 1}
	if got := names("orders", customer, money); got != "country=country1 address=address2 money=money1 customer=customer1" {
		t.Errorf("resolved %s", got)
	}
	if got := names(":.c:orders", money); got != "country=country1 money=:.c:money1" {
		t.Errorf("resolved within a context %s", got)
	}
	if got := names("orders"); got != "" {
		t.Errorf("nothing resolves to %s", got)
	}
	_, err := c.Resolve(t.Context(), "orders", []registry.Reference{{Name: "hen", Subject: "hen", Version: 1}})
	if err == nil || !strings.Contains(err.Error(), "circle: hen version 1, egg version 1, hen version 1") {
		t.Errorf("a circle gives the error %v", err)
	}
	_, err = c.Resolve(t.Context(), "orders", []registry.Reference{{Name: "x.Y", Subject: "nowhere", Version: 1}})
	wantError(t, err, registry.ErrSubjectNotFound, `reference "x.Y"`)
}

func TestReferencesWithoutEndAreBounded(t *testing.T) {
	var n int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(w, `{"subject":"s","version":1,"schema":"x","references":[{"name":"r","subject":"s%d","version":1}]}`, n)
	}))
	defer server.Close()
	_, err := client(t, server.URL, &http.Client{Timeout: limit}).Resolve(t.Context(), "s", []registry.Reference{{Name: "r", Subject: "s", Version: 1}})
	if err == nil || n > 1000 {
		t.Errorf("after %d questions the error is %v", n, err)
	}
}

func TestVersionsAreCheckedSideBySide(t *testing.T) {
	const versions = 5
	together := make(chan struct{}, versions)
	all := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Each waits until all are there, so that it hangs if they come one by one.
		if together <- struct{}{}; len(together) == versions {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(limit):
			t.Error("the questions come one after the other")
		}
		fmt.Fprintf(w, `{"is_compatible":%t,"messages":["m%s"]}`, strings.Contains(r.URL.Path, "/3"), r.URL.Path[len(r.URL.Path)-1:])
	}))
	defer server.Close()
	got := must[[]registry.Verdict](t)(client(t, server.URL, &http.Client{Timeout: limit}).CheckEach(t.Context(), "orders", []int{5, 4, 3, 2, 1}, candidate))
	for i, v := range got {
		if v.Version != 5-i || v.Compatible != (v.Version == 3) || fmt.Sprint(v.Messages) != fmt.Sprintf("[m%d]", v.Version) {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
}

func TestOneFailureLeavesNoVerdicts(t *testing.T) {
	s := serve(t, map[string]answer{
		checkPath: ok(`{"is_compatible":true}`),
		"POST /compatibility/subjects/orders/versions/2?verbose=true": {status: 500},
	})
	verdicts, err := s.client(t).CheckEach(t.Context(), "orders", []int{1, 2}, candidate)
	if wantError(t, err, nil, "version 2"); verdicts != nil {
		t.Errorf("there are verdicts %v", verdicts)
	}
	if errors.Is(err, context.Canceled) {
		t.Error("the error is that of a question that was called off")
	}
}

func TestWhatIsSent(t *testing.T) {
	bodies := map[string]registry.Candidate{
		`{"schema":"\"string\""}`: {Type: registry.Avro, Schema: `"string"`},
		`{"schemaType":"PROTOBUF","schema":"syntax","references":[{"name":"a.proto","subject":"a","version":3}]}`: {
			Type: registry.Protobuf, Schema: "syntax", References: []registry.Reference{{Name: "a.proto", Subject: "a", Version: 3}},
		},
	}
	for want, candidate := range bodies {
		var got, accept, contentType string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got, accept, contentType = string(body), r.Header.Get("Accept"), r.Header.Get("Content-Type")
			_, _ = io.WriteString(w, `{"is_compatible":true}`)
		}))
		defer server.Close()
		if _, err := client(t, server.URL, &http.Client{Timeout: limit}).Check(t.Context(), "orders", 1, candidate); err != nil {
			t.Fatal(err)
		}
		if got != want || contentType != "application/vnd.schemaregistry.v1+json" || !strings.Contains(accept, "application/json") {
			t.Errorf("sent %s as %s, accepting %s", got, contentType, accept)
		}
	}
}
