package stock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evtctl/evtctl/internal/orderflow/stock/stockpb"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// ErrUnknownSKU is an article that the shop doesn't have.
var ErrUnknownSKU = store.ErrUnknownSKU

// Answer is what there is of an article.
type Answer struct {
	SKU       string `json:"skuCode"`
	Available bool   `json:"available"`
	InStock   int64  `json:"inStock"`
}

// Service answers questions about stock.
type Service struct {
	DB    *store.DB
	Clock func() time.Time
}

func (s *Service) check(ctx context.Context, sku string, quantity int) (Answer, error) {
	if sku == "" || quantity < 1 {
		return Answer{}, fmt.Errorf("%d pieces of %q: a SKU and a positive quantity are needed", quantity, sku)
	}
	n, err := s.DB.InStock(ctx, sku)
	return Answer{SKU: sku, Available: n >= int64(quantity), InStock: n}, err
}

// Handler answers GET /api/inventory?skuCode=…&quantity=….
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/inventory", func(w http.ResponseWriter, r *http.Request) {
		quantity, err := strconv.Atoi(r.URL.Query().Get("quantity"))
		var answer Answer
		if err == nil {
			answer, err = s.check(r.Context(), r.URL.Query().Get("skuCode"), quantity)
		}
		var failed *store.Error
		switch {
		case err == nil:
			reply(w, http.StatusOK, answer)
		case errors.Is(err, ErrUnknownSKU):
			reply(w, http.StatusNotFound, problem{err.Error()})
		case errors.As(err, &failed):
			reply(w, http.StatusServiceUnavailable, problem{"the stock can't be looked up now"})
		default:
			reply(w, http.StatusBadRequest, problem{err.Error()})
		}
	})
	return mux
}

type problem struct {
	Reason string `json:"reason"`
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the other side is gone, or it isn't
}

// Register lets a gRPC server answer.
func (s *Service) Register(server *grpc.Server) {
	stockpb.RegisterInventoryServiceServer(server, &grpcService{service: s})
}

type grpcService struct {
	stockpb.UnimplementedInventoryServiceServer
	service *Service
}

// CheckInventory is a method of the gRPC service.
func (g *grpcService) CheckInventory(ctx context.Context, q *stockpb.CheckInventoryRequest) (*stockpb.CheckInventoryResponse, error) {
	answer, err := g.service.check(ctx, q.SkuCode, int(q.Quantity))
	if err != nil {
		return nil, grpcError(err)
	}
	return &stockpb.CheckInventoryResponse{Available: answer.Available, InStock: answer.InStock}, nil
}

// errMissing gives a reservation's transaction up.
var errMissing = errors.New("not enough in stock")

// ReserveInventory is a method of the gRPC service.
func (g *grpcService) ReserveInventory(ctx context.Context, q *stockpb.ReserveInventoryRequest) (*stockpb.ReserveInventoryResponse, error) {
	id, err := uuid.Parse(q.ReservationId)
	if err != nil || q.OrderId == "" || len(q.SkuCodes) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a UUID for the reservation, an order and at least one SKU are needed")
	}
	now := g.service.Clock()
	missing := ""
	_, err = g.service.DB.Once(ctx, "inventory-call", id, now, func(tx *store.Tx) (err error) {
		if missing, err = tx.Reserve(q.OrderId, q.SkuCodes, now); err == nil && missing != "" {
			err = errMissing
		}
		return err
	})
	if err != nil && !errors.Is(err, errMissing) {
		return nil, grpcError(err)
	}
	return &stockpb.ReserveInventoryResponse{Reserved: missing == "", MissingSkuCode: missing}, nil
}

func grpcError(err error) error {
	var failed *store.Error
	switch {
	case errors.Is(err, ErrUnknownSKU):
		return status.Error(codes.NotFound, err.Error())
	case errors.As(err, &failed):
		return status.Error(codes.Unavailable, "the stock can't be looked up now")
	}
	return status.Error(codes.InvalidArgument, err.Error())
}
