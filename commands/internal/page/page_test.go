package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands/internal/page"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

var now = time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)

// trouble is a judged report with something wrong of each kind. The name is that of a
// group and of topics.
func trouble(name string) *health.Report {
	since, expiry := now.Add(-time.Hour), now.Add(30*time.Minute)
	r := &health.Report{
		Version: 1, ClusterID: "4L6g3nShT-eMCtK--X86sw", TakenAt: now, WindowSeconds: 10, Past: &since, Produced: 3,
		Lag: &lag.Report{Groups: []lag.Group{{Name: name, Type: lag.Classic, State: "Stable", Members: 1, Lag: 300_000, TimeLag: 90}}},
		Groups: []health.Group{{
			Name: name, State: "Stable", Members: 1, Lag: 300_000, TimeLag: 90, Rebalances: 9,
			Latency: health.Latency{Source: "commits", Samples: 6, Median: 12, Max: 95, Topic: "orders", ClocksDiffer: health.Unknown()},
		}},
		Queues: []health.Queue{{
			Topic: name, Letters: 120, Undisposed: 40, Written: 150, LastHour: 12, ExpiryKnown: true,
			Recent: []health.Count{{Seconds: 60, Letters: 2}, {Seconds: 300, Letters: 12}}, FirstExpiry: &expiry,
		}, {Topic: "payment-events.DLQ", Letters: 60, Undisposed: 0, Written: 60, ExpiryKnown: true, Recent: []health.Count{{Seconds: 60}, {Seconds: 300}}}},
		Replicas: health.Replicas{Brokers: 2, Partitions: 36, UnderReplicated: 2, Offline: 1,
			Topics: []health.TopicReplica{{Topic: name, UnderReplicated: []int32{0, 1}, Offline: []int32{2}, Missing: []int32{3}}}},
		Transactions: []health.Transaction{{ID: lag.Text(name), ProducerID: 7, Age: 90, Timeout: 900, Topics: []string{name}, Holds: []string{name}}},
		Notes:        []string{"a note about " + name},
	}
	for i := range 40 {
		r.Lag.Groups[0].Partitions = append(r.Lag.Groups[0].Partitions, lag.Partition{
			Topic: name, Partition: int32(i), LogStart: 0, Committed: 5, LogEnd: 200_005, Lag: lag.Int(150_000 / (i + 1)), TimeLag: 90, MemberID: "m",
		})
	}
	for i := range 10 {
		r.History = append(r.History, health.Sample{
			At: now.Add(time.Duration(i-10) * time.Second), Lag: lag.Int(200_000 + 12_000*i*i/9), Letters: lag.Int(110 + 4*i), UnderReplicated: lag.Int(i / 8), Rebalancing: lag.Int(i % 2),
		})
	}
	limits := health.DefaultLimits
	limits.WarnLatency, limits.MaxLatency = 10*time.Second, time.Minute
	health.Judge(r, limits, health.Commands{Brokers: []string{"kafka-1:9092"}})
	return r
}

func write(t *testing.T, r *health.Report) string {
	t.Helper()
	var text strings.Builder
	if err := page.Write(&text, r); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

var elsewhere = regexp.MustCompile(`(?i)\b(src|href|action|srcset|data)\s*=|url\(|@import|<(script|link|iframe|object|embed|form|base|img)\b|\son[a-z]+\s*=`)

func TestThePageNeedsNothingElse(t *testing.T) {
	if found := elsewhere.FindString(write(t, trouble("orders"))); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// hostile are names that would do something as HTML, as CSS, or on a terminal.
var hostile = []string{
	`<script>document.title='taken'</script>`, `"><img src=x onerror=document.title='taken'>`, `</style><b>bold`, `</svg><svg onload=x>`,
	`{{.Verdict}}`, "a\x1b[31mred", "a\u202egnp.exe", `&lt;i&gt;`,
}

func TestHostileNamesAreText(t *testing.T) {
	plain := write(t, trouble("orders"))
	for _, name := range hostile {
		text := write(t, trouble(name))
		if found := elsewhere.FindString(strings.NewReplacer("src=x", "", "onerror=", "", "onload=", "").Replace(text)); found != "" {
			t.Errorf("%q: the page has %q", name, found)
		}
		if strings.Count(text, "<") != strings.Count(plain, "<") || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%q is not escaped", name)
		}
	}
}

func TestAReportInWhichLittleIsKnown(t *testing.T) {
	r := &health.Report{TakenAt: now, Notes: []string{}}
	health.Judge(r, health.DefaultLimits, health.Commands{})
	text := write(t, r)
	for _, want := range []string{"Health: ", "groups could not be read", "looked at once", "no dead-letter topic has letters", "there is no history"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "incident.html")
	if err := page.Save(path, trouble("orders")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(text), "</html>\n") {
		t.Errorf("%v, %d bytes", err, len(text))
	}
	if err := page.Save(filepath.Join(path, "no", "such"), trouble("orders")); err == nil {
		t.Error("a folder that is none is no error")
	}
}

func TestBarsAreBoundedAndInOrder(t *testing.T) {
	text := write(t, trouble("orders"))
	if got := strings.Count(text, `<td class="name">orders · orders`) + strings.Count(text, `<td class="name">orders · `); got < 25 || !strings.Contains(text, "and 15 smaller ones") {
		t.Errorf("%d bars", got)
	}
	first, second := strings.Index(text, ">150,000<"), strings.Index(text, ">75,000<")
	if first < 0 || second < first || !strings.Contains(text, fmt.Sprintf("width=%q", "50.00")) {
		t.Errorf("bars at %d and %d", first, second)
	}
}
