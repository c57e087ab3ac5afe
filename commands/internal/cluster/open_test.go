package cluster

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// limit is the time limit in tests of brokers that never answer.
const limit = 500 * time.Millisecond

// slack is for machines that are busy with something else.
const slack = time.Second

// refused opens s, which must fail as a *ConnectError of the cause, within the
// time limit, with the words in its message and a hint.
func refused(t *testing.T, s *Settings, cause Cause, words ...string) *ConnectError {
	t.Helper()
	started := time.Now()
	client, err := s.Open(t.Context())
	if err == nil {
		client.Close()
		t.Fatal("Open succeeded")
	}
	if took := time.Since(started); took > s.Timeout+diagnosisGrace+slack {
		t.Errorf("Open took %s with a limit of %s", took, s.Timeout)
	}
	var connect *ConnectError
	if !errors.As(err, &connect) {
		t.Fatalf("error is %T (%v), want a *ConnectError", err, err)
	}
	if connect.Cause != cause {
		t.Errorf("cause is %q, want %q: %v", connect.Cause, cause, err)
	}
	if connect.Hint() == "" {
		t.Errorf("no hint with %v", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q doesn't say %q", err, word)
		}
	}
	t.Logf("%v\n\t%s", err, connect.Hint())
	return connect
}

func at(brokers ...string) Flags { return Flags{Brokers: brokers, Timeout: limit} }

func TestOpenReachesABroker(t *testing.T) {
	broker := kafkatest.Fake(t)
	s := resolve(t, Flags{Brokers: broker.Brokers()})
	client, err := s.Open(t.Context(), kgo.ConsumeTopics("unused"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(t.Context()); err != nil {
		t.Errorf("ping after Open: %v", err)
	}
	if got := client.OptValue(kgo.MaxDecompressBatchBytes); got != 64<<20 {
		t.Errorf("MaxDecompressBatchBytes is %v", got)
	}
	if got := client.OptValue(kgo.ClientID); got != "evtctl" {
		t.Errorf("client id is %v", got)
	}
	if topics := client.GetConsumeTopics(); len(topics) != 1 {
		t.Errorf("the extra option was lost: %v", topics)
	}
}

func TestAClientOutlivesTheContextItWasOpenedWith(t *testing.T) {
	broker := kafkatest.Fake(t)
	ctx, cancel := context.WithCancel(t.Context())
	client, err := resolve(t, Flags{Brokers: broker.Brokers()}).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cancel()
	if err := client.Ping(t.Context()); err != nil {
		t.Errorf("ping after the context ended: %v", err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	address := listen(t, silent)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	time.AfterFunc(50*time.Millisecond, func() { cancel(interrupted) })
	_, err := resolve(t, Flags{Brokers: []string{address}, Timeout: time.Minute}).Open(ctx)
	if !errors.Is(err, interrupted) {
		t.Errorf("error is %v, want the context's cause", err)
	}
}

func TestAnInterruptedSecretCommandIsNoFailure(t *testing.T) {
	s := inContext(t, closedPort(t), []string{"sasl: {mechanism: PLAIN, user: u, password: {command: exec sleep 60}}"})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Open(ctx); err != context.Canceled {
		t.Errorf("error is %v, want the context's", err)
	}
}

func TestClosedPort(t *testing.T) {
	address := closedPort(t)
	e := refused(t, resolve(t, at(address)), CauseRefused, address, "connection refused")
	if e.Broker != address {
		t.Errorf("Broker is %q, want %q", e.Broker, address)
	}
	if !strings.Contains(e.Hint(), "from: flag") {
		t.Errorf("the hint doesn't say where the address is from: %q", e.Hint())
	}
}

func TestClosedDefaultPortNamesTheSandbox(t *testing.T) {
	s := resolve(t, Flags{})
	s.Brokers = []string{closedPort(t)} // BrokersFrom stays "default"
	e := refused(t, s, CauseRefused)
	if !strings.Contains(e.Hint(), "--brokers") || !strings.Contains(e.Hint(), "evtctl sandbox") {
		t.Errorf("hint is %q", e.Hint())
	}
}

func TestSilentBroker(t *testing.T) {
	address := listen(t, silent)
	refused(t, resolve(t, at(address)), CauseSilent, "didn't answer within 500ms")
}

func TestSilentBrokerWithTLS(t *testing.T) {
	address := listen(t, silent)
	f := at(address)
	f.Properties = []string{"security.protocol=SSL"}
	refused(t, resolve(t, f), CauseSilent, "didn't answer within 500ms")
}

func TestListenerThatNeverAcceptsIsSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	refused(t, resolve(t, at(listener.Addr().String())), CauseSilent)
}

func TestUnknownHost(t *testing.T) {
	refused(t, resolve(t, Flags{Brokers: []string{"kafka.invalid:9092"}, Timeout: 5 * time.Second}), CauseUnresolved, "kafka.invalid")
}

func TestUnansweredConnectionRequest(t *testing.T) {
	s := resolve(t, at("127.0.0.1:9"))
	f := s.classify("127.0.0.1:9", &dialError{addr: "127.0.0.1:9", stage: stageDial, err: context.DeadlineExceeded})
	if f.cause != CauseUnreachable || !strings.Contains(f.problem, "connection request") {
		t.Errorf("finding is %+v", f)
	}
}

func TestBrokerThatHangsUp(t *testing.T) {
	address := listen(t, func(net.Conn) {})
	refused(t, resolve(t, at(address)), CauseClosed, "closed before Kafka answered")
}

func TestOneLiveBrokerOfSeveralIsEnough(t *testing.T) {
	live := kafkatest.Fake(t).Brokers()[0]
	for name, dead := range map[string]string{
		"silent": listen(t, silent), "closed": closedPort(t), "unresolved": "kafka.invalid:9092",
	} {
		t.Run(name, func(t *testing.T) {
			s := resolve(t, Flags{Brokers: []string{dead, live}, Timeout: 20 * time.Second})
			started := time.Now()
			client, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("took %s: it waited for the dead broker", took)
			}
		})
	}
}

// A broker that hangs after the client has reached the cluster: what any broker can
// answer is asked of the next one.
func TestWhatAnyBrokerKnowsIsAskedOfTheNextOne(t *testing.T) {
	broker := kafkatest.Fake(t)
	s := resolve(t, Flags{Brokers: broker.Brokers(), Timeout: limit})
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	met := hang(t, broker, kmsg.Metadata, 1)
	for n := 0; n < 100 && met.Load() == 0; n++ { // the client chooses whom it asks first
		if _, err := kmsg.NewPtrMetadataRequest().RequestWith(t.Context(), client); err != nil {
			t.Errorf("one of %d brokers hangs: %v", len(broker.Brokers()), err)
		}
	}
	if met.Load() == 0 {
		t.Error("no question met the broker that hangs")
	}
}

func TestOfSeveralDeadBrokersTheMostTellingIsTold(t *testing.T) {
	closed, quiet := closedPort(t), listen(t, silent)
	e := refused(t, resolve(t, at(closed, quiet)), CauseSilent, closed)
	if e.Broker != quiet {
		t.Errorf("Broker is %q, want the silent one", e.Broker)
	}
	refused(t, resolve(t, at(closed, closedPort(t))), CauseRefused, "the same with")
}

// relay passes connections on to a broker, so that its own address isn't the
// advertised one.
func relay(t *testing.T, to string) string {
	t.Helper()
	return listen(t, func(in net.Conn) {
		out, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer out.Close()
		go func() { io.Copy(out, in); out.Close() }()
		io.Copy(in, out)
	})
}

// advertising starts a broker that clients are sent to at the address given.
func advertising(t *testing.T, advertised string) string {
	t.Helper()
	broker := kafkatest.Fake(t, kfake.NumBrokers(1))
	host, port, err := net.SplitHostPort(advertised)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	broker.Kfake().ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		broker.Kfake().KeepControl()
		response := request.ResponseKind().(*kmsg.MetadataResponse)
		response.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 0, Host: host, Port: int32(n)}}
		return response, nil, true
	})
	return relay(t, broker.Brokers()[0])
}

func TestAdvertisedAddressUnreachable(t *testing.T) {
	for name, test := range map[string]struct {
		advertised string
		words      string
	}{
		"closed":     {closedPort(t), "connection refused"},
		"silent":     {listen(t, silent), "didn't answer"},
		"unresolved": {"kafka.invalid:9092", "has no address"},
	} {
		t.Run(name, func(t *testing.T) {
			bootstrap := advertising(t, test.advertised)
			e := refused(t, resolve(t, at(bootstrap)), CauseAdvertised, bootstrap+" answers", test.advertised, test.words)
			if !strings.Contains(e.Hint(), "advertised.listeners") {
				t.Errorf("hint is %q", e.Hint())
			}
		})
	}
}

func TestNotKafka(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	banner := func(text string) string {
		return listen(t, func(conn net.Conn) { io.WriteString(conn, text); silent(conn) })
	}
	eager := listen(t, func(conn net.Conn) { // answers at once, as nginx does
		bufio.NewReader(conn).ReadByte()
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	for name, test := range map[string]struct {
		address string
		tls     bool
		words   string
	}{
		"a web server":                    {web.Listener.Addr().String(), false, "HTTP"},
		"a web server, with TLS":          {web.Listener.Addr().String(), true, "HTTP"},
		"an HTTPS server, with TLS":       {secure.Listener.Addr().String(), true, "HTTP"},
		"a web server that answers early": {eager, false, "HTTP/1.1 400"},
		"SSH":                             {banner("SSH-2.0-OpenSSH_9.2\r\n"), false, "SSH-2.0-OpenSSH_9.2"},
		"SSH, with TLS":                   {banner("SSH-2.0-OpenSSH_9.2\r\n"), true, "SSH"},
		"garbage":                         {banner("garbage\x1b[31m"), false, `garbage\x1b[31m`},
	} {
		t.Run(name, func(t *testing.T) {
			f := at(test.address)
			if test.tls {
				f.Properties = []string{"security.protocol=SSL", "ssl.endpoint.identification.algorithm="}
			}
			s := resolve(t, f)
			if test.tls {
				s.tlsConf.InsecureSkipVerify, s.tlsConf.VerifyConnection = true, nil
			}
			refused(t, s, CauseNotKafka, "not a Kafka broker", test.words)
		})
	}
}

func TestBinaryGarbageIsNotKafka(t *testing.T) {
	address := listen(t, func(conn net.Conn) { conn.Write([]byte{0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}); silent(conn) })
	refused(t, resolve(t, at(address)), CauseUnknown, "isn't one of a Kafka broker")
}
