#!/bin/sh
# Installs what some tests need: Debian's Chromium, and axe-core, which checks that
# everybody can use the pages; nftables, to lose packets in a namespace. As root on Debian it installs; anywhere
# else it says what is missing, and those tests skip. A failure here stops nothing.
set -u
axe=$(sed -n 's/^const AxeVersion = "\(.*\)"/\1/p' internal/browsertest/axe.go)
cache=.cache/axe-core

have() { command -v "$1" >/dev/null 2>&1; }

missing=""
have nft || missing="$missing nftables"
have chromium || missing="$missing chromium"
[ -f "$cache/package/axe.min.js" ] || have npm || missing="$missing npm"
if [ -n "$missing" ]; then
	if [ "$(id -u)" = 0 ] && have apt-get; then
		echo "installing for the tests:$missing"
		# shellcheck disable=SC2086 # a list of words
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
			echo "that failed; tests that need it will skip"
	else
		echo "some tests will skip; to run them: apt-get install -y$missing"
	fi
fi
if [ ! -f "$cache/package/axe.min.js" ] && have npm; then
	mkdir -p "$cache" &&
		npm pack --silent "axe-core@$axe" --pack-destination "$cache" >/dev/null &&
		tar -xzf "$cache/axe-core-$axe.tgz" -C "$cache" ||
		echo "axe-core could not be fetched; its checks will skip"
fi
exit 0
