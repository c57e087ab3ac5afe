package commands_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is a registry with many subjects that are all alike.
func crowd(t *testing.T, subjects int) (url string, most func() (requests, atOnce int)) {
	t.Helper()
	var mu sync.Mutex
	requests, running, peak := 0, 0, 0
	var names []string
	for i := range subjects {
		names = append(names, fmt.Sprintf("topic-%04d-value", i))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		running++
		peak = max(peak, running)
		mu.Unlock()
		defer func() { mu.Lock(); running--; mu.Unlock() }()
		switch {
		case r.URL.Path == "/subjects":
			_ = json.NewEncoder(w).Encode(names)
		case strings.Contains(r.URL.Path, "topic-0003-"):
			w.WriteHeader(http.StatusForbidden)
		default:
			fmt.Fprint(w, `{"subject": "s", "version": 7, "id": 12, "schema": "\"string\""}`)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() (int, int) { mu.Lock(); defer mu.Unlock(); return requests, peak }
}

func TestAListOfManySubjectsIsOneQuestionUnlessMoreIsAsked(t *testing.T) {
	url, most := crowd(t, 300)
	r := run(t, nil, "schema", "list", "--registry", url)
	if requests, _ := most(); requests != 1 {
		t.Errorf("%d questions, want one", requests)
	}
	holds(t, r, 0, "topic-0299-value\n", "names only, as there are 300 subjects; --details always")
	r = run(t, nil, "schema", "list", "--registry", url, "--details", "always")
	holds(t, r, 4, "topic-0299-value  AVRO       7  12\n", "1 subject not read in full")
	if requests, atOnce := most(); requests != 302 || atOnce > 8 {
		t.Errorf("%d questions, %d at once; want one for each subject, and no more than 8 at once", requests, atOnce)
	}
}

func TestASubjectThatCannotBeReadStaysInTheList(t *testing.T) {
	url, _ := crowd(t, 5)
	r := run(t, nil, "schema", "list", "--registry", url, "--details", "always")
	holds(t, r, 4, "topic-0003-value  -          -   -\n", "not permitted")
}

func TestSoftlyDeletedVersionsAreMarked(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "v1.avsc", orderV1), "--subject", "s", "--yes")
	i.must(t, "register", file(t, "v2.avsc", orderV2), "--subject", "s", "--yes")
	i.ask(t, "DELETE", "/subjects/s/versions/1", "")
	holds(t, i.schema(t, "versions", "s", "--deleted"), 0, "      1   1  AVRO  -           yes\n      2   2  AVRO  -           -\n", "")
	if r := i.must(t, "versions", "s"); strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("%q, want version 2 alone", r.stdout)
	}
	holds(t, i.schema(t, "get", "s:1"), 0, orderV1, "s version 1 was softly deleted")
	holds(t, i.schema(t, "diff", "s:1", "s"), 0, "from s version 1 (deleted) to s version 2", "")
	i.ask(t, "DELETE", "/subjects/s", "")
	holds(t, i.schema(t, "get", "s"), 2, "", "it was softly deleted")
	holds(t, i.schema(t, "list"), 0, "", "no subjects")
	holds(t, i.schema(t, "list", "--deleted"), 0, "s        AVRO       2   2  yes\n", "")
	holds(t, i.schema(t, "list", "--deleted", "-o", "json"), 0, `"deleted": true`, "")
}

func TestNamesThatArePathsContextsOrWorse(t *testing.T) {
	i := newImitation(t)
	v1 := file(t, "order.avsc", orderV1)
	for _, name := range []string{":.staging:a/b c", "a:b", "50%", "..", "x@y"} {
		i.must(t, "register", v1, "--subject", name, "--yes")
		holds(t, i.schema(t, "get", name+":1"), 0, orderV1, "")
		holds(t, i.schema(t, "get", name), 0, orderV1, "")
		holds(t, i.schema(t, "versions", name), 0, "AVRO", "")
		holds(t, i.schema(t, "mode", name, "FULL", "-y"), 0, "FULL (subject)", "")
	}
	holds(t, i.schema(t, "list"), 0, ":.staging:a/b c  AVRO", "")
}

func TestANameCannotReachTheTerminal(t *testing.T) {
	i := newImitation(t)
	red := "a\x1b[31mred\u202e"
	outputs := []result{
		i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", red, "--yes"),
		i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", red, "--yes"),
		i.schema(t, "register", file(t, "order.avsc", orderBroken), "--subject", red, "--yes"),
		i.must(t, "list"), i.must(t, "list", "-o", "wide"), i.must(t, "versions", red), i.must(t, "mode", red),
		i.must(t, "mode", red, "FULL", "--dry-run"), i.must(t, "diff", red+":1", red),
		i.schema(t, "get", red+"x"), i.schema(t, "get", red+":9"), i.schema(t, "mode", red+"x"),
		i.must(t, "plan-break", file(t, "order.avsc", orderBroken), "--subject", red),
	}
	for _, r := range outputs {
		if strings.ContainsAny(r.stdout+r.stderr, "\x1b\u202e") {
			t.Errorf("unescaped: %q %q", r.stdout, r.stderr)
		}
	}
}

func TestASchemasTextIsPrintedByteForByte(t *testing.T) {
	i := newImitation(t)
	text := "{\"type\": \"string\",\n\t\"doc\": \"\u202e\"}"
	i.must(t, "register", file(t, "order.avsc", text), "--subject", "s", "--yes")
	if r := i.must(t, "get", "s"); r.stdout != text {
		t.Errorf("%q, want it byte for byte", r.stdout)
	}
}

func TestASchemaByItsIDOrGUID(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", "s", "--yes")
	holds(t, i.schema(t, "get", "--id", "1"), 0, orderV1, "")
	holds(t, i.schema(t, "get", "--id", "99"), 2, "", "no such schema")
	holds(t, i.schema(t, "get", "--id", "0"), 2, "", "--id 0 is no schema's")
	holds(t, i.schema(t, "get", "--id", "1", "--guid", "x"), 2, "", "three ways")
	holds(t, i.schema(t, "get", "s:1", "--id", "1"), 2, "", "leave the version out")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/schemas/guids/0d5c" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, `{"schema": "\"string\"", "guid": "0d5c"}`)
	}))
	defer server.Close()
	r := run(t, nil, "schema", "get", "--guid", "0d5c", "-o", "json", "--registry", server.URL)
	holds(t, r, 0, "\"subject\": null,\n    \"version\": null,\n    \"id\": null,\n    \"guid\": \"0d5c\"", "")
}

func TestNobodyThereIsNotNothingThere(t *testing.T) {
	for _, args := range [][]string{
		{"list"}, {"get", "s"}, {"get", "--id", "1"}, {"versions", "s"}, {"mode"}, {"mode", "s"}, {"mode", "s", "FULL", "-y"}, {"diff", "s:1", "s:2"},
		{"register", file(t, "order.avsc", orderV1), "--subject", "s", "-y"}, {"plan-break", file(t, "order.avsc", orderV1), "--subject", "s"},
	} {
		r := run(t, nil, append([]string{"schema", "--registry", "http://127.0.0.1:1"}, args...)...)
		holds(t, r, 1, "", "see whether the registry runs there")
	}
}

func TestFilesAreComparedWithoutARegistry(t *testing.T) {
	env := map[string]string{"EVTCTL_CONFIG": file(t, "config.yaml",
		"current: here\ncontexts:\n  here:\n    brokers: [127.0.0.1:1]\n    registry: {url: \"http://127.0.0.1:1\", user: me, password: {command: \"exit 7\"}}\n")}
	v1, v2 := file(t, "v1.avsc", orderV1), file(t, "v2.avsc", orderV2)
	holds(t, run(t, env, "schema", "diff", v1, v2), 0, "added field \"tier\"", "")
	holds(t, run(t, env, "schema", "diff", v1, "orders"), 1, "", "password")
}

func TestCompletionDoesNotWaitForARegistryThatHangs(t *testing.T) {
	hanging := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hanging }))
	defer server.Close()
	defer close(hanging)
	r := run(t, nil, "__complete", "schema", "get", "--registry", server.URL, "")
	if r.code != 0 || !strings.HasPrefix(r.stdout, ":4\n") || r.took > 5*time.Second {
		t.Errorf("%+v", r)
	}
}
