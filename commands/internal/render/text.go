package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Count shows a number with thousands separators: 12,345.
func Count(n int64) string { return humanize.Comma(n) }

// ageUnits are the units of Age, the greatest first, each with the next smaller one.
var ageUnits = []struct {
	unit, below         time.Duration
	letter, belowLetter string
}{
	{24 * time.Hour, time.Hour, "d", "h"},
	{time.Hour, time.Minute, "h", "m"},
	{time.Minute, time.Second, "m", "s"},
}

// Age shows a span of time rounded to at most two units: 850ms, 12s, 3m 20s,
// 2h 5m, 4d 3h. A negative span, as clocks that differ make it, keeps its sign.
func Age(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + Age(-d)
	}
	for _, u := range ageUnits {
		rounded := d.Round(u.below)
		if rounded < u.unit {
			continue
		}
		text := strconv.FormatInt(int64(rounded/u.unit), 10) + u.letter
		if rest := rounded % u.unit / u.below; rest > 0 {
			text += " " + strconv.FormatInt(int64(rest), 10) + u.belowLetter
		}
		return text
	}
	if d == 0 {
		return "0s"
	}
	if rounded := d.Round(time.Millisecond); rounded < time.Second {
		return strconv.FormatInt(rounded.Milliseconds(), 10) + "ms"
	}
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10) + "s"
}

// Rate shows a number per second with about three digits: 12,345/s, 12.3/s, 0.25/s;
// what is smaller than 0.01 as <0.01/s, and what isn't a number as "-".
func Rate(perSecond float64) string {
	if math.IsNaN(perSecond) || math.IsInf(perSecond, 0) {
		return "-"
	}
	switch {
	case perSecond == 0:
		return "0/s"
	case perSecond < 0 && perSecond > -0.01:
		return ">-0.01/s"
	case perSecond < 0:
		return "-" + Rate(-perSecond)
	case perSecond < 0.01:
		return "<0.01/s"
	case perSecond < 9.995:
		return trimmed(perSecond, 2) + "/s"
	case perSecond < 99.95:
		return trimmed(perSecond, 1) + "/s"
	}
	return humanize.CommafWithDigits(math.Round(perSecond), 0) + "/s"
}

// trimmed is f with at most so many decimals, and no zeros at their end.
func trimmed(f float64, decimals int) string {
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

var bars = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws the last width of values as bars, oldest first, one cell each; NaN
// and infinities are gaps. The lowest bar is 0, or the least value when one is
// negative, and the full bar is the greatest value, so that a steady small amount
// doesn't look like a wild one. Fewer values make a shorter line.
func Sparkline(values []float64, width int) string {
	values = values[max(0, len(values)-max(0, width)):]
	low, high := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	line := make([]rune, 0, len(values))
	for _, v := range values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			line = append(line, ' ')
		case high == low:
			line = append(line, bars[0])
		default:
			// Halves: the difference of two great numbers may not be finite.
			share := (v/2 - low/2) / (high/2 - low/2)
			line = append(line, bars[int(math.Round(share*float64(len(bars)-1)))])
		}
	}
	return string(line)
}
