package replay

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteCSV writes offsets as kafka-consumer-groups.sh takes them with --reset-offsets
// --from-file: a line of topic, partition and offset for each, without a heading.
func (p *Plan) WriteCSV(w io.Writer) error {
	lines := csv.NewWriter(w)
	for _, m := range p.Moves {
		if m.Uncommit {
			continue // the form can't say that
		}
		err := lines.Write([]string{m.Topic, strconv.Itoa(int(m.Partition)), strconv.FormatInt(m.NewOffset, 10)})
		if err != nil {
			return fmt.Errorf("writing offsets: %w", err)
		}
	}
	lines.Flush()
	if err := lines.Error(); err != nil {
		return fmt.Errorf("writing offsets: %w", err)
	}
	return nil
}

// ReadCSV reads what WriteCSV and kafka-consumer-groups.sh write. A mistake is a
// [*RequestError] that names its line.
func ReadCSV(r io.Reader) ([]Selection, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 3
	lines.TrimLeadingSpace = true
	var list []Selection
	seen := map[partition]bool{}
	for {
		fields, err := lines.Read()
		switch {
		case errors.Is(err, io.EOF) && len(list) == 0:
			return nil, askedf(csvForm, "offsets: the file has no line")
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, askedf(csvForm, "offsets: %v", err)
		}
		line, _ := lines.FieldPos(0)
		s, at, err := selectionOf(fields)
		if err != nil {
			return nil, askedf(csvForm, "offsets, line %d: %v", line, err)
		}
		if seen[at] {
			return nil, askedf("keep one of them", "offsets, line %d: partition %d of topic %q is there twice", line, at.id, at.topic)
		}
		seen[at] = true
		list = append(list, s)
	}
}

const csvForm = "a line is topic,partition,offset, as in order-events,0,1234"

func selectionOf(fields []string) (Selection, partition, error) {
	topic := strings.TrimSpace(fields[0])
	id, idErr := strconv.ParseInt(strings.TrimSpace(fields[1]), 10, 32)
	offset, offsetErr := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
	switch {
	case topic == "":
		return Selection{}, partition{}, errors.New("it names no topic")
	case idErr != nil || id < 0:
		return Selection{}, partition{}, fmt.Errorf("%q is no partition", fields[1])
	case offsetErr != nil || offset < 0:
		return Selection{}, partition{}, fmt.Errorf("%q is no offset", fields[2])
	}
	to := AtOffset(offset)
	at := partition{topic, int32(id)}
	return Selection{Topic: topic, Partitions: []int32{at.id}, To: &to}, at, nil
}

// ExportGroup gives what a group has committed as a plan's moves, for WriteCSV. A
// partition that can't be read fails it: a file that lacks one would reset a part.
func ExportGroup(ctx context.Context, r Reader, group string) (*Plan, error) {
	attempt := fmt.Sprintf("exporting the offsets of group %q", group)
	offsets, err := position(ctx, r, group)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attempt, err)
	}
	if len(offsets) == 0 {
		return nil, askedf("\"evtctl lag\" lists the groups and what they have committed", "%s: it has committed nothing", attempt)
	}
	p := &Plan{Version: PlanVersion, Group: group, From: group, Warnings: []string{}}
	for at, offset := range offsets {
		p.Moves = append(p.Moves, Move{Topic: at.topic, Partition: at.id, NewOffset: offset})
	}
	slices.SortFunc(p.Moves, compareMoves)
	return p, nil
}
