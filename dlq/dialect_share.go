package dlq

// shareGroup is the broker itself, for share groups from 4.4 on (KIP-1191). By
// default its letters have neither key nor value.
var shareGroup = Dialect{
	Name: "share-group",
	Marks: []string{
		"__dlq.errors.topic", "__dlq.errors.partition", "__dlq.errors.offset",
		"__dlq.errors.group", "__dlq.errors.delivery.count", "__dlq.errors.message",
	},
	Also: []string{"__dlq.errors.*"},
	Fields: []Field{
		{Name: "origin.topic", Header: "__dlq.errors.topic", Encoding: Text},
		{Name: "origin.partition", Header: "__dlq.errors.partition", Encoding: Decimal},
		{Name: "origin.offset", Header: "__dlq.errors.offset", Encoding: Decimal},
		{Name: "origin.group", Header: "__dlq.errors.group", Encoding: Text},
		{Name: "cause.message", Header: "__dlq.errors.message", Encoding: Text},
		{Name: "cause.attempts", Header: "__dlq.errors.delivery.count", Encoding: Decimal},
	},
}
