package schema_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

// Find finds what is there word for word.
func (f *fakeRegistry) Find(_ context.Context, subject string, c registry.Candidate) (*registry.Schema, error) {
	for _, s := range f.subjects[subject] {
		if s.Schema == c.Schema && !s.Deleted {
			return &s, nil
		}
	}
	return nil, fmt.Errorf("find: %w", registry.ErrSchemaNotFound)
}

// registrar remembers what it is given.
type registrar struct {
	sent  []registry.Candidate
	reply registry.Registration
	err   error
}

func (r *registrar) Register(_ context.Context, _ string, c registry.Candidate) (registry.Registration, error) {
	r.sent = append(r.sent, c)
	return r.reply, r.err
}

func oneVersion(mode string) *fakeRegistry {
	return &fakeRegistry{
		mode:     mode,
		subjects: map[string][]registry.Schema{subject: {{Subject: subject, Version: 3, ID: 7, Type: "AVRO", Schema: v1}}},
		verdicts: map[int]registry.Verdict{3: {Compatible: true}},
	}
}

func registration(t *testing.T, r schema.Registering, text string, refs ...schema.Reference) *schema.Registration {
	t.Helper()
	plan, err := schema.NewRegistration(t.Context(), r, schema.RegistrationRequest{Candidate: candidate(text)[0], References: refs, Now: today})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestWhatIsCompatibleIsRegisteredOnce(t *testing.T) {
	r, w := oneVersion("BACKWARD"), &registrar{reply: registry.Registration{ID: 8, Version: 4}}
	plan := registration(t, r, v2)
	if plan.Latest != 3 || len(plan.Changes) != 1 || !plan.Check.Compatible {
		t.Errorf("%+v", plan)
	}
	receipt, err := plan.Apply(t.Context(), r, w)
	if err != nil || *receipt != (schema.RegistrationReceipt{Subject: subject, Version: 4, ID: 8, Wrote: true}) || len(w.sent) != 1 {
		t.Errorf("%+v, %v, sent %v", receipt, err, w.sent)
	}
	receipt, err = registration(t, r, v1).Apply(t.Context(), r, w)
	if err != nil || receipt.Wrote || receipt.Version != 3 || receipt.ID != 7 || len(w.sent) != 1 {
		t.Errorf("%+v, %v, sent %v; want nothing sent", receipt, err, w.sent)
	}
}

func TestAVersionThatTheRegistryDoesNotTellIsLookedFor(t *testing.T) {
	r := oneVersion("BACKWARD")
	plan := registration(t, r, v2)
	r.subjects[subject] = append(r.subjects[subject], registry.Schema{Subject: subject, Version: 4, ID: 8, Type: "AVRO", Schema: v2})
	receipt, err := plan.Apply(t.Context(), r, &registrar{reply: registry.Registration{ID: 8}})
	if err != nil || receipt.Version != 4 {
		t.Errorf("%+v, %v", receipt, err)
	}
}

func TestWhatBreaksIsNotSent(t *testing.T) {
	r, w := oneVersion("BACKWARD"), &registrar{}
	r.verdicts[3] = registry.Verdict{}
	plan := registration(t, r, broken)
	if _, err := plan.Apply(t.Context(), r, w); !errors.Is(err, registry.ErrIncompatible) || len(w.sent) > 0 {
		t.Errorf("%v, sent %v", err, w.sent)
	}
}

func TestASchemaThatIsNoneIsNoPlan(t *testing.T) {
	for text, words := range map[string]string{`{"type": "recrod"}`: "order.avsc:1:", "\"str\xffing\"": "isn't UTF-8"} {
		_, err := schema.NewRegistration(t.Context(), oneVersion("BACKWARD"), schema.RegistrationRequest{Candidate: candidate(text)[0], Now: today})
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", text, err, words)
		}
	}
}

func TestAKeptPlanHoldsForItsWorldOnly(t *testing.T) {
	r := oneVersion("BACKWARD")
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := schema.SavePlan(path, &registration(t, r, v2).RegistrationPlan); err != nil {
		t.Fatal(err)
	}
	kept, err := schema.LoadRegistration(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := kept.Renew(t.Context(), r, schema.RegistrationRequest{Now: today})
	if err != nil || again.Schema != v2 || again.Latest != 3 || again.Path != "order.avsc" {
		t.Errorf("%+v, %v", again, err)
	}
	r.subjects[subject][0].Version = 5
	r.verdicts[5] = registry.Verdict{Compatible: true}
	_, err = kept.Renew(t.Context(), r, schema.RegistrationRequest{Now: today})
	wantAsked(t, err, "version 3 was the latest", "version 5 is")

	wantAsked(t, schema.SavePlan(path, &registration(t, r, v2).RegistrationPlan), "already")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"latest_version": 3`, `"latest_version": 5`}, {"http://registry:8081", "http://other:8081"}, {`"subject": "order`, `"subject": "odder`},
		{"customerTier", "customerRank"}, {`"sha256:`, `"sha256:0`},
	} {
		edited := strings.Replace(string(text), change[0], change[1], 1)
		if edited == string(text) {
			t.Fatalf("the plan lacks %s", change[0])
		}
		_, err := schema.LoadRegistration(filepath.Join(write(t, "plan.json", edited), "plan.json"))
		wantAsked(t, err, "was changed")
	}
	_, err = schema.LoadModeChange(path)
	wantAsked(t, err, `"schema-registration"`)
}

// GlobalCompatibility makes a fake a [schema.ModeReader].
func (f *fakeRegistry) GlobalCompatibility(context.Context) (registry.Compatibility, error) {
	return registry.Compatibility{Mode: f.mode, From: registry.OfAll}, f.err
}

func TestAModeThatIsInForceAlreadyIsNotSet(t *testing.T) {
	r := oneVersion("FULL") // its own
	for name, test := range map[string]struct {
		subject string
		to      schema.Mode
		nothing bool
	}{
		"the same":        {subject, schema.Full, true},
		"another":         {subject, schema.Forward, false},
		"none of its own": {subject, "", false},
		"the global one":  {"", schema.Full, true},
		"another for all": {"", schema.None, false},
	} {
		plan, err := schema.NewModeChange(t.Context(), r, test.subject, test.to)
		if err != nil || plan.Nothing() != test.nothing {
			t.Errorf("%s: %+v, %v", name, plan, err)
		}
	}
	_, err := schema.NewModeChange(t.Context(), r, "", "")
	wantAsked(t, err, "there must be one")
}

func TestModesSayWhatTheyDemand(t *testing.T) {
	for mode, want := range map[schema.Mode]string{
		schema.None: "anything may be registered", schema.Backward: "a new schema must read data of the last version",
		schema.ForwardTransitive: "every version must read data of a new schema", schema.Full: "a new schema and the last version must read each other's data",
	} {
		if got := mode.Promise(); got != want {
			t.Errorf("%s: %q, want %q", mode, got, want)
		}
	}
}
