package schema_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

// inRegistry checks a text against a registry, which is also asked for its verdict.
func inRegistry(t *testing.T, f *fakeRegistry, text string, more ...func(*schema.Request)) schema.Result {
	t.Helper()
	return one(t, text, schema.InRegistry(f), append(more, func(r *schema.Request) { r.Judge, r.Resolver = f, f })...)
}

func withVersions(mode string, verdicts map[int]registry.Verdict, texts ...string) *fakeRegistry {
	return &fakeRegistry{mode: mode, verdicts: verdicts, subjects: map[string][]registry.Schema{subject: avroSubject(texts...)}}
}

var yes, no = registry.Verdict{Compatible: true}, registry.Verdict{Messages: []string{"a field is missing"}}

func TestTheRegistryHasTheModeAndTheVersions(t *testing.T) {
	f := withVersions("BACKWARD_TRANSITIVE", map[int]registry.Verdict{2: yes}, v1, broken)
	r := inRegistry(t, f, broken)
	if r.Mode != schema.BackwardTransitive || r.ModeFrom != "subject" || r.Breaks() != 1 || r.Problems[0].AgainstVersion != 1 {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(f.asked, []int{1, 2}) {
		t.Errorf("asked for verdicts on versions %v", f.asked)
	}
	if r.RegistryVerdict == nil || *r.RegistryVerdict != schema.Incompatible {
		t.Errorf("registry's verdict %v", r.RegistryVerdict)
	}
}

func TestAModeThatIsNotTransitiveNeedsTheLatestOnly(t *testing.T) {
	f := withVersions("BACKWARD", map[int]registry.Verdict{2: yes}, "nothing", v1)
	if r := inRegistry(t, f, v2); !r.Compatible || !slices.Equal(f.asked, []int{2}) {
		t.Errorf("asked %v: %+v", f.asked, r)
	}
}

func TestDeletedVersionsAreLeftOutUnlessAskedFor(t *testing.T) {
	f := withVersions("BACKWARD_TRANSITIVE", map[int]registry.Verdict{2: yes}, v1, broken)
	f.subjects[subject][0].Deleted = true
	if r := inRegistry(t, f, broken); !r.Compatible {
		t.Errorf("%+v", r.Problems)
	}
	r := inRegistry(t, f, broken, func(r *schema.Request) { r.Deleted = true })
	if r.Breaks() != 1 || r.Problems[0].Against != "version 1 (deleted)" || !slices.Equal(f.asked, []int{2}) {
		t.Errorf("asked %v: %+v", f.asked, r)
	}
}

func TestASubjectThatTheRegistryDoesNotHaveIsNew(t *testing.T) {
	f := &fakeRegistry{mode: "FULL"}
	if r := inRegistry(t, f, v1); !r.Compatible || !r.NewSubject || r.RegistryVerdict != nil || r.Mode != schema.Full {
		t.Errorf("%+v", r)
	}
}

func TestForAvroTheLocalAnswerCountsAndDisagreementIsTold(t *testing.T) {
	r := inRegistry(t, withVersions("BACKWARD", map[int]registry.Verdict{1: no}, v1), v2)
	if !r.Compatible || *r.RegistryVerdict != schema.Incompatible {
		t.Errorf("the registry alone objects: %+v", r)
	}
	wantNote(t, r.Notes, "the registry calls it incompatible with version 1", "a field is missing", "may refuse")
	r = inRegistry(t, withVersions("BACKWARD", map[int]registry.Verdict{1: yes}, v1), broken)
	if r.Compatible || *r.RegistryVerdict != schema.Compatible {
		t.Errorf("the registry alone agrees: %+v", r)
	}
	wantNote(t, r.Notes, "the registry calls it compatible with version 1", "1 problem")
	r = inRegistry(t, withVersions("BACKWARD", map[int]registry.Verdict{1: no}, v1), broken)
	if r.Compatible || len(r.Notes) != 0 {
		t.Errorf("both object: %+v", r)
	}
}

func TestNoVerdictWhereTheQuestionWouldBeAnother(t *testing.T) {
	f := withVersions("BACKWARD", nil, v1)
	r := inRegistry(t, f, v2, func(r *schema.Request) { r.Mode = schema.Full })
	if !r.Compatible || f.asked != nil || r.RegistryVerdict != nil {
		t.Errorf("asked %v: %+v", f.asked, r)
	}
	wantNote(t, r.Notes, "its own mode, BACKWARD")
}

func TestAVerdictThatDoesNotComeIsNoYes(t *testing.T) {
	f := withVersions("BACKWARD", map[int]registry.Verdict{1: yes}, v1)
	f.checkErr = fmt.Errorf("check: %w", registry.ErrOdd)
	if r := inRegistry(t, f, v2); r.Compatible || r.Error == nil || r.Outcome() != schema.Unchecked {
		t.Errorf("%+v", r)
	}
}

func TestARegistryThatCannotJudgeReferences(t *testing.T) {
	f := &fakeRegistry{mode: "BACKWARD", checkErr: fmt.Errorf("check: %w", registry.ErrInvalid), subjects: map[string][]registry.Schema{
		"money": {{Subject: "money", Version: 1, Type: registry.Avro, Schema: money}},
		subject: {{Subject: subject, Version: 1, Type: registry.Avro, Schema: invoice, References: []registry.Reference{{Name: "shop.Money", Subject: "money", Version: 1}}}},
	}}
	r := inRegistry(t, f, invoice)
	if !r.Compatible || r.RegistryVerdict != nil {
		t.Errorf("%+v", r)
	}
	wantNote(t, r.Notes, "can't judge a candidate with references")
	f.subjects[subject] = avroSubject(v1)
	if r := inRegistry(t, f, v2); r.Compatible || r.Error == nil {
		t.Errorf("without references it is a refusal: %+v", r)
	}
}

func TestAReferenceThatIsGone(t *testing.T) {
	f := &fakeRegistry{mode: "BACKWARD", subjects: map[string][]registry.Schema{
		subject: {{Subject: subject, Version: 1, Type: registry.Avro, Schema: invoice, References: []registry.Reference{{Name: "shop.Money", Subject: "money", Version: 1}}}},
	}}
	if r := inRegistry(t, f, invoice); r.Compatible || r.Error == nil {
		t.Errorf("%+v", r)
	}
}

func TestAnUnknownTypeOfSchema(t *testing.T) {
	f := withVersions("BACKWARD", nil, v1)
	f.subjects[subject][0].Type = "THRIFT"
	if r := inRegistry(t, f, v1); r.Compatible || r.Error == nil || !strings.Contains(r.Error.Message, "THRIFT") {
		t.Errorf("%+v", r)
	}
}

func TestARegistryThatDoesNotAnswerEndsTheCheck(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		ends bool
	}{
		"nobody there": {&registry.Error{Err: errors.New("connection refused")}, true},
		"not let in":   {&registry.Error{Status: 401, Err: registry.ErrUnauthorized}, true},
		"no registry":  {&registry.Error{Status: 200, Err: registry.ErrNoRegistry}, true},
		"a redirect":   {&registry.Error{Status: 302, Err: registry.ErrRedirected}, true},
		"one refusal":  {&registry.Error{Status: 403, Err: registry.ErrForbidden}, false},
		"one odd mode": {&registry.Error{Status: 200, Err: registry.ErrOdd}, false},
	} {
		f := withVersions("BACKWARD", nil, v1)
		f.err = test.err
		report, err := schema.Check(t.Context(), schema.Request{Candidates: candidate(v2), Baseline: schema.InRegistry(f)})
		if test.ends != (err != nil) || err == nil && (report.Compatible || report.Results[0].Error == nil) {
			t.Errorf("%s: report %+v, error %v", name, report, err)
		}
	}
}
