#!/bin/sh
# Measures the agent beside prometheus-blackbox-exporter (Debian's package) and Gatus (a
# Go module), on the same local targets at the same time. Both go into a temporary
# directory: neither is installed, and neither enters go.mod.
set -eu
gatus=v5.36.0
here=$(pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
blackbox=$(command -v prometheus-blackbox-exporter || command -v blackbox_exporter || true)
if [ -z "$blackbox" ]; then
	(cd "$dir" && apt-get -qq download prometheus-blackbox-exporter && dpkg -x prometheus-blackbox-exporter_*.deb blackbox)
	blackbox=$dir/blackbox/usr/bin/prometheus-blackbox-exporter
fi
(cd "$dir" && printf 'module peers\n\ngo 1.26\n' >go.mod && go get "github.com/TwiN/gatus/v5@$gatus" 2>/dev/null &&
	go build -o gatus github.com/TwiN/gatus/v5)
"$blackbox" --version 2>&1 | head -1
echo "gatus $gatus, $(go version)"
cd "$here"
CGO_ENABLED=0 go build -trimpath -o "$dir/faultline" ./cmd/faultline
FAULTLINE_BINARY=$dir/faultline FAULTLINE_BLACKBOX=$blackbox FAULTLINE_GATUS=$dir/gatus go test ./cmd/faultline -count=1 -run '^TestPeers$' -v
