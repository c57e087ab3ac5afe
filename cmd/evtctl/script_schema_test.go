package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"
)

// encode writes records with the newest schema of the topic's values, one a minute
// from noon: encode TOPIC PARTITION JSON…
func encode(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	partition, err := strconv.Atoi(args[1])
	ts.Check(err)
	client, err := registry.New(ts.Getenv("EVTCTL_REGISTRY"), &http.Client{})
	ts.Check(err)
	latest, err := client.Latest(context.Background(), args[0]+"-value")
	ts.Check(err)
	codec := wire.NewCodec(schema.WireSource(client, ""), wire.Options{})
	var recs []*kgo.Record
	for i, text := range args[2:] {
		encoded, err := codec.Encode(context.Background(), wire.Value, wire.Frame{ID: wire.ID{Number: int32(latest.ID)}}, []byte(text))
		ts.Check(err)
		recs = append(recs, &kgo.Record{
			Topic: args[0], Partition: int32(partition), Value: encoded.Data,
			Timestamp: noon.Add(time.Duration(i) * time.Minute),
		})
	}
	c.Produce(t, recs...)
}
