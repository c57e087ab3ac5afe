package orderflow

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// catalogue is what the shop sells.
var catalogue = []struct {
	item  string
	cents int
}{
	{"espresso-beans", 1450},
	{"filter-papers", 390},
	{"milk-jug", 2200},
	{"moka-pot", 3495},
	{"hand-grinder", 8900},
	{"espresso-cup", 750},
	{"travel-mug", 1990},
	{"descaler", 625},
}

// tiers are the customers' tiers; four in ten customers have none.
var tiers = []string{"standard", "gold", "platinum"}

// generator makes up orders. The same seed makes up the same orders with the same
// ids; only the times are the caller's.
type generator struct {
	source *rand.ChaCha8
	random *rand.Rand
}

func newGenerator(seed int64) *generator {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], uint64(seed))
	source := rand.NewChaCha8(key)
	return &generator{source: source, random: rand.New(source)}
}

// next makes up one more order, placed now.
func (g *generator) next(now time.Time) (OrderPlacedEvent, envelope) {
	event := OrderPlacedEvent{
		OrderID:   fmt.Sprintf("order-%016x", g.random.Uint64()),
		Timestamp: now.UnixMilli(),
	}
	cents := 0
	for range 1 + g.random.IntN(4) {
		bought := catalogue[g.random.IntN(len(catalogue))]
		event.Items = append(event.Items, bought.item)
		cents += bought.cents
	}
	event.Amount = float64(cents) / 100
	if g.random.IntN(10) >= 4 {
		event.CustomerTier = &tiers[g.random.IntN(len(tiers))]
	}
	return event, envelope{
		eventID:       g.uuid(),
		eventType:     TypeOrderPlaced,
		traceID:       g.hex(16),
		spanID:        g.hex(8),
		correlationID: g.uuid().String(),
	}
}

// uuid is a random one of version 4. The source never fails to be read.
func (g *generator) uuid() uuid.UUID {
	return uuid.Must(uuid.NewRandomFromReader(g.source))
}

// hex is n random bytes in hexadecimal.
func (g *generator) hex(n int) string {
	b := make([]byte, n)
	g.source.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}
