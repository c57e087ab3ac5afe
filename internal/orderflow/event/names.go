package event

// The topics. Each has Partitions partitions, and so has its dead-letter topic.
const (
	OrderTopic     = "order-events"
	InventoryTopic = "inventory-events"
	PaymentTopic   = "payment-events"

	Partitions = 6
)

// The consumer groups, one for each service that reads.
const (
	InventoryGroup    = "inventory-group"
	PaymentGroup      = "payment-group"
	DeliveryGroup     = "delivery-group"
	NotificationGroup = "notification-group"
	AnalyticsGroup    = "analytics-group"
	MonitorGroup      = "dlq-monitor"
)

// DeadLetters is the dead-letter topic of a topic.
func DeadLetters(topic string) string { return topic + ".DLQ" }
