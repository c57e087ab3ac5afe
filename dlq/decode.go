package dlq

type Decoded struct{}
