package order

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/stock"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

const (
	maxBody     = 64 << 10 // bytes
	maxLines    = 100
	maxQuantity = 1000 // pieces in a line
	maxPieces   = 5000 // in all lines: its event has to fit in a record, of 1 MB
	maxAmount   = 1e9
	maxName     = 100 // bytes of a SKU, a tier or an idempotency key
)

// Config is what the service needs.
type Config struct {
	DB    *store.DB
	Stock Stock
	Clock func() time.Time
	Log   *slog.Logger
	// Record writes an order with its event; nil: into the outbox, in one transaction.
	Record func(context.Context, store.Order, event.Event, event.Envelope) (existing string, err error)
	// AskFor is how long an answer of the inventory service is waited for, and OpenFor
	// how long it is left alone after failures; 0 is 3 s and 5 s.
	AskFor, OpenFor time.Duration
}

// Service takes orders.
type Service struct {
	Config
	inventory *inventory
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{Config: c, inventory: newInventory(c.Stock, cmp.Or(c.AskFor, askFor), cmp.Or(c.OpenFor, openFor))}
	if s.Record == nil {
		s.Record = s.outbox
	}
	return s
}

// Request is the body of POST /orders.
type Request struct {
	Items        []Line  `json:"items"`
	Amount       float64 `json:"amount"`
	CustomerTier *string `json:"customerTier,omitempty"`
}

// Line is some pieces of one article.
type Line struct {
	SKU      string `json:"skuCode"`
	Quantity int    `json:"quantity"`
}

// Answer is what a customer is told.
type Answer struct {
	OrderID string `json:"orderId,omitempty"`
	Reason  string `json:"reason,omitempty"` // why there is no order
}

// Handler answers POST /orders and GET /orders/{id}.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.post)
	mux.HandleFunc("GET /orders/{id}", s.get)
	return mux
}

func (s *Service) post(w http.ResponseWriter, r *http.Request) {
	request, refused := read(w, r)
	key := r.Header.Get("Idempotency-Key")
	if refused == nil && key != "" && !name(key) {
		refused = refusef(http.StatusBadRequest, "the idempotency key is longer than %d bytes, or has characters that can't be printed", maxName)
	}
	if refused == nil {
		refused = s.check(r.Context(), request)
	}
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	id, existing, err := s.place(r.Context(), request, key)
	switch {
	case err != nil:
		s.Log.Warn("order not taken", "error", err)
		reply(w, http.StatusServiceUnavailable, Answer{Reason: "the order can't be written now; try again"})
	case existing:
		reply(w, http.StatusOK, Answer{OrderID: id})
	default:
		reply(w, http.StatusCreated, Answer{OrderID: id})
	}
}

// refusal is an order that isn't taken.
type refusal struct {
	code   int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refusef(code int, format string, args ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

func (s *Service) refuse(w http.ResponseWriter, r *refusal) {
	s.Log.Debug("order refused", "status", r.code, "reason", r.reason)
	reply(w, r.code, Answer{Reason: r.reason})
}

// read takes the body apart.
func read(w http.ResponseWriter, r *http.Request) (request Request, refused *refusal) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return request, refusef(http.StatusUnsupportedMediaType, "the content type has to be application/json")
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	body.DisallowUnknownFields()
	err := body.Decode(&request)
	if err == nil {
		if _, err = body.Token(); errors.Is(err, io.EOF) {
			return request, nil
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return request, refusef(http.StatusRequestEntityTooLarge, "the order is larger than %d bytes", maxBody)
	case err == nil:
		return request, refusef(http.StatusBadRequest, "something follows the order")
	}
	return request, refusef(http.StatusBadRequest, "the body is no order: %v", err)
}

// name tells what databases and records can have as a name.
func name(text string) bool {
	return text != "" && len(text) <= maxName && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// check tells why an order can't be taken. Nothing is written.
func (s *Service) check(ctx context.Context, r Request) *refusal {
	if refused := malformed(r); refused != nil {
		return refused
	}
	missing, err := s.inventory.available(ctx, pieces(r.Items))
	switch {
	case errors.Is(err, stock.ErrUnknownSKU):
		return refusef(http.StatusUnprocessableEntity, "there is no article %q", missing)
	case err != nil:
		s.Log.Warn("stock unknown", "sku", missing, "error", err)
		return refusef(http.StatusServiceUnavailable, "%q is not available: %v", missing, errNoAnswer)
	case missing != "":
		return refusef(http.StatusConflict, "%q is not available in that quantity", missing)
	}
	return nil
}

// malformed tells what is wrong with an order by itself.
func malformed(r Request) *refusal {
	switch {
	case len(r.Items) == 0:
		return refusef(http.StatusUnprocessableEntity, "the order has no items")
	case len(r.Items) > maxLines:
		return refusef(http.StatusUnprocessableEntity, "the order has more than %d items", maxLines)
	case r.CustomerTier != nil && !name(*r.CustomerTier):
		return refusef(http.StatusUnprocessableEntity, "the customer's tier %q is no name", *r.CustomerTier)
	case !(r.Amount >= 0) || r.Amount > maxAmount || math.IsInf(r.Amount, 0):
		return refusef(http.StatusUnprocessableEntity, "the amount %g is not between 0 and %g", r.Amount, maxAmount)
	}
	sum := 0
	for _, line := range r.Items {
		if !name(line.SKU) || line.Quantity < 1 || line.Quantity > maxQuantity {
			return refusef(http.StatusUnprocessableEntity, "%d pieces of %q: a SKU and 1 to %d pieces are needed", line.Quantity, line.SKU, maxQuantity)
		}
		sum += line.Quantity
	}
	if sum > maxPieces {
		return refusef(http.StatusUnprocessableEntity, "the order has %d pieces, more than %d", sum, maxPieces)
	}
	return nil
}

func pieces(lines []Line) map[string]int {
	sum := map[string]int{}
	for _, line := range lines {
		sum[line.SKU] += line.Quantity
	}
	return sum
}

// place writes the order. The same idempotency key gives the same order.
func (s *Service) place(ctx context.Context, r Request, key string) (id string, existing bool, err error) {
	now := s.Clock()
	o := store.Order{ID: newID(key), Amount: r.Amount, CustomerTier: r.CustomerTier, IdempotencyKey: key, PlacedAt: now}
	for _, line := range r.Items {
		for range line.Quantity {
			o.Items = append(o.Items, line.SKU)
		}
	}
	e := &event.OrderPlacedEvent{OrderID: o.ID, Amount: o.Amount, Items: o.Items, Timestamp: now.UnixMilli(), CustomerTier: o.CustomerTier}
	v := event.Envelope{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(o.ID)), Type: e.Type(), TraceParent: trace.Parent(ctx), CorrelationID: trace.Correlation(ctx),
	}
	if !name(v.CorrelationID) { // anybody may send one
		v.CorrelationID = uuid.NewSHA1(v.ID, []byte("correlation")).String()
	}
	err = store.Retry(ctx, func(err error) { s.Log.Warn("writing the order again", "order", o.ID, "error", err) }, func() (err error) {
		id, err = s.Record(ctx, o, e, v)
		return err
	})
	if id != "" {
		return id, true, err
	}
	return o.ID, false, err
}

func newID(key string) string {
	id := uuid.New()
	if key != "" {
		id = uuid.NewSHA1(uuid.NameSpaceURL, []byte(key))
	}
	return fmt.Sprintf("order-%x", id[:8])
}

// outbox writes the order and its event in one transaction.
func (s *Service) outbox(ctx context.Context, o store.Order, e event.Event, v event.Envelope) (existing string, err error) {
	err = s.DB.Do(ctx, func(tx *store.Tx) error {
		if existing, err = tx.PlaceOrder(o); err != nil || existing != "" {
			return err
		}
		return tx.Tell("order", e, v, o.PlacedAt)
	})
	return existing, err
}

func (s *Service) get(w http.ResponseWriter, r *http.Request) {
	o, found, err := s.DB.FindOrder(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		s.Log.Warn("order not read", "error", err)
		reply(w, http.StatusServiceUnavailable, Answer{Reason: "the order can't be looked up now"})
	case !found:
		reply(w, http.StatusNotFound, Answer{Reason: "there is no such order"})
	default:
		reply(w, http.StatusOK, event.OrderPlacedEvent{OrderID: o.ID, Amount: o.Amount, Items: o.Items, Timestamp: o.PlacedAt.UnixMilli(), CustomerTier: o.CustomerTier})
	}
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the other side is gone, or it isn't
}
