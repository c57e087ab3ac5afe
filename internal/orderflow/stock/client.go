package stock

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/evtctl/evtctl/internal/orderflow/stock/stockpb"
)

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 64 << 10

// HTTPClient asks over HTTP.
type HTTPClient struct {
	URL    string // of the service, such as http://127.0.0.1:8090
	Client *http.Client
}

// Check tells whether there are enough pieces of an article. One that the shop
// doesn't have is an ErrUnknownSKU.
func (c HTTPClient) Check(ctx context.Context, sku string, quantity int) (bool, error) {
	attempt := fmt.Sprintf("ask for the stock of %q", sku)
	query := url.Values{"skuCode": {sku}, "quantity": {strconv.Itoa(quantity)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/api/inventory?"+query.Encode(), nil)
	if err != nil {
		return false, fmt.Errorf("%s: %w", attempt, err)
	}
	response, err := c.Client.Do(request)
	if err != nil {
		return false, fmt.Errorf("%s: %w", attempt, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return false, fmt.Errorf("%s: %w", attempt, ErrUnknownSKU)
	default:
		return false, fmt.Errorf("%s: answered with status %d", attempt, response.StatusCode)
	}
	var answer Answer
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return false, fmt.Errorf("%s: read the answer: %w", attempt, err)
	}
	return answer.Available, nil
}

// GRPCClient asks over gRPC.
type GRPCClient struct {
	conn *grpc.ClientConn
}

// Dial makes a client of the service at host:port. It connects when it is first asked.
func Dial(address string, opts ...grpc.DialOption) (*GRPCClient, error) {
	conn, err := grpc.NewClient(address, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, fmt.Errorf("connect to the inventory service at %s: %w", address, err)
	}
	return &GRPCClient{conn}, nil
}

// Check is as [HTTPClient.Check].
func (c *GRPCClient) Check(ctx context.Context, sku string, quantity int) (bool, error) {
	answer, err := stockpb.NewInventoryServiceClient(c.conn).CheckInventory(ctx, &stockpb.CheckInventoryRequest{SkuCode: sku, Quantity: int32(quantity)})
	if status.Code(err) == codes.NotFound {
		err = ErrUnknownSKU
	}
	if err != nil {
		return false, fmt.Errorf("ask for the stock of %q: %w", sku, err)
	}
	return answer.Available, nil
}

// Reserve puts an order's articles aside, one SKU for each piece. The same reservation
// is made once however often it is asked for. It names what there isn't enough of.
func (c *GRPCClient) Reserve(ctx context.Context, reservationID, orderID string, skus []string) (missing string, err error) {
	answer, err := stockpb.NewInventoryServiceClient(c.conn).ReserveInventory(ctx, &stockpb.ReserveInventoryRequest{
		ReservationId: reservationID, OrderId: orderID, SkuCodes: skus,
	})
	if err != nil {
		return "", fmt.Errorf("reserve for order %q: %w", orderID, err)
	}
	return answer.MissingSkuCode, nil
}

// Close ends the connection.
func (c *GRPCClient) Close() error { return c.conn.Close() }
