package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// ask connects once more, to find out what a vague failure means: in the way
// that is configured, and in the others that would explain it. It keeps the
// finding when the answer explains nothing.
func (s *Settings) ask(ctx context.Context, f brokerFailure) finding {
	p := &probe{settings: s, addr: f.addr}
	var found finding
	var ok bool
	switch {
	case f.cause == CauseSilent:
		found, ok = p.askSilent(ctx)
	case s.tlsConf == nil:
		found, ok = p.askPlain(ctx)
	default:
		found, ok = p.askTLS(ctx)
	}
	if ok {
		return found
	}
	return f.finding
}

// probe asks one address what it is.
type probe struct {
	settings *Settings
	addr     string
}

// reply is how an address answered.
type reply struct {
	kafka     bool     // with Kafka's protocol
	tls       bool     // with TLS: an alert, or a handshake that succeeded
	text      string   // with something else
	saslKnown bool     // whether sasl is
	sasl      []string // Kafka's SASL mechanisms; nil: this listener has none
	err       error
}

// askPlain explains a failure without TLS.
func (p *probe) askPlain(ctx context.Context) (finding, bool) {
	r := p.plain(ctx)
	if !r.kafka && !r.tls && r.text == "" {
		return needsTLS(), p.encrypted(ctx).tls
	}
	return p.explain(r)
}

// askTLS explains a failure with TLS.
func (p *probe) askTLS(ctx context.Context) (finding, bool) {
	r := p.encrypted(ctx)
	if !r.tls && r.text == "" {
		return p.askSilent(ctx)
	}
	return p.explain(r)
}

// askSilent explains why nothing is answered, or TLS isn't: an HTTP server awaits
// the end of a line, a plain-text broker may await the rest of what TLS looks
// like to it. There may be little time left, so both questions are asked at once.
func (p *probe) askSilent(ctx context.Context) (finding, bool) {
	replies := make(chan reply, 2)
	go func() { replies <- p.exchange(ctx, []byte("GET / HTTP/1.0\r\n\r\n")) }()
	asked := 1
	if p.settings.tlsConf != nil {
		asked++
		go func() { replies <- p.plain(ctx) }()
	}
	for range asked {
		if r := <-replies; r.text != "" {
			return p.explain(r)
		} else if r.kafka {
			return noTLS(), true
		}
	}
	return finding{}, false
}

// explain words a reply.
func (p *probe) explain(r reply) (finding, bool) {
	s := p.settings
	switch {
	case r.text != "":
		return notKafka(r.text), true
	case r.saslKnown && s.sasl.enabled && r.sasl == nil:
		return noSASL(), true
	case r.saslKnown && s.sasl.enabled && !slices.Contains(r.sasl, s.sasl.mechanism):
		return s.mechanismOff(r.sasl), true
	case r.saslKnown && !s.sasl.enabled && r.sasl != nil:
		return needsSASL(r.sasl), true
	case r.tls && s.tlsConf == nil:
		return needsTLS(), true
	case r.tls && r.err != nil && !r.kafka:
		return s.clientCertificate("it doesn't accept the client certificate"), errors.Is(r.err, errCertificateWanted)
	default:
		return finding{}, false
	}
}

func notKafka(text string) finding {
	return finding{
		cause: CauseNotKafka, problem: "not a Kafka broker: it answers " + whatSpeaks(text),
		hint: "check the port; Kafka's is often 9092 or 9093",
	}
}

// whatSpeaks names well-known protocols by their first words.
func whatSpeaks(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSpace(line)
	for prefix, name := range map[string]string{"HTTP/": "HTTP", "SSH-": "SSH", "220 ": "SMTP or FTP", "-ERR": "Redis", "+OK": "POP3 or Redis"} {
		if strings.HasPrefix(line, prefix) {
			return fmt.Sprintf("in %s (%q)", name, line)
		}
	}
	return fmt.Sprintf("%q", line)
}

// plain asks in Kafka's protocol without TLS.
func (p *probe) plain(ctx context.Context) reply {
	return p.exchange(ctx, nil)
}

// exchange dials and sends first, or, without it, asks as a Kafka client.
func (p *probe) exchange(ctx context.Context, first []byte) reply {
	conn, release, err := p.dial(ctx)
	if err != nil {
		return reply{err: err}
	}
	defer release()
	if first == nil {
		return p.kafka(conn)
	}
	if _, err := conn.Write(first); err != nil {
		return reply{err: err}
	}
	head, err := readHead(conn)
	return recognize(head, err)
}

// errCertificateWanted marks a connection that ended after the broker had asked
// for a client certificate.
var errCertificateWanted = errors.New("the broker asked for a client certificate")

// encrypted shakes hands without looking at the broker's certificate, and then
// asks in Kafka's protocol.
func (p *probe) encrypted(ctx context.Context) reply {
	conn, release, err := p.dial(ctx)
	if err != nil {
		return reply{err: err}
	}
	defer release()
	wanted := false
	conf := &tls.Config{MinVersion: tls.VersionTLS10}
	if p.settings.tlsConf != nil {
		conf = tlsFor(p.settings.tlsConf, p.addr)
	}
	own := conf.GetClientCertificate
	conf.InsecureSkipVerify, conf.VerifyConnection = true, nil
	conf.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		wanted = true
		if own == nil {
			return &tls.Certificate{}, nil
		}
		return own(info)
	}
	secured := tls.Client(conn, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		var notTLS tls.RecordHeaderError
		if errors.As(err, &notTLS) {
			return recognize(notTLS.RecordHeader[:], err)
		}
		return reply{tls: wanted || isAlert(err), err: certificateError(wanted, err)}
	}
	r := p.kafka(secured)
	r.tls, r.err = true, certificateError(wanted, r.err)
	return r
}

func certificateError(wanted bool, err error) error {
	if err == nil || !wanted {
		return err
	}
	return errors.Join(errCertificateWanted, err)
}

func isAlert(err error) bool {
	var remote *net.OpError
	return errors.As(err, &remote) && remote.Op == "remote error"
}

// probePatience is how long one question may take. The broker has just been heard
// of, so an answer comes soon or not at all.
const probePatience = 2 * time.Second

// dial connects, with a deadline on all that follows.
func (p *probe) dial(ctx context.Context) (net.Conn, func(), error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, nil, err
	}
	deadline, limited := ctx.Deadline()
	if soon := time.Now().Add(probePatience); !limited || soon.Before(deadline) {
		deadline = soon
	}
	return conn, func() { conn.Close() }, conn.SetDeadline(deadline)
}
