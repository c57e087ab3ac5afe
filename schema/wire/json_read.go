package wire

import "fmt"

// read holds data against this schema. Data that its own schema refuses as well
// says nothing about this one.
func (j jsonSchema) read(writer language, _ Frame, b body) (own, err error) {
	if len(b.more) > 0 {
		return leftOverInHeader(b.more), nil
	}
	text, err := oneLine(b.data, true)
	if err != nil {
		return err, nil
	}
	if err := j.satisfied(text); err != nil {
		if own := writer.(jsonSchema); own.err == nil {
			if ownErr := own.satisfied(text); ownErr != nil {
				return ownErr, nil
			}
		}
		return nil, err
	}
	return nil, nil
}

// satisfied tells the first of the places where data doesn't satisfy the schema.
func (j jsonSchema) satisfied(text []byte) error {
	found, err := j.validate(text)
	if err != nil || len(found) == 0 {
		return err
	}
	more := ""
	if n := len(found) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return faultf(found[0].Pointer, "%s%s", found[0].Reason, more)
}
