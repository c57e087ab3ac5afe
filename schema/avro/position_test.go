package avro_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

const positioned = `{
  "type": "record",
  "name": "Order",
  "fields": [
    {"name": "id", "type": "string"},
    {"name": "lines", "type": {
      "type": "array",
      "items": {
        "type": "record", "name": "Line", /* é */ "fields": [
          {"name": "sku", "type": "string"},
          {"name": "next", "type": ["null", "Line"]}
        ]
      }
    }},
    {"name": "gift", "type": ["null", "Line"]},
    {"name": "fallback", "type": "Line"}
  ]
}`

func TestPositionsFollowPointersAndReferences(t *testing.T) {
	s := parse(t, positioned)
	for pointer, want := range map[string]string{
		"":                                    "1:1",
		"/":                                   "1:1",
		"/name":                               "3:11",
		"/fields/0":                           "5:5",
		"/fields/0/type":                      "5:28",
		"/fields/1/type/items/fields/1":       "11:11",
		"/fields/1/type/items/fields":         "9:61",
		"/fields/2/type/1":                    "15:39",
		"/fields/2/type/1/fields/0/type":      "10:35",
		"/fields/3/type":                      "16:34",
		"/fields/3/type/name":                 "9:35",
		"/fields/3/type/fields/1/type":        "11:36",
		"/fields/3/type/fields/1/type/0/2":    "11:37",
		"/fields/9/type":                      "4:13",
		"/fields/0/type/3":                    "5:28",
		"/fields/3/type/fields/1/type/1/name": "9:35",
	} {
		line, column := s.Position(pointer)
		if got := fmt.Sprintf("%d:%d", line, column); got != want {
			t.Errorf("%s is at %s, want %s", pointer, got, want)
		}
	}
}

func TestPositionsOnLongLinesCountCharacters(t *testing.T) {
	padding := strings.Repeat("é", 20_000)
	text := `{"type":"record","name":"R","doc":"` + padding + "\",\n\"x\":\"" + padding + `","fields":[{"name":"a","type":"int"}]}`
	s := parse(t, text)
	line, column := s.Position("/fields/0/type")
	want := len([]rune(`"x":"`+padding+`","fields":[{"name":"a","type":`)) + 1
	if line != 2 || column != want {
		t.Errorf("got %d:%d, want 2:%d", line, column, want)
	}
}

// TestEveryPlaceIsWhereItsPointerLeads holds the two ways to a position together
// on generated pairs.
func TestEveryPlaceIsWhereItsPointerLeads(t *testing.T) {
	places := 0
	for _, pair := range generatedPairs(t, 2000) {
		reader, writer := parse(t, pair.reader), parse(t, pair.writer)
		problems, err := avro.Check(reader, writer)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			for _, at := range []struct {
				place  avro.Place
				schema *avro.Schema
			}{{p.Reader, reader}, {p.Writer, writer}} {
				places++
				line, column := at.schema.Position(at.place.Pointer)
				if line != at.place.Line || column != at.place.Column {
					t.Fatalf("%s is at %d:%d, and Position says %d:%d\n%s\n%s", at.place.Pointer,
						at.place.Line, at.place.Column, line, column, pair.reader, pair.writer)
				}
			}
		}
	}
	if places < 1000 {
		t.Errorf("only %d places", places)
	}
}
