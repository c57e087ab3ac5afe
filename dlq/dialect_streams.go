package dlq

// streams is Kafka Streams from 4.2 on (KIP-1034). The time stamp is the source's;
// after a production error the key and the value are null.
var streams = Dialect{
	Name: "streams",
	Marks: []string{
		"__streams.errors.topic", "__streams.errors.partition", "__streams.errors.offset",
		"__streams.errors.exception", "__streams.errors.message", "__streams.errors.stacktrace",
	},
	Also:       []string{"__streams.errors.*"},
	SourceTime: true,
	Fields: []Field{
		{Name: "origin.topic", Header: "__streams.errors.topic", Encoding: Text},
		{Name: "origin.partition", Header: "__streams.errors.partition", Encoding: Decimal},
		{Name: "origin.offset", Header: "__streams.errors.offset", Encoding: Decimal},
		{Name: "cause.class", Header: "__streams.errors.exception", Encoding: Text},
		{Name: "cause.message", Header: "__streams.errors.message", Encoding: Text},
		{Name: "cause.stack", Header: "__streams.errors.stacktrace", Encoding: Text},
	},
}
