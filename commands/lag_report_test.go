package commands

import (
	"testing"

	"github.com/evtctl/evtctl/lag"
)

func TestAnAnswerThatLacksSomethingIsNotDone(t *testing.T) {
	fine := lag.Group{Name: "fine"}
	hidden := lag.Group{Name: "hidden", Error: "not permitted", Reasons: lag.NotAuthorized, Verdict: lag.Uncertain}
	half := lag.Group{Name: "half", Reasons: lag.Failed, Verdict: lag.Uncertain}
	for name, c := range map[string]struct {
		report lag.Report
		code   int
	}{
		"all was read":                     {lag.Report{Groups: []lag.Group{fine}}, ExitDone},
		"there is nothing to read":         {lag.Report{}, ExitDone},
		"nothing of what was asked for":    {lag.Report{Groups: []lag.Group{hidden}}, ExitFailed},
		"one group of two":                 {lag.Report{Groups: []lag.Group{fine, hidden}}, ExitPartial},
		"a partition of one group of two":  {lag.Report{Groups: []lag.Group{fine, half}}, ExitPartial},
		"a broker did not list its groups": {lag.Report{Groups: []lag.Group{fine}, Problems: []string{"broker 2: no answer"}}, ExitPartial},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Exit(completeness(&c.report)); got.Code != c.code {
				t.Errorf("exit = %+v, want code %d", got, c.code)
			}
		})
	}
}

func TestJudgement(t *testing.T) {
	group := func(v lag.Verdict, r lag.Reasons) *lag.Report {
		return &lag.Report{Groups: []lag.Group{{Name: "g", Verdict: v, Reasons: r}}}
	}
	for name, c := range map[string]struct {
		report *lag.Report
		failOn lag.Verdict
		code   int
	}{
		"ok":                                {group(lag.OK, 0), lag.Critical, ExitDone},
		"a warning below the mark":          {group(lag.Warning, lag.NoMember), lag.Critical, ExitDone},
		"a warning at the mark":             {group(lag.Warning, lag.NoMember), lag.Warning, ExitBadNews},
		"critical":                          {group(lag.Critical, lag.OverCritical), lag.Critical, ExitBadNews},
		"what is unknown is not acceptable": {group(lag.Uncertain, lag.NotAuthorized), lag.Critical, ExitFailed},
		"a warning beside what is unknown":  {group(lag.Warning, lag.NoMember|lag.Failed), lag.Critical, ExitFailed},
		"critical beside what is unknown":   {group(lag.Critical, lag.OverCritical|lag.Failed), lag.Critical, ExitBadNews},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Exit(judgement(c.report, c.failOn)); got.Code != c.code || got.Message != "" {
				t.Errorf("exit = %+v, want code %d and no message: the answer is on stdout", got, c.code)
			}
		})
	}
}

func TestTroubleComesFirst(t *testing.T) {
	row := func(name string, v lag.Verdict, n lag.Int) watchRow {
		return watchRow{group: lag.Group{Name: name, Verdict: v, Lag: n}}
	}
	rows := []watchRow{row("c", lag.OK, 5), row("a", lag.OK, 9), row("b", lag.Critical, 1), row("d", lag.OK, 9), row("e", lag.Warning, lag.Unknown)}
	for _, c := range []struct {
		byName bool
		want   string
	}{{false, "beadc"}, {true, "abcde"}} {
		got := ""
		for _, r := range (&lagWatch{byName: c.byName}).sorted(rows) {
			got += r.group.Name
		}
		if got != c.want {
			t.Errorf("by name %v: order %s, want %s", c.byName, got, c.want)
		}
	}
}

func TestShellsAreOfferedNamesOnly(t *testing.T) {
	got := typeable([]string{"inventory-group", "a b", "$(reboot)", "x;y", "\x1b[31m", "", "orders.v1"})
	if len(got) != 2 || got[0] != "inventory-group" || got[1] != "orders.v1" {
		t.Errorf("offered %q, want the two plain names", got)
	}
}
