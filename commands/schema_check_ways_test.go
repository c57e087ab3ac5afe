package commands_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
)

// words are what was said, in one line.
func words(r result) string { return strings.Join(strings.Fields(r.stdout+r.stderr), " ") }

func TestSchemasThatReferToEachOtherInACircle(t *testing.T) {
	against := filepath.Dir(file(t, "order.avsc", orderV1))
	a := file(t, "a.avsc", `{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}`)
	b := file(t, "b.avsc", `{"type": "record", "name": "B", "fields": [{"name": "a", "type": "A"}]}`)
	r := run(t, nil, "schema", "check", a, b, "--against", against)
	if r.code != 1 || !strings.Contains(words(r), "circle") || !strings.Contains(r.stdout, "2 not checked") {
		t.Errorf("%+v", r)
	}
	one := file(t, "one.proto", "syntax = \"proto3\";\nimport \"two.proto\";\nmessage One { Two two = 1; }\n")
	two := file(t, "two.proto", "syntax = \"proto3\";\nimport \"one.proto\";\nmessage Two { One one = 1; }\n")
	r = run(t, nil, "schema", "check", one, two, "--against", against)
	if r.code != 1 || !strings.Contains(r.stdout, "2 not checked") {
		t.Errorf("%+v", r)
	}
}

func TestAFormatThatNobodyKnowsIsAskedWrongly(t *testing.T) {
	order := file(t, "order.avsc", orderV1)
	holds(t, run(t, nil, "schema", "check", order, "--format", "xml", "--against", order), 2, "", `"xml"`)
	holds(t, run(t, nil, "schema", "check", file(t, "order.txt", orderV1), "--against", order), 2, "", "--format")
	holds(t, run(t, nil, "schema", "check", file(t, "order.txt", orderV1), "--format", "avro", "--against", order), 0, "compatible", "")
	holds(t, run(t, nil, "schema", "check", order, "--against", order, "-o", "toml"), 2, "", "text, junit, github, sarif")
}

func TestDeletedVersionsCountWhereThatIsAsked(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "v1.avsc", orderV1), "--subject", "order", "--yes")
	i.must(t, "mode", "order", "NONE", "--yes")
	i.must(t, "register", file(t, "v2.avsc", orderBroken), "--subject", "order", "--yes")
	i.must(t, "mode", "order", "BACKWARD_TRANSITIVE", "--yes")
	i.ask(t, "DELETE", "/subjects/order/versions/1", "")
	same := file(t, "order.avsc", orderBroken)
	holds(t, i.schema(t, "check", same), 0, "with version 2 by BACKWARD_TRANSITIVE", "")
	holds(t, i.schema(t, "check", same, "--deleted"), 3, "with version 1 (deleted), version 2 by", "plan-break")
}

func TestASchemaRefersToWhatIsRegistered(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "money.avsc", `{"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]}`), "--subject", "money", "--yes")
	invoice := file(t, "invoice.avsc", `{"type": "record", "name": "Invoice", "fields": [{"name": "sum", "type": "Money"}]}`)
	holds(t, i.schema(t, "check", invoice), 1, "NOT CHECKED", "")
	holds(t, i.schema(t, "check", invoice, "--refs", "Money=money:1"), 0, "new subject: ", "")
	i.must(t, "register", invoice, "--subject", "invoice", "--refs", "Money=money:1", "--yes")
	holds(t, i.schema(t, "check", invoice, "--refs", "Money=money:1"), 0, "compatible: ", "")
	if r := i.schema(t, "check", invoice, "--refs", "Money=money:7"); r.code != 1 || !strings.Contains(words(r), `version 7 of subject "money"`) {
		t.Errorf("a version that isn't there: %+v", r)
	}
	holds(t, i.schema(t, "check", invoice, "--refs", "Money=money"), 2, "", "NAME=SUBJECT:VERSION")
}

func TestARegistryThatSaysOtherwiseIsTold(t *testing.T) {
	const judge = "POST /compatibility/subjects/order/versions/1"
	no := registryWith(t, judge, answering(200, `{"is_compatible": false, "messages": ["no"]}`))
	r := run(t, nil, "schema", "check", schemaFile(t, "order.avsc", orderWithNote), "--registry", no)
	if r.code != 0 || !strings.Contains(words(r), "the registry calls it incompatible with version 1: no; by Apache Avro for Java") {
		t.Errorf("Avro is compatible here, and not there: %+v", r)
	}
	yes := registryWith(t, judge, answering(200, `{"is_compatible": true}`))
	r = run(t, nil, "schema", "check", schemaFile(t, "order.avsc", strings.Replace(orderWithNote, `, "default": ""`, "", 1)), "--registry", yes)
	if r.code != 3 || !strings.Contains(words(r), "the registry calls it compatible with version 1; by Apache Avro for Java 1.12.1 it has 1 problem, and that counts") {
		t.Errorf("Avro is incompatible here, and not there: %+v", r)
	}
}

func TestSubjectsOfAnyName(t *testing.T) {
	i := newImitation(t)
	for _, subject := range []string{":.staging:orders-value", "com/example/order", "orders of the day", "a:b", "50%", "..", "?q#f"} {
		i.must(t, "register", file(t, "v1.avsc", orderV1), "--subject", subject, "--yes")
		i.must(t, "mode", subject, "FORWARD", "--yes")
		holds(t, i.schema(t, "check", file(t, "order.avsc", orderBroken), "--subject", subject), 0, "with version 1 by FORWARD (the subject's)", "")
		holds(t, i.schema(t, "check", file(t, "order.avsc", orderBroken), "--subject", subject, "--mode", "BACKWARD"), 3, "INCOMPATIBLE: ", "plan-break")
		holds(t, i.schema(t, "check", file(t, pathEscape(subject)+".avsc", orderV1)), 0, "compatible: ", "")
	}
}

func TestAnAnswerThatIsSlowIsWaitedFor(t *testing.T) {
	const latest = "GET /subjects/order/versions/latest"
	slow := registryWith(t, latest, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(400 * time.Millisecond):
			fmt.Fprint(w, soundRegistry[latest])
		case <-r.Context().Done():
		}
	})
	r := run(t, nil, "schema", "check", schemaFile(t, "order.avsc", orderWithNote), "--registry", slow)
	if r.code != 0 || !strings.HasPrefix(r.stdout, "compatible: ") || r.took < 400*time.Millisecond {
		t.Errorf("%+v", r)
	}
}

func TestALoginIsNotTakenToAPrivateAddress(t *testing.T) {
	for _, private := range []string{"http://192.168.0.1", "http://10.0.0.1", "http://169.254.169.254", "http://[::1]:1"} {
		url := registryWith(t, "GET /subjects/order/versions/latest", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, private+r.URL.Path, http.StatusFound)
		})
		r := run(t, nil, "schema", "check", schemaFile(t, "order.avsc", orderWithNote), "--registry", url, "--timeout", "5s",
			"--command-config", login(t, "basic.auth.credentials.source=USER_INFO", "basic.auth.user.info=alice:secret"))
		if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "redirect") || strings.Contains(r.stderr, "secret") || r.took > 4*time.Second {
			t.Errorf("%s: %+v", private, r)
		}
	}
}

func TestAMappingThatNamesASubjectTwiceIsAskedWrongly(t *testing.T) {
	mapping := file(t, "subjects.yaml", "subjects:\n  order: a.avsc\n  order: b.avsc\n")
	holds(t, run(t, nil, "schema", "check", "--subject-from", mapping, "--against", t.TempDir()), 2, "", "subjects.yaml:3")
}

func TestTheUsualFormsOfACheck(t *testing.T) {
	against := filepath.Dir(file(t, "order.avsc", orderV1))
	breaks := file(t, "order.avsc", orderBroken)
	for form, want := range map[string]string{
		"yaml":  "version: 1\ncompatible: false\n",
		"jsonl": `"subject":"order","format":"avro","mode":"BACKWARD",`,
		"wide":  "avro    BACKWARD  incompatible",
		"table": "order    BACKWARD  incompatible",
		"csv":   ",order,avro,BACKWARD,incompatible,1,neither\n",
	} {
		holds(t, run(t, nil, "schema", "check", breaks, "--against", against, "-o", form), 3, want, "plan-break")
	}
	if r := run(t, nil, "schema", "check", breaks, breaks, "--against", against, "-o", "jsonl"); strings.Count(r.stdout, "\n") != 1 {
		t.Errorf("one schema named twice: %+v", r)
	}
}

func TestOfManySchemasTheOnesThatBreakComeLast(t *testing.T) {
	against := filepath.Dir(file(t, "a.avsc", orderV1))
	a, b := file(t, "a.avsc", orderBroken), file(t, "b.avsc", orderV1)
	r := run(t, nil, "schema", "check", a, b, "--against", against)
	fine, breaks, sum := strings.Index(r.stdout, "new subject: "), strings.Index(r.stdout, "INCOMPATIBLE: "), strings.Index(r.stdout, "2 schemas against")
	if r.code != 3 || fine != 0 || breaks < fine || sum < breaks {
		t.Errorf("%+v", r)
	}
}

func TestTheDifferenceIsColouredOnATerminalThatWantsIt(t *testing.T) {
	against := filepath.Dir(file(t, "order.avsc", orderV1))
	breaks := file(t, "order.avsc", orderBroken)
	for color, want := range map[bool][]string{
		true:  {"    - \x1b[31mtier: no such field", "    + \x1b[32mtier: string"},
		false: {"    - tier: no such field\n", "    + tier: string\n"},
	} {
		var out, errs bytes.Buffer
		env := &commands.Env{
			Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, OutTTY: true, ErrTTY: true, Width: 80, Color: color},
			Getenv:  func(string) string { return "" },
			Now:     time.Now,
		}
		code := commands.Run(t.Context(), env, []string{"schema", "check", breaks, "--against", against})
		for _, line := range want {
			if code != 3 || !strings.Contains(out.String(), line) {
				t.Errorf("colour %t: exit code %d, no %q in %q", color, code, line, out.String())
			}
		}
		if !color && strings.Contains(out.String(), "\x1b") {
			t.Errorf("colour that nobody wants: %q", out.String())
		}
	}
}
