package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema/registry"
)

// OpenRegistry makes a client of the configured schema registry. Nothing is asked
// of it yet.
func (e *Env) OpenRegistry(ctx context.Context) (*registry.Client, *cluster.Settings, error) {
	settings, err := e.Settings()
	if err != nil {
		return nil, nil, err
	}
	if e.Flags.Verbose > 0 {
		render.Message(e.Streams, render.Faint, "registry %s, time limit %s", settings.Registry, settings.Timeout)
	}
	http, err := settings.RegistryHTTP(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := registry.New(settings.Registry, http)
	if err != nil {
		return nil, nil, usagef("such as --registry http://localhost:8081", "%v", err)
	}
	return client, settings, nil
}
