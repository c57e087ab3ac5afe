package consume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// What Spring Kafka wraps failures in. A shop that runs both finds its dead letters
// by these names.
const (
	listenerFailed  = "org.springframework.kafka.listener.ListenerExecutionFailedException"
	cantDeserialise = "org.springframework.kafka.support.serializer.DeserializationException"
)

// bury writes a dead letter and says whether the record is done with. One that
// can't be written is tried again for ever, as Spring does: no commit may pass it.
func (w *worker) bury(r *kgo.Record, failure error) bool {
	if w.c.NoDeadLetters {
		w.c.Log.Error("the partition stands still at a record that fails",
			"group", w.c.Group, "record", place(r), "error", failure)
		return false
	}
	letter := DeadLetter(r, w.c.Group, failure)
	for {
		err := w.client.ProduceSync(w.ctx, letter).FirstErr()
		if err == nil {
			w.c.deadLettered.Add(1)
			return true
		}
		w.c.Log.Error("dead letter not written, trying again; its partition waits",
			"group", w.c.Group, "record", place(r), "topic", letter.Topic, "error", err)
		if !w.pause(w.c.Backoff) {
			return false
		}
		letter = DeadLetter(r, w.c.Group, failure) // a record isn't produced twice
	}
}

// ExceptionClass is what an error may implement to say which Java class it
// corresponds to. Others go by the name of their Go type.
type ExceptionClass interface{ ExceptionClass() string }

// DeadLetter returns the record that Spring Kafka would have written: the same key,
// value and headers, on the same partition of the dead-letter topic, with where it
// came from and why in headers of its own.
func DeadLetter(r *kgo.Record, group string, failure error) *kgo.Record {
	class, cause, message, stack := describe(failure)
	text := func(name, value string) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "kafka_dlt-" + name, Value: []byte(value)}
	}
	int64BE := func(name string, value int64) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "kafka_dlt-" + name, Value: binary.BigEndian.AppendUint64(nil, uint64(value))}
	}
	headers := append([]kgo.RecordHeader{}, r.Headers...)
	headers = append(headers,
		text("exception-fqcn", class),
		text("exception-cause-fqcn", cause),
		text("exception-message", message),
		text("exception-stacktrace", stack),
		text("original-topic", r.Topic),
		kgo.RecordHeader{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(r.Partition))},
		int64BE("original-offset", r.Offset),
		int64BE("original-timestamp", r.Timestamp.UnixMilli()),
		text("original-timestamp-type", timestampType(r)),
		text("original-consumer-group", group),
	)
	return &kgo.Record{
		Topic: event.DeadLetters(r.Topic), Partition: r.Partition,
		Key: r.Key, Value: r.Value, Headers: headers,
	}
}

func timestampType(r *kgo.Record) string {
	switch r.Attrs.TimestampType() {
	case 0:
		return "CreateTime"
	case 1:
		return "LogAppendTime"
	}
	return "NoTimestampType"
}

// describe says of an error what Spring says of an exception.
func describe(failure error) (class, cause, message, stack string) {
	if never(failure) {
		message = "failed to deserialize"
		stack = cantDeserialise + ": " + message + "\n" + frames() +
			"Caused by: " + className(root(failure)) + ": " + failure.Error() + "\n"
		return cantDeserialise, cantDeserialise, message, stack
	}
	inner := root(failure)
	cause = className(inner)
	message = "Listener failed; " + failure.Error()
	stack = listenerFailed + ": Listener failed\n" + frames() + "Caused by: " + cause + ": " + failure.Error() + "\n"
	var p *panicError
	if errors.As(failure, &p) {
		for line := range strings.Lines(string(p.stack)) {
			stack += "\t" + line
		}
	}
	return listenerFailed, cause, message, stack
}

// root is the innermost error, or the first that names a class.
func root(err error) error {
	var named ExceptionClass
	if errors.As(err, &named) {
		return named.(error)
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func className(err error) string {
	if named, ok := err.(ExceptionClass); ok {
		return named.ExceptionClass()
	}
	t := reflect.TypeOf(err)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.ReplaceAll(t.PkgPath(), "/", ".") + "." + t.Name()
}

// frames writes the calling functions the way Java does.
func frames() string {
	var pcs [16]uintptr
	calls := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	var b strings.Builder
	for {
		f, more := calls.Next()
		fmt.Fprintf(&b, "\tat %s(%s:%d)\n", f.Function, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		if !more {
			return b.String()
		}
	}
}
