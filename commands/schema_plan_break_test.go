package commands_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

// TestThePlansOwnCommandsAreUnderstood runs each against nobody: understood, it ends
// with 1, as there is no broker or registry; else with 2.
func TestThePlansOwnCommandsAreUnderstood(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", "order-events-value", "--yes")
	path := file(t, "order v2.avsc", orderBroken)
	r := i.must(t, "plan-break", path, "--subject", "order-events-value", "-o", "json")
	var plan schema.BreakPlan
	if err := json.Unmarshal([]byte(r.stdout), &plan); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, way := range plan.Ways {
		for _, step := range way.Steps {
			for _, command := range step.Commands {
				words, ours := strings.CutPrefix(command, "evtctl ")
				if !ours || seen[command] {
					continue
				}
				seen[command] = true
				args := shellWords(words)
				got := run(t, nil, append(args, "--brokers", "127.0.0.1:1", "--registry", "http://127.0.0.1:1")...)
				if got.code != 1 || strings.Contains(got.stderr, "unknown") {
					t.Errorf("%s: %+v", command, got)
				}
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("%d commands only: %v", len(seen), seen)
	}
}

// shellWords takes a line apart that has single quotes at most around whole words.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func TestAPlanFitsItsTerminal(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", "order-events-value", "--yes")
	r := i.must(t, "plan-break", file(t, "order.avsc", orderBroken), "--subject", "order-events-value")
	for line := range strings.Lines(r.stdout) {
		if len(line) > 81 && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "kafka-topics.sh") && !strings.Contains(line, "evtctl ") {
			t.Errorf("%d wide: %q", len(line)-1, line)
		}
		if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("blanks at the end: %q", line)
		}
	}
}

func TestAContextOfTheRegistryStaysInThePlan(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "order.avsc", orderV1), "--subject", ":.eu:orders-value", "--yes")
	r := i.must(t, "plan-break", file(t, "order.avsc", orderBroken), "--subject", ":.eu:orders-value")
	holds(t, r, 0, "--subject :.eu:orders-v2-value\n", "")
	if !strings.Contains(r.stdout, "--topic orders-v2 ") {
		t.Errorf("no topic of that name in:\n%s", r.stdout)
	}
}
