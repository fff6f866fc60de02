package outage

// SignalKind says how the points of a signal are read.
type SignalKind string

// Kinds of signals. In a minute without a point a count is zero; an error rate or a
// level is unknown then, and a word stands until it is stale.
const (
	KindCount SignalKind = "count" // events: Point.Count
	KindRate  SignalKind = "rate"  // errors of attempts: Point.Count of Point.Trials
	KindValue SignalKind = "value" // a level: Point.Sum over Point.Count values
	KindWord  SignalKind = "word"  // what somebody says of it: Point.Count is a StatusLevel
)

// Signals that points may carry.
const (
	SignalReports     = "reports"      // distinct reporters
	SignalProbeErrors = "probe_errors" // probes that failed, of those made
	SignalLatency     = "latency"      // of probes that did not fail
	SignalStatus      = "status"       // what the operator's own page says
	// SignalCombined is the signal of a detection that several signals make together;
	// no point carries it.
	SignalCombined = "combined"
)

// Levels of an operator's own word, the Count of a point of kind word.
const (
	StatusFine = iota
	StatusMinor
	StatusMajor
	StatusCritical
)

// Signal is one row of the closed table of what can be counted. A later source of
// points adds a row; the detector needs nothing else.
type Signal struct {
	Name string
	Kind SignalKind
	// Log says that Point.Sum adds up natural logarithms, so that a level is a
	// geometric mean and a change is a factor.
	Log bool
	// Worse is the direction that is bad: 1 up, -1 down, 0 both. A series outside its
	// baseline on the other side makes no detection.
	Worse int
	// Family holds signals that may depend on each other: they err together.
	Family string
}

// Signals lists the table, reports first.
func Signals() []Signal {
	return []Signal{
		{Name: SignalReports, Kind: KindCount, Worse: 1, Family: "crowd"},
		{Name: SignalProbeErrors, Kind: KindRate, Worse: 1, Family: "probes"},
		{Name: SignalLatency, Kind: KindValue, Log: true, Worse: 1, Family: "probes"},
		{Name: SignalStatus, Kind: KindWord, Worse: 1, Family: "operator"},
	}
}
