package lag_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/evtctl/evtctl/lag"
	"github.com/google/go-cmp/cmp"
)

// partition is a partition with a lag that a member holds.
func partition(change func(*lag.Partition)) lag.Partition {
	p := lag.Partition{
		Topic: "orders", LogStart: 0, Committed: 90, LogEnd: 100, Lag: 10, Lost: 0,
		TimeLag: 30, MemberID: "m", ClientID: "c", Host: "h",
	}
	change(&p)
	return p
}

func judge(l lag.Limits, partitions ...lag.Partition) lag.Group {
	r := &lag.Report{Groups: []lag.Group{{Name: "g", State: "Stable", Members: 1, Partitions: partitions}}}
	lag.Judge(r, l)
	return r.Groups[0]
}

func TestVerdicts(t *testing.T) {
	open := func(age lag.Seconds) func(*lag.Partition) {
		return func(p *lag.Partition) { p.Transaction = &lag.Transaction{Age: age} }
	}
	limits := lag.Limits{Warn: 10, Critical: 20, MaxTimeLag: time.Minute}
	for name, c := range map[string]struct {
		change  func(*lag.Partition)
		limits  lag.Limits
		verdict lag.Verdict
		reasons []string
	}{
		"at the limit is not over it":              {func(*lag.Partition) {}, limits, lag.OK, []string{}},
		"over the warning limit":                   {func(p *lag.Partition) { p.Lag = 11 }, limits, lag.Warning, []string{"over-warning"}},
		"over both limits":                         {func(p *lag.Partition) { p.Lag = 21 }, limits, lag.Critical, []string{"over-warning", "over-critical"}},
		"no limit is never passed":                 {func(p *lag.Partition) { p.Lag = 1 << 50 }, lag.Limits{Warn: -1, Critical: -1}, lag.OK, []string{}},
		"a limit of nothing is passed by one":      {func(p *lag.Partition) { p.Lag = 1 }, lag.Limits{Warn: 0, Critical: 0}, lag.Critical, []string{"over-warning", "over-critical"}},
		"too old":                                  {func(p *lag.Partition) { p.TimeLag = 61 }, limits, lag.Critical, []string{"over-time-lag"}},
		"an unknown age is not within the limit":   {func(p *lag.Partition) { p.TimeLag = lag.UnknownSeconds() }, limits, lag.Uncertain, []string{"error"}},
		"an unknown age without a limit":           {func(p *lag.Partition) { p.TimeLag = lag.UnknownSeconds() }, lag.DefaultLimits, lag.OK, []string{}},
		"nobody holds what waits":                  {func(p *lag.Partition) { p.MemberID = "" }, limits, lag.Warning, []string{"no-member"}},
		"nobody holds what is drained":             {func(p *lag.Partition) { p.MemberID, p.Lag = "", 0 }, limits, lag.OK, []string{}},
		"never committed, records wait":            {func(p *lag.Partition) { p.Committed = lag.Unknown }, limits, lag.Warning, []string{"never-committed"}},
		"never committed, nothing there":           {func(p *lag.Partition) { p.Committed, p.Lag = lag.Unknown, 0 }, limits, lag.OK, []string{"never-committed"}},
		"committed beyond the end":                 {func(p *lag.Partition) { p.Committed, p.Lag = 101, lag.Unknown }, limits, lag.Critical, []string{"beyond-end"}},
		"committed a negative offset":              {func(p *lag.Partition) { p.Committed, p.Lost, p.Lag = -5, 5, 10 }, limits, lag.Critical, []string{"below-start"}},
		"records were lost":                        {func(p *lag.Partition) { p.Lost = 1 }, limits, lag.Critical, []string{"below-start"}},
		"a young open transaction is only news":    {open(59), limits, lag.OK, []string{"open-transaction"}},
		"an old open transaction":                  {open(60), limits, lag.Warning, []string{"open-transaction"}},
		"a transaction of unknown age":             {open(lag.UnknownSeconds()), limits, lag.OK, []string{"open-transaction"}},
		"what can't be read is unknown":            {func(p *lag.Partition) { p.Error, p.Lag = "no leader", lag.Unknown }, limits, lag.Uncertain, []string{"error"}},
		"a critical finding beats what is unknown": {func(p *lag.Partition) { p.Error, p.TimeLag = "x", 99 }, limits, lag.Critical, []string{"over-time-lag", "error"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := judge(c.limits, partition(c.change))
			p := g.Partitions[0]
			if p.Verdict != c.verdict || g.Verdict != c.verdict {
				t.Errorf("verdict = %v (group %v), want %v", p.Verdict, g.Verdict, c.verdict)
			}
			if diff := cmp.Diff(c.reasons, p.Reasons.Names()); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAGroupIsAsBadAsItsWorstPartition(t *testing.T) {
	g := judge(lag.DefaultLimits,
		partition(func(*lag.Partition) {}),
		partition(func(p *lag.Partition) { p.Lag = 10_001 }),
		partition(func(p *lag.Partition) { p.MemberID = "" }),
	)
	if g.Verdict != lag.Warning || g.Reasons != lag.OverWarning|lag.NoMember {
		t.Errorf("group = %v %v, want a warning for both reasons", g.Verdict, g.Reasons.Names())
	}
}

func TestNobodyHoldsAPartitionOnlyWhereMembersAreKnown(t *testing.T) {
	r := &lag.Report{Groups: []lag.Group{{
		Name: "g", Members: lag.Unknown, Error: "not allowed to describe it",
		Partitions: []lag.Partition{partition(func(p *lag.Partition) { p.MemberID = "" })},
	}}}
	lag.Judge(r, lag.DefaultLimits)
	if g := r.Groups[0]; g.Verdict != lag.Uncertain || g.Reasons != lag.Failed {
		t.Errorf("group = %v %v, want unknown for its error alone", g.Verdict, g.Reasons.Names())
	}
}

func TestAGroupThatReadsNoTopicsIsFine(t *testing.T) {
	r := &lag.Report{Groups: []lag.Group{{Name: "connect-cluster", Type: lag.Classic, ProtocolType: "connect"}}}
	lag.Judge(r, lag.DefaultLimits)
	if g := r.Groups[0]; g.Verdict != lag.OK || g.Reasons != 0 {
		t.Errorf("group = %v %v, want ok", g.Verdict, g.Reasons.Names())
	}
}

func TestAnUnreadableLookDoesNotEndAnAlarm(t *testing.T) {
	look := func(n lag.Int, err lag.Text) *lag.Report {
		r := &lag.Report{Groups: []lag.Group{{Name: "g", Members: 1, Partitions: []lag.Partition{
			partition(func(p *lag.Partition) {
				if p.Lag, p.Error = n, err; err != "" {
					p.Lag = lag.Unknown
				}
			}),
		}}}}
		lag.Judge(r, lag.Limits{Warn: 10, Critical: 20})
		return r
	}
	for name, c := range map[string]struct {
		looks []*lag.Report
		want  lag.Verdict
	}{
		"bad, unreadable, bad":  {[]*lag.Report{look(25, ""), look(25, "no leader"), look(25, "")}, lag.Critical},
		"good, unreadable, bad": {[]*lag.Report{look(5, ""), look(25, "no leader"), look(25, "")}, lag.OK},
		"bad, unreadable, good": {[]*lag.Report{look(25, ""), look(25, "no leader"), look(5, "")}, lag.OK},
		"bad, bad, unreadable":  {[]*lag.Report{look(25, ""), look(25, ""), look(25, "no leader")}, lag.Uncertain},
	} {
		t.Run(name, func(t *testing.T) {
			for i := 1; i < len(c.looks); i++ {
				lag.Sustain(c.looks[i-1], c.looks[i])
			}
			if got := c.looks[len(c.looks)-1].Verdict(); got != c.want {
				t.Errorf("verdict = %v, want %v", got, c.want)
			}
		})
	}
}

func TestAGroupThatCannotBeReadIsUnknown(t *testing.T) {
	r := &lag.Report{Groups: []lag.Group{{Name: "g", Error: "coordinator not available"}}}
	lag.Judge(r, lag.DefaultLimits)
	if g := r.Groups[0]; g.Verdict != lag.Uncertain || g.Reasons != lag.Failed {
		t.Errorf("group = %v %v, want unknown, error", g.Verdict, g.Reasons.Names())
	}
}

func TestAGroupWithoutPartitionsIsNotHealthy(t *testing.T) {
	if g := judge(lag.DefaultLimits); g.Verdict != lag.Uncertain || g.Reasons != lag.NeverCommitted {
		t.Errorf("group = %v %v, want unknown, never-committed", g.Verdict, g.Reasons.Names())
	}
}

func TestOnlyWhatIsBadEachTimeIsSustained(t *testing.T) {
	look := func(lag0 lag.Int, err lag.Text) *lag.Report {
		r := &lag.Report{Groups: []lag.Group{{Name: "g", Partitions: []lag.Partition{
			partition(func(p *lag.Partition) { p.Lag, p.Error = lag0, err }),
		}}}}
		lag.Judge(r, lag.Limits{Warn: 10, Critical: 20})
		return r
	}
	for name, c := range map[string]struct {
		before, now *lag.Report
		want        lag.Verdict
	}{
		"bad both times":                               {look(25, ""), look(25, ""), lag.Critical},
		"bad then good":                                {look(25, ""), look(5, ""), lag.OK},
		"good then bad":                                {look(5, ""), look(25, ""), lag.OK},
		"worse then bad is bad":                        {look(25, ""), look(15, ""), lag.Warning},
		"bad then worse is bad":                        {look(15, ""), look(25, ""), lag.Warning},
		"what can't be read now is unknown":            {look(5, ""), look(5, "no leader"), lag.Uncertain},
		"what couldn't be read before is as it is now": {look(5, "no leader"), look(5, ""), lag.OK},
		"unreadable, then bad, is one bad look of one": {look(5, "no leader"), look(25, ""), lag.Critical},
	} {
		t.Run(name, func(t *testing.T) {
			lag.Sustain(c.before, c.now)
			if got := c.now.Verdict(); got != c.want {
				t.Errorf("verdict = %v, want %v", got, c.want)
			}
		})
	}
}

func TestJSONIsTheContract(t *testing.T) {
	r := &lag.Report{
		Version: lag.ReportVersion, ClusterID: "c", TakenAt: noon, Problems: []string{},
		Groups: []lag.Group{{
			Name: "g", Type: lag.Consumer, State: "Stable", Members: 1, Lag: 10, MaxPartitionLag: 10, TimeLag: 1.23456,
			Partitions: []lag.Partition{
				partition(func(p *lag.Partition) {}),
				partition(func(p *lag.Partition) {
					*p = lag.Partition{
						Topic: "orders", Partition: 1, LogStart: lag.Unknown, Committed: lag.Unknown, LogEnd: lag.Unknown,
						Lag: lag.Unknown, Lost: lag.Unknown, TimeLag: lag.UnknownSeconds(), Error: "no leader",
					}
				}),
			},
		}},
	}
	lag.Judge(r, lag.DefaultLimits)
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(got, '\n'))
}
