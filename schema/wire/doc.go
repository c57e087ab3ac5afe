// Package wire reads and writes keys and values that carry the id of their schema,
// in Confluent's form: Avro, JSON Schema and Protobuf.
//
// A [Codec] turns the bytes of a key or value into JSON, and JSON back into bytes.
// It gets schemas from a [Source], compiles each once, and keeps a bounded number.
// [ReadFrame] alone tells which schema something was written with.
//
// # Where the id is
//
// Either in front of the data, or in the header __key_schema_id or
// __value_schema_id, which wins. In both places it is a byte 0 with four bytes of
// number, or a byte 1 with the sixteen bytes of the schema's GUID. For Protobuf the
// indexes of the message follow it, in the same place: a zigzag count and as many
// zigzag numbers, where a lone 0 stands for [0].
//
// # The JSON
//
// It is one line, and encoding it again gives the same data, except for what
// [Message.Notes] tells.
//
//   - Avro: fields in the order of the schema. int and long are numbers with all
//     their digits; float and double too, and NaN, Infinity and -Infinity are
//     strings. bytes and fixed are standard base64, as in Protobuf, not Avro's
//     strings of Latin-1. A value of a union is bare where its JSON can't be that of
//     another branch, as in the unions of null and one type; else it is
//     {"type": value} with the name of its branch, as Avro's own JSON has it.
//     Logical types: decimal is a string with all digits; date, time-* and
//     timestamp-* are those of RFC 3339, in UTC, local-timestamp-* without the Z;
//     uuid is its text; duration is {"months", "days", "millis"}. Dates that RFC 3339
//     can't express (years before 0 or after 9999) stay numbers. Encoding takes
//     numbers for all of them.
//   - Protobuf: its own JSON mapping with the names of the .proto file. 64-bit
//     integers are strings there, bytes base64. Fields without presence appear even
//     when zero.
//   - JSON Schema: the data as it was written, without blanks.
//
// # Foreign bytes
//
// Whatever the bytes are, decoding ends, in time and memory that are bounded by
// their number and by [Options]. Data that isn't what its schema says is a
// [*DataError], and so are bytes that are left over: they mean a wrong schema.
package wire
