package commands_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADryRunOfARegistrationWritesNothing(t *testing.T) {
	i := newImitation(t)
	v1 := file(t, "order.avsc", orderV1)
	for _, args := range [][]string{
		{"register", v1, "--subject", "s", "--dry-run"},
		{"register", v1, "--subject", "s", "--dry-run", "--yes"},
		{"register", v1, "--subject", "s", "--plan-out", filepath.Join(t.TempDir(), "plan.json"), "--yes"},
		{"mode", "s", "FULL", "--dry-run", "--yes"},
		{"mode", "s", "FULL", "--plan-out", filepath.Join(t.TempDir(), "plan.json"), "--yes"},
	} {
		i.must(t, args...)
	}
	for _, args := range [][]string{{"register", v1, "--subject", "s"}, {"mode", "s", "FULL"}} {
		holds(t, i.schema(t, args...), 2, "", "not confirmed: there is no terminal to ask on")
	}
	if writes := i.writes(); len(writes) > 0 {
		t.Errorf("%q were sent", writes)
	}
	i.must(t, "register", v1, "--subject", "s", "--yes") // the same counter sees a real one
	if writes := i.writes(); len(writes) != 1 {
		t.Errorf("%q were sent, want one registration", writes)
	}
}

func TestOnATerminalARegistrationIsAsked(t *testing.T) {
	i := newImitation(t)
	v1 := file(t, "order.avsc", orderV1)
	holds(t, i.typed(t, "n\n", nil, "register", v1, "--subject", "s"), 2, "", `Register it as the next version of subject "s"? [y/N]`)
	holds(t, i.typed(t, "y\n", nil, "register", v1, "--subject", "s"), 0, `registered: subject "s", version 1, id 1`, "")
	holds(t, i.typed(t, "y\n", nil, "mode", "s", "FULL", "-q"), 0, "FULL (subject)", `Set the mode of subject "s" to FULL? [y/N]`)
}

func TestInProductionTheSubjectHasToBeTyped(t *testing.T) {
	i := newImitation(t)
	v1 := file(t, "order.avsc", orderV1)
	env := map[string]string{"EVTCTL_CONFIG": file(t, "config.yaml", "current: prod\ncontexts:\n  prod:\n    brokers: [127.0.0.1:1]\n    production: true\n    registry: {url: "+i.url+"}\n")}
	register := []string{"schema", "register", v1, "--subject", "orders-value"}
	holds(t, run(t, env, append(register, "--yes")...), 2, "", "pass --confirm orders-value; --yes is not enough")
	holds(t, run(t, env, append(register, "--confirm", "other")...), 2, "", `--confirm names "other"`)
	holds(t, i.typed(t, "orders\n", env, register[1:]...), 2, "", "This is production. Type orders-value to go on")
	if writes := i.writes(); len(writes) > 0 {
		t.Errorf("%q were sent", writes)
	}
	holds(t, i.typed(t, "orders-value\n", env, register[1:]...), 0, "registered", "")
	holds(t, run(t, env, "schema", "mode", "orders-value", "FULL", "--confirm", "orders-value"), 0, "FULL (subject)", "")
	holds(t, run(t, env, "schema", "mode", "--global", "FULL", "--confirm", "orders-value"), 2, "", "not \"prod\"")
	holds(t, run(t, env, "schema", "mode", "--global", "FULL", "--confirm", "prod"), 0, "the global mode is FULL", "")
}

func TestAPlanIsRefusedWhenItsWorldHasChanged(t *testing.T) {
	i, elsewhere := newImitation(t), newImitation(t)
	v1, v2 := file(t, "v1.avsc", orderV1), file(t, "v2.avsc", orderV2)
	i.must(t, "register", v1, "--subject", "s", "--yes")
	plan := filepath.Join(t.TempDir(), "plan.json")
	i.must(t, "register", v2, "--subject", "s", "--plan-out", plan)
	holds(t, i.schema(t, "register", v2, "--subject", "s", "--plan-out", plan), 2, "", "there is such a file already")

	holds(t, elsewhere.schema(t, "register", "--plan", plan, "--yes"), 2, "", "the plan is for registry "+i.url)

	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	edited := file(t, "edited.json", strings.Replace(string(text), `\"tier\"`, `\"rank\"`, 1))
	holds(t, i.schema(t, "register", "--plan", edited, "--yes"), 2, "", "it was changed since it was made")
	holds(t, i.schema(t, "register", "--plan", v1, "--yes"), 2, "", `of kind ""`)
	holds(t, i.schema(t, "mode", "--plan", plan, "--yes"), 2, "", `of kind "schema-registration"`)
	holds(t, i.schema(t, "register", "--plan", filepath.Join(t.TempDir(), "none"), "--yes"), 2, "", "no such file")

	other := file(t, "other.avsc", strings.ReplaceAll(orderV2, "tier", "rank"))
	i.must(t, "register", other, "--subject", "s", "--yes")
	before := len(i.writes())
	holds(t, i.schema(t, "register", "--plan", plan, "--yes"), 2, "", "it was made when version 1 was the latest, and now version 2 is")
	if after := len(i.writes()); after != before {
		t.Errorf("%q were sent", i.writes())
	}
}

func TestASavedPlanIsCheckedAgain(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "v2.avsc", orderV2), "--subject", "s", "--yes")
	plan := filepath.Join(t.TempDir(), "plan.json")
	without := file(t, "less.avsc", `{"type": "record", "name": "Order", "fields": [{"name": "tier", "type": "int", "default": 0}]}`)
	i.must(t, "register", without, "--subject", "s", "--plan-out", plan)
	i.must(t, "mode", "s", "FULL", "--yes")
	holds(t, i.schema(t, "register", "--plan", plan, "--yes"), 3, "nothing was registered", "plan-break")
}

func TestASubjectThatDemandsNothingTakesWhatBreaks(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "v1.avsc", orderV1), "--subject", "s", "--yes")
	broken := file(t, "broken.avsc", orderBroken)
	holds(t, i.schema(t, "register", broken, "--subject", "s", "--yes", "--mode", "NONE"), 3, "", "the registry refused it although the check passed")
	i.must(t, "mode", "s", "NONE", "--yes")
	holds(t, i.schema(t, "register", broken, "--subject", "s", "--yes", "--mode", "BACKWARD"), 3, "nothing was registered", "")
	holds(t, i.schema(t, "register", broken, "--subject", "s", "--yes"), 0, "version 2", "nothing was compared, as the mode is NONE (subject)")
}

func TestReferencesAreTakenOverFromTheLatestVersion(t *testing.T) {
	i := newImitation(t)
	money := file(t, "money.avsc", `{"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]}`)
	invoice := func(more string) string {
		return file(t, "invoice.avsc", `{"type": "record", "name": "Invoice", "fields": [{"name": "sum", "type": "Money"}`+more+`]}`)
	}
	i.must(t, "register", money, "--subject", "money", "--yes")
	holds(t, i.schema(t, "register", invoice(""), "--subject", "invoices", "--yes"), 1, "", `unknown type "Money"`)
	holds(t, i.schema(t, "register", invoice(""), "--subject", "invoices", "--refs", "Money=mony:1", "--yes"), 2, "", "hint: there is money")
	i.must(t, "register", invoice(""), "--subject", "invoices", "--refs", "Money=money:1", "--yes")
	r := i.must(t, "register", invoice(`, {"name": "note", "type": "string", "default": ""}`), "--subject", "invoices", "--yes")
	holds(t, r, 0, "version 2", "it refers to Money, which is money version 1")
	holds(t, i.must(t, "versions", "invoices", "-o", "csv"), 0, "2,3,AVRO,Money=money:1,", "")
	holds(t, i.schema(t, "diff", "invoices:1", invoice("")), 0, "no difference", "")
}

func TestARegistryThatRefusesWhatTheCheckLetsPass(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "GET /config":
			w.Write([]byte(`{"compatibilityLevel": "BACKWARD"}`))
		case "POST /subjects/s/versions":
			w.WriteHeader(http.StatusConflict)
			w.Write([]byte(`{"error_code": 409, "message": "a rule of our own"}`))
		default:
			w.WriteHeader(http.StatusNotFound)
			w.Write([]byte(`{"error_code": 40401, "message": "not found"}`))
		}
	}))
	defer server.Close()
	r := run(t, nil, "schema", "register", file(t, "order.avsc", orderV1), "--subject", "s", "--yes", "--registry", server.URL)
	holds(t, r, 3, "", "a rule of our own")
	if !strings.Contains(r.stderr, "although the check passed") {
		t.Errorf("stderr %q", r.stderr)
	}
}
