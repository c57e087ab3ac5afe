# evtctl needs Go. The tests also want a JDK (17 or newer) with Maven, or Docker,
# for a real Kafka; without, they say what they leave out.

GO ?= go
BIN = bin/evtctl

.PHONY: build
build: ## build bin/evtctl
	$(GO) build -trimpath -o $(BIN) ./cmd/evtctl

.PHONY: demo
demo: build ## run a small order flow and show its lag
	$(BIN) demo

# The tests in deploy read a file outside of their module, which the cache doesn't look at.

.PHONY: test
test: check ## everything: static checks, unit tests, transcripts, real Kafka
	cd deploy && $(GO) test -count 1 ./...
	$(GO) tool gotestsum --format pkgname -- -vet=off -timeout 14m ./...

.PHONY: quick
quick: ## unit tests and transcripts on the fake broker: seconds
	cd deploy && $(GO) test -count 1 ./...
	EVTCTL_SKIP_REAL=1 $(GO) tool gotestsum --format pkgname --hide-summary=skipped -- -short ./...

.PHONY: check
check: ## formatting, vet, static checks
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	$(GO) mod verify >/dev/null
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	cd deploy && $(GO) vet ./... && $$(cd .. && $(GO) tool -n staticcheck) ./...

.PHONY: race
race: ## the tests on the fake broker with the race detector
	EVTCTL_SKIP_REAL=1 $(GO) test -race ./...

.PHONY: bench
bench: build ## figures on a real Kafka, beside Apache's own tools
	$(GO) run ./internal/bench

.PHONY: bench-schema
bench-schema: build ## figures of schema checks only; needs no Kafka
	$(GO) run ./internal/bench -only schema

.PHONY: bench-dlq
bench-dlq: build ## figures of dead letters and copies only: reading, and writing exactly once
	$(GO) run ./internal/bench -only dlq
	$(GO) test ./internal/exactly ./replay/copies -p 1 -run '^$$' -bench . -benchtime 5x

.PHONY: chaos
chaos: ## kill 100 replays of 50,000 letters, 30 copies, and brokers, and ask Java of 100,000 schemas: a quarter of an hour; SEED=n repeats one
	$(GO) test ./internal/exactly -count 1 -v -timeout 40m -run 'Kill|Operators|Stopped' -args -chaos -seed $(or $(SEED),0)
	$(GO) test ./cmd/evtctl -count 1 -v -timeout 40m -run 'KilledCommands' -args -chaos -seed $(or $(SEED),0)
	$(GO) test ./replay/copies -count 1 -v -timeout 40m -run 'Kill' -args -chaos -seed $(or $(SEED),0)
	EVTCTL_AVRO_ALL=1 $(GO) test ./schema/avro -count 1 -run 'Java'

.PHONY: golden
golden: ## write golden files and transcripts anew; look at the difference
	$(GO) test ./lag ./dlq ./cmd/evtctl -update
	EVTCTL_SKIP_REAL=1 $(GO) test ./commands -run TestTheWholeScrape -update

.PHONY: help
help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort
