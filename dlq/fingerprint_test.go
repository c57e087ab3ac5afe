package dlq_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMessagesThatDifferInWhatChangesFallTogether(t *testing.T) {
	for what, messages := range map[string][]string{
		"ids":           {"order ord-1001 not found", "order ord-7 not found", "order ord-99999999999 not found"},
		"numbers":       {"timeout after 30000 ms", "timeout after 1.5 ms", "timeout after -2 ms", "timeout after 1,000 ms", "timeout after 3e10 ms"},
		"UUIDs":         {"no user 8ab43b34-4cf4-3f6d-8f3f-82b7a8134630", "no user deadbeef-beef-dead-beef-feedfacecafe", "no user AB343B34-4CF4-3F6D-8F3F-82B7A8134630"},
		"times":         {"late since 2026-11-23T08:00:13Z", "late since 2025-01-02T23:59:59.123+02:00", "late since 2026-11-23 08:00:13"},
		"written dates": {"late since Fri Nov 27 18:31:02 UTC 2026", "late since Mon Jan 05 01:02:03 UTC 2025"},
		"hex":           {"bad magic 0xcafebabe", "bad magic 0x01", "bad magic 0xFFFFFFFFFFFF"},
		"quotes":        {`unexpected "a b"`, `unexpected "it's \" here"`, `unexpected ""`},
		"single quotes": {"unknown field 'x'", "unknown field 'customer tier'", "unknown field '7'"},
		"objects":       {"no handler for Order@1b2c3d4e", "no handler for Order@abcdef", "no handler for Order@42"},
		"lists":         {"missing partitions [1, 2, 3]", "missing partitions [7]", "missing partitions [1,2]"},
		"spaces":        {"a  b", "a b", "a\tb", "a\nb"},
		"digests":       {"etag d41d8cd98f00b204e9800998ecf8427e", "etag abcdefabcdefabcdef"},
		"addresses":     {"connect to 10.0.0.1:9092 refused", "connect to 192.168.1.77:29092 refused"},
	} {
		want := dlq.Fingerprint("a.B", messages[0], "a.b")
		for _, m := range messages[1:] {
			if got := dlq.Fingerprint("a.B", m, "a.b"); got != want {
				t.Errorf("%s: %q isn't as %q", what, m, messages[0])
			}
		}
	}
}

func TestWhatDiedInAnotherWayDoesNotFallTogether(t *testing.T) {
	all := [][3]string{
		{"a.B", "order ord-1 not found", "x.f"}, {"a.C", "order ord-1 not found", "x.f"}, {"a.B", "order ord-1 not found", "x.g"},
		{"a.B", "order ord-1 not payable", "x.f"}, {"a.B", "order ord-1", "x.f"}, {"a.B", "", "x.f"}, {"", "", "x.f"}, {"a.B", "", ""}, {"", "a.B", ""},
		{"a.B", "don't do this", ""}, {"a.B", "don't do that", ""}, {"a.B", "user's order isn't there", ""}, {"a.B", "user's payment isn't there", ""},
		{"a.B", "not utf8", ""}, {"a.B", "not base64", ""}, {"a.B", "wrong int32", ""}, {"a.B", "wrong int64", ""},
		{"a.B", "value null", ""}, {"a.B", "value 'null'", ""}, {"a.B", "value 0", ""}, {"a.B", "deadbeef", ""}, {"a.B", "defaced", ""},
		{"a.B", "größer", ""}, {"a.B", "kleiner", ""},
	}
	seen := map[string][3]string{}
	for _, c := range all {
		f := dlq.Fingerprint(c[0], c[1], c[2])
		if other, there := seen[f]; there {
			t.Errorf("%q and %q fall together", c, other)
		}
		seen[f] = c
		if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(f) {
			t.Errorf("fingerprint %q", f)
		}
	}
}

func TestFingerprintsStayTheSameBetweenVersions(t *testing.T) {
	if got := dlq.Fingerprint("SpringDlq$OrderNotFound", "order ord-1001 not found", "SpringDlq.process"); got != "1bae47170940" {
		t.Errorf("it is %s", got)
	}
}

const javaTrace = `com.acme.Wrapper: Could not process
	at org.springframework.kafka.Container.run(Container.java:1)
	at java.base/java.lang.Thread.run(Thread.java:840)
Caused by: com.acme.OrderNotFound: order ord-1 not found
	at com.fasterxml.jackson.Mapper.read(Mapper.java:9)
	at app//com.acme.Orders.lambda$find$%d(Orders.java:%d)
	at com.acme.Main.main(Main.java:1)
	... 10 more
`

func letterOf(t testing.TB, class, message, stack string) *dlq.Letter {
	t.Helper()
	return dialects(t).Parse(&kgo.Record{Topic: "x.DLQ", Headers: []kgo.RecordHeader{
		{Key: "kafka_dlt-exception-cause-fqcn", Value: []byte(class)},
		{Key: "kafka_dlt-exception-message", Value: []byte(message)},
		{Key: "kafka_dlt-exception-stacktrace", Value: []byte(stack)},
	}})
}

func TestTheFrameIsTheApplicationsTopmostWithoutNumbersOfLines(t *testing.T) {
	a := letterOf(t, "com.acme.OrderNotFound", "", strings.NewReplacer("%d", "7").Replace(javaTrace))
	b := letterOf(t, "com.acme.OrderNotFound", "", strings.NewReplacer("%d", "123").Replace(javaTrace))
	if got := deref(a.Cause.Frame); got != "com.acme.Orders.lambda$find$" || a.Cause.Fingerprint != b.Cause.Fingerprint {
		t.Errorf("frame %q, fingerprints %s and %s", got, a.Cause.Fingerprint, b.Cause.Fingerprint)
	}
	if got := deref(a.Cause.Message); got != "order ord-1 not found" {
		t.Errorf("message %q", got)
	}
	for stack, want := range map[string]string{
		"a.B: x\n\tat com.acme.Svc$$EnhancerBySpringCGLIB$$1a2b.run(<generated>)":                      "com.acme.Svc.run",
		"a.B: x\n\tat jdk.internal.Foo.bar(Foo.java:1)\n\tat com.acme.K.m(K.kt:3)":                     "com.acme.K.m",
		"a.B: x\n\tat java.lang.Foo.bar(Foo.java:1)":                                                   "",
		"Acme.Bad: x\n   at System.Int32.Parse(String s)\n   at Acme.Orders.Handle(Order o) in o.cs:7": "Acme.Orders.Handle",
		"":                "",
		"no trace at all": "",
	} {
		if got := deref(letterOf(t, "", "", stack).Cause.Frame); got != want {
			t.Errorf("frame of %q is %q, want %q", stack, got, want)
		}
	}
}

func TestHostileTextsAreReadInNoTime(t *testing.T) {
	const size = 1 << 20
	for what, text := range map[string]string{
		"quotes": strings.Repeat(`"`, size), "apostrophes": strings.Repeat(` 'a`, size/3), "dashes": strings.Repeat("-", size),
		"digits": strings.Repeat("1 ", size/2), "lines": strings.Repeat("\n", size), "causes": strings.Repeat("\nCaused by: a", size/13),
		"frames": "a.B: c" + strings.Repeat("\n\tat java.lang.A.b(C.java)", size/25), "no frames": "a.B: c" + strings.Repeat("\n\tat ", size/5),
		"one frame": "a.B: c\n\tat " + strings.Repeat("x", size) + "(", "not UTF-8": strings.Repeat("\xff", size), "backslashes": strings.Repeat(`"\`, size/2),
	} {
		start := time.Now()
		l := letterOf(t, "a.B", text, text)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s took %s", what, took)
		}
		if len(l.Cause.Fingerprint) != 12 || len(deref(l.Cause.Frame)) > 1000 {
			t.Errorf("%s: %+v", what, l.Cause.Fingerprint)
		}
	}
}

func FuzzFingerprint(f *testing.F) {
	f.Add("a.B", "order ord-1 not found", javaTrace)
	f.Add("", `it's "quoted \" here" 8ab43b34-4cf4-3f6d-8f3f-82b7a8134630`, "\n\tat a/b.c(d)\nCaused by: x")
	f.Fuzz(func(t *testing.T, class, message, stack string) {
		l := letterOf(t, class, message, stack)
		again := letterOf(t, class, message, stack)
		if l.Cause.Fingerprint != again.Cause.Fingerprint || len(l.Cause.Fingerprint) != 12 {
			t.Fatalf("%q, then %q", l.Cause.Fingerprint, again.Cause.Fingerprint)
		}
		if _, err := l.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
	})
}
