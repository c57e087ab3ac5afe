package dlq

// karafka is Karafka for Ruby from 2.5 on. Its names are plain words, so that two of
// them are needed to know it.
var karafka = Dialect{
	Name: "karafka", Marks: []string{"source_topic", "source_offset"}, AllMarks: true,
	Fields: karafkaFields("source_"),
}

// karafkaOld is Karafka before 2.5.
var karafkaOld = Dialect{
	Name: "karafka", Marks: []string{"original_topic", "original_offset"}, AllMarks: true,
	Fields: karafkaFields("original_"),
}

func karafkaFields(prefix string) []Field {
	return []Field{
		{Name: "origin.topic", Header: prefix + "topic", Encoding: Text},
		{Name: "origin.partition", Header: prefix + "partition", Encoding: Decimal},
		{Name: "origin.offset", Header: prefix + "offset", Encoding: Decimal},
		{Name: "origin.group", Header: prefix + "consumer_group", Encoding: Text},
		{Name: "cause.attempts", Header: prefix + "attempts", Encoding: Decimal},
	}
}
