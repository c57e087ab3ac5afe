package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDeadLettersAreReadBesideTheBareClient(t *testing.T) {
	told := takeLetterFigures(t.Context(), t, buildEvtctl(t), letterScale{letters: 1200, large: 80, runs: 1}, t.Output())
	if len(told.Questions) != 2 {
		t.Fatalf("there are %d questions", len(told.Questions))
	}
	for _, q := range told.Questions {
		for _, e := range q.Programs {
			if e.Took.Runs < 1 || e.Took.Seconds <= 0 || e.Took.RSS < mib {
				t.Errorf("%s, %s took %+v", q.What, e.Name, e.Took)
			}
		}
	}
	var out bytes.Buffer
	if err := writeText(&out, told); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "1200 dead letters") || !strings.Contains(out.String(), "TO THE BARE CLIENT") {
		t.Errorf("the text is\n%s", &out)
	}
}

func TestAnAnswerWithLettersTooFewIsWrong(t *testing.T) {
	for name, err := range map[string]error{
		"the client": tells(3)("2\n"), "stats": grouped(3)(`{"letters":2,"groups":[{},{}]}`), "groups": grouped(3)(`{"letters":3,"groups":[{}]}`), "rows": listed(2)("{}\n"),
	} {
		if err == nil {
			t.Errorf("%s: taken for right", name)
		}
	}
	for name, err := range map[string]error{"the client": tells(3)("3\n"), "stats": grouped(2)(`{"letters":2,"groups":[{},{}]}`), "rows": listed(1)("{}\n")} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
