package dlq

// springRetry is Spring Kafka's @RetryableTopic. It keeps the first origin through
// all retries and replaces the exception. Attempts had one byte in old versions,
// and the time is a BigInteger.
var springRetry = Dialect{
	Name: "spring-retry",
	Marks: []string{
		"retry_topic-attempts", "retry_topic-original-timestamp", "retry_topic-backoff-timestamp",
		"kafka_original-topic", "kafka_original-partition", "kafka_original-offset", "kafka_original-timestamp",
		"kafka_exception-fqcn", "kafka_exception-cause-fqcn", "kafka_exception-message", "kafka_exception-stacktrace",
	},
	Also: []string{"kafka_original-*", "kafka_exception-*", "retry_topic-*", "springDeserializerException*"},
	Fields: []Field{
		{Name: "origin.topic", Header: "kafka_original-topic", Encoding: Text, Pick: First},
		{Name: "origin.partition", Header: "kafka_original-partition", Encoding: Int32, Pick: First},
		{Name: "origin.offset", Header: "kafka_original-offset", Encoding: Int64, Pick: First},
		{Name: "origin.timestamp", Header: "kafka_original-timestamp", Encoding: Int64, Pick: First},
		{Name: "origin.timestamp", Header: "retry_topic-original-timestamp", Encoding: BigInt, Pick: First},
		{Name: "origin.group", Header: "kafka_original-consumer-group", Encoding: Text, Pick: First},
		{Name: "origin.group", Header: "kafka_dlt-original-consumer-group", Encoding: Text, Pick: First},
		{Name: "cause.class", Header: "kafka_exception-cause-fqcn", Encoding: Text},
		{Name: "cause.class", Header: "kafka_exception-fqcn", Encoding: Text},
		{Name: "cause.message", Header: "kafka_exception-message", Encoding: Text},
		{Name: "cause.stack", Header: "kafka_exception-stacktrace", Encoding: Text},
		{Name: "cause.attempts", Header: "retry_topic-attempts", Encoding: Integer},
	},
}
