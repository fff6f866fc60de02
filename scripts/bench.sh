#!/bin/sh
# The measurements of docs/benchmarks.md that are commands and not Go benchmarks.
set -eu
go build -o bin/faultline ./cmd/faultline
echo "== quiet service-days: false incidents against the budgets"
bin/faultline evaluate quiet
echo "== simulated outages: delay, and what a confirmation costs"
bin/faultline evaluate surges
if [ -f ../shared/data/downdetector/cloud_15min.csv.gz ]; then
	echo "== recorded episodes"
	bin/faultline evaluate downdetector ../shared/data/downdetector/cloud_15min.csv.gz
fi
