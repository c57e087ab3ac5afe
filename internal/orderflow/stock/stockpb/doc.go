// Package stockpb is made by protoc of the service's description: what inventory and
// those who ask it say to each other by gRPC. Nothing here is written by hand.
package stockpb
