// Package attempts remembers what agents have tried at each service, minute by minute,
// in little room: the past that the features of an incident are taken from.
//
// It reads measurements and states of probes that it is given and writes nothing. The
// same records in the same order give the same memory, over restarts too.
//
// Method: an attempt adds to counters of its minute and its spot - agent, address,
// step - and times go into histograms with steps of 9 percent, so that medians of any
// selection can be had later. Only first attempts count as tried or failed: a retry
// comes because the one before it failed, so it would let failures count twice. Each
// connect counts for the loss of SYNs, retries too, for the network does not know why
// they are sent. A look-up that led to several addresses counts once. Minutes are
// those of the attempt by the hub's clock, as far as the agent knows it.
//
// An agent that cannot be believed is marked in the minute, and in the one before, in
// which the states of probes say so.
//
// Limits: named beside the code. Two hours of minutes are kept of each service, and a
// day from the onset of an incident on; of older days the usual times by hour. Late
// measurements and what imports tell without an attempt are left out.
package attempts
