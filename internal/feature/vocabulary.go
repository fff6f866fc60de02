package feature

// Word is one row of the vocabulary.
type Word struct {
	Name   string
	Unit   string // share, ratio, ms, min, s, count, yes (1 or 0), hour
	Sample string // what Feature.Sample counts
	Means  string // what a reader is told
}

// The vocabulary. A share is from 0 to 1; a ratio is to the baseline, 1 being as
// usual. Attempts are those of agents that can be believed, from onset on.
const (
	// How much was looked at.
	Attempts       = "attempts"
	AgentsLooking  = "agents_looking"
	NetworksLooked = "networks_looking"
	DepthReached   = "depth" // 0 none, 1 name, 2 edge, 3 page, 4 journey

	// Which layer fails.
	FailFrac       = "fail_frac"         // of attempts, at any layer
	DNSFailFrac    = "dns_fail_frac"     // of look-ups
	TCPFailFrac    = "connect_fail_frac" // of connects
	TLSFailFrac    = "tls_fail_frac"     // of handshakes begun
	QUICFailFrac   = "quic_fail_frac"
	HTTPFailFrac   = "http_fail_frac"  // of requests sent
	AppFailFrac    = "app_fail_frac"   // of steps whose answer came
	FirstDNSShare  = "first_dns_share" // of failed attempts: the first layer that failed
	FirstTCPShare  = "first_tcp_share" // route counts here
	FirstTLSShare  = "first_tls_share"
	FirstHTTPShare = "first_http_share"
	FirstAppShare  = "first_app_share"
	PeakFailFrac   = "peak_fail_frac"   // of the worst minute
	MixedShare     = "fail_mixed_share" // of triples of agent, address and step that fail: those that succeed within two minutes of it, too

	// Names.
	NXDomainShare      = "dns_nxdomain_share" // of failed look-ups
	ServfailShare      = "dns_servfail_share"
	DNSTimeoutShare    = "dns_timeout_share"
	DNSEmptyShare      = "dns_empty_share"
	DNSTimeRatio       = "dns_time_ratio"
	AuthoritativeFail  = "dns_authoritative_fail_frac" // of look-ups at the zone's own servers
	AddressStillOK     = "address_ok_frac"             // of connects to addresses known from before, while the name fails
	AnswerChanged      = "dns_answer_changed"          // share of answers with no address known from before
	AnswerElsewhere    = "dns_answer_elsewhere_share"  // of failed attempts of agents that fail: at addresses that only they were given, and only since the onset
	SameNameserverFail = "same_nameserver_fail_share"  // of other services on the same name servers

	// Connections.
	RefusedShare     = "connect_refused_share" // of failed connects
	TimeoutShare     = "connect_timeout_share"
	ResetShare       = "connect_reset_share"
	UnreachableShare = "connect_unreachable_share"
	SYNRetransRate   = "syn_retrans_rate" // mean repeated SYNs a connect, failed ones too
	SYNLoss          = "syn_loss"         // estimated loss of SYN or its answer
	RTTRatio         = "rtt_ratio"        // median of connects that succeed
	RTTRise          = "rtt_rise_ms"
	JitterRatio      = "jitter_ratio"        // interquartile range of the same
	ConnectMixed     = "connect_mixed_share" // of pairs of agent and address with a failed connect or a repeated SYN: those with a clean connect within two minutes of it, too
	EchoLoss         = "echo_loss"
	PathReached      = "path_reached_share"       // of traces
	PathShorter      = "path_shorter_share"       // of traces that end hops earlier than before
	PathLateEnd      = "path_end_last_hops_share" // of traces that fail: at the last two hops

	// Certificates.
	CertExpiredShare   = "cert_expired_share" // of failed handshakes
	CertNameShare      = "cert_name_share"
	CertAuthorityShare = "cert_authority_share"
	CertExpiredAtOnset = "cert_expired_at_onset_min" // |notAfter - onset|
	CertChanged        = "cert_changed_share"        // of handshakes: another certificate than before
	HandshakeTimeout   = "tls_timeout_share"         // of failed handshakes
	HandshakeReset     = "tls_reset_share"           // ended by a reset, or with the connection

	// Answers.
	Status5xxShare   = "status_5xx_share" // of failed answers
	Status500Share   = "status_500_share"
	Status502Share   = "status_502_share"
	Status503Share   = "status_503_share"
	Status504Share   = "status_504_share"
	Status52xShare   = "status_52x_share"
	Status403Share   = "status_403_share"
	Status404Share   = "status_404_share"
	Status429Share   = "status_429_share"
	TopStatusShare   = "top_status_share"    // share of the most frequent status among failed answers
	StatusEntropy    = "status_entropy"      // bits, of failed answers
	RedirectLoop     = "redirect_loop_share" // of failed requests
	Truncated        = "truncated_share"
	NoAnswer         = "no_answer_share"    // of failed requests: time-outs, resets, ends without an answer
	ErrorSpeed       = "error_speed_ms"     // median time from request to a failed answer
	TTFBRatio        = "ttfb_ratio"         // median of answers that are fine
	StaticTTFBRatio  = "static_ttfb_ratio"  // the same of media and other static steps
	DynamicTTFBRatio = "dynamic_ttfb_ratio" // the same of login, feed, search, post
	ServerTimeRatio  = "server_time_ratio"  // the same of all, less one round trip
	TTFBRampMin      = "ttfb_ramp_min"      // minutes from the first rise of first-byte times to the first errors
	SlowAfter        = "slow_after_share"   // of answers that are fine when the first failing is over: those that take three times as long as before
	ChallengeShare   = "challenge_share"    // of all answers
	RateLimitShare   = "rate_limit_share"
	BlockPageShare   = "block_page_share"
	QueueShare       = "queue_share"
	MaintenanceShare = "maintenance_share"
	MitigationAfter  = "mitigation_after_min" // minutes from onset to the first challenge, 429 or block
	ComeAgain        = "retry_after_share"    // of failed answers: those that say when to come again
	ProviderError    = "provider_error_share" // of failed answers: pages of the edge's own, 52x too

	// Journeys.
	FrontOK      = "front_ok_frac"     // of looks at the front page, or first steps
	DeepFail     = "deep_fail_frac"    // of later steps, while the front is fine
	OneStepShare = "one_step_share"    // of failed steps: the most frequent one
	StaticOK     = "static_ok_frac"    // of media and other static steps
	DynamicFail  = "dynamic_fail_frac" // of login, feed, search, post
	VariantGap   = "variant_gap"       // |failing share of mobile - that of desktop|

	// Where.
	AgentFailShare   = "agent_fail_share" // of agents that look: those that see it fail
	CountryFailShare = "country_fail_share"
	NetworkFailShare = "network_fail_share"
	OneCountry       = "one_country" // yes: all agents that fail are in one country and others see it well
	OneNetwork       = "one_network"
	ClassOnly        = "one_class"          // yes: only one class of network fails
	VantageGini      = "vantage_gini"       // of failing shares over agents
	AddressFailShare = "address_fail_share" // of addresses: failing for most agents
	AddressGini      = "edge_gini"
	FamilyGap        = "family_gap"               // failing share over IPv6 less that over IPv4
	RegionOthersFail = "region_others_fail_share" // of unrelated services, seen by the agents that fail

	// When.
	OnsetSharpness = "onset_sharpness" // share of the final failing fraction reached in two minutes
	OnsetRamp      = "onset_ramp_min"  // minutes from the first rise of the failing share, or of first-byte times, until it has half its final height
	OnsetSpread    = "onset_spread_s"  // from the first failure until 80 % of the agents that fail had one
	WaveCount      = "wave_count"
	FocusShift     = "focus_shift" // 1 - Jaccard index of the agents that fail in successive waves
	Duration       = "duration_min"
	OnsetHour      = "onset_hour"   // UTC
	OnTheHour      = "on_the_hour"  // yes: onset within a minute of :00 or :30
	BaselineMin    = "baseline_min" // quiet minutes that ratios are against

	// What stands beside it.
	SiblingsWatched  = "siblings_watched" // others on the same provider, edge or addresses
	SiblingFailShare = "sibling_fail_share"
	SiblingSameShare = "sibling_same_failure_share" // of failing siblings: the same layer and failure, within two minutes
	ElsewhereFail    = "elsewhere_fail_share"       // of services that share nothing with it
	ProviderOut      = "provider_incident"          // yes: an incident of a provider it stands on is open
	ControlFail      = "control_fail_share"         // of looks at controls by the agents that see it fail
	DependencyOut    = "dependency_incident"        // yes: an incident of a service that it depends on is open

	// The crowd.
	ReportRatio      = "report_ratio" // reports over expected, since onset
	ReportTotal      = "report_total"
	ReportCountries  = "report_countries"
	ReportTopCountry = "report_top_country_share"
	ReportCountryCut = "report_country_cut" // yes: all agents of the country with most reports are cut off, and others are not
	ReportTopKind    = "report_top_category_share"
	ReportApp        = "report_app_share" // of reports: category app
	ReportLogin      = "report_login_share"
	LeadRatio        = "report_lead_ratio"   // excess of this service over that of the largest other one at the same time
	LeadFails        = "report_leader_fails" // yes: that other one is seen failing by probes, or is ten times larger

	// Who says what.
	VendorAdmits = "vendor_admits" // yes

	// Routing, from observers only.
	BGPVisibility    = "bgp_visibility"      // share of full-feed peers that see the prefixes
	BGPOriginChanged = "bgp_origin_changed"  // yes
	BGPNewUpstream   = "bgp_new_upstream"    // yes: such as one that scrubs
	BGPUnchanged     = "bgp_unchanged"       // yes
	BlackholeRoute   = "bgp_blackhole"       // yes
	FlowSurge        = "flow_surge_ratio"    // traffic towards the target over usual, from flow data
	OwnLogsSurge     = "request_surge_ratio" // requests over usual, from the operator's own logs
)
