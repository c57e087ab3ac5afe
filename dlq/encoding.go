package dlq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Encoding is how a header holds its value.
type Encoding string

// The encodings. Times are milliseconds since 1970 in all of them but RFC3339.
const (
	Text    Encoding = "text"    // UTF-8
	Decimal Encoding = "decimal" // digits in text
	Int32   Encoding = "int32"   // 4 bytes, big-endian
	Int64   Encoding = "int64"   // 8 bytes, big-endian
	Integer Encoding = "integer" // 1, 2, 4 or 8 bytes, big-endian
	BigInt  Encoding = "bigint"  // Java's BigInteger: big-endian, as many bytes as it takes
	RFC3339 Encoding = "rfc3339" // a time in text
)

func encodingsOf(field string) []string {
	switch field {
	case "origin.partition", "origin.offset", "cause.attempts":
		return []string{string(Decimal), string(Int32), string(Int64), string(Integer), string(BigInt)}
	case "origin.timestamp":
		return []string{string(Decimal), string(Int64), string(BigInt), string(RFC3339)}
	}
	return []string{string(Text)}
}

func (e Encoding) gives(field string) bool {
	for _, known := range encodingsOf(field) {
		if known == string(e) {
			return true
		}
	}
	return false
}

var errNull = errors.New("it is null")

// number reads a whole number from 0 on.
func (e Encoding) number(b []byte) (int64, error) {
	n, err := e.signed(b)
	if err == nil && n < 0 {
		err = fmt.Errorf("it is %d, and can't be negative", n)
	}
	return n, err
}

func (e Encoding) signed(b []byte) (int64, error) {
	if b == nil {
		return 0, errNull
	}
	switch e {
	case Decimal:
		return decimal(b)
	case Int32:
		if len(b) != 4 {
			return 0, wrongLength(b, "4 bytes")
		}
	case Int64:
		if len(b) != 8 {
			return 0, wrongLength(b, "8 bytes")
		}
	case Integer:
		if n := len(b); n != 1 && n != 2 && n != 4 && n != 8 {
			return 0, wrongLength(b, "1, 2, 4 or 8 bytes")
		}
	}
	return bigEndian(b)
}

func wrongLength(b []byte, want string) error {
	if utf8.Valid(b) && len(b) > 0 && len(b) < 21 && strings.Trim(string(b), "0123456789") == "" {
		return fmt.Errorf("it has %d bytes, not %s, and looks like the text %q", len(b), want, b)
	}
	return fmt.Errorf("it has %d bytes, not %s", len(b), want)
}

func decimal(b []byte) (int64, error) {
	if len(b) > 20 {
		return 0, fmt.Errorf("it has %d characters, and is no number that fits", len(b))
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number that fits", b)
	}
	return n, nil
}

// bigEndian reads a two's complement number. Bytes in front that only repeat the
// sign are allowed.
func bigEndian(b []byte) (int64, error) {
	if len(b) == 0 {
		return 0, errors.New("it is empty")
	}
	for len(b) > 8 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	if len(b) > 8 {
		return 0, fmt.Errorf("it is a number of %d bytes, which is too large", len(b))
	}
	var full [8]byte
	if b[0] >= 0x80 {
		full = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	copy(full[8-len(b):], b)
	return int64(binary.BigEndian.Uint64(full[:])), nil
}

// maxTime is the last millisecond that RFC 3339 can tell: the end of the year 9999.
const maxTime = 253402300799999

// time reads a time; nil where the header says that there is none.
func (e Encoding) time(b []byte) (*time.Time, error) {
	if e == RFC3339 {
		if b == nil {
			return nil, errNull
		}
		t, err := time.Parse(time.RFC3339Nano, clip(string(b[:min(len(b), 64)]), 64))
		if err != nil {
			return nil, fmt.Errorf("%q is no time of RFC 3339", b[:min(len(b), 64)])
		}
		return &t, nil
	}
	ms, err := e.signed(b)
	switch {
	case err != nil:
		return nil, err
	case ms == -1: // Kafka's "no time stamp"
		return nil, nil
	case ms < 0 || ms > maxTime:
		return nil, fmt.Errorf("%d is no time in milliseconds", ms)
	}
	t := time.UnixMilli(ms).UTC()
	return &t, nil
}

// cleanText gives text as it can be shown; nil with errNull for null.
func cleanText(b []byte) ([]byte, error) {
	switch {
	case b == nil:
		return nil, errNull
	case !utf8.Valid(b):
		return bytes.ToValidUTF8(b, []byte("\ufffd")), errors.New("it isn't UTF-8; what isn't is shown as \ufffd")
	}
	return b, nil
}

// canonical makes values comparable across encodings.
func (e Encoding) canonical(b []byte) string {
	switch e {
	case Text:
		return string(b)
	case RFC3339:
		if t, err := e.time(b); err == nil {
			return strconv.FormatInt(t.UnixMilli(), 10)
		}
		return string(b)
	}
	n, err := e.signed(b)
	if err != nil {
		n = math.MinInt64 // what can't be read is told apart
	}
	return strconv.FormatInt(n, 10)
}
