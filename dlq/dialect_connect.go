package dlq

// connect is Kafka Connect, where a sink has
// errors.deadletterqueue.context.headers.enable; by default its letters have no
// headers at all. The time stamp is the source's.
var connect = Dialect{
	Name: "connect",
	Marks: []string{
		"__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset", "__connect.errors.connector.name",
		"__connect.errors.task.id", "__connect.errors.stage", "__connect.errors.class.name",
		"__connect.errors.exception.class.name", "__connect.errors.exception.message", "__connect.errors.exception.stacktrace",
	},
	Also:       []string{"__connect.errors.*"},
	SourceTime: true,
	Fields: []Field{
		{Name: "origin.topic", Header: "__connect.errors.topic", Encoding: Text},
		{Name: "origin.partition", Header: "__connect.errors.partition", Encoding: Decimal},
		{Name: "origin.offset", Header: "__connect.errors.offset", Encoding: Decimal},
		{Name: "cause.class", Header: "__connect.errors.exception.class.name", Encoding: Text},
		{Name: "cause.message", Header: "__connect.errors.exception.message", Encoding: Text},
		{Name: "cause.stack", Header: "__connect.errors.exception.stacktrace", Encoding: Text},
	},
}
