package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// maxBatchBytes bounds what one record batch may decompress to. Kafka's
	// own default limit for a batch is 1 MB; larger ones are rare, bombs aren't.
	maxBatchBytes = 64 << 20
	// maxResponseBytes bounds one response, as brokers bound requests
	// (socket.request.max.bytes).
	maxResponseBytes = 100 << 20
)

// Options gives the client options that s stands for. It reads the secrets, which
// may run commands or ask a token endpoint, within s.Timeout. A missing secret is
// a *UsageError; a command that fails, or a token that is expired or can't be
// had, is a *ConnectError.
func (s *Settings) Options(ctx context.Context) ([]kgo.Opt, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	mechanism, err := s.loadMechanism(ctx)
	if err != nil {
		return nil, s.Explain(err)
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(s.Brokers...),
		kgo.ClientID(s.clientID),
		kgo.SoftwareNameAndVersion("evtctl", softwareVersion()),
		kgo.Dialer(s.dial),
		kgo.RequestTimeoutOverhead(s.Timeout),
		kgo.RetryTimeoutFn(s.retryTimeout),
		kgo.BrokerMaxReadBytes(maxResponseBytes),
		kgo.MaxDecompressBatchBytes(maxBatchBytes),
		kgo.DisableClientMetrics(),
		kgo.WithHooks(s.watch),
	}
	if mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts, nil
}

// retryTimeout is how long after the first attempt a request is sent again. What every
// broker can answer goes to the next one when the first has let the time limit pass:
// without that, one broker that hangs fails a cluster of three that is well otherwise.
// (The client's own look-ups of coordinators aren't sent again by this.)
func (s *Settings) retryTimeout(key int16) time.Duration {
	switch kmsg.Key(key) {
	case kmsg.Metadata, kmsg.FindCoordinator, kmsg.DescribeConfigs, kmsg.DescribeCluster, kmsg.DescribeTopicPartitions:
		return 2 * s.Timeout
	default:
		return s.Timeout
	}
}

// KIP-511 restricts the version that brokers accept in ApiVersions.
var softwareVersionForm = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func softwareVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && softwareVersionForm.MatchString(info.Main.Version) {
		return info.Main.Version
	}
	return "devel"
}

// Open gives a client that has reached the cluster: a bootstrap broker answered,
// and so did a broker at the address that it advertises. Both are bounded by
// s.Timeout together, secrets included; finding out why they didn't answer may
// add up to half a second.
//
// A failure is a *ConnectError, a *UsageError for a secret that is missing, or
// the cause of ctx when that ended first. extra are appended to the options. The
// client outlives ctx; close it.
func (s *Settings) Open(ctx context.Context, extra ...kgo.Opt) (*kgo.Client, error) {
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	opts, err := s.Options(limited)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	// A client's own Close first says goodbye to groups and sessions; this
	// ends it at once.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	hook := &closeHook{release: kill}
	opts = append(opts, kgo.WithContext(life), kgo.WithHooks(hook))
	client, err := kgo.NewClient(append(opts, extra...)...)
	if err != nil {
		kill()
		return nil, fmt.Errorf("set up the Kafka client: %w", err)
	}
	hook.client = client
	failed := s.reach(limited, client)
	if failed == nil {
		return client, nil
	}
	kill()
	go client.Close() // returns soon, but not within any promise
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	deadline := started.Add(s.Timeout + diagnosisGrace)
	return nil, s.diagnose(ctx, deadline, failed)
}

// closeHook releases a client's context when the client is closed. Another client may
// be made of the same options; it has the hook too, and ends without ending this one.
type closeHook struct {
	client  *kgo.Client
	release func()
}

// OnClientClosed implements kgo.HookClientClosed.
func (h *closeHook) OnClientClosed(closed *kgo.Client) {
	if closed == h.client {
		h.release()
	}
}

// unreached is why a cluster couldn't be reached.
type unreached struct {
	brokers []string // that were tried
	errs    []error  // what became of each
	// bootstrap is the broker that did answer, when it is the brokers it
	// advertises that don't. Their addresses are in the watch.
	bootstrap string
}

// reach asks the bootstrap brokers for the cluster's brokers, and then one of
// those. Only then are later requests likely to find their way: a broker may
// answer at one address and advertise another one. The second connection isn't
// wasted: the client goes on using it.
func (s *Settings) reach(ctx context.Context, client *kgo.Client) *unreached {
	order, errs := s.liveFirst(ctx, client)
	if errs != nil {
		return &unreached{brokers: s.Brokers, errs: errs}
	}
	if err := within(ctx, func() error { return client.Ping(ctx) }); err != nil {
		return &unreached{brokers: order[:1], errs: []error{err}}
	}
	discovered := client.DiscoveredBrokers()
	if len(discovered) == 0 {
		return nil
	}
	if winner, errs := s.firstAnswer(ctx, discovered); winner < 0 {
		return &unreached{errs: errs, bootstrap: order[0]}
	}
	return nil
}

// liveFirst orders the bootstrap brokers, and makes the client use that order, so
// that the first one is alive: Ping asks them one after the other, and waits the
// whole time limit for a dead one. A single broker isn't asked twice.
func (s *Settings) liveFirst(ctx context.Context, client *kgo.Client) ([]string, []error) {
	if len(s.Brokers) == 1 {
		return s.Brokers, nil
	}
	winner, errs := s.firstAnswer(ctx, client.SeedBrokers())
	if winner <= 0 {
		return s.Brokers, errs
	}
	order := slices.Delete(slices.Clone(s.Brokers), winner, winner+1)
	order = slices.Insert(order, 0, s.Brokers[winner])
	if err := client.UpdateSeedBrokers(order...); err != nil {
		return order, []error{err}
	}
	return order, nil
}

// patience is how long one broker is waited for before the next one is tried as
// well.
const patience = 500 * time.Millisecond

// firstAnswer asks brokers in turn, the next one as soon as one fails or takes
// long, and gives the index of the first that answers. Without one it is -1, and
// the errors are those of the brokers; one that was still awaited has the
// context's.
func (s *Settings) firstAnswer(ctx context.Context, brokers []*kgo.Broker) (int, []error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type reply struct {
		index int
		err   error
	}
	replies := make(chan reply, len(brokers))
	ask := func(i int) {
		request := kmsg.NewPtrMetadataRequest()
		request.Topics = []kmsg.MetadataRequestTopic{} // none; nil would be all
		_, err := brokers[i].Request(ctx, request)
		replies <- reply{i, err}
	}
	next := time.NewTicker(min(patience, s.Timeout/time.Duration(2*len(brokers))))
	defer next.Stop()
	errs := make([]error, len(brokers))
	asked, failed := 0, 0
	for failed < len(brokers) {
		if asked == failed { // nobody is left that could answer
			go ask(asked)
			asked++
		}
		select {
		case r := <-replies:
			if r.err == nil {
				return r.index, nil
			}
			errs[r.index] = r.err
			failed++
		case <-next.C:
			if asked < len(brokers) {
				go ask(asked)
				asked++
			}
		case <-ctx.Done():
			for i := range errs {
				if errs[i] == nil {
					errs[i] = ctx.Err()
				}
			}
			return -1, errs
		}
	}
	return -1, errs
}

// within runs f, which may not heed its context at once, and stops waiting for
// it when ctx ends.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
