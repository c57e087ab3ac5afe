package commands

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor"
	"github.com/evtctl/evtctl/internal/doctor/shell"
)

func TestWhatIsUnknownOfAGroupIsToldAmongOthersToo(t *testing.T) {
	yes := doctor.Answer{Question: doctor.Running, Says: doctor.Yes, Evidence: "1 member"}
	reached := doctor.Answer{Question: doctor.Reachable, Says: doctor.Yes, Evidence: "3 brokers"}
	d := &doctor.Diagnosis{Topic: "orders", Patients: []doctor.Patient{
		{Group: "analytics", Answers: []doctor.Answer{yes, reached}},
		{
			Group: "billing", Answers: []doctor.Answer{yes, {Question: doctor.InTime, Says: doctor.Unsure, Evidence: "nobody knows"}, reached},
			Commands: []shell.Command{{"evtctl", "trace", "order-1"}},
		},
	}}
	var out bytes.Buffer
	if err := printDiagnosis(&render.Streams{Out: &out, Err: io.Discard}, render.Table, d); err != nil {
		t.Fatal(err)
	}
	want := `✓ group analytics
group billing
  ? did the group begin before the records were written?
      nobody knows
      evtctl trace order-1
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("%s\nwant\n%s", &out, want)
	}
}
