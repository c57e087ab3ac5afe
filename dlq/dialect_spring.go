package dlq

// spring is Spring Kafka's DeadLetterPublishingRecoverer. It appends: the last of
// its headers are the newest. The header kafka_dlt-original-consumer-group isn't a
// mark, as retry topics have it too. The key-exception headers stand for a key
// that could not be deserialised.
var spring = Dialect{
	Name: "spring",
	Marks: []string{
		"kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset", "kafka_dlt-original-timestamp",
		"kafka_dlt-exception-fqcn", "kafka_dlt-exception-cause-fqcn", "kafka_dlt-exception-message", "kafka_dlt-exception-stacktrace",
		"kafka_dlt-key-exception-fqcn", "kafka_dlt-key-exception-message", "kafka_dlt-key-exception-stacktrace",
	},
	Also: []string{"kafka_dlt-*", "springDeserializerException*"},
	Fields: []Field{
		{Name: "origin.topic", Header: "kafka_dlt-original-topic", Encoding: Text},
		{Name: "origin.partition", Header: "kafka_dlt-original-partition", Encoding: Int32},
		{Name: "origin.offset", Header: "kafka_dlt-original-offset", Encoding: Int64},
		{Name: "origin.timestamp", Header: "kafka_dlt-original-timestamp", Encoding: Int64},
		{Name: "origin.group", Header: "kafka_dlt-original-consumer-group", Encoding: Text},
		{Name: "cause.class", Header: "kafka_dlt-exception-cause-fqcn", Encoding: Text},
		{Name: "cause.class", Header: "kafka_dlt-exception-fqcn", Encoding: Text},
		{Name: "cause.class", Header: "kafka_dlt-key-exception-fqcn", Encoding: Text},
		{Name: "cause.message", Header: "kafka_dlt-exception-message", Encoding: Text},
		{Name: "cause.message", Header: "kafka_dlt-key-exception-message", Encoding: Text},
		{Name: "cause.stack", Header: "kafka_dlt-exception-stacktrace", Encoding: Text},
		{Name: "cause.stack", Header: "kafka_dlt-key-exception-stacktrace", Encoding: Text},
		{Name: "cause.attempts", Header: "retry_topic-attempts", Encoding: Integer},
	},
}
