package cluster

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dialectsFile = `# whose letters
contexts:
  dev:
    brokers: [localhost:9092]
dialects:
  - name: acme
    marks: [x-acme-error, x-acme-topic]
    all_marks: true
    source_time: true
    fields:
      - {field: origin.topic, header: x-acme-topic, encoding: text, pick: first}
  # the older one
  - {name: acme-old, marks: [x-old], fields: [{field: cause.class, header: x-old, encoding: text}]}
`

func TestDialectsAreReadInOrderWithTheirPlaces(t *testing.T) {
	path := write(t, "config.yaml", dialectsFile)
	config, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Dialect{
		{Name: "acme", Marks: []string{"x-acme-error", "x-acme-topic"}, AllMarks: true, SourceTime: true, Place: path + ":6:5",
			Fields: []DialectField{{"origin.topic", "x-acme-topic", "text", "first"}}},
		{Name: "acme-old", Marks: []string{"x-old"}, Place: path + ":13:6",
			Fields: []DialectField{{Field: "cause.class", Header: "x-old", Encoding: "text"}}},
	}
	if diff := cmp.Diff(want, config.Dialects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSaveKeepsDialects(t *testing.T) {
	for name, text := range map[string]string{
		"in place":      dialectsFile,
		"written anew":  "contexts: {dev: {production: false}}\n" + dialectsFile[strings.Index(dialectsFile, "dialects:"):],
		"before others": dialectsFile[strings.Index(dialectsFile, "dialects:"):] + "contexts:\n  dev:\n    brokers: [localhost:9092]\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config.yaml", text)
			config, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			before := config.Dialects
			if err := config.Add("prod", &Context{Brokers: []string{"kafka-1:9092"}}); err != nil {
				t.Fatal(err)
			}
			if err := config.Save(); err != nil {
				t.Fatal(err)
			}
			after, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			saved, _ := os.ReadFile(path)
			if len(after.Dialects) != 2 || len(after.Names()) != 2 {
				t.Fatalf("after saving, the file is\n%s", saved)
			}
			for i := range before {
				before[i].Place, after.Dialects[i].Place = "", ""
			}
			if diff := cmp.Diff(before, after.Dialects); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
		})
	}
}

func TestADialectThatIsWrittenWronglyIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"dialects: {acme: x}\n":                            ":1:11: dialects has to be a list",
		"dialects:\n  - name: [a]\n":                       ":2:11: dialects[0].name has to be text",
		"dialects:\n  - fields: [{fild: x}]\n":             `:2:15: unknown key "dialects[0].fields[0].fild"`,
		"dialects:\n  - {name: a, all_marks: perhaps}\n":   ":2:26: dialects[0].all_marks has to be true or false",
		"dialects:\n  - {name: a, marks: x, fields: []}\n": ":2:22: dialects[0].marks has to be a list",
	} {
		if _, err := Load(write(t, "config.yaml", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
