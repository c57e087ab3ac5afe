package avro

import (
	"math"
	"strconv"
)

// logicalBases are the logical types of the specification and of Java, and the
// kinds that each may stand on.
var logicalBases = map[string][]kind{
	"decimal": {kindBytes, kindFixed}, "big-decimal": {kindBytes},
	"uuid": {kindString, kindFixed}, "duration": {kindFixed},
	"date": {kindInt}, "time-millis": {kindInt}, "time-micros": {kindLong},
	"timestamp-millis": {kindLong}, "timestamp-micros": {kindLong}, "timestamp-nanos": {kindLong},
	"local-timestamp-millis": {kindLong}, "local-timestamp-micros": {kindLong}, "local-timestamp-nanos": {kindLong},
}

// logicalSizes are the sizes a fixed must have for its logical type, in bytes.
var logicalSizes = map[string]int{"uuid": 16, "duration": 12}

// logicalType is the type's logical type as long as it is one that readers heed:
// one that doesn't suit its type is ignored, by the specification.
func (t *typ) logicalType() string {
	logical, ok := t.at.getText("logicalType")
	if !ok {
		return ""
	}
	for _, base := range logicalBases[logical] {
		size, sized := logicalSizes[logical]
		switch {
		case base != t.kind, sized && t.kind == kindFixed && t.size != size:
			continue
		case logical == "decimal" && !t.decimalFits():
			return ""
		}
		return logical
	}
	return ""
}

// decimalFits tells whether a decimal's precision and scale are possible.
func (t *typ) decimalFits() bool {
	precision, ok := t.wholeNumber("precision", 0)
	if !ok || precision <= 0 {
		return false
	}
	if t.kind == kindFixed && float64(precision) > math.Floor(math.Log10(2)*float64(8*t.size-1)) {
		return false
	}
	scale, ok := t.wholeNumber("scale", 0)
	return ok && scale >= 0 && scale <= precision
}

// wholeNumber reads a property. One that is missing has the value without.
func (t *typ) wholeNumber(property string, without int) (n int, ok bool) {
	v := t.at.get(property)
	if v == nil {
		return without, true
	}
	number, err := strconv.ParseInt(v.text, 10, 32)
	return int(number), err == nil && v.kind == '0'
}
