package main

import (
	"context"
	"encoding/hex"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"
)

// encode writes records with the newest schema of the topic's values, one a minute
// from noon: encode [-header] [-more HEX] TOPIC PARTITION JSON…
//
// With -header the schema's id is in a header, and -more is put behind the data, such as
// a field of Protobuf that the schema doesn't have.
func encode(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	flags := flag.NewFlagSet("encode", flag.ContinueOnError)
	inHeader, more := flags.Bool("header", false, ""), flags.String("more", "", "")
	ts.Check(flags.Parse(args))
	args = flags.Args()
	behind, err := hex.DecodeString(*more)
	ts.Check(err)
	partition, err := strconv.Atoi(args[1])
	ts.Check(err)
	client, err := registry.New(ts.Getenv("EVTCTL_REGISTRY"), &http.Client{})
	ts.Check(err)
	latest, err := client.Latest(context.Background(), args[0]+"-value")
	ts.Check(err)
	codec := wire.NewCodec(schema.WireSource(client, ""), wire.Options{})
	var recs []*kgo.Record
	for i, text := range args[2:] {
		encoded, err := codec.Encode(context.Background(), wire.Value, wire.Frame{ID: wire.ID{Number: int32(latest.ID)}, InHeader: *inHeader}, []byte(text))
		ts.Check(err)
		rec := &kgo.Record{
			Topic: args[0], Partition: int32(partition), Value: append(encoded.Data, behind...),
			Timestamp: noon.Add(time.Duration(i) * time.Minute),
		}
		if encoded.Header != nil {
			rec.Headers = append(rec.Headers, *encoded.Header)
		}
		recs = append(recs, rec)
	}
	c.Produce(t, recs...)
}

// proxy starts an HTTP proxy that takes every host for the registry's, and names it in
// the environment.
func proxy(ts *testscript.TestScript, _ bool, _ []string) {
	registry, err := url.Parse(ts.Getenv("EVTCTL_REGISTRY"))
	ts.Check(err)
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = registry.Scheme, registry.Host, registry.Host
		r.Out.URL.Path = registry.Path + r.In.URL.Path
	}})
	ts.Defer(server.Close)
	ts.Setenv("HTTP_PROXY", server.URL)
}
