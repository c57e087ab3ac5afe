package dlq

// springCloudStream is the Kafka binder of Spring Cloud Stream. Its exception is
// nearly always a MessagingException; the cause is in the stack trace only.
var springCloudStream = Dialect{
	Name: "spring-cloud-stream",
	Marks: []string{
		"x-original-topic", "x-original-partition", "x-original-offset", "x-original-timestamp",
		"x-exception-fqcn", "x-exception-message", "x-exception-stacktrace",
	},
	Also: []string{"x-original-timestamp-type"},
	Fields: []Field{
		{Name: "origin.topic", Header: "x-original-topic", Encoding: Text},
		{Name: "origin.partition", Header: "x-original-partition", Encoding: Int32},
		{Name: "origin.offset", Header: "x-original-offset", Encoding: Int64},
		{Name: "origin.timestamp", Header: "x-original-timestamp", Encoding: Int64},
		{Name: "cause.class", Header: "x-exception-fqcn", Encoding: Text},
		{Name: "cause.message", Header: "x-exception-message", Encoding: Text},
		{Name: "cause.stack", Header: "x-exception-stacktrace", Encoding: Text},
	},
}
