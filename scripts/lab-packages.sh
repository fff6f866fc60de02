#!/bin/sh
# Installs what the fault lab runs: real servers and the usual load tools. As root on
# Debian it installs, without starting any of them; anywhere else it says what is
# missing. The lab itself refuses to begin while something is.
set -u

have() { command -v "$1" >/dev/null 2>&1; }

missing=""
have ip || missing="$missing iproute2"
have nft || missing="$missing nftables"
have setpriv || missing="$missing util-linux"
have nginx || missing="$missing nginx-light"
have nsd || missing="$missing nsd"
have unbound || missing="$missing unbound"
[ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing="$missing postgresql"
have hping3 || missing="$missing hping3"
have wrk || missing="$missing wrk"
have slowhttptest || missing="$missing slowhttptest"
have dnsperf || missing="$missing dnsperf"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! have apt-get; then
	echo "the lab needs: apt-get install -y --no-install-recommends$missing"
	exit 1
fi
echo "installing for the lab:$missing"
# Debian starts what it installs, unless this says no (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
	trap 'rm -f "$policy"' EXIT
fi
# shellcheck disable=SC2086 # a list of words
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
