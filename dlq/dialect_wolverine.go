package dlq

import "strings"

// wolverine is Wolverine for .NET. Where its letter came from is an address of its
// own, such as kafka://topic/orders; partition and offset aren't told.
var wolverine = Dialect{
	Name:  "wolverine",
	Marks: []string{"exception-type", "original-destination"},
	Fields: []Field{
		{Name: "origin.topic", Header: "original-destination", Encoding: Text},
		{Name: "cause.class", Header: "exception-type", Encoding: Text},
		{Name: "cause.message", Header: "exception-message", Encoding: Text},
		{Name: "cause.stack", Header: "exception-stack", Encoding: Text},
	},
}

// wolverineTopic takes the topic out of an address.
func wolverineTopic(address string) string {
	if !strings.Contains(address, "://") {
		return address
	}
	return address[strings.LastIndexByte(address, '/')+1:]
}
