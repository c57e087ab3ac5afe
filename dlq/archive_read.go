package dlq

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxArchiveLine bounds a line: a record of the largest size that brokers take, as JSON.
const maxArchiveLine = 140 << 20

// ArchiveError says that a file isn't an archive, or not a whole and unchanged one.
type ArchiveError struct {
	Line   int64 // from 1
	Reason string
}

func (e *ArchiveError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// ReadArchive gives the letters of an archive to visit, one at a time, and checks every
// line and the checksum. An *[ArchiveError] says what is wrong; as the checksum is at the
// end, letters may have been given by then. So whoever acts on them reads twice, the first
// time with a visit that does nothing. An error of visit ends reading and is returned.
func ReadArchive(r io.Reader, visit func(*Archived) error) (*ArchiveHead, *ArchiveEnd, error) {
	in := &archiveReader{lines: bufio.NewReaderSize(r, 64<<10)}
	head, err := in.head()
	if err != nil {
		return nil, nil, err
	}
	sum, letters := sha256.New(), int64(0)
	sum.Write(in.text)
	for {
		if err := in.read(); err != nil {
			return nil, nil, err
		}
		if end, ok := in.end(); ok {
			switch {
			case end.SHA256 != hex.EncodeToString(sum.Sum(nil)):
				return nil, nil, in.fail("the checksum is another: the file was changed, or lines are missing")
			case end.Letters != letters:
				return nil, nil, in.fail("it says %d letters, and there are %d", end.Letters, letters)
			}
			return head, end, in.over()
		}
		sum.Write(in.text)
		letters++
		letter, err := in.letter()
		if err != nil {
			return nil, nil, err
		}
		if err := visit(letter); err != nil {
			return nil, nil, err
		}
	}
}

// archiveReader reads line by line.
type archiveReader struct {
	lines  *bufio.Reader
	text   []byte // the line, with its end
	number int64
}

func (in *archiveReader) fail(format string, args ...any) error {
	return &ArchiveError{in.number, fmt.Sprintf(format, args...)}
}

func (in *archiveReader) read() error {
	in.text = in.text[:0]
	in.number++
	for {
		piece, err := in.lines.ReadSlice('\n')
		in.text = append(in.text, piece...)
		switch {
		case len(in.text) > maxArchiveLine:
			return in.fail("it is longer than any letter")
		case err == nil:
			return nil
		case errors.Is(err, io.EOF) && len(in.text) == 0:
			return in.fail("the file ends here, without its last line: it isn't whole")
		case errors.Is(err, io.EOF):
			return in.fail("the file ends in the middle of it: it isn't whole")
		case !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d: %w", in.number, err)
		}
	}
}

func (in *archiveReader) head() (*ArchiveHead, error) {
	if err := in.read(); err != nil {
		return nil, err
	}
	var head ArchiveHead
	if err := json.Unmarshal(in.text, &head); err != nil || head.Version == 0 {
		return nil, in.fail("it isn't the first line of an archive of letters")
	}
	if head.Version != ArchiveVersion {
		return nil, in.fail("an archive of version %d, and this evtctl reads version %d", head.Version, ArchiveVersion)
	}
	return &head, nil
}

// end tells the last line from letters, which have no checksum.
func (in *archiveReader) end() (*ArchiveEnd, bool) {
	if !bytes.HasPrefix(in.text, []byte(`{"letters":`)) {
		return nil, false
	}
	var end ArchiveEnd
	err := json.Unmarshal(in.text, &end)
	return &end, err == nil && end.SHA256 != ""
}

// over refuses what comes after the end.
func (in *archiveReader) over() error {
	if _, err := in.lines.ReadByte(); !errors.Is(err, io.EOF) {
		in.number++
		return in.fail("there is something after the last line")
	}
	return nil
}

func (in *archiveReader) letter() (*Archived, error) {
	var line archivedLine
	decoder := json.NewDecoder(bytes.NewReader(in.text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return nil, in.fail("it is no letter: %v", err)
	}
	letter, err := line.letter()
	if err != nil {
		return nil, in.fail("%v", err)
	}
	return letter, nil
}
