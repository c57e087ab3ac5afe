package render_test

import (
	"math"
	"regexp"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestAge(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0s"},
		{850 * time.Millisecond, "850ms"},
		{999*time.Millisecond + 600*time.Microsecond, "1s"},
		{12*time.Second + 400*time.Millisecond, "12s"},
		{59*time.Second + 600*time.Millisecond, "1m"},
		{3*time.Minute + 20*time.Second, "3m 20s"},
		{59*time.Minute + 59*time.Second + 700*time.Millisecond, "1h"},
		{2*time.Hour + 4*time.Minute + 40*time.Second, "2h 5m"},
		{23*time.Hour + 59*time.Minute + 40*time.Second, "1d"},
		{4*day + 3*time.Hour + 20*time.Minute, "4d 3h"},
		{400 * day, "400d"},
		{-90 * time.Second, "-1m 30s"},
	} {
		if got := render.Age(c.in); got != c.want {
			t.Errorf("Age(%v) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestAgeHasAtMostTwoUnitsAndNoneThatOverflows(t *testing.T) {
	shape := regexp.MustCompile(`^-?(\d{1,3}ms|[1-5]?\ds|[1-5]?\dm( [1-5]?\ds)?|(1?\d|2[0-3])h( [1-5]?\dm)?|\d+d( (1?\d|2[0-3])h)?)$`)
	check := func(n int64, scale uint8) bool {
		return shape.MatchString(render.Age(time.Duration(n >> (scale % 64))))
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	if got := render.Age(math.MinInt64); !shape.MatchString(got) {
		t.Errorf("Age of the least duration is %q", got)
	}
}

func TestCount(t *testing.T) {
	for in, want := range map[int64]string{0: "0", 999: "999", 12345: "12,345", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := render.Count(in); got != want {
			t.Errorf("Count(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{0, "0/s"}, {0.004, "<0.01/s"}, {0.25, "0.25/s"}, {2, "2/s"}, {9.994, "9.99/s"}, {9.996, "10/s"},
		{12.34, "12.3/s"}, {99.96, "100/s"}, {12345.4, "12,345/s"}, {-3.5, "-3.5/s"}, {-0.001, ">-0.01/s"},
		{math.NaN(), "-"}, {math.Inf(1), "-"},
	} {
		if got := render.Rate(c.in); got != c.want {
			t.Errorf("Rate(%v) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		values []float64
		width  int
		want   string
	}{
		{"from nothing to the most", []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "▁▂▃▄▅▆▇█"},
		{"a steady amount is a full bar", []float64{500, 500, 501}, 8, "███"},
		{"nothing at all", []float64{0, 0}, 8, "▁▁"},
		{"the newest ones when there are too many", []float64{9, 9, 0, 7}, 2, "▁█"},
		{"gaps for what is unknown", []float64{7, nan, math.Inf(1), 0}, 8, "█  ▁"},
		{"below zero", []float64{-7, 0, 7}, 8, "▁▅█"},
		{"the widest span there is", []float64{-math.MaxFloat64, math.MaxFloat64}, 8, "▁█"},
		{"no room", []float64{1}, 0, ""},
		{"no values", nil, 8, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render.Sparkline(c.values, c.width); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSparklineHasOneCellForEachValue(t *testing.T) {
	check := func(values []float64, width uint8) bool {
		return utf8.RuneCountInString(render.Sparkline(values, int(width))) == min(len(values), int(width))
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}
