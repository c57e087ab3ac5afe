// Package order is the order service: POST /orders takes an order, if the inventory
// service says that its articles are there.
//
// The pattern that it shows is the outbox: the order and the event that tells of it
// are written in one transaction of the database, and a relay sends the event later.
// dualwrite.go has what people do instead, and what comes of it.
package order
