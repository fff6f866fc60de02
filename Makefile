# Everything goes through Go; the only other thing needed is this file.
GO ?= go

.PHONY: run build test lint bench bench-peers scoreboard soak packages lab lab-score

run: build ## start the demonstration world; it prints the address to open
	bin/faultline demo

build: ## build the one binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/faultline ./cmd/faultline

test: packages ## everything that must hold, in a few minutes
	$(GO) vet ./...
	$(GO) test -timeout 20m ./...

packages: ## as root on Debian: install what the browser tests need
	@sh scripts/packages.sh

bench: ## the measurements of docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchmem ./...
	sh scripts/bench.sh

bench-peers: ## the agent beside blackbox_exporter and Gatus on the same targets: processor time and memory
	sh scripts/peers.sh

JOBS ?= 3
SCENARIO ?=

SCENARIOS ?= lab/scenarios
SEED ?= 0
MAGNITUDE ?= 1
OUT ?= lab-runs

lab: build ## as root: run the fault lab, all of SCENARIOS or SCENARIO=name, with other SEED and MAGNITUDE; recordings go to OUT, and what is there is left out
	@sh scripts/lab-packages.sh
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/lab ./lab
	bin/lab run --scenarios $(SCENARIOS) --jobs $(JOBS) --seed $(SEED) --magnitude $(MAGNITUDE) --out $(OUT) $(SCENARIO)

lab-score: lab ## the same, and then what was said against what was true: matrices, coverage, Brier score, times
	bin/lab score --scenarios $(SCENARIOS) $(OUT)

DATA ?= ../shared/data

scoreboard: ## every measure of the detector beside floors, aims and published figures, from the recordings in DATA
	$(GO) run ./cmd/faultline evaluate scoreboard --data $(DATA)

soak: ## long runs: kills, loads and the full scenario sets
	FAULTLINE_SOAK=1 $(GO) test -timeout 3h -run 'Soak' -v ./...
