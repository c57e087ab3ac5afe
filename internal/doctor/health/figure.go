package health

import (
	"cmp"
	"slices"

	"github.com/evtctl/evtctl/lag"
)

// Name names a figure.
type Name string

// The figures.
const (
	LagFigure        Name = "lag"
	LettersFigure    Name = "dead-letters"
	ExpiryFigure     Name = "expiring-letters"
	RebalancesFigure Name = "rebalances"
	LatencyFigure    Name = "latency"
	ReplicasFigure   Name = "under-replicated"
	OfflineFigure    Name = "offline"
	TransactFigure   Name = "transactions"
)

// Figure is one line of the page: the worst value of what it is about, and all that is
// not as it should be.
type Figure struct {
	Name    Name        `json:"figure"`
	Verdict lag.Verdict `json:"verdict"`
	Value   Number      `json:"value"` // of the worst subject; see Reason where it is null
	Unit    string      `json:"unit"`  // such as records or seconds
	// Warning and Critical are its limits; null: none.
	Warning  Number `json:"warning"`
	Critical Number `json:"critical"`
	Limit    string `json:"limit"` // both in words, with the time that a rate is for
	// Subjects is how many groups, topics, partitions or transactions were looked at.
	Subjects int `json:"subjects"`
	// Reason says why there is no value.
	Reason lag.Text `json:"reason"`
	// Says is the figure in a sentence.
	Says string `json:"says"`
	// Measured says how.
	Measured string `json:"measured"`
	// Findings are what is not ok, the worst first, at most [MaxFindings]; More is how
	// many there are beyond those.
	Findings []Finding `json:"findings"`
	More     int       `json:"more_findings"`
}

// MaxFindings bounds the findings of a figure.
const MaxFindings = 100

// Finding is one subject that is not as it should be.
type Finding struct {
	Verdict   lag.Verdict `json:"verdict"`
	Group     lag.Text    `json:"group"`
	Topic     lag.Text    `json:"topic"`
	Partition lag.Int     `json:"partition"`
	Value     Number      `json:"value"`
	Reasons   []string    `json:"reasons"`
	Evidence  string      `json:"evidence"` // a sentence
	// Next is the command to type next, names quoted for a shell.
	Next string `json:"next"`
}

// found closes a figure: the findings in order, and its verdict from them.
func (f *Figure) found(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		if c := cmp.Compare(b.Verdict, a.Verdict); c != 0 {
			return c
		}
		return compareValues(b.Value, a.Value)
	})
	for i := range list {
		f.Verdict = max(f.Verdict, list[i].Verdict)
	}
	f.More = max(0, len(list)-MaxFindings)
	f.Findings = slices.Clip(list[:len(list)-f.More])
	if f.Findings == nil {
		f.Findings = []Finding{}
	}
}

// compareValues has unknown ones before all others.
func compareValues(a, b Number) int {
	return cmp.Compare(float64(a), float64(b)) // NaN is the least
}

// raise takes a value if it is the greatest so far.
func (f *Figure) raise(n Number) {
	if n.Known() && !(f.Value >= n) {
		f.Value = n
	}
}
