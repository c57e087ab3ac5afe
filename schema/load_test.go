package schema_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
)

// subjects lists candidates as "subject file".
func subjects(t *testing.T, dir string, req schema.LoadRequest) []string {
	t.Helper()
	var list []string
	for _, c := range load(t, req).Candidates {
		place, err := filepath.Rel(dir, c.Path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c.Subject+" "+filepath.ToSlash(place))
	}
	return list
}

func TestSubjectsFromNames(t *testing.T) {
	dir := write(t, "order-events.avsc", v1)
	for name, test := range map[string]struct {
		names schema.SubjectNames
		want  string
	}{
		"the file's name":                  {schema.SubjectNames{}, "order-events"},
		"a topic from the file's name":     {schema.SubjectNames{Naming: schema.TopicName}, "order-events-value"},
		"a topic's keys":                   {schema.SubjectNames{Naming: schema.TopicName, Key: true}, "order-events-key"},
		"a topic that is said":             {schema.SubjectNames{Naming: schema.TopicName, Topic: "orders"}, "orders-value"},
		"the record":                       {schema.SubjectNames{Naming: schema.RecordName}, "com.example.events.OrderPlacedEvent"},
		"topic and record":                 {schema.SubjectNames{Naming: schema.TopicRecordName}, "order-events-com.example.events.OrderPlacedEvent"},
		"a topic that is said, and record": {schema.SubjectNames{Naming: schema.TopicRecordName, Topic: "o"}, "o-com.example.events.OrderPlacedEvent"},
	} {
		got := load(t, schema.LoadRequest{Paths: []string{dir}, Names: test.names}).Candidates[0].Subject
		if got != test.want {
			t.Errorf("%s: subject %q, want %q", name, got, test.want)
		}
	}
}

func TestFileNamesSayKeyOrValueAndStandForOtherCharacters(t *testing.T) {
	for file, want := range map[string]string{
		"orders-value.avsc": "orders-value", "orders-key.avsc": "orders-key", "orders.avsc": "orders-value",
		"%3A.staging%3Aa%2Fb.avsc": ":.staging:a/b-value", "100%.avsc": "100%-value", "order.schema.json": "order-value",
	} {
		got, err := schema.SubjectNames{Naming: schema.TopicName}.Subject(file, nil)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", file, got, err, want)
		}
	}
}

func TestNamingsHaveConfluentsNamesToo(t *testing.T) {
	for name, want := range map[string]schema.Naming{
		"file": schema.ByFile, "topic": schema.TopicName, "TopicName": schema.TopicName, "RecordNameStrategy": schema.RecordName,
		"topic-record": schema.TopicRecordName, "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy": schema.TopicRecordName,
	} {
		if got, err := schema.ParseNaming(name); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	_, err := schema.ParseNaming("country")
	wantAsked(t, err, "country", "topic-record")
}

func TestASchemaWithoutANameHasNoRecordSubject(t *testing.T) {
	dir := write(t, "ids.avsc", `{"type": "array", "items": "string"}`)
	_, err := schema.Load(schema.LoadRequest{Paths: []string{dir}, Names: schema.SubjectNames{Naming: schema.RecordName}})
	wantAsked(t, err, "ids.avsc", "no name")
}

func TestFoldersAreSearchedToTheBottom(t *testing.T) {
	dir := write(t, "a.avsc", v1, "deep/er/b.avsc", v1, ".hidden/c.avsc", v1, "README.md", "text",
		"package.json", `{"name": "x"}`, "d.json", `{"$schema": "http://json-schema.org/draft-07/schema#"}`, "e.schema.json", "{}")
	want := []string{"a a.avsc", "d d.json", "b deep/er/b.avsc", "e e.schema.json"}
	if diff := cmp.Diff(want, subjects(t, dir, schema.LoadRequest{Paths: []string{dir}})); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
}

func TestAFileInAFolderThatIsNamedTwiceCountsOnce(t *testing.T) {
	dir := write(t, "a.avsc", v1)
	if got := load(t, schema.LoadRequest{Paths: []string{dir, filepath.Join(dir, "a.avsc")}}).Candidates; len(got) != 1 {
		t.Errorf("%d candidates", len(got))
	}
}

func TestAMappingNamesSubjects(t *testing.T) {
	dir := write(t, "order.avsc", v1, "money.avsc", v1, "map.yaml", `
subjects:
  orders-value: order.avsc
  returns-value:
    path: order.avsc
    mode: full
`)
	mapping, err := schema.ReadMapping(filepath.Join(dir, "map.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"orders-value order.avsc", "returns-value order.avsc"}
	for name, paths := range map[string][]string{"a folder with more in it": {dir}, "the mapping alone": nil} {
		if diff := cmp.Diff(want, subjects(t, dir, schema.LoadRequest{Paths: paths, Mapping: mapping})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if mode := load(t, schema.LoadRequest{Mapping: mapping}).Candidates[1].Mode; mode != schema.Full {
		t.Errorf("mode %q", mode)
	}
	_, err = schema.Load(schema.LoadRequest{Paths: []string{filepath.Join(dir, "money.avsc")}, Mapping: mapping})
	wantAsked(t, err, "money.avsc", "map.yaml")
}

func TestBadMappings(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		words []string
	}{
		"a subject twice":    {"subjects:\n  a: x.avsc\n  a: y.avsc\n", []string{"map.yaml:3:3", "already defined"}},
		"no subjects":        {"subjects: {}\n", []string{"no subjects"}},
		"nothing":            {"", []string{"map.yaml"}},
		"a key that isn't":   {"subject:\n  a: x.avsc\n", []string{"map.yaml:1:1", "subject"}},
		"another below":      {"subjects:\n  a: {path: x.avsc, mod: FULL}\n", []string{"map.yaml", "mod"}},
		"no path":            {"subjects:\n  a: {mode: FULL}\n", []string{"\"a\" has no path"}},
		"an unknown mode":    {"subjects:\n  a: {path: x.avsc, mode: BACKWARDS}\n", []string{"BACKWARDS"}},
		"a list":             {"- a\n", []string{"map.yaml"}},
		"not YAML":           {"{", []string{"map.yaml"}},
		"an array for paths": {"subjects:\n  a: [x.avsc]\n", []string{"map.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, "map.yaml", test.text)
			_, err := schema.ReadMapping(filepath.Join(dir, "map.yaml"))
			wantAsked(t, err, test.words...)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("several lines: %q", err)
			}
		})
	}
	_, err := schema.ReadMapping(filepath.Join(t.TempDir(), "map.yaml"))
	wantAsked(t, err, "map.yaml", "no such file")
}

func TestWhatIsNotThereIsAskedWrongly(t *testing.T) {
	dir := write(t, "a.avsc", v1, "x/a.avsc", v2, "notes.txt", "text", "empty/README.md", "")
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, test := range map[string]struct {
		req   schema.LoadRequest
		words []string
	}{
		"no such file":               {schema.LoadRequest{Paths: []string{at("b.avsc")}}, []string{"b.avsc", "no such file"}},
		"a folder without schemas":   {schema.LoadRequest{Paths: []string{at("empty")}}, []string{"empty", "there are none"}},
		"two files for one subject":  {schema.LoadRequest{Paths: []string{dir}}, []string{`subject "a"`, "x/a.avsc"}},
		"one subject for two files":  {schema.LoadRequest{Paths: []string{at("a.avsc"), at("x/a.avsc")}, Subject: "s"}, []string{"2 files"}},
		"a name that tells nothing":  {schema.LoadRequest{Paths: []string{at("notes.txt")}}, []string{"notes.txt", "doesn't tell"}},
		"references that aren't":     {schema.LoadRequest{Paths: []string{at("a.avsc")}, Refs: []string{at("c")}}, []string{"no such file"}},
		"a subject for a folder's 2": {schema.LoadRequest{Paths: []string{dir}, Subject: "s"}, []string{"2 files"}},
	} {
		_, err := schema.Load(test.req)
		t.Run(name, func(t *testing.T) { wantAsked(t, err, test.words...) })
	}
}

func TestAFormatThatIsSaid(t *testing.T) {
	dir := write(t, "order.txt", v1)
	got := load(t, schema.LoadRequest{Paths: []string{filepath.Join(dir, "order.txt")}, Format: schema.Avro}).Candidates
	if len(got) != 1 || got[0].Format != schema.Avro {
		t.Errorf("%+v", got)
	}
}

func TestTopicsFromSubjects(t *testing.T) {
	for subject, want := range map[string]string{
		"orders-value": "orders", "orders-key": "orders", "orders": "orders", ":.staging:orders-value": "orders",
	} {
		if got, _ := schema.TopicOf(subject); got != want {
			t.Errorf("TopicOf(%q) = %q, want %q", subject, got, want)
		}
	}
	if _, key := schema.TopicOf("orders-key"); !key {
		t.Error("orders-key isn't for keys")
	}
}
