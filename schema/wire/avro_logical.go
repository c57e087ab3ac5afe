package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxDecimalDigits bounds the digits of a decimal: their cost grows faster than
// their number.
const maxDecimalDigits = 10_000

// clocks are the logical types of int and long: what one unit is, and the form in
// which they are read.
var clocks = map[string]struct {
	kind   string
	unit   time.Duration
	layout string
}{
	"date":                   {"int", 24 * time.Hour, time.DateOnly},
	"time-millis":            {"int", time.Millisecond, "15:04:05.000"},
	"time-micros":            {"long", time.Microsecond, "15:04:05.000000"},
	"timestamp-millis":       {"long", time.Millisecond, "2006-01-02T15:04:05.000Z07:00"},
	"timestamp-micros":       {"long", time.Microsecond, "2006-01-02T15:04:05.000000Z07:00"},
	"timestamp-nanos":        {"long", time.Nanosecond, "2006-01-02T15:04:05.000000000Z07:00"},
	"local-timestamp-millis": {"long", time.Millisecond, "2006-01-02T15:04:05.000"},
	"local-timestamp-micros": {"long", time.Microsecond, "2006-01-02T15:04:05.000000"},
	"local-timestamp-nanos":  {"long", time.Nanosecond, "2006-01-02T15:04:05.000000000"},
}

// readLogical takes the logical type of a schema where it fits the type. As the
// specification demands, one that doesn't is as if it weren't there.
func (t *avroType) readLogical(schema map[string]any) {
	logical, _ := schema["logicalType"].(string)
	switch logical {
	case "decimal":
		precision, scale := small(schema["precision"], 0), small(schema["scale"], 0)
		if (t.kind == "bytes" || t.kind == "fixed") && precision > 0 && precision <= maxDecimalDigits && scale >= 0 && scale <= precision {
			t.logical, t.precision, t.scale = logical, precision, scale
		}
	case "uuid":
		if t.kind == "fixed" && t.size == 16 {
			t.logical = logical
		}
	case "duration":
		if t.kind == "fixed" && t.size == 12 {
			t.logical = logical
		}
	default:
		if clock, ok := clocks[logical]; ok && clock.kind == t.kind {
			t.logical = logical
		}
	}
}

// small reads a number of a schema; what isn't there has a value, what isn't a
// number is -1.
func small(v any, absent int) int {
	if v == nil {
		return absent
	}
	n, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil {
		return -1
	}
	return n
}

// timeText reads a number as its logical type says. Not ok: there is none, or RFC
// 3339 has no form for it.
func timeText(t *avroType, n int64) (text string, ok bool) {
	clock, ok := clocks[t.logical]
	if !ok {
		return "", false
	}
	at := fromUnits(n, clock.unit)
	if year := at.Year(); year < 0 || year > 9999 {
		return "", false
	}
	if strings.HasPrefix(t.logical, "time-") && (n < 0 || n >= int64(24*time.Hour/clock.unit)) {
		return "", false
	}
	return at.Format(clock.layout), true
}

func fromUnits(n int64, unit time.Duration) time.Time {
	if unit > time.Second {
		return time.Unix(n*int64(unit/time.Second), 0).UTC()
	}
	perSecond := int64(time.Second / unit)
	return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
}

// timeNumber is the opposite of timeText. It takes any number of digits after the
// second that the unit can hold, and offsets where there is a Z.
func timeNumber(t *avroType, text string) (int64, bool) {
	clock, ok := clocks[t.logical]
	if !ok {
		return 0, false
	}
	layout := clock.layout
	if seconds, fraction, cut := strings.Cut(layout, "."); cut {
		layout = seconds + strings.TrimLeft(fraction, "0") // the parser takes any fraction
	}
	at, err := time.Parse(layout, text)
	if err != nil {
		return 0, false
	}
	if strings.HasPrefix(t.logical, "time-") {
		at = at.AddDate(1970, 0, 0)
	}
	return toUnits(at, clock.unit)
}

// toUnits counts units since 1970; not ok when the time lies between two.
func toUnits(at time.Time, unit time.Duration) (int64, bool) {
	if unit > time.Second {
		seconds := at.Unix()
		per := int64(unit / time.Second)
		return seconds / per, seconds%per == 0
	}
	perSecond := int64(time.Second / unit)
	rest := int64(at.Nanosecond())
	n := at.Unix()*perSecond + rest/int64(unit)
	return n, rest%int64(unit) == 0 && fromUnits(n, unit).Equal(at)
}

// decimalText gives all digits of a decimal: a big-endian two's complement number
// of so many decimal places.
func decimalText(b []byte, scale int) (string, error) {
	if len(b) > maxDecimalDigits/3 {
		return "", fmt.Errorf("a decimal of %d bytes", len(b))
	}
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	digits := new(big.Int).Abs(n).String()
	if scale > 0 {
		digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if n.Sign() < 0 {
		digits = "-" + digits
	}
	return digits, nil
}

// decimalBytes is the opposite of decimalText, and fills a fixed.
func decimalBytes(t *avroType, v any) ([]byte, error) {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	default:
		return nil, fmt.Errorf("not %s", jsonWords(v))
	}
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > t.scale {
		return nil, fmt.Errorf("%s has more than %d decimal places", clip(text), t.scale)
	}
	if len(text) > maxDecimalDigits || whole == "" || strings.Trim(strings.TrimPrefix(whole, "-")+fraction, "0123456789") != "" {
		return nil, fmt.Errorf("%q is no decimal number", clip(text))
	}
	n, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", t.scale-len(fraction)), 10)
	if !ok {
		return nil, fmt.Errorf("%q is no decimal number", clip(text))
	}
	if digits := len(new(big.Int).Abs(n).String()); n.Sign() != 0 && digits > t.precision {
		return nil, fmt.Errorf("%s has more than %d digits", clip(text), t.precision)
	}
	return twosComplement(n, t)
}

// twosComplement writes a number in as few bytes as possible, or in those of a fixed.
func twosComplement(n *big.Int, t *avroType) ([]byte, error) {
	size := bitsOf(n)/8 + 1
	if t.kind == "fixed" {
		if size > t.size {
			return nil, fmt.Errorf("it takes %d bytes, and there are %d", size, t.size)
		}
		size = t.size
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return n.FillBytes(make([]byte, size)), nil
}

// bitsOf is the length of a number without its sign.
func bitsOf(n *big.Int) int {
	if n.Sign() < 0 {
		return new(big.Int).Not(n).BitLen()
	}
	return n.BitLen()
}

func uuidText(b []byte) string { return uuid.UUID(b).String() }

func uuidBytes(v any) ([]byte, error) {
	text, _ := v.(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no UUID", clip(text))
	}
	return id[:], nil
}

// durationFields are the parts of a duration, in their order.
var durationFields = []string{"months", "days", "millis"}

func durationText(b []byte) string {
	var parts []string
	for i, name := range durationFields {
		parts = append(parts, fmt.Sprintf("%q:%d", name, binary.LittleEndian.Uint32(b[4*i:])))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func durationBytes(v any) ([]byte, error) {
	object, _ := v.(map[string]any)
	if len(object) != len(durationFields) {
		return nil, errors.New(`{"months": …, "days": …, "millis": …}`)
	}
	var b []byte
	for _, name := range durationFields {
		number, _ := object[name].(json.Number)
		n, err := strconv.ParseUint(number.String(), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s is no number of %s", jsonWords(object[name]), name)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b, nil
}
