package sandbox_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/sandbox"
	schemas "github.com/evtctl/evtctl/schema/registry"
)

func TestRegistryRegisters(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	first, second := c.register("orders/value x", 1), c.register("orders/value x", 2)
	if first.ID != 1 || first.Version != 1 || second.ID != 2 || second.Version != 2 {
		t.Errorf("registered as %v and %v", first, second)
	}
	if again := c.register("orders/value x", 1); again != first {
		t.Errorf("the same schema is registered again as %v", again)
	}
	if other := c.register("payments", 2); other.ID != second.ID || other.Version != 1 {
		t.Errorf("the same schema in another subject is %v", other)
	}
	if got := fmt.Sprint(c.history("orders/value x")); got != "[1=1 2=2]" {
		t.Errorf("its history is %s", got)
	}
	subjects, err := c.Subjects(t.Context(), schemas.Live)
	if err != nil || !slices.Equal(subjects, []string{"orders/value x", "payments"}) {
		t.Errorf("the subjects are %q, error %v", subjects, err)
	}
	byID, err := c.ByID(t.Context(), 2, "")
	if err != nil || byID.Schema != "2" || byID.Type != schemas.Avro {
		t.Errorf("schema 2 is %+v, error %v", byID, err)
	}
	latest, err := c.Latest(t.Context(), "orders/value x")
	if err != nil || latest.Version != 2 || latest.Subject != "orders/value x" {
		t.Errorf("the latest is %+v, error %v", latest, err)
	}
	found, err := c.Find(t.Context(), "orders/value x", number(1))
	if err != nil || found.Version != 1 || found.ID != 1 {
		t.Errorf("found %+v, error %v", found, err)
	}
	if _, err := c.Find(t.Context(), "payments", number(9)); !errors.Is(err, schemas.ErrSchemaNotFound) {
		t.Errorf("what isn't there is found with the error %v", err)
	}
}

func TestRegistryRefusesWhatItsModeForbids(t *testing.T) {
	for _, test := range []struct {
		mode    string
		allowed []int // after 3 and 5, which the mode let in before
		refused []int
	}{
		{"BACKWARD", []int{5, 6}, []int{4}},
		{"BACKWARD_TRANSITIVE", []int{6}, []int{4}},
		{"FORWARD", []int{4, 1}, []int{6}},
		{"FORWARD_TRANSITIVE", []int{2}, []int{4}},
		{"FULL", []int{5}, []int{4, 6}},
		{"FULL_TRANSITIVE", []int{5}, []int{6}},
		{"NONE", []int{1, 9}, nil},
	} {
		t.Run(test.mode, func(t *testing.T) {
			_, c := withRegistry(t, sandbox.Config{})
			c.set("orders", "NONE")
			c.register("orders", 3)
			c.register("orders", 5)
			c.set("orders", test.mode)
			for _, n := range test.refused {
				_, err := c.Register(t.Context(), "orders", number(n))
				if !errors.Is(err, schemas.ErrIncompatible) || !strings.Contains(err.Error(), "can't read") || !strings.Contains(err.Error(), test.mode) {
					t.Errorf("%d: the error is %v, want one that says why", n, err)
				}
				if got := fmt.Sprint(c.history("orders")); got != "[1=3 2=5]" {
					t.Errorf("after a refusal the history is %s", got)
				}
			}
			for _, n := range test.allowed {
				c.register("orders", n)
			}
		})
	}
}

func TestRegistryChecks(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	c.set("orders", "NONE")
	c.register("orders", 3)
	c.register("orders", 5)
	c.set("orders", "BACKWARD")
	verdicts, err := c.CheckEach(t.Context(), "orders", []int{1, 2}, number(4))
	if err != nil || !verdicts[0].Compatible || verdicts[1].Compatible {
		t.Fatalf("the verdicts are %v, error %v", verdicts, err)
	}
	if got := fmt.Sprint(verdicts[1].Messages); got != "[4 can't read 5 of version 2]" || len(verdicts[0].Messages) > 0 {
		t.Errorf("the messages are %q and %s", verdicts[0].Messages, got)
	}
	for path, want := range map[string]string{
		"/compatibility/subjects/orders/versions/latest":       `{"is_compatible":false}`,
		"/compatibility/subjects/orders/versions/1":            `{"is_compatible":true}`,
		"/compatibility/subjects/orders/versions":              `{"is_compatible":false}`,
		"/compatibility/subjects/orders/versions?verbose=true": `{"is_compatible":false,"messages":["4 can't read 5 of version 2"]}`,
		"/compatibility/subjects/new/versions":                 `{"is_compatible":true}`,
	} {
		if status, got := c.send("POST", path, `{"schema":"4"}`); status != 200 || got != want {
			t.Errorf("%s: %d %s, want %s", path, status, got, want)
		}
	}
	if got := fmt.Sprint(c.history("orders")); got != "[1=3 2=5]" {
		t.Errorf("after checks the history is %s", got)
	}
}

func TestRegistryRefusals(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	c.register("orders", 1)
	for _, test := range []struct {
		name, method, path, body string
		status, code             int
	}{
		{"a missing subject", "GET", "/subjects/none/versions", "", 404, 40401},
		{"a missing subject's version", "GET", "/subjects/none/versions/1", "", 404, 40401},
		{"a missing version", "GET", "/subjects/orders/versions/2", "", 404, 40402},
		{"version 0", "GET", "/subjects/orders/versions/0", "", 422, 42202},
		{"a version that is a word", "GET", "/subjects/orders/versions/newest", "", 422, 42202},
		{"a missing id", "GET", "/schemas/ids/99", "", 404, 40403},
		{"an id that is a word", "GET", "/schemas/ids/x", "", 404, 40403},
		{"what the checker can't read", "POST", "/subjects/orders/versions", `{"schema":"one"}`, 422, 42201},
		{"the same in a new subject", "POST", "/subjects/new/versions", `{"schema":"one"}`, 422, 42201},
		{"the same to check", "POST", "/compatibility/subjects/orders/versions/1", `{"schema":"one"}`, 422, 42201},
		{"a check against what isn't there", "POST", "/compatibility/subjects/orders/versions/7", `{"schema":"1"}`, 404, 40402},
		{"an empty schema", "POST", "/subjects/orders/versions", `{"schema":" "}`, 422, 42201},
		{"no schema", "POST", "/subjects/orders/versions", `{}`, 422, 42201},
		{"an empty body", "POST", "/subjects/orders/versions", ``, 422, 42201},
		{"a body that isn't JSON", "POST", "/subjects/orders/versions", `schema=1`, 422, 42201},
		{"an unknown type", "POST", "/subjects/orders/versions", `{"schema":"1","schemaType":"XML"}`, 422, 42201},
		{"a reference to nothing", "POST", "/subjects/orders/versions", `{"schema":"1","references":[{"name":"a","subject":"a","version":1}]}`, 422, 42201},
		{"an unknown mode", "PUT", "/config/orders", `{"compatibility":"SIDEWAYS"}`, 422, 42203},
		{"no mode", "PUT", "/config", `{}`, 422, 42203},
		{"no mode of its own", "GET", "/config/orders", "", 404, 40408},
		{"no mode to remove", "DELETE", "/config/orders", "", 404, 40401},
		{"an unknown write mode", "PUT", "/mode/orders", `{"mode":"IMPORT"}`, 422, 42204},
		{"no write mode of its own", "GET", "/mode/orders", "", 404, 40409},
		{"for good at once", "DELETE", "/subjects/orders?permanent=true", "", 404, 40405},
		{"a version for good at once", "DELETE", "/subjects/orders/versions/1?permanent=true", "", 404, 40407},
		{"another path", "GET", "/apis/ccompat/v7/subjects", "", 404, 404},
	} {
		status, answer := c.send(test.method, test.path, test.body)
		if status != test.status || !strings.Contains(answer, fmt.Sprintf(`"error_code":%d,`, test.code)) || !strings.Contains(answer, `"message":"`) {
			t.Errorf("%s: %d %s, want %d with the code %d", test.name, status, answer, test.status, test.code)
		}
	}
	if subjects, err := c.Subjects(t.Context(), schemas.WithDeleted); err != nil || len(subjects) != 1 {
		t.Errorf("refusals left the subjects %v, error %v", subjects, err)
	}
	large := `{"schema":"` + strings.Repeat("1", 17<<20) + `"}`
	if status, answer := c.send("POST", "/subjects/orders/versions", large); status != 413 {
		t.Errorf("17 MB: %d %.100s", status, answer)
	}
}

func TestRegistryDeletes(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	for n := 1; n <= 3; n++ {
		c.register("orders", n)
	}
	for _, step := range []struct{ path, want, history string }{
		{"/subjects/orders/versions/2", "2", "[1=1 2=2 deleted 3=3]"},
		{"/subjects/orders/versions/2", "40406", "[1=1 2=2 deleted 3=3]"},
		{"/subjects/orders/versions/latest", "3", "[1=1 2=2 deleted 3=3 deleted]"},
		{"/subjects/orders/versions/2?permanent=true", "2", "[1=1 3=3 deleted]"},
		{"/subjects/orders", "[1]", "[1=1 deleted 3=3 deleted]"},
		{"/subjects/orders", "40404", "[1=1 deleted 3=3 deleted]"},
	} {
		if _, answer := c.send("DELETE", step.path, ""); !strings.Contains(answer, step.want) {
			t.Errorf("%s: %s, want %s", step.path, answer, step.want)
		}
		if got := fmt.Sprint(c.history("orders")); got != step.history {
			t.Errorf("after %s the history is %s, want %s", step.path, got, step.history)
		}
	}
	if _, err := c.Versions(t.Context(), "orders", schemas.Live); !errors.Is(err, schemas.ErrSubjectNotFound) {
		t.Errorf("a deleted subject gives the error %v", err)
	}
	if live, err := c.Subjects(t.Context(), schemas.Live); err != nil || len(live) > 0 {
		t.Errorf("the subjects are %v, error %v", live, err)
	}
	if again := c.register("orders", 1); again.Version != 4 || again.ID != 1 {
		t.Errorf("registered again as %v, want the id 1 and the version 4, as no number is given twice", again)
	}
	c.send("DELETE", "/subjects/orders", "")
	if _, answer := c.send("DELETE", "/subjects/orders?permanent=true", ""); answer != "[1,3,4]" {
		t.Errorf("deleted for good: %s", answer)
	}
	if _, err := c.Versions(t.Context(), "orders", schemas.WithDeleted); !errors.Is(err, schemas.ErrSubjectNotFound) {
		t.Errorf("what is gone for good gives the error %v", err)
	}
}

func TestRegistryKeepsReferences(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	c.register("country", 10)
	c.register("address", 20, schemas.Reference{Name: "c", Subject: "country", Version: 1})
	to := schemas.Reference{Name: "a", Subject: "address", Version: 1}
	c.register("customer", 1, to) // 31 with all that it leads to
	if _, err := c.Register(t.Context(), "customer", number(30)); !errors.Is(err, schemas.ErrIncompatible) {
		t.Errorf("30 after 1+20+10 gives the error %v: references weren't followed", err)
	}
	latest, err := c.Latest(t.Context(), "customer")
	if err != nil || !slices.Equal(latest.References, []schemas.Reference{to}) {
		t.Errorf("it has the references %v, error %v", latest.References, err)
	}
	for _, path := range []string{"/subjects/country", "/subjects/address/versions/1"} {
		if status, answer := c.send("DELETE", path, ""); status != 422 || !strings.Contains(answer, "42206") {
			t.Errorf("deleting %s, which is referred to: %d %s", path, status, answer)
		}
	}
	if _, answer := c.send("GET", "/subjects/country/versions/1/referencedby", ""); answer != "[2]" {
		t.Errorf("it is referred to by %s", answer)
	}
}

func TestRegistrySettings(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	mode := func(subject string) string {
		got, err := c.Compatibility(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got)
	}
	c.set(":.staging:", "FULL")
	c.set("planned", "FORWARD")
	for subject, want := range map[string]string{"orders": "{BACKWARD global}", "planned": "{FORWARD subject}", ":.staging:orders": "{FULL context}"} {
		if got := mode(subject); got != want {
			t.Errorf("%s has %s, want %s", subject, got, want)
		}
	}
	c.set("", "NONE")
	if err := c.UnsetCompatibility(t.Context(), "planned"); err != nil {
		t.Fatal(err)
	}
	if got := mode("planned"); got != "{NONE global}" {
		t.Errorf("unset, it has %s", got)
	}
	if subjects, err := c.Subjects(t.Context(), schemas.WithDeleted); err != nil || len(subjects) > 0 {
		t.Errorf("settings made the subjects %v, error %v", subjects, err)
	}
	c.send("PUT", "/mode/orders", `{"mode":"READONLY"}`)
	if got, err := c.WriteMode(t.Context(), "orders"); err != nil || got != "READONLY" {
		t.Errorf("its write mode is %q, error %v", got, err)
	}
	if _, err := c.Register(t.Context(), "orders", number(1)); !errors.Is(err, schemas.ErrInvalid) || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("registering in what is read only gives the error %v", err)
	}
	c.send("DELETE", "/mode/orders", "")
	c.register("orders", 1)
}

func TestRegistryContexts(t *testing.T) {
	s, c := withRegistry(t, sandbox.Config{})
	inside, err := schemas.New(s.RegistryURL()+"/contexts/.staging", &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schemas.NewWriter(inside).Register(t.Context(), "orders/v", number(7)); err != nil {
		t.Fatal(err)
	}
	c.register("orders/v", 1)
	for client, want := range map[*schemas.Client]string{inside: "7", c.Client: "1"} {
		if got, err := client.Latest(t.Context(), "orders/v"); err != nil || got.Schema != want {
			t.Errorf("%s has %+v, error %v", client.URL(), got, err)
		}
	}
	if got, err := c.Latest(t.Context(), ":.staging:orders/v"); err != nil || got.Schema != "7" {
		t.Errorf("by its full name it is %+v, error %v", got, err)
	}
	if got, err := inside.Subjects(t.Context(), schemas.Live); err != nil || !slices.Equal(got, []string{":.staging:orders/v"}) {
		t.Errorf("in the context there are %v, error %v", got, err)
	}
	if _, answer := c.send("GET", "/contexts", ""); answer != `[".",".staging"]` {
		t.Errorf("the contexts are %s", answer)
	}
}
