package orderflow

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/orderflow/order"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// catalogue is what the shop sells.
var catalogue = []struct {
	sku   string
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

// stockOnHand is more than customers buy in a demonstration. Where stock is scarce it
// is enough to be told that there is some, and not for all: customers buy three of an
// article in eight orders. Where the orders aren't counted, it runs out soon enough.
func stockOnHand(scarce bool, orders int) map[string]int64 {
	const plenty, little = 100_000_000, 20
	each := int64(plenty)
	if scarce {
		each = little
		if orders > 0 {
			each = min(little, max(2, int64(orders)/10+1)) // fewer than two nobody is promised
		}
	}
	stock := map[string]int64{}
	for _, article := range catalogue {
		stock[article.sku] = each
	}
	return stock
}

// tiers are the customers' tiers; four in ten customers have none.
var tiers = []string{"standard", "gold", "platinum"}

// atOnce is how many customers order at the same time.
const atOnce = 16

// customers order over HTTP, as others would.
type customers struct {
	shop   *shop
	url    string
	client *http.Client
	pace   *pace

	sent, placed, refused atomic.Int64
}

func (s *shop) openCustomers(_ context.Context, t *trace.Tracer) error {
	s.customers = &customers{
		shop: s, url: "http://" + s.Addresses.Order + "/orders", pace: newPace(s.Rate),
		client: &http.Client{Transport: t.Transport(&http.Transport{MaxIdleConnsPerHost: atOnce}), Timeout: 30 * time.Second},
	}
	return nil
}

// order places orders until there are enough or ctx ends.
func (c *customers) order(ctx context.Context) error {
	if c.shop.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.shop.Duration)
		defer cancel()
	}
	group, working := errgroup.WithContext(context.WithoutCancel(ctx)) // an order under way is finished
	group.SetLimit(atOnce)
	wishes := newWishes(c.shop.Seed)
	for n := 0; c.more(n) && working.Err() == nil && c.pace.wait(ctx) == nil; n++ {
		wish, key := wishes.next()
		group.Go(func() error { return c.place(working, ctx, wish, key) })
	}
	return group.Wait()
}

func (c *customers) more(n int) bool {
	return c.shop.Keep || c.shop.Orders == 0 || n < c.shop.Orders
}

// place orders once, asking again as long as the shop is closed: the key makes it one
// order. When until ends, the customer has had enough.
func (c *customers) place(ctx, until context.Context, wish order.Request, key string) error {
	c.sent.Add(1)
	ctx = trace.WithCorrelation(ctx, key) // a trace's id would be another in each run
	body, err := json.Marshal(wish)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(3 * c.shop.Timeout)
	for {
		status, reason, err := c.ask(ctx, body, key)
		switch {
		case err == nil && (status == http.StatusCreated || status == http.StatusOK):
			c.placed.Add(1)
			return nil
		case err == nil && status < http.StatusInternalServerError:
			c.refused.Add(1)
			c.shop.Logger.Info("order refused", "status", status, "reason", reason)
			return nil
		case c.shop.faults.lose != nil, time.Now().After(deadline), until.Err() != nil:
			c.refused.Add(1)
			c.shop.Logger.Warn("order given up", "status", status, "reason", reason, "error", err)
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *customers) ask(ctx context.Context, body []byte, key string) (status int, reason string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := c.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	var answer order.Answer
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	return response.StatusCode, answer.Reason, err
}

// wishes makes up orders. The same seed makes up the same ones.
type wishes struct {
	seed   int64
	n      int
	random *rand.Rand
}

func newWishes(seed int64) *wishes {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], uint64(seed))
	return &wishes{seed: seed, random: rand.New(rand.NewChaCha8(key))}
}

// next makes up one more order, and the key that makes it one.
func (w *wishes) next() (order.Request, string) {
	w.n++
	wish, cents := order.Request{}, 0
	for range 1 + w.random.IntN(3) {
		bought := catalogue[w.random.IntN(len(catalogue))]
		line := order.Line{SKU: bought.sku, Quantity: 1 + w.random.IntN(2)}
		cents += bought.cents * line.Quantity
		wish.Items = append(wish.Items, line)
	}
	wish.Amount = float64(cents) / 100
	if w.random.IntN(10) >= 4 {
		wish.CustomerTier = &tiers[w.random.IntN(len(tiers))]
	}
	return wish, fmt.Sprintf("demo-%d-%d", w.seed, w.n)
}
