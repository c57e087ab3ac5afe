package avro_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

// differences are what Java refuses and this package doesn't, by what Java says.
// Nothing is the other way round.
var differences = []struct {
	says string
	why  string
	// strict: with its validation of defaults only
	strict bool
}{
	{"Schema fields not set yet", "a default for a type within its own definition: " +
		"Java validates it while it copies that type, and meets the copy before it has fields", true},
	{"Unexpected character ('\ufeff'", "a byte order mark: Java accepts it in a file, but not in a string, " +
		"and a string is what registries get", false},
	{"Can't set a property to null", "a whole number beyond 64 bits as a property of a record, " +
		"array or map: Java's copying of the type loses it", false},
}

func explained(says *string, strict bool) bool {
	return says != nil && slices.ContainsFunc(differences, func(d struct {
		says   string
		why    string
		strict bool
	}) bool {
		return strings.Contains(*says, d.says) && (strict || !d.strict)
	})
}

// byHand are sources that a generator hardly comes upon.
var byHand = []string{
	``, ` `, `{}`, `[]`, `null`, `"null"`, `3`, `true`, `"int"`, `"nope"`, `"int" `, "\"int\"\n", `"int" 1`, `"int" // end`,
	`// start` + "\n" + `"int"`, `/* a */ "int"`, `{"type": /* b */ "int" // c` + "\n" + `}`, `{"type":"int"/`, `{"type":"int"/*}`, `/`, `//`, `/**/`,
	`{"type":"int","type":"long"}`, `{"type":{"type":"int"}}`, `{"type":["int"]}`, `{"type":5}`, `{"type":null}`,
	`["int","int"]`, `["int",["long"]]`, `["int",{"type":"int","logicalType":"date"}]`, `[{"type":"array","items":"int"},{"type":"array","items":"long"}]`,
	`{"type":"record","name":"R"}`, `{"type":"record","name":"R","fields":{}}`, `{"type":"record","fields":[]}`, `{"type":"record","name":5,"fields":[]}`,
	`{"type":"record","name":"","fields":[]}`, `{"type":"record","name":"R","namespace":"","fields":[]}`, `{"type":"record","name":"R","namespace":7,"fields":[]}`,
	`{"type":"record","name":".R","fields":[]}`, `{"type":"record","name":"R.","fields":[]}`, `{"type":"record","name":"a..R","fields":[]}`, `{"type":"record","name":"..R","fields":[]}`,
	`{"type":"record","name":"R","namespace":"a.","fields":[]}`, `{"type":"record","name":"R","namespace":".a","fields":[]}`, `{"type":"record","name":"R","namespace":"a-b","fields":[]}`,
	`{"type":"record","name":"R","namespace":"a..b","fields":[]}`, `{"type":"record","name":"x.R","namespace":"a-b","fields":[]}`,
	`{"type":"record","name":"1R","fields":[]}`, `{"type":"record","name":"R1_","fields":[]}`, `{"type":"record","name":"Ré","fields":[]}`, `{"type":"record","name":"名前","fields":[]}`,
	`{"type":"record","name":"R𝒳","fields":[]}`, `{"type":"record","name":"R٣","fields":[]}`, `{"type":"record","name":"R-x","fields":[]}`, `{"type":"record","name":"$R","fields":[]}`,
	`{"type":"record","name":"int","fields":[]}`, `{"type":"record","name":"x.int","fields":[]}`, `{"type":"record","name":"record","fields":[]}`, `{"type":"record","name":"array","fields":[]}`,
	`[{"type":"record","name":"array","fields":[]},{"type":"array","items":"int"}]`,
	`{"type":"error","name":"E","fields":[]}`, `{"type":"record","name":"R","fields":[5]}`, `{"type":"record","name":"R","fields":[{}]}`, `{"type":"record","name":"R","fields":[["name"]]}`,
	`{"type":"record","name":"R","fields":[{"name":"a"}]}`, `{"type":"record","name":"R","fields":[{"type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":null}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"a.b","type":"int"}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"up"}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"DeScending"}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":null}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int","aliases":"b"}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"int","aliases":["b","b","!"]}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int","aliases":[1]}]}`,
	`{"type":"record","name":"R","aliases":null,"fields":[]}`, `{"type":"record","name":"R","aliases":["!"],"fields":[]}`, `{"type":"record","name":"R","aliases":["!.A",".B","..C"],"fields":[]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"R"}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int","doc":5}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"record","fields":[]}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":null}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"],"default":null}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":["R","null"],"default":null}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"R","default":{}}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"],"default":{"a":null}}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"E","default":"X"},{"name":"b","type":{"type":"enum","name":"E","symbols":["X"]}}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"F","default":{}},{"name":"b","type":{"type":"record","name":"F","fields":[]}}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":"F","default":{}},{"name":"b","type":{"type":"record","name":"F","fields":[{"name":"x","type":"int"}]}}]}`,
	`{"type":"record","name":"R","fields":[{"name":"a","type":["F","F"]},{"name":"b","type":{"type":"fixed","name":"F","size":1}}]}`,
	`{"type":"enum","name":"E","symbols":[]}`, `{"type":"enum","name":"E"}`, `{"type":"enum","name":"E","symbols":["A","A"]}`, `{"type":"enum","name":"E","symbols":["A",1]}`,
	`{"type":"enum","name":"E","symbols":["A-B"]}`, `{"type":"enum","name":"E","symbols":["A"],"default":"B"}`, `{"type":"enum","name":"E","symbols":["A"],"default":null}`, `{"type":"enum","name":"E","symbols":["A"],"default":5}`,
	`{"type":"fixed","name":"F"}`, `{"type":"fixed","name":"F","size":-1}`, `{"type":"fixed","name":"F","size":0}`, `{"type":"fixed","name":"F","size":"4"}`, `{"type":"fixed","name":"F","size":4.0}`,
	`{"type":"fixed","name":"F","size":2147483639}`, `{"type":"fixed","name":"F","size":2147483640}`, `{"type":"fixed","name":"F","size":2147483648}`, `{"type":"fixed","name":"F","size":1e1}`, `{"type":"fixed","name":"F","size":-0}`,
	`{"type":"array"}`, `{"type":"map"}`, `{"type":"array","items":null}`, `{"type":"map","values":[]}`,
	`{"type":"int","logicalType":"date"}`, `{"type":"int","logicalType":5}`, `{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":100}`,
	`{"type":"int","x":"\ud800"}`, `{"type":"int","x":"` + "\x01" + `"}`, `{"type":"int","x":"\x"}`, `{"type":"int","x":"\/"}`, `{"type":"int","x":01}`, `{"type":"int","x":1.}`, `{"type":"int","x":NaN}`, `{"type":"int","x":+1}`, `{"type":"int",}`, `{'type':'int'}`, `{type:"int"}`,
	`{"type":"int","x":1e999}`, `{"type":"record","name":"R","fields":[],"x":123456789012345678901234567890}`, `{"type":"record","name":"R","fields":[],"x":null}`,
	`{"type":"int","x":` + strings.Repeat("9", 1000) + `}`, `{"type":"int","x":` + strings.Repeat("9", 1001) + `}`,
	strings.Repeat("[", 1001) + strings.Repeat("]", 1001), `{"type":"int","x":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + `}`, `{"type":"int","x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	"\ufeff" + `"int"`,
}

// defaultsByHand are defaults, each of which is tried with each of some types.
var (
	defaultsByHand = []string{`null`, `true`, `0`, `1.0`, `1e2`, `2147483648`, `9223372036854775808`, `1e400`, `"x"`, `""`, `"NaN"`, `"-Infinity"`, `"+1"`, `" 2 "`, `"1f"`, `"0x1p3"`, `"0x"`, `"1e"`, `"inf"`, `"1_0"`, `"."`, `".5d"`, `"5."`, `[]`, `[1]`, `["x"]`, `{}`, `{"a":1}`, `{"a":null}`}
	typesByHand    = []string{`"null"`, `"boolean"`, `"int"`, `"long"`, `"float"`, `"double"`, `"bytes"`, `"string"`, `{"type":"array","items":"int"}`, `{"type":"map","values":"int"}`, `["null","int"]`, `["int","null","string"]`, `[]`,
		`{"type":"enum","name":"E","symbols":["x"]}`, `{"type":"fixed","name":"F","size":1}`, `{"type":"record","name":"N","fields":[{"name":"a","type":"int"}]}`, `{"type":"record","name":"N","fields":[{"name":"a","type":["null","int"],"default":1}]}`,
		`{"type":"record","name":"N","fields":[{"name":"a","type":"double","default":"NaN"}]}`}
	// redefinitions are pairs of definitions of which the second may or may not repeat the first.
	redefinitions = []string{
		`{"type":"enum","name":"E","symbols":["A"]}`, `{"type":"enum","name":"E","symbols":["A"],"default":"A"}`, `{"type":"enum","name":"E","symbols":["B"]}`, `{"type":"enum","name":"E","symbols":["A"],"doc":"d","aliases":["X"]}`, `{"type":"enum","name":"E","symbols":["A"],"p":1}`, `{"type":"enum","name":"E","symbols":["A"],"p":1.0}`,
		`{"type":"fixed","name":"E","size":1}`, `{"type":"fixed","name":"E","size":2}`, `{"type":"record","name":"E","fields":[]}`, `{"type":"record","name":"E","fields":[],"default":1}`, `{"type":"error","name":"E","fields":[]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"int"}]}`,
		`{"type":"record","name":"E","fields":[{"name":"a","type":"int","aliases":["b"],"doc":"d"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":{"type":"int","logicalType":"date"}}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"int","order":"ignore"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"int","default":1}]}`,
		`{"type":"record","name":"E","fields":[{"name":"a","type":"double","default":1.0}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"double","default":"1.0"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"double","default":"NaN"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"double","default":1}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"double","default":1e0}]}`,
		`{"type":"record","name":"E","fields":[{"name":"a","type":"E"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":["null","E"]}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":"Late"}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":{"type":"array","items":"int"}}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":{"type":"array","items":"int","x":{"a":1,"b":2}}}]}`, `{"type":"record","name":"E","fields":[{"name":"a","type":{"type":"array","items":"int","x":{"b":2,"a":1}}}]}`,
	}
)

func handMade() []string {
	all := slices.Clone(byHand)
	for _, typ := range typesByHand {
		for _, value := range defaultsByHand {
			all = append(all, `{"type":"record","name":"R","fields":[{"name":"f","type":`+typ+`,"default":`+value+`}]}`)
		}
	}
	for _, first := range redefinitions {
		for _, second := range redefinitions {
			all = append(all, `{"type":"record","name":"R","fields":[{"name":"f","type":`+first+`},{"name":"g","type":`+second+
				`},{"name":"h","type":{"type":"fixed","name":"Late","size":1}}]}`)
		}
	}
	return all
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
	g := newGenerator(t)
	for range 3000 {
		schema := g.schema()
		texts = append(texts, text(schema), text(g.mutate(schema)), text(g.twist(schema)), g.spoil(text(schema)))
	}
	var questions []question
	for _, text := range texts {
		questions = append(questions, question{Op: "parse", Schema: &sources{Main: text}})
	}
	accepted, warned := 0, 0
	for i, java := range o.ask(t, questions) {
		schema, err := avro.Parse([]byte(texts[i]))
		if (err == nil) != (java.Lenient == nil) && !(err == nil && explained(java.Lenient, false)) {
			t.Errorf("%s\nours: %v\nJava: %v", texts[i], err, say(java.Lenient))
		}
		if err != nil {
			continue
		}
		accepted++
		warnings := schema.Warnings()
		if (len(warnings) == 0) != (java.Strict == nil) && !(len(warnings) == 0 && explained(java.Strict, true)) {
			t.Errorf("%s\nour warnings: %v\nJava, validating defaults: %v", texts[i], warnings, say(java.Strict))
		}
		if len(warnings) > 0 {
			warned++
		}
	}
	if refused := len(texts) - accepted; accepted < 5000 || refused < 3000 || warned < 500 {
		t.Errorf("%d accepted, %d of them with warnings, %d refused: too few to prove much", accepted, warned, refused)
	}
}

// TestReferencesAreAcceptedAsByJava gives Java the references in both orders: it
// wants each after those it needs, while Parse finds the order by itself.
func TestReferencesAreAcceptedAsByJava(t *testing.T) {
	o := needOracle(t)
	g := newGenerator(t)
	type files struct{ first, second, main string }
	var all []files
	var questions []question
	for range 3000 {
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
	accepted := 0
	for i, f := range all {
		_, err := avro.Parse([]byte(f.main), avro.Reference{Name: "first", Source: []byte(f.first)},
			avro.Reference{Name: "second", Source: []byte(f.second)})
		there, back := answers[2*i].Lenient, answers[2*i+1].Lenient
		if java := there == nil || back == nil; java != (err == nil) {
			t.Errorf("first %s\nsecond %s\nmain %s\nours: %v\nJava: %s, %s", f.first, f.second, f.main, err, say(there), say(back))
		}
		if err == nil {
			accepted++
		}
	}
	if accepted < 1000 || accepted > 2900 {
		t.Errorf("%d of %d accepted, which proves little", accepted, len(all))
	}
}

func say(text *string) string {
	if text == nil {
		return "accepted"
	}
	return "refused: " + *text
}
