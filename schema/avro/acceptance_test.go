package avro_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

// difference is a reason for which Java refuses what this package accepts.
type difference struct {
	says   string // in Java's words
	why    string
	strict bool // with its validation of defaults only
}

// differences are all there are. Nothing is the other way round.
var differences = []difference{
	{"Schema fields not set yet", "a default for a type within its own definition: " +
		"Java validates it while it copies that type, and meets the copy before it has fields", true},
	{"Unexpected character ('\ufeff'", "a byte order mark: Java accepts it in a file, but not in a string, " +
		"and a string is what registries get", false},
	{"Can't set a property to null", "a whole number beyond 64 bits as a property of a record, " +
		"array or map: Java's copying of the type loses it", false},
}

// explain returns why Java alone refuses a schema, as far as that is known.
func explain(says *string, strict bool) (why string) {
	for _, d := range differences {
		if says != nil && strings.Contains(*says, d.says) && (strict || !d.strict) {
			return d.why
		}
	}
	return ""
}

// spoil changes the text of a schema in one or two places.
func (g *generator) spoil(text string) string {
	for range g.IntN(2) + 1 {
		if text == "" {
			break
		}
		i := g.IntN(len(text))
		j := min(len(text), i+1+g.IntN(3))
		switch g.IntN(4) {
		case 0:
			text = text[:i] + text[j:]
		case 1:
			text = text[:j] + text[i:]
		default:
			text = text[:i] + pick(g, []string{"{", "}", "[", "]", ",", ":", `"`, "/", "//", "/*", "*/", "\n", " ", "-", "0", ".", "e", `\`, `\u00e9`, "null", `"x":1,`, `"name":"A",`, "é"}) + text[j:]
		}
	}
	return strings.ToValidUTF8(text, "") // half a character would not reach Java as it is
}

// twist changes a schema as JSON, with no regard for what Avro allows.
func (g *generator) twist(v any) any {
	if g.chance(25) {
		return pick(g, []any{nil, 1, -1, 1.5, true, "A", "x.A", "int", "record", "", []any{}, object{}, []any{"A"}})
	}
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, element := range v {
			for range pick(g, []int{1, 1, 1, 1, 1, 1, 1, 1, 0, 2}) {
				out = append(out, g.twist(element))
			}
		}
		return out
	case object:
		out := object{}
		for name, element := range v {
			if !g.chance(30) {
				out[name] = g.twist(element)
			}
		}
		return out
	}
	return v
}

func TestParseAcceptsWhatJavaAccepts(t *testing.T) {
	o := needOracle(t)
	texts := handMade()
	for _, c := range corpus(t) {
		texts = append(texts, append(c.Versions, c.Candidate)...)
	}
	g, part := newGenerator(t), portion()
	for range 3000 / part {
		schema := g.schema()
		texts = append(texts, text(schema), text(g.mutate(schema)), text(g.twist(schema)), g.spoil(text(schema)))
	}
	var questions []question
	for _, text := range texts {
		questions = append(questions, question{Op: "parse", Schema: &sources{Main: text}})
	}
	accepted, warned, explained := 0, 0, make(map[string]int)
	for i, java := range o.ask(t, questions) {
		schema, err := avro.Parse([]byte(texts[i]))
		why := explain(java.Lenient, false)
		if (err == nil) != (java.Lenient == nil) && (err != nil || why == "") {
			t.Errorf("%s\nours: %v\nJava: %v", texts[i], err, say(java.Lenient))
		}
		if err != nil {
			continue
		}
		accepted++
		explained[why]++
		warnings := schema.Warnings()
		why = explain(java.Strict, true)
		if (len(warnings) == 0) != (java.Strict == nil) && (len(warnings) > 0 || why == "") {
			t.Errorf("%s\nour warnings: %v\nJava, validating defaults: %v", texts[i], warnings, say(java.Strict))
		}
		explained[why]++
		if len(warnings) > 0 {
			warned++
		}
	}
	for _, d := range differences {
		if explained[d.why] == 0 {
			t.Errorf("no schema has this difference any more: %s", d.why)
		}
	}
	if refused := len(texts) - accepted; accepted < 5000/part || refused < 3000/part || warned < 500/part {
		t.Errorf("%d accepted, %d of them with warnings, %d refused: too few to prove much", accepted, warned, refused)
	}
}

// TestReferencesAreAcceptedAsByJava gives Java the references in both orders: it
// wants each after those it needs, and where the order given isn't such a one,
// Parse finds it by itself.
func TestReferencesAreAcceptedAsByJava(t *testing.T) {
	o := needOracle(t)
	g, part := newGenerator(t), portion()
	type files struct{ first, second, main string }
	var all []files
	var questions []question
	for range 3000 / part {
		g.defined = nil
		f := files{text(g.record("")), text(g.record("")), text(g.record(""))}
		if g.chance(3) {
			f.first, f.main = f.main, f.first
		}
		all = append(all, f)
		questions = append(questions,
			question{Op: "parse", Schema: &sources{Main: f.main, Refs: []string{f.first, f.second}}},
			question{Op: "parse", Schema: &sources{Main: f.main, Refs: []string{f.second, f.first}}})
	}
	answers := o.ask(t, questions)
	accepted, reordered := 0, 0
	for i, f := range all {
		_, err := avro.Parse([]byte(f.main), avro.Reference{Name: "first", Source: []byte(f.first)},
			avro.Reference{Name: "second", Source: []byte(f.second)})
		there, back := answers[2*i].Lenient, answers[2*i+1].Lenient
		sorted := there != nil && strings.Contains(*there, "Undefined schema") && back == nil
		if java := there == nil || sorted; java != (err == nil) {
			t.Errorf("first %s\nsecond %s\nmain %s\nours: %v\nJava: %s, %s", f.first, f.second, f.main, err, say(there), say(back))
		}
		if err == nil {
			accepted++
		}
		if sorted {
			reordered++
		}
	}
	if accepted < 1000/part || accepted > 2900/part || reordered < 30/part {
		t.Errorf("%d of %d accepted, %d of them in another order, which proves little", accepted, len(all), reordered)
	}
}

func say(text *string) string {
	if text == nil {
		return "accepted"
	}
	return "refused: " + *text
}
