package sandbox_test

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/evtctl/evtctl/internal/sandbox"
)

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	sb strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sb.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sb.String()
}

func TestSandboxOutlivesWhatIsNotKafka(t *testing.T) {
	request := func(size uint32, kind uint16) string {
		b := binary.BigEndian.AppendUint32(nil, size)
		b = binary.BigEndian.AppendUint16(b, kind)
		return string(append(b, 0, 0, 0, 0, 0, 1, 0xff, 0xff)) // version, correlation id, no client id
	}
	for _, tt := range []struct {
		name, sent string
	}{
		{"a browser", "GET / HTTP/1.1\r\nHost: localhost:9092\r\n\r\n"},
		{"a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
		{"a request of a kind that doesn't exist", request(10, 30000)},
		{"a request of a negative kind", request(10, 0xffff)},
		{"a request too short to be one", request(3, 18)},
		{"a request larger than Kafka takes", request(100<<20+1, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log syncBuffer
			s := start(t, sandbox.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			conn, err := net.Dial("tcp", s.Brokers()[0])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.sent); err != nil {
				t.Fatal(err)
			}
			if answer, _ := io.ReadAll(conn); len(answer) > 0 { // ends when the sandbox hangs up
				t.Errorf("it answered %q", answer)
			}
			if err := client(t, s.Brokers()).Ping(t.Context()); err != nil {
				t.Errorf("it is gone: %v", err)
			}
			if !strings.Contains(log.String(), conn.LocalAddr().String()) {
				t.Errorf("the log doesn't name %s: %s", conn.LocalAddr(), log.String())
			}
		})
	}
}
