package render_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestCSVHasAllColumnsAndRawValues(t *testing.T) {
	s, out, message := terminal(20)
	print(t, s, render.CSV, render.View[backlog]{Rows: backlogs, Columns: backlogColumns})
	want := lines(
		`GROUP,LAG,VERDICT,CLIENT-ID,HOST,RANK`,
		`inventory,12345,critical,inventory-1,10.0.0.7,c`,
		`通知サービス,7,ok,n-1,,o`,
		`gone\x1b[2J\nfake 0 ok,,unknown,,,u`,
	)
	if diff := cmp.Diff(want, out.String()); diff != "" || message.Len() > 0 {
		t.Errorf("stderr %q, (-want +got):\n%s", message, diff)
	}
}

func TestCSVWithoutRowsHasItsHeader(t *testing.T) {
	s, out, message := piped()
	print(t, s, render.CSV, render.View[backlog]{Columns: backlogColumns, Empty: "no groups"})
	if out.String() != "GROUP,LAG,VERDICT,CLIENT-ID,HOST,RANK\n" || message.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", out, message)
	}
}

func TestCSVCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		`=HYPERLINK("http://x","y")`: `'=HYPERLINK("http://x","y")`,
		`+1+1`:                       `'+1+1`,
		`-2+3`:                       `'-2+3`,
		`-cmd`:                       `'-cmd`,
		`@SUM(1)`:                    `'@SUM(1)`,
		`＝1+1`:                       `'＝1+1`,
		"\t=1":                       `\t=1`,
		"\r=1":                       `\r=1`,
		`-12`:                        `-12`,
		`-1.5e+7`:                    `-1.5e+7`,
		`-`:                          `'-`,
		`a=b, "c"`:                   `a=b, "c"`,
	} {
		s, out, _ := piped()
		print(t, s, render.CSV, render.View[string]{Rows: []string{in}, Columns: []render.Column[string]{
			{Name: "=X", Raw: func(cell string) string { return cell }},
		}})
		got, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"'=X"}, {want}}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}
