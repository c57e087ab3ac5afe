package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/sandbox"
	schemas "github.com/evtctl/evtctl/schema/registry"
)

// numbers is a Checker for which a schema is a number. A larger one reads what a
// smaller one wrote, and what it refers to is added to it.
type numbers struct{}

func (numbers) CheckSchema(_ context.Context, mode string, candidate sandbox.Schema, versions []sandbox.Schema) (reasons []string, err error) {
	value := func(s sandbox.Schema) int {
		n, parseErr := strconv.Atoi(strings.TrimSpace(s.Text))
		err = errors.Join(err, parseErr)
		for _, ref := range s.References {
			m, parseErr := strconv.Atoi(ref.Text)
			n, err = n+m, errors.Join(err, parseErr)
		}
		return n
	}
	reader := value(candidate)
	for _, v := range versions {
		if writer := value(v); mode != "FORWARD" && reader < writer {
			reasons = append(reasons, fmt.Sprintf("%d can't read %d of version %d", reader, writer, v.Version))
		} else if mode != "BACKWARD" && writer < reader {
			reasons = append(reasons, fmt.Sprintf("version %d, which is %d, can't read %d", v.Version, writer, reader))
		}
	}
	return reasons, err
}

// withRegistry starts a sandbox with a registry.
func withRegistry(t *testing.T, c sandbox.Config) (*sandbox.Sandbox, *client8081) {
	t.Helper()
	c.RegistryAddr, c.Checker = "127.0.0.1:0", numbers{}
	s := start(t, c)
	reader, err := schemas.New(s.RegistryURL(), &http.Client{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s, &client8081{t, reader, schemas.NewWriter(reader)}
}

// client8081 is evtctl's own client, which takes no odd answer.
type client8081 struct {
	t *testing.T
	*schemas.Client
	*schemas.Writer
}

func number(n int, refs ...schemas.Reference) schemas.Candidate {
	return schemas.Candidate{Schema: strconv.Itoa(n), References: refs}
}

func (c *client8081) register(subject string, n int, refs ...schemas.Reference) schemas.Registration {
	c.t.Helper()
	r, err := c.Register(c.t.Context(), subject, number(n, refs...))
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *client8081) set(subject, mode string) {
	c.t.Helper()
	if err := c.SetCompatibility(c.t.Context(), subject, mode); err != nil {
		c.t.Fatal(err)
	}
}

// send is for what the client doesn't do.
func (c *client8081) send(method, path, body string) (int, string) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), method, c.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(content))
}

func (c *client8081) history(subject string) (states []string) {
	c.t.Helper()
	all, err := c.History(c.t.Context(), subject, schemas.WithDeleted)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range all {
		state := fmt.Sprintf("%d=%s", s.Version, s.Schema)
		if s.Deleted {
			state += " deleted"
		}
		states = append(states, state)
	}
	return states
}

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

func TestRegistryKeepsEverythingOverARestart(t *testing.T) {
	config := sandbox.Config{DataDir: filepath.Join(t.TempDir(), "data"), SyncWrites: true}
	first, c := withRegistry(t, config)
	for n := 1; n <= 3; n++ {
		c.register("orders", n)
	}
	c.set("orders", "FULL")
	c.send("DELETE", "/subjects/orders/versions/2", "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_, c = withRegistry(t, config)
	if got := fmt.Sprint(c.history("orders")); got != "[1=1 2=2 deleted 3=3]" {
		t.Errorf("its history is %s", got)
	}
	if got, err := c.Compatibility(t.Context(), "orders"); err != nil || got.Mode != "FULL" {
		t.Errorf("its mode is %v, error %v", got, err)
	}
	if got := c.register("payments", 9); got.ID != 4 {
		t.Errorf("the next id is %d, want 4", got.ID)
	}
}

func TestRegistryAcknowledgesOnlyWhatItHasWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, c := withRegistry(t, sandbox.Config{DataDir: dir})
	c.register("orders", 1)
	// A folder under the file's working name: nothing can be written any more.
	if err := os.Mkdir(filepath.Join(dir, "registry", "registry.json.partial"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), "orders", number(2)); err == nil || !strings.Contains(err.Error(), "(500/50001)") {
		t.Errorf("the error is %v", err)
	}
	if got := fmt.Sprint(c.history("orders")); got != "[1=1]" {
		t.Errorf("its history is %s", got)
	}
}

func TestRegistryStarts(t *testing.T) {
	t.Run("only where it is asked for", func(t *testing.T) {
		if url := start(t, sandbox.Config{}).RegistryURL(); url != "" {
			t.Errorf("there is one at %s", url)
		}
	})
	first, _ := withRegistry(t, sandbox.Config{})
	damaged := filepath.Join(t.TempDir(), "damaged")
	newer := filepath.Join(t.TempDir(), "newer")
	for dir, content := range map[string]string{damaged: "{", newer: `{"format":2}`} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "registry"), 0o700),
			os.WriteFile(filepath.Join(dir, "sandbox.lock"), nil, 0o600),
			os.WriteFile(filepath.Join(dir, "registry", "registry.json"), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	taken := strings.TrimPrefix(first.RegistryURL(), "http://")
	for _, test := range []struct {
		name   string
		config sandbox.Config
		want   error
		says   string
	}{
		{"not where others could reach it", sandbox.Config{RegistryAddr: "0.0.0.0:8081"}, sandbox.ErrNotLoopback, "0.0.0.0:8081"},
		{"not where another is", sandbox.Config{RegistryAddr: taken}, sandbox.ErrInUse, "registry on " + taken},
		{"not with a damaged file", sandbox.Config{RegistryAddr: "127.0.0.1:0", DataDir: damaged}, nil, damaged},
		{"not with a later version's file", sandbox.Config{RegistryAddr: "127.0.0.1:0", DataDir: newer}, nil, "format 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Addr, test.config.Checker = "127.0.0.1:0", numbers{}
			s, err := sandbox.Start(t.Context(), test.config)
			if err == nil {
				s.Close()
				t.Fatal("it starts")
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("the error is %v, want %v", err, test.want)
			}
			wantRefusal(t, err, test.says)
		})
	}
	t.Run("and gives everything back when it can't", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		if _, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", DataDir: dir, RegistryAddr: taken, Checker: numbers{}}); err == nil {
			t.Fatal("it starts")
		}
		withRegistry(t, sandbox.Config{DataDir: dir})
	})
	t.Run("not without somebody to decide", func(t *testing.T) {
		if _, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0"}); err == nil {
			t.Error("it starts")
		}
	})
}

func TestRegistryNumbersEachVersionOnce(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	c.set("", "NONE")
	const many = 20
	got := make([]schemas.Registration, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			var err error
			if got[i], err = c.Register(t.Context(), "orders", number(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[int]bool{}
	for _, r := range got {
		seen[r.Version], seen[-r.ID] = true, true
	}
	if len(seen) != 2*many {
		t.Errorf("of %d schemas registered at once, versions or ids are shared: %v", many, got)
	}
}

func TestRegistryEndsWithItsSandbox(t *testing.T) {
	s, c := withRegistry(t, sandbox.Config{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Subjects(t.Context(), schemas.Live); err == nil {
		t.Error("the registry still answers")
	}
}
