CREATE TABLE IF NOT EXISTS orders (
  id TEXT PRIMARY KEY, amount DOUBLE PRECISION NOT NULL, items TEXT NOT NULL, customer_tier TEXT,
  idempotency_key TEXT UNIQUE, placed_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, aggregate_id TEXT NOT NULL,
  aggregate_type TEXT NOT NULL, event_type TEXT NOT NULL, payload TEXT NOT NULL, created_at BIGINT NOT NULL,
  trace_parent TEXT NOT NULL, correlation_id TEXT NOT NULL, published_at BIGINT
);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox_events (seq) WHERE published_at IS NULL;
CREATE TABLE IF NOT EXISTS outbox_archive (
  seq BIGINT PRIMARY KEY, id TEXT NOT NULL, aggregate_id TEXT NOT NULL, aggregate_type TEXT NOT NULL,
  event_type TEXT NOT NULL, payload TEXT NOT NULL, created_at BIGINT NOT NULL,
  trace_parent TEXT NOT NULL, correlation_id TEXT NOT NULL, published_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS processed_events (
  consumer TEXT NOT NULL, event_id TEXT NOT NULL, processed_at BIGINT NOT NULL, PRIMARY KEY (consumer, event_id)
);
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, quantity BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS reservations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, items TEXT NOT NULL, reserved_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS payments (
  payment_id TEXT NOT NULL, kind TEXT NOT NULL, order_id TEXT NOT NULL, amount DOUBLE PRECISION NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (payment_id, kind)
);
CREATE TABLE IF NOT EXISTS deliveries (
  order_id TEXT PRIMARY KEY, paid INTEGER NOT NULL, reserved INTEGER NOT NULL, tracking_id TEXT, shipped_at BIGINT
);
CREATE TABLE IF NOT EXISTS notifications (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, subject TEXT NOT NULL, at BIGINT NOT NULL
)
