// Package stock is the inventory service's synchronous side: what the order service
// asks before it takes an order, over HTTP or gRPC.
//
// [Service] answers both from the same database; [HTTPClient] and [GRPCClient] ask.
// The pattern that it shows is that such a question is advice, not a promise: stock
// is taken when the order's event arrives, and can be gone by then.
//
// The code in stockpb is made of stock.proto, by protoc with the plugins
// protoc-gen-go and protoc-gen-go-grpc:
//
//	protoc -I. --go_out=stockpb --go_opt=paths=source_relative \
//	  --go-grpc_out=stockpb --go-grpc_opt=paths=source_relative stock.proto
package stock
