package event

// Event is one of the types below, always as a pointer.
type Event interface {
	// Order is the id of the order that the event is about, and the record's key.
	Order() string
	// Type is the event-type header, and the name of the Avro record.
	Type() string
}

// OrderPlacedEvent says that a customer has ordered something.
type OrderPlacedEvent struct {
	OrderID   string   `avro:"orderId" json:"orderId"`
	Amount    float64  `avro:"amount" json:"amount"` // the sum of the items' prices
	Items     []string `avro:"items" json:"items"`
	Timestamp int64    `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
	// CustomerTier came with version 2. It is nil for a customer without one, and
	// for every event that was written as version 1.
	CustomerTier *string `avro:"customerTier" json:"customerTier"`
}

// StockReservedEvent says that an order's items are put aside for it.
type StockReservedEvent struct {
	OrderID   string   `avro:"orderId" json:"orderId"`
	Items     []string `avro:"items" json:"items"`
	Timestamp int64    `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

// StockRejectedEvent says that an order's items are not to be had.
type StockRejectedEvent struct {
	OrderID   string   `avro:"orderId" json:"orderId"`
	Items     []string `avro:"items" json:"items"` // those that are missing
	Reason    string   `avro:"reason" json:"reason"`
	Timestamp int64    `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

// OrderPaidEvent says that an order's amount is charged.
type OrderPaidEvent struct {
	OrderID   string  `avro:"orderId" json:"orderId"`
	PaymentID string  `avro:"paymentId" json:"paymentId"`
	Amount    float64 `avro:"amount" json:"amount"`
	Timestamp int64   `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

// OrderRefundedEvent says that a charge is given back.
type OrderRefundedEvent struct {
	OrderID   string  `avro:"orderId" json:"orderId"`
	PaymentID string  `avro:"paymentId" json:"paymentId"` // the charge's
	Amount    float64 `avro:"amount" json:"amount"`
	Timestamp int64   `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

// OrderShippedEvent says that an order's items are on their way.
type OrderShippedEvent struct {
	OrderID    string `avro:"orderId" json:"orderId"`
	TrackingID string `avro:"trackingId" json:"trackingId"`
	Timestamp  int64  `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

// OrderCancelledEvent says that an order will not be carried out.
type OrderCancelledEvent struct {
	OrderID   string `avro:"orderId" json:"orderId"`
	Reason    string `avro:"reason" json:"reason"`
	Timestamp int64  `avro:"timestamp" json:"timestamp"` // milliseconds since 1970, UTC
}

func (e *OrderPlacedEvent) Order() string    { return e.OrderID }
func (e *StockReservedEvent) Order() string  { return e.OrderID }
func (e *StockRejectedEvent) Order() string  { return e.OrderID }
func (e *OrderPaidEvent) Order() string      { return e.OrderID }
func (e *OrderRefundedEvent) Order() string  { return e.OrderID }
func (e *OrderShippedEvent) Order() string   { return e.OrderID }
func (e *OrderCancelledEvent) Order() string { return e.OrderID }

func (e *OrderPlacedEvent) Type() string    { return "OrderPlacedEvent" }
func (e *StockReservedEvent) Type() string  { return "StockReservedEvent" }
func (e *StockRejectedEvent) Type() string  { return "StockRejectedEvent" }
func (e *OrderPaidEvent) Type() string      { return "OrderPaidEvent" }
func (e *OrderRefundedEvent) Type() string  { return "OrderRefundedEvent" }
func (e *OrderShippedEvent) Type() string   { return "OrderShippedEvent" }
func (e *OrderCancelledEvent) Type() string { return "OrderCancelledEvent" }

// blank returns an event of a type to decode into, or nil for a type that this
// flow doesn't have.
func blank(eventType string) Event {
	switch eventType {
	case "OrderPlacedEvent":
		return new(OrderPlacedEvent)
	case "StockReservedEvent":
		return new(StockReservedEvent)
	case "StockRejectedEvent":
		return new(StockRejectedEvent)
	case "OrderPaidEvent":
		return new(OrderPaidEvent)
	case "OrderRefundedEvent":
		return new(OrderRefundedEvent)
	case "OrderShippedEvent":
		return new(OrderShippedEvent)
	case "OrderCancelledEvent":
		return new(OrderCancelledEvent)
	}
	return nil
}
