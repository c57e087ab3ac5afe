package schema_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

// today is when tests take place.
var today = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Versions of the order flow's event. v2 adds a field with a default, and broken one
// without.
const (
	v1 = `{"type": "record", "name": "OrderPlacedEvent", "namespace": "com.example.events", "fields": [
  {"name": "orderId", "type": "string"},
  {"name": "amount", "type": "double"}
]}`
	v2 = `{"type": "record", "name": "OrderPlacedEvent", "namespace": "com.example.events", "fields": [
  {"name": "orderId", "type": "string"},
  {"name": "amount", "type": "double"},
  {"name": "customerTier", "type": ["null", "string"], "default": null}
]}`
	broken = `{"type": "record", "name": "OrderPlacedEvent", "namespace": "com.example.events", "fields": [
  {"name": "orderId", "type": "string"},
  {"name": "amount", "type": "double"},
  {"name": "customerTier", "type": "string"}
]}`
	withoutAmount = `{"type": "record", "name": "OrderPlacedEvent", "namespace": "com.example.events", "fields": [
  {"name": "orderId", "type": "string"}
]}`
)

const subject = "order-events-value"

// write writes files, from pairs of name and text, and returns their folder.
func write(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	add(t, dir, files...)
	return dir
}

func add(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// candidate is a schema for the order flow's subject.
func candidate(text string) []schema.Candidate {
	return []schema.Candidate{{Path: "order.avsc", Place: "order.avsc", Subject: subject, Format: schema.Avro, Text: []byte(text)}}
}

// versions is a baseline in memory.
type versions struct {
	mode schema.Mode
	list []string
}

func (v versions) String() string { return "memory" }

func (v versions) History(_ context.Context, of schema.Lookup) (*schema.History, error) {
	h := &schema.History{Subject: of.Subject, Mode: v.mode, New: len(v.list) == 0}
	if v.mode != "" {
		h.ModeFrom = "subject"
	}
	for i, text := range v.list {
		h.Versions = append(h.Versions, schema.Version{
			Number: schema.VersionNumber(i + 1), Label: fmt.Sprintf("version %d", i+1), Format: schema.Avro, Text: []byte(text),
		})
	}
	return h, nil
}

// check checks and expects an answer.
func check(t testing.TB, req schema.Request) *schema.Report {
	t.Helper()
	req.Now = today
	report, err := schema.Check(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// one is check for one candidate.
func one(t testing.TB, text string, against schema.Baseline, more ...func(*schema.Request)) schema.Result {
	t.Helper()
	req := schema.Request{Candidates: candidate(text), Baseline: against}
	for _, change := range more {
		change(&req)
	}
	return check(t, req).Results[0]
}

// load loads and expects no error.
func load(t testing.TB, req schema.LoadRequest) *schema.Loaded {
	t.Helper()
	loaded, err := schema.Load(req)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// wantNote expects a note with all the words.
func wantNote(t testing.TB, notes []string, words ...string) {
	t.Helper()
	if !slices.ContainsFunc(notes, func(note string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(note, w) })
	}) {
		t.Errorf("no note has %q: %q", words, notes)
	}
}

// wantAsked expects a question asked wrongly, with all the words in its error.
func wantAsked(t testing.TB, err error, words ...string) {
	t.Helper()
	if _, ok := err.(*schema.RequestError); !ok {
		t.Fatalf("error %v of type %T, want a *RequestError", err, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q doesn't have %q", err, word)
		}
	}
}

// git runs git in a folder with an identity of its own.
func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// fakeRegistry has what a test puts into it. Its verdicts are scripted, since what
// they are is not this package's business but what it makes of them.
type fakeRegistry struct {
	mode     string
	subjects map[string][]registry.Schema
	verdicts map[int]registry.Verdict
	checkErr error
	err      error
	asked    []int // the versions that verdicts were asked for
	sent     registry.Candidate
}

func (f *fakeRegistry) URL() string { return "http://registry:8081" }

func (f *fakeRegistry) Compatibility(context.Context, string) (registry.Compatibility, error) {
	return registry.Compatibility{Mode: f.mode, From: registry.OfSubject}, f.err
}

func (f *fakeRegistry) History(_ context.Context, subject string, which registry.Which) ([]registry.Schema, error) {
	var list []registry.Schema
	for _, s := range f.subjects[subject] {
		if !s.Deleted || which == registry.WithDeleted {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("subject %q: %w", subject, registry.ErrSubjectNotFound)
	}
	return list, f.err
}

func (f *fakeRegistry) Latest(ctx context.Context, subject string) (*registry.Schema, error) {
	list, err := f.History(ctx, subject, registry.Live)
	if err != nil {
		return nil, err
	}
	return &list[len(list)-1], nil
}

func (f *fakeRegistry) Resolve(_ context.Context, _ string, refs []registry.Reference) ([]registry.Referenced, error) {
	var list []registry.Referenced
	for _, ref := range refs {
		for _, s := range f.subjects[ref.Subject] {
			if s.Version == ref.Version {
				list = append(list, registry.Referenced{Name: ref.Name, Schema: s})
			}
		}
	}
	if len(list) < len(refs) {
		return nil, fmt.Errorf("references %v: %w", refs, registry.ErrSubjectNotFound)
	}
	return list, nil
}

func (f *fakeRegistry) CheckEach(_ context.Context, _ string, versions []int, c registry.Candidate) ([]registry.Verdict, error) {
	f.asked, f.sent = versions, c
	var list []registry.Verdict
	for _, version := range versions {
		v := f.verdicts[version]
		v.Version = version
		list = append(list, v)
	}
	return list, f.checkErr
}

// avroSubject lists texts as versions 1, 2 and so on of a subject.
func avroSubject(texts ...string) []registry.Schema {
	var list []registry.Schema
	for i, text := range texts {
		list = append(list, registry.Schema{Subject: subject, Version: i + 1, ID: i + 1, Type: registry.Avro, Schema: text})
	}
	return list
}
