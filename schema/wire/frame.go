package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Part tells keys from values: each has its own header.
type Part string

// The two parts of a record.
const (
	Key   Part = "key"
	Value Part = "value"
)

// Header is the name of the header that can carry the schema id.
func (p Part) Header() string { return "__" + string(p) + "_schema_id" }

// ID names a schema in a registry: by its GUID, or, where that is zero, by its number.
type ID struct {
	Number int32
	GUID   uuid.UUID
}

// String gives the digits of the number, or the GUID in its usual form.
func (id ID) String() string {
	if id.GUID != uuid.Nil {
		return id.GUID.String()
	}
	return strconv.Itoa(int(id.Number))
}

// Frame says which schema data was written with, and where that was written.
type Frame struct {
	ID ID
	// InHeader is true when the id is in a header and the data is bare.
	InHeader bool
	// Indexes lead to a Protobuf message; nil for other formats. [ReadFrame] doesn't
	// know the format and leaves them nil, and their bytes unread.
	Indexes []int
}

const (
	magicNumber = 0 // four bytes of number follow
	magicGUID   = 1 // sixteen bytes of GUID follow

	numberSize = 1 + 4
	guidSize   = 1 + 16

	// maxIndexes is how deep Protobuf messages nest at most.
	maxIndexes = 64
)

// ReadFrame finds the schema id of a key or value. The rest of what follows the id
// where it was found is given as it is: of Protobuf data it begins with the indexes
// of the message. Of several headers the last one counts. An error is a
// [*FrameError], or [ErrNull] for a tombstone.
func ReadFrame(part Part, headers []kgo.RecordHeader, data []byte) (f Frame, rest []byte, err error) {
	if data == nil {
		return f, nil, ErrNull
	}
	for _, h := range slices.Backward(headers) {
		if h.Key != part.Header() {
			continue
		}
		f.InHeader = true
		f.ID, rest, err = readID(h.Value)
		if err != nil {
			return f, nil, &FrameError{Part: part, InHeader: true, Reason: err.Error(), Start: start(h.Value)}
		}
		return f, rest, nil
	}
	if f.ID, rest, err = readID(data); err != nil {
		return f, nil, &FrameError{Part: part, Reason: err.Error(), Start: start(data)}
	}
	return f, rest, nil
}

func readID(b []byte) (ID, []byte, error) {
	if len(b) == 0 {
		return ID{}, nil, fmt.Errorf("it is empty")
	}
	switch b[0] {
	case magicNumber:
		if len(b) < numberSize {
			return ID{}, nil, fmt.Errorf("it has %d bytes, and a schema id takes %d", len(b), numberSize)
		}
		number := int32(binary.BigEndian.Uint32(b[1:]))
		if number < 0 {
			return ID{}, nil, fmt.Errorf("after the byte 0 there is no schema id")
		}
		return ID{Number: number}, b[numberSize:], nil
	case magicGUID:
		if len(b) < guidSize {
			return ID{}, nil, fmt.Errorf("it has %d bytes, and a schema GUID takes %d", len(b), guidSize)
		}
		guid := uuid.UUID(b[1:guidSize])
		if guid == uuid.Nil {
			return ID{}, nil, fmt.Errorf("its schema GUID is all zeros")
		}
		return ID{GUID: guid}, b[guidSize:], nil
	}
	return ID{}, nil, fmt.Errorf("it begins with the byte 0x%02x, and data with a schema id with 0x00 or 0x01", b[0])
}

// start copies the first bytes of what was refused, for messages.
func start(b []byte) []byte { return slices.Clone(b[:min(len(b), 16)]) }

// appendID is the opposite of readID.
func appendID(b []byte, id ID) []byte {
	if id.GUID != uuid.Nil {
		return append(append(b, magicGUID), id.GUID[:]...)
	}
	return binary.BigEndian.AppendUint32(append(b, magicNumber), uint32(id.Number))
}

// readIndexes reads what leads to a Protobuf message.
func readIndexes(b []byte) (indexes []int, rest []byte, err error) {
	count, n := binary.Varint(b)
	switch {
	case n <= 0:
		return nil, nil, fmt.Errorf("the indexes of the Protobuf message are missing or cut off")
	case count == 0:
		return []int{0}, b[n:], nil
	case count < 0 || count > maxIndexes:
		return nil, nil, fmt.Errorf("%d indexes of a Protobuf message; at most %d make sense", count, maxIndexes)
	}
	b = b[n:]
	for range count {
		index, n := binary.Varint(b)
		if n <= 0 {
			return nil, nil, fmt.Errorf("the indexes of the Protobuf message are cut off")
		}
		if index < 0 || index > 1<<20 {
			return nil, nil, fmt.Errorf("%d is no index of a Protobuf message", index)
		}
		indexes = append(indexes, int(index))
		b = b[n:]
	}
	return indexes, b, nil
}

// appendIndexes is the opposite of readIndexes, and uses the short form.
func appendIndexes(b []byte, indexes []int) []byte {
	if slices.Equal(indexes, []int{0}) {
		return append(b, 0)
	}
	b = binary.AppendVarint(b, int64(len(indexes)))
	for _, index := range indexes {
		b = binary.AppendVarint(b, int64(index))
	}
	return b
}
