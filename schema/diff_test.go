package schema_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

func TestDiffTellsWhatChangedAndWhoReadsWhom(t *testing.T) {
	side := func(name, text string) schema.Compared {
		return schema.Compared{Name: name, Format: schema.Avro, Text: []byte(text)}
	}
	for name, test := range map[string]struct {
		from, to            string
		words               []string
		readsOld, readByOld bool
		line                int
	}{
		"a field with a default":    {v1, v2, []string{"added field \"customerTier\" (union of null and string; default null)"}, true, true, 4},
		"a field without":           {v1, broken, []string{"added field \"customerTier\" (string)"}, false, true, 4},
		"a field that is gone":      {v1, withoutAmount, []string{"removed field \"amount\" (double)"}, true, false, 0},
		"layout that doesn't count": {v1, strings.ReplaceAll(v1, "\n", " "), nil, true, true, 0},
	} {
		c, err := schema.Diff(side("a", test.from), side("b", test.to))
		if err != nil {
			t.Fatal(err)
		}
		if c.ReadsOld != test.readsOld || c.ReadByOld != test.readByOld || len(c.Changes) < len(test.words) || len(test.words) == 0 && len(c.Changes) > 0 {
			t.Errorf("%s: %+v", name, c)
		}
		for i, words := range test.words {
			if c.Changes[i].Text != words || c.Changes[i].Line != test.line {
				t.Errorf("%s: change %+v, want %q at line %d", name, c.Changes[i], words, test.line)
			}
		}
	}
	if _, err := schema.Diff(side("a.avsc", "{"), side("b.avsc", "]")); err == nil || !strings.Contains(err.Error(), "a.avsc") || !strings.Contains(err.Error(), "b.avsc") {
		t.Errorf("two files that aren't schemas: %v", err)
	}
	_, err := schema.Diff(side("a", v1), schema.Compared{Name: "b", Format: schema.Protobuf})
	wantAsked(t, err, "Avro", "Protobuf")
}
