package dlq

// smallRye is SmallRye Reactive Messaging, as in Quarkus. It puts the headers of
// the newest death first.
var smallRye = Dialect{
	Name: "smallrye",
	Marks: []string{
		"dead-letter-reason", "dead-letter-cause", "dead-letter-exception-class-name", "dead-letter-cause-class-name",
		"dead-letter-topic", "dead-letter-partition", "dead-letter-offset",
	},
	Also: []string{"dead-letter-*"},
	Fields: []Field{
		{Name: "origin.topic", Header: "dead-letter-topic", Encoding: Text, Pick: First},
		{Name: "origin.partition", Header: "dead-letter-partition", Encoding: Decimal, Pick: First},
		{Name: "origin.offset", Header: "dead-letter-offset", Encoding: Decimal, Pick: First},
		{Name: "cause.class", Header: "dead-letter-cause-class-name", Encoding: Text, Pick: First},
		{Name: "cause.class", Header: "dead-letter-exception-class-name", Encoding: Text, Pick: First},
		{Name: "cause.message", Header: "dead-letter-cause", Encoding: Text, Pick: First},
		{Name: "cause.message", Header: "dead-letter-reason", Encoding: Text, Pick: First},
	},
}
