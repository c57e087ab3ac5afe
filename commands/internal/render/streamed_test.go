package render_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// pieces is a document that writes itself a few bytes at a time.
type pieces struct {
	text string
	size int
}

func (p pieces) WriteJSON(w io.Writer) error {
	for text := p.text; text != ""; {
		n := min(p.size, len(text))
		if _, err := io.WriteString(w, text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// spaced is a document with all that is hard to cut: blanks, empty lists, escapes, pairs of
// surrogates, long characters, and texts that are longer than a piece.
func spaced(clef string) string {
	long := strings.Repeat(clef+`€\"\\é\u0000`, 20_000)
	return "{ \"a\" : [ ] ,\n \"b\":[{}, { \"c\\\"[\": -1.25 } ,true, null,\t\"\u202e\x7f\"],\r \"d\": \"" + long + "\", \"e\": {\"" + strings.Repeat("k", 70_000) + "\": [[ ], [1 ,2]]}} "
}

func TestWhatWritesItselfIsPrintedAsAnyOtherDocument(t *testing.T) {
	for _, format := range []render.Format{render.JSON, render.JSONL, render.YAML} {
		text := spaced("𝄞")
		if format == render.YAML { // in JSON, what is escaped stays so
			text = spaced(`\ud834\udd1e`)
		}
		var document any
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		want, whole, _ := piped()
		print(t, want, format, render.View[backlog]{Document: document, Lines: []any{document, document}})
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			s, out, _ := piped()
			p := pieces{text, size}
			print(t, s, format, render.View[backlog]{Document: p, Lines: []any{p, p}})
			if format == render.YAML {
				var got any
				if err := yaml.Unmarshal([]byte(out.String()), &got); err != nil {
					t.Fatal(err)
				}
				var all any
				if err := yaml.Unmarshal([]byte(whole.String()), &all); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(all, got); diff != "" {
					t.Errorf("yaml in pieces of %d:\n%.1000s", size, diff)
				}
			} else if out.String() != whole.String() {
				t.Errorf("%s in pieces of %d differs", format, size)
			}
		}
	}
}

func TestWhatWritesItselfStopsWhenNobodyReads(t *testing.T) {
	for _, format := range []render.Format{render.JSON, render.JSONL, render.YAML} {
		s, _, _ := piped()
		s.Out = closedPipe{}
		p := pieces{spaced("𝄞"), 1000}
		if err := render.Print(s, format, render.View[backlog]{Document: p, Lines: []any{p}}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: error %v", format, err)
		}
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
