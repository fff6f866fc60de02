// Package siblings knows what stands beside a service: others on the same provider,
// edge, network or name servers, what it depends on, what shares nothing with it,
// and which of them fail in the same minutes.
//
// It reads services, states of probes and incidents that it is given and writes
// nothing. Time is in the data, and equal facts give equal answers.
//
// Method: a service stands on what the catalog says (providers, depends_on, family)
// and on what its answers have come from (Footing: networks, providers that their
// heads name, name servers), learned in good times alone, for a page that blocks or
// a name that is forged looks alike everywhere. A service is in trouble while a third
// of the vantage points that can be believed see it fail; beside another it fails when
// it was in trouble in at least half of the minutes in which that one was, or when the
// vantage points that see that one fail see this one fail too.
//
// Limits: a day of trouble is remembered, maxSpans stretches of each service and of
// each vantage point; longer ago nothing is known. A common cause is a suspicion: it
// names what is shared.
package siblings
