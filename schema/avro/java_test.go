package avro_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

// generated is how many pairs are compared with Java's answers, see portion.
const generated = 50_000

// portion is what part of the random schemas a run looks at: a fifth, which has each
// rule and each difference many times over; a tenth with -short, and all of them where
// EVTCTL_AVRO_ALL=1 asks for that, as "make chaos" does. What was written by hand is
// looked at in every run.
func portion() int {
	switch {
	case os.Getenv("EVTCTL_AVRO_ALL") == "1":
		return 1
	case testing.Short():
		return 10
	}
	return 5
}

// seed is fixed, so that a failure comes back. EVTCTL_AVRO_SEED sets another.
func seed(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("EVTCTL_AVRO_SEED")
	if text == "" {
		return 20_260_101
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("EVTCTL_AVRO_SEED: %v", err)
	}
	return n
}

func newGenerator(t testing.TB) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed(t), 1))}
}

// generatedPairs makes pairs of valid schemas, most of them one schema before and
// after changes.
func generatedPairs(t testing.TB, n int) []readerWriter {
	g := newGenerator(t)
	var pairs []readerWriter
	for len(pairs) < n {
		schema := g.schema()
		other := g.mutate(schema)
		if g.chance(20) {
			other = g.schema()
		}
		pair := readerWriter{text(schema), text(other)}
		if valid(pair.reader) && valid(pair.writer) {
			pairs = append(pairs, pair, readerWriter{pair.writer, pair.reader})
		}
	}
	return pairs
}

func valid(text string) bool {
	_, err := avro.Parse([]byte(text))
	return err == nil
}

func checks(pairs []readerWriter) []question {
	questions := make([]question, len(pairs))
	for i, pair := range pairs {
		questions[i] = question{Op: "check", Reader: &sources{Main: pair.reader}, Writer: &sources{Main: pair.writer}}
	}
	return questions
}

func TestChecksFindWhatJavaFinds(t *testing.T) {
	o := needOracle(t)
	part := portion()
	pairs := generatedPairs(t, generated/part)
	for _, c := range corpus(t) {
		if !nameless[c.Case] {
			pairs = append(pairs, c.pairs()...)
		}
	}
	count := make(map[string]int)
	for i, java := range o.ask(t, checks(pairs)) {
		problems, err := avro.Check(parse(t, pairs[i].reader), parse(t, pairs[i].writer))
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := ourFindings(problems), javasFindings(java)
		if !slices.Equal(ours, theirs) {
			t.Fatalf("pair %d of seed %d\nreader %s\nwriter %s\nours %q\nJava %q (%s)",
				i, seed(t), pairs[i].reader, pairs[i].writer, ours, theirs, java.Error)
		}
		count[verdict(java)]++
		for _, finding := range theirs {
			count[strings.Fields(finding)[0]]++
		}
	}
	// Pairs of which nearly all are alike would prove little.
	for _, least := range []struct {
		what string
		n    int
	}{
		{"compatible", 10_000}, {"incompatible", 10_000}, {"exception", 100},
		{"name-mismatch", 1000}, {"fixed-size-mismatch", 200}, {"missing-enum-symbols", 200},
		{"reader-field-missing-default-value", 1000}, {"type-mismatch", 1000}, {"missing-union-branch", 1000},
	} {
		if count[least.what] < least.n/part {
			t.Errorf("only %d pairs have %s, which proves little; %d were expected at least", count[least.what], least.what, least.n/part)
		}
	}
	t.Logf("%d pairs: %v", len(pairs), count)
}

func verdict(java answer) string {
	switch {
	case java.Error != "":
		return "exception"
	case java.Compatible:
		return "compatible"
	}
	return "incompatible"
}

// ourFindings are rules and paths as a set. Java throws at the first ambiguous
// field and finds nothing else.
func ourFindings(problems []avro.Problem) []string {
	var findings []string
	for _, p := range problems {
		if p.Rule == avro.AmbiguousAlias {
			return []string{"exception"}
		}
		findings = append(findings, fmt.Sprintf("%s %s", p.Rule, p.Path))
	}
	slices.Sort(findings)
	return slices.Compact(findings)
}

func javasFindings(java answer) []string {
	if strings.Contains(java.Error, "matches multiple fields in writer record schema") {
		return []string{"exception"}
	}
	var findings []string
	for _, f := range java.Found {
		rule := strings.ReplaceAll(strings.ToLower(f.Type), "_", "-")
		findings = append(findings, rule+" "+f.Location)
	}
	if java.Error != "" {
		findings = append(findings, java.Thrown+" "+java.Error)
	}
	slices.Sort(findings)
	return slices.Compact(findings)
}

// TestADefinitionThatAReferenceHasTooIsTheReferences holds on to a detail of
// Java's: two definitions of an enum count as the same without regard to its
// default, and of the two the first is used.
func TestADefinitionThatAReferenceHasTooIsTheReferences(t *testing.T) {
	const with, without = `{"type":"enum","name":"E","symbols":["A"],"default":"A"}`, `{"type":"enum","name":"E","symbols":["A"]}`
	const writer = `{"type":"enum","name":"E","symbols":["A","B"]}`
	java := needOracle(t).ask(t, []question{
		{Op: "check", Reader: &sources{Main: without, Refs: []string{with}}, Writer: &sources{Main: writer}},
		{Op: "check", Reader: &sources{Main: with, Refs: []string{without}}, Writer: &sources{Main: writer}},
	})
	for i, reader := range []*avro.Schema{
		parse(t, without, avro.Reference{Name: "with", Source: []byte(with)}),
		parse(t, with, avro.Reference{Name: "without", Source: []byte(without)}),
	} {
		problems, err := avro.Check(reader, parse(t, writer))
		if err != nil || (len(problems) == 0) != java[i].Compatible || java[i].Compatible != (i == 0) {
			t.Errorf("%d: %v, %v; Java says compatible: %t", i, problems, err, java[i].Compatible)
		}
	}
}

// TestATypeThatContainsItselfMayRepeatAReferences: within one file, such a type
// never counts as the same when it is defined again, for its references to itself
// aren't resolved at that point. Those of another file are.
func TestATypeThatContainsItselfMayRepeatAReferences(t *testing.T) {
	const (
		node  = `{"type":"record","name":"x.Node","fields":[{"name":"next","type":["null","Node"]}]}`
		other = `{"type":"record","name":"x.Node","fields":[{"name":"next","type":["Node","null"]}]}`
		tree  = `{"type":"record","name":"x.A","fields":[{"name":"b","type":{"type":"record","name":"B","fields":[{"name":"a","type":["null","A"]}]}}]}`
		twice = `[` + node + `,{"type":"array","items":` + node + `}]`
	)
	cases := []sources{
		{Main: node, Refs: []string{node}}, {Main: other, Refs: []string{node}}, {Main: tree, Refs: []string{tree}}, {Main: twice},
	}
	want := []bool{true, false, true, false}
	var questions []question
	for i := range cases {
		questions = append(questions, question{Op: "parse", Schema: &cases[i]})
	}
	for i, java := range needOracle(t).ask(t, questions) {
		var refs []avro.Reference
		for _, text := range cases[i].Refs {
			refs = append(refs, avro.Reference{Name: "first", Source: []byte(text)})
		}
		_, err := avro.Parse([]byte(cases[i].Main), refs...)
		if (err == nil) != want[i] || (java.Lenient == nil) != want[i] {
			t.Errorf("%+v\nours: %v\nJava: %s", cases[i], err, say(java.Lenient))
		}
	}
}
