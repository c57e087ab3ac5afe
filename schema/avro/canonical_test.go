package avro_test

import (
	"testing"

	twmb "github.com/twmb/avro"

	"github.com/evtctl/evtctl/schema/avro"
)

// validTexts are n generated schemas that can be parsed.
func validTexts(t testing.TB, n int) []string {
	g := newGenerator(t)
	var texts []string
	for len(texts) < n {
		if s := text(g.schema()); valid(s) {
			texts = append(texts, s)
		}
	}
	return texts
}

func TestCanonicalFormsAreJavas(t *testing.T) {
	o := needOracle(t)
	texts := validTexts(t, 3000)
	var questions []question
	for _, text := range texts {
		questions = append(questions, question{Op: "canonical", Schema: &sources{Main: text}})
	}
	for i, java := range o.ask(t, questions) {
		if ours := parse(t, texts[i]).Canonical(); ours != java.Canonical {
			t.Errorf("%s\nours %s\nJava %s", texts[i], ours, java.Canonical)
		}
	}
}

// TestStandaloneFormsAreTheSameSchema holds that strict parsers take the form, and
// that it stands for the same bytes.
func TestStandaloneFormsAreTheSameSchema(t *testing.T) {
	for _, text := range validTexts(t, 3000) {
		schema := parse(t, text)
		standalone := schema.Standalone()
		again := parse(t, standalone)
		if schema.Canonical() != again.Canonical() || again.Standalone() != standalone {
			t.Errorf("%s\ngives %s", text, standalone)
		}
		if warnings := again.Warnings(); len(warnings) > 0 {
			t.Errorf("%s\ngives %s, of which %+v", text, standalone, warnings)
		}
		if _, err := twmb.Parse(standalone); err != nil {
			t.Errorf("%s\ngives %s, and twmb/avro says %v", text, standalone, err)
		}
	}
}

func TestStandaloneFormsHaveTheirReferencesAndLogicalTypes(t *testing.T) {
	s := parse(t, `/* c */ {"type":"record","name":"x.R","doc":"d","fields":[{"name":"f","type":"F","default":7},{"name":"g","type":"F","aliases":["h"]},`+
		`{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2,"owner":"me"}}]}`,
		avro.Reference{Name: "f.avsc", Source: []byte(`{"type":"fixed","name":"F","size":4}`)})
	const want = `{"name":"x.R","type":"record","fields":[{"name":"f","type":{"name":"F","namespace":"","type":"fixed","size":4}},{"name":"g","type":"F"},` +
		`{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}}]}`
	if got := s.Standalone(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestStandaloneFormsKeepLogicalTypesThatSuitTheirTypes(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"int","logicalType":"date"}`:                                        `{"type":"int","logicalType":"date"}`,
		`{"type":"long","logicalType":"date"}`:                                       `"long"`,
		`{"type":"int","logicalType":"custom"}`:                                      `"int"`,
		`{"type":"bytes","logicalType":"decimal","precision":0}`:                     `"bytes"`,
		`{"type":"bytes","logicalType":"decimal","precision":4}`:                     `{"type":"bytes","logicalType":"decimal","precision":4}`,
		`{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}`:           `"bytes"`,
		`{"type":"bytes","logicalType":"decimal","precision":"4"}`:                   `"bytes"`,
		`{"type":"fixed","name":"F","size":2,"logicalType":"decimal","precision":4}`: `{"name":"F","type":"fixed","size":2,"logicalType":"decimal","precision":4}`,
		`{"type":"fixed","name":"F","size":2,"logicalType":"decimal","precision":5}`: `{"name":"F","type":"fixed","size":2}`,
		`{"type":"fixed","name":"F","size":12,"logicalType":"duration"}`:             `{"name":"F","type":"fixed","size":12,"logicalType":"duration"}`,
		`{"type":"fixed","name":"F","size":12,"logicalType":"uuid"}`:                 `{"name":"F","type":"fixed","size":12}`,
		`{"type":"array","items":"int","logicalType":"decimal"}`:                     `{"type":"array","items":"int"}`,
	} {
		if got := parse(t, text).Standalone(); got != want {
			t.Errorf("%s\ngives %s\nwant  %s", text, got, want)
		}
	}
}
