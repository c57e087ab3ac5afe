package ledger

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
)

// now makes the client ask for metadata anew. It would otherwise answer from what it
// knows for up to five seconds, which is too long to wait for a topic that was just
// made, and too old to tell one that was made anew.
func now(ctx context.Context) context.Context { return kadm.WithAuthorizedOps(ctx) }
