package cluster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafka sends ApiVersions, which every broker answers to everybody, and then asks
// for SASL mechanisms.
func (p *probe) kafka(conn net.Conn) reply {
	const correlation = 0x65767463 // "evtc": unlikely to come back by chance
	versions := kmsg.NewApiVersionsRequest()
	if _, err := conn.Write(p.settings.format(&versions, correlation)); err != nil {
		return reply{err: err}
	}
	head, err := readHead(conn)
	if len(head) < 8 || binary.BigEndian.Uint32(head[4:8]) != correlation {
		return recognize(head, err)
	}
	size := int64(binary.BigEndian.Uint32(head)) - int64(len(head)-4)
	if size < 0 || size > 1<<20 {
		return reply{err: errors.New("a response of an impossible size")}
	}
	if _, err := io.CopyN(io.Discard, conn, size); err != nil {
		return reply{err: err}
	}
	r := reply{kafka: true}
	r.sasl, r.err = p.saslMechanisms(conn, correlation+1)
	r.saslKnown = r.err == nil
	return r
}

// saslMechanisms asks which mechanisms the listener has; nil means that it has no
// SASL at all. The connection is of no use afterwards.
func (p *probe) saslMechanisms(conn net.Conn, correlation int32) ([]string, error) {
	request := kmsg.NewSASLHandshakeRequest()
	request.Version = 1
	request.Mechanism = mechanismPlain
	if p.settings.sasl.enabled {
		request.Mechanism = p.settings.sasl.mechanism
	}
	if _, err := conn.Write(p.settings.format(&request, correlation)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, min(binary.BigEndian.Uint32(size[:]), 1<<16))
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, err
	}
	response := kmsg.NewSASLHandshakeResponse()
	response.Version = request.Version
	if len(body) < 4 || response.ReadFrom(body[4:]) != nil {
		return nil, errors.New("an unreadable response")
	}
	switch kerr.ErrorForCode(response.ErrorCode) {
	case nil: // accepted, whether or not the list says so
		if !slices.Contains(response.SupportedMechanisms, request.Mechanism) {
			response.SupportedMechanisms = append(response.SupportedMechanisms, request.Mechanism)
		}
		return response.SupportedMechanisms, nil
	case kerr.UnsupportedSaslMechanism:
		return append([]string{}, response.SupportedMechanisms...), nil
	default: // ILLEGAL_SASL_STATE
		return nil, nil
	}
}

func (s *Settings) format(request kmsg.Request, correlation int32) []byte {
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID(s.clientID)).AppendRequest(nil, request, correlation)
}

// readHead reads what comes first, up to 64 bytes.
func readHead(conn net.Conn) ([]byte, error) {
	head := make([]byte, 64)
	n, err := conn.Read(head)
	for err == nil && n < 8 {
		var more int
		more, err = conn.Read(head[n:])
		n += more
	}
	return head[:n], err
}

// recognize tells what else than Kafka's protocol head is.
func recognize(head []byte, err error) reply {
	switch {
	case len(head) == 0:
		return reply{err: err}
	case len(head) >= 3 && (head[0] == 0x15 || head[0] == 0x16) && head[1] == 0x03: // an alert or handshake record
		return reply{tls: true, err: err}
	case bytes.ContainsAny(head[:1], "\x00\x01\x02\x03"):
		return reply{err: err} // binary, perhaps Kafka's after all
	default:
		return reply{text: string(head), err: err}
	}
}
