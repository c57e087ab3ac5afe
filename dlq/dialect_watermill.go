package dlq

// watermill is the poison queue middleware of Watermill. It tells neither
// partition nor offset, and the handler stands where others have a group.
var watermill = Dialect{
	Name:  "watermill",
	Marks: []string{"reason_poisoned", "topic_poisoned", "handler_poisoned", "subscriber_poisoned"},
	Fields: []Field{
		{Name: "origin.topic", Header: "topic_poisoned", Encoding: Text},
		{Name: "cause.message", Header: "reason_poisoned", Encoding: Text},
	},
}
