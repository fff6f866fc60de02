// Package topology is the small internet of the lab: network namespaces, the links
// between them, their addresses, routes and bottlenecks, and lines that take time.
//
// It reads nothing and writes network namespaces of the machine, under names that
// only the mount namespace of one run knows, so that several labs are beside each
// other and nothing is left of one that has ended. Method: the plan is data; from it
// follows one short script for each namespace; lines between client networks and
// transit are pairs of TUN devices with a queue in user space between them, for the
// kernels that this runs on have no netem.
//
//	client networks (8)        transit        edge of the provider     behind it
//	de fr gb nl ---delay--- ta ==bottleneck== p1 (feed, siblings) --+-- o --- db
//	                         | delay                                +-- s (siblings)
//	us dc br jp ---delay--- tb ==bottleneck== p2 (feed, siblings) -+
//	                   ta, tb ==bottleneck== n1, n2 (DNS provider)
//	                   ta --- y, tb --- x (unrelated services, controls, other DNS)
//	                   ta --- b1, tb --- b2 (hosts that load tools run on)
//	hub and agents: m, a network of its own that no flood touches
//
// Both places of the edge provider announce the same addresses (anycast), as such
// providers do: networks at transit a meet p1, those at transit b meet p2.
//
// Limits: delays are those of a quiet line with a little jitter and no loss of its
// own; a line holds lineQueue packets. Bottlenecks count every packet as at least
// Smallest bytes, as equipment does that is limited by packets rather than bytes,
// and hold queuePackets of any size.
package topology
