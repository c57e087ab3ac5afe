package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// schemaScale is how many schemas there are, and how often evtctl checks them.
type schemaScale struct {
	files, versions, fields int
	runs                    int
}

var fullSchemas = schemaScale{files: 200, versions: 5, fields: 20, runs: 15}

// schemas is the data of the questions about schemas: files, earlier versions of each
// in a folder, and a sandbox whose registry has one of them.
type schemas struct {
	schemaScale
	candidates, earlier, one string
	registry                 string // URL
}

// newSchemas writes the files and starts the sandbox.
func newSchemas(ctx context.Context, t testing.TB, evtctl string, s schemaScale) *schemas {
	t.Helper()
	dir := t.TempDir()
	data := &schemas{schemaScale: s, candidates: filepath.Join(dir, "schemas"), earlier: filepath.Join(dir, "versions")}
	for i := range s.files {
		subject := fmt.Sprintf("topic-%d-value", i)
		put(t, filepath.Join(data.candidates, subject+".avsc"), event(i, s.fields))
		for v := range s.versions {
			put(t, filepath.Join(data.earlier, subject, fmt.Sprintf("v%d.avsc", v+1)), event(i, s.fields-s.versions+v))
		}
	}
	data.one = filepath.Join(data.candidates, "topic-0-value.avsc")
	data.registry = startSandbox(ctx, t, evtctl)
	for v := range s.versions {
		if err := register(ctx, data.registry, "topic-0-value", event(0, s.fields-s.versions+v)); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func put(t testing.TB, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// event is a record with so many optional fields.
func event(number, fields int) string {
	list := make([]string, fields)
	for i := range list {
		list[i] = fmt.Sprintf(`{"name": "field%d", "type": ["null", {"type": "array", "items": "string"}], "default": null, "doc": "the field number %d"}`, i, i)
	}
	return fmt.Sprintf("{\"type\": \"record\", \"name\": \"Event%d\", \"namespace\": \"com.example.events\", \"fields\": [\n%s]}", number, strings.Join(list, ",\n"))
}

// startSandbox starts evtctl's own, and returns its registry's URL.
func startSandbox(ctx context.Context, t testing.TB, evtctl string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, evtctl, "sandbox", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("starting the sandbox: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "schema registry on "); ok {
			return url
		}
	}
	t.Fatal("the sandbox ended without a registry")
	return ""
}

func register(ctx context.Context, url, subject, schema string) error {
	body, err := json.Marshal(map[string]string{"schema": schema})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/subjects/"+subject+"/versions", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("registering a schema for %q: %s: %s", subject, response.Status, text)
	}
	return nil
}

// questions asks for no cluster.
func (d *schemas) questions(p *programs) []question {
	return []question{
		{
			What: "The start of the program, nothing asked: the floor of what follows",
			Programs: []entry{
				{Name: "evtctl version", command: p.evtctl("version"), runs: 3 * d.runs, check: notEmpty},
			},
		},
		{
			What: fmt.Sprintf("%d schema files with %d fields each against %d versions each, offline", d.files, d.fields, d.versions),
			Programs: []entry{{
				Name: "evtctl schema check", Goal: goal{Seconds: 1}, runs: d.runs, check: d.compatible(d.files, d.versions),
				command: p.evtctl("schema", "check", d.candidates, "--against", d.earlier, "--mode", "FULL_TRANSITIVE", "-o", "json"),
			}},
		},
		{
			What: "One schema file against the latest version in the sandbox's registry on the same machine",
			Programs: []entry{{
				Name: "evtctl schema check", Goal: goal{Seconds: 0.05}, runs: d.runs, check: d.compatible(1, 1),
				command: p.evtctl("schema", "check", d.one, "--registry", d.registry, "-o", "json"),
			}},
		},
	}
}

// compatible wants so many files that were found compatible with so many versions.
func (d *schemas) compatible(files, versions int) func(string) error {
	return func(answer string) error {
		var told struct {
			Compatible bool `json:"compatible"`
			Results    []struct {
				Compatible     bool     `json:"compatible"`
				NewSubject     bool     `json:"new_subject"`
				CheckedAgainst []string `json:"checked_against"`
			} `json:"results"`
		}
		if err := json.Unmarshal([]byte(answer), &told); err != nil {
			return fmt.Errorf("%.200s: %w", answer, err)
		}
		if !told.Compatible || len(told.Results) != files {
			return fmt.Errorf("compatible: %t, of %d files, there are %d", told.Compatible, len(told.Results), files)
		}
		for _, r := range told.Results {
			if !r.Compatible || r.NewSubject || len(r.CheckedAgainst) != versions {
				return fmt.Errorf("a file was checked against %d versions, there are %d: %+v", len(r.CheckedAgainst), versions, r)
			}
		}
		return nil
	}
}

// takeSchemaFigures asks what is about schemas only; there is no Kafka.
func takeSchemaFigures(ctx context.Context, t testing.TB, evtctl string, s schemaScale, log io.Writer) *report {
	t.Helper()
	fmt.Fprintln(log, "writing schemas, starting a sandbox")
	b := &bench{programs: buildPrograms(ctx, t, evtctl), say: func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }}
	data := newSchemas(ctx, t, b.programs.path, s)
	b.report = report{
		Machine: b.programs.machine(ctx, t),
		Data:    fmt.Sprintf("%d Avro schemas of %d fields, %d versions of each", s.files, s.fields, s.versions),
	}
	for _, q := range data.questions(b.programs) {
		if err := b.ask(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	return &b.report
}
