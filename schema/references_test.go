package schema_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

const (
	money    = `{"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "amount", "type": "long"}]}`
	moneyTwo = `{"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "amount", "type": "long"}, {"name": "currency", "type": "string"}]}`
	invoice  = `{"type": "record", "name": "Invoice", "namespace": "shop", "fields": [{"name": "total", "type": "Money"}]}`
)

func TestFilesOfAFolderReferToEachOther(t *testing.T) {
	dir := write(t, "invoice.avsc", invoice, "money.avsc", money)
	loaded := load(t, schema.LoadRequest{Paths: []string{dir}})
	report := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}})
	if !report.Compatible {
		t.Errorf("%+v", report.Results)
	}
}

func TestReferencesFromElsewhere(t *testing.T) {
	dir := write(t, "app/invoice.avsc", invoice, "lib/money.avsc", money, "lib/broken.avsc", "{", "lib/other.avsc", v1)
	req := schema.LoadRequest{Paths: []string{filepath.Join(dir, "app")}}
	loaded := load(t, req)
	r := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}}).Results[0]
	if r.Error == nil || !strings.Contains(r.Error.Message, "Money") {
		t.Errorf("without its reference: %+v", r.Error)
	}
	req.Refs = []string{filepath.Join(dir, "lib")}
	loaded = load(t, req)
	if len(loaded.Candidates) != 1 {
		t.Errorf("%d candidates: references aren't any", len(loaded.Candidates))
	}
	r = check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}}).Results[0]
	if r.Error != nil {
		t.Errorf("with its reference: %s", r.Error.Message)
	}
}

func TestAReferenceIsWhatItWasAtTheRevision(t *testing.T) {
	dir := write(t, "invoice.avsc", invoice, "money.avsc", money)
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "first")
	add(t, dir, "money.avsc", moneyTwo)
	loaded := load(t, schema.LoadRequest{Paths: []string{dir}})
	report := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: schema.InGit("main")})
	for _, r := range report.Results { // the invoice breaks too, though its file is as it was
		if r.Breaks() != 1 {
			t.Fatalf("%s: %d breaks, error %v", r.Path, r.Breaks(), r.Error)
		}
		if file := filepath.Base(r.Problems[0].File); file != "money.avsc" || r.Problems[0].Line != 1 {
			t.Errorf("%s: the problem is placed at %s:%d", r.Path, file, r.Problems[0].Line)
		}
	}
}

func TestReferencesInACircle(t *testing.T) {
	dir := write(t,
		"a.avsc", `{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}`,
		"b.avsc", `{"type": "record", "name": "B", "fields": [{"name": "a", "type": "A"}]}`)
	loaded := load(t, schema.LoadRequest{Paths: []string{dir}})
	report := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}})
	for _, r := range report.Results {
		if r.Compatible || r.Error == nil || !strings.Contains(r.Error.Message, "circle") {
			t.Errorf("%s: %+v", r.Path, r.Error)
		}
	}
}

func TestATypeInTwoFilesThatDiffer(t *testing.T) {
	dir := write(t, "invoice.avsc", invoice, "one.avsc", money, "two.avsc", moneyTwo)
	loaded := load(t, schema.LoadRequest{Paths: []string{filepath.Join(dir, "invoice.avsc")}, Refs: []string{dir}})
	r := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}}).Results[0]
	if r.Error == nil || !strings.Contains(r.Error.Message, "one.avsc") || !strings.Contains(r.Error.Message, "two.avsc") {
		t.Errorf("%+v", r.Error)
	}
}

func TestRegisteredReferences(t *testing.T) {
	f := &fakeRegistry{mode: "BACKWARD", subjects: map[string][]registry.Schema{
		"money": {{Subject: "money", Version: 1, Type: registry.Avro, Schema: money}, {Subject: "money", Version: 2, Type: registry.Avro, Schema: moneyTwo}},
		subject: {{Subject: subject, Version: 1, Type: registry.Avro, Schema: invoice, References: []registry.Reference{{Name: "shop.Money", Subject: "money", Version: 1}}}},
	}, verdicts: map[int]registry.Verdict{1: {Compatible: true}}}
	req := func(r *schema.Request) { r.Resolver, r.Judge = f, f }
	r := one(t, invoice, schema.InRegistry(f), req)
	if !r.Compatible || r.Error != nil {
		t.Errorf("with the latest version's references: %+v", r)
	}
	newer := func(r *schema.Request) {
		req(r)
		r.References = []schema.Reference{{Name: "shop.Money", Subject: "money", Version: 2}}
	}
	f.verdicts[1] = registry.Verdict{}
	if r = one(t, invoice, schema.InRegistry(f), newer); r.Breaks() != 1 {
		t.Errorf("with a newer reference: %+v", r)
	}
	if want := []registry.Reference{{Name: "shop.Money", Subject: "money", Version: 2}}; !slices.Equal(f.sent.References, want) {
		t.Errorf("the registry was sent the references %v", f.sent.References)
	}
}
