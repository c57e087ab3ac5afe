package schema_test

import (
	"testing"

	"github.com/evtctl/evtctl/schema"
)

func TestModesAndFormatsByName(t *testing.T) {
	for name, want := range map[string]schema.Mode{
		"BACKWARD": schema.Backward, "full-transitive": schema.FullTransitive, "none": schema.None, "Forward_Transitive": schema.ForwardTransitive,
	} {
		if got, err := schema.ParseMode(name); err != nil || got != want {
			t.Errorf("ParseMode(%q) = %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "BACKWARDS", "TRANSITIVE", "NONE_TRANSITIVE"} {
		_, err := schema.ParseMode(name)
		wantAsked(t, err, "BACKWARD_TRANSITIVE")
	}
	for name, want := range map[string]schema.Format{"avro": schema.Avro, "PROTOBUF": schema.Protobuf, "Json": schema.JSON} {
		if got, err := schema.ParseFormat(name); err != nil || got != want {
			t.Errorf("ParseFormat(%q) = %s, %v", name, got, err)
		}
	}
	_, err := schema.ParseFormat("thrift")
	wantAsked(t, err, "thrift", "protobuf")
}
