package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafkaListener lets only Kafka's requests through to kfake, which trusts its
// clients: it allocates whatever length the first four bytes name (a browser's
// "GET " is 1.1 GiB) and stops the process at a request kind it has never heard of.
type kafkaListener struct {
	net.Listener
	log *brokerLog
}

func (l kafkaListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &kafkaConn{Conn: conn, log: l.log}, nil
}

const (
	// maxRequest is Kafka's default socket.request.max.bytes.
	maxRequest = 100 << 20
	// requestHeader is what every request begins with, after its length of four
	// bytes: kind (2), version (2) and correlation id (4).
	requestHeader = 8
)

var errNotKafka = errors.New("not a Kafka request")

// kafkaConn reads a connection request by request. Only one goroutine reads it.
type kafkaConn struct {
	net.Conn
	log     *brokerLog
	header  [4 + requestHeader]byte
	pending []byte // of header, checked and not yet handed on
	left    int    // bytes of the current request behind its header
}

func (c *kafkaConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.pending) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.pending) > 0 {
		n := copy(p, c.pending)
		c.pending = c.pending[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// next reads the length and header of the next request and checks them. The
// length comes first and alone: a client that doesn't speak Kafka may send no more.
func (c *kafkaConn) next() error {
	if _, err := io.ReadFull(c.Conn, c.header[:4]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(c.header[:4])
	if size < requestHeader || size > maxRequest {
		return c.refuse(fmt.Errorf("%w: its length would be %d", errNotKafka, size))
	}
	if _, err := io.ReadFull(c.Conn, c.header[4:]); err != nil {
		return err
	}
	kind := int16(binary.BigEndian.Uint16(c.header[4:]))
	if kmsg.RequestForKey(kind) == nil {
		return c.refuse(fmt.Errorf("%w: there is no kind %d", errNotKafka, kind))
	}
	c.pending, c.left = c.header[:], int(size)-requestHeader
	return nil
}

func (c *kafkaConn) refuse(err error) error {
	c.log.Logf(kfake.LogLevelWarn, "closing the connection from %s: %v", c.RemoteAddr(), err)
	return err
}
