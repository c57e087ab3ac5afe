package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/twmb/franz-go/pkg/kgo"
)

// counter is a cluster that records are sent to.
type counter struct {
	client   *kgo.Client
	settings *cluster.Settings
	options  []kgo.Opt
}

// openCounter connects to where records are sent: the cluster that they are in, or that
// of another context. The caller closes it.
func (e *Env) openCounter(ctx context.Context, toContext string, client *kgo.Client, home *cluster.Settings) (*counter, func(), error) {
	settings := home
	if toContext != "" {
		var err error
		if settings, err = e.otherSettings(toContext); err != nil {
			return nil, nil, err
		}
	}
	options, err := settings.Options(ctx)
	if err != nil {
		return nil, nil, err
	}
	if settings == home {
		return &counter{client, settings, options}, func() {}, nil
	}
	other, err := settings.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &counter{other, settings, options}, other.Close, nil
}
