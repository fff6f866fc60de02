package judge

import (
	"strings"
	"testing"
	"time"

	"faultline/outage"
)

// noon is a moment of the made-up samples.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// line draws a target over time: each letter is an attempt, five minutes after the
// one before. u up, f 500, r 403, ? failed without a word, . nobody looked.
func line(service, letters string, kind outage.Kind) []outage.Measurement {
	var list []outage.Measurement
	for i, c := range letters {
		m := outage.Measurement{
			Agent: "m", Kind: kind, Time: noon.Add(time.Duration(i) * 5 * time.Minute), Outcome: outage.OutcomeFail,
			Target: outage.Target{Service: service}, Operation: outage.OperationRoundTrip,
		}
		switch c {
		case '.':
			continue
		case 'u':
			m.Outcome, m.HTTP = outage.OutcomeOK, &outage.HTTP{Status: 200, BodyClass: outage.BodyOK}
		case 'f':
			m.Failure, m.Layer = outage.FailureHTTP5xx, outage.LayerHTTP
		case 'r':
			m.Failure, m.Layer = outage.FailureHTTP403, outage.LayerHTTP
		case '?':
			m.Failure = outage.UnknownFailure("no word")
		}
		list = append(list, m)
	}
	return list
}

// say writes the periods of a track in short: state and minutes after noon.
func say(t *Track) string {
	var words []string
	for _, p := range t.Periods {
		words = append(words, string(p.State)+"@"+p.From.Sub(noon).String())
	}
	return strings.Join(words, " ")
}

func TestSingle(t *testing.T) {
	cases := []struct {
		name, letters, want string
		waves               int
	}{
		{"quiet", "uuu", "healthy@0s", 0},
		{"a lone failure is noise", "ufuufu", "healthy@0s", 0},
		{"a wave begins at its first failure and ends at the first success of two", "uffufuu", "healthy@0s failing@5m0s healthy@25m0s", 1},
		{"three waves", "ffuuffuuffuu", "failing@0s healthy@10m0s failing@20m0s healthy@30m0s failing@40m0s healthy@50m0s", 3},
		{"errors are never taken for a block", "ffffffffff", "failing@0s", 1},
		{"refusals are one after half an hour", "urrrrrrrrr", "healthy@0s failing@5m0s possibly_blocked@35m0s", 1},
		{"so are failures without a word", "u????????u?", "healthy@0s failing@5m0s possibly_blocked@35m0s", 1},
		{"an error among refusals is none", "urrrrrfrrrr", "healthy@0s failing@5m0s", 1},
		{"nobody looked", "uu" + strings.Repeat(".", 100) + "uu", "healthy@0s unknown@6h5m0s healthy@8h30m0s", 0},
		{"nobody looked within a wave", "ff" + strings.Repeat(".", 100) + "ff", "failing@0s unknown@6h5m0s failing@8h30m0s", 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			track := NewTrack("x", "m", DefaultSingleConfig())
			for _, m := range line("x", c.letters, "") {
				track.Add(&m)
			}
			if got := say(track); got != c.want || len(track.Waves) != c.waves {
				t.Errorf("%s, %d waves; want %s, %d", got, len(track.Waves), c.want, c.waves)
			}
			if !strings.Contains(track.Label(), "single vantage") {
				t.Errorf("label %q", track.Label())
			}
		})
	}
}

// What a track saw decides what it may say: a redirect never makes it healthy.
func TestEdgeIsNeverHealthy(t *testing.T) {
	track := NewTrack("x", "m", DefaultSingleConfig())
	for i := range 100 {
		m := outage.Measurement{Time: noon.Add(time.Duration(i) * time.Minute), Outcome: outage.OutcomeOK, HTTP: &outage.HTTP{Status: 301}}
		track.Add(&m)
	}
	if say(track) != "edge_answers@0s" || track.Label() != "edge answers, single vantage" {
		t.Errorf("%s, %s", say(track), track.Label())
	}
}

// Snapshots neither begin nor end waves; changes do at once.
func TestChangesAndSnapshots(t *testing.T) {
	changes := line("x", "ufuf", outage.KindChange)
	snap := line("x", "u", outage.KindSnapshot)[0]
	snap.Time = noon.Add(11 * time.Hour)
	down := line("y", "f", outage.KindSnapshot)[0]
	tracks := NewTracks(DefaultSingleConfig())
	for _, m := range append(changes, snap, down) {
		if err := tracks.Add(&m); err != nil {
			t.Fatal(err)
		}
	}
	x, y := tracks.All()[0], tracks.All()[1]
	if len(x.Waves) != 2 || x.Waves[0].End.IsZero() || !x.Waves[1].End.IsZero() || !x.Waves[1].SeenUp.Equal(snap.Time) {
		t.Errorf("waves %+v: want two, the second without an end and seen up", x.Waves)
	}
	if len(y.Waves) != 0 || y.State() != StateFailing {
		t.Errorf("a snapshot began a wave: %+v, %s", y.Waves, y.State())
	}
}

// Controls, what was skipped and what went wrong at the agent are no evidence, and
// earlier measurements are passed over.
func TestNoEvidence(t *testing.T) {
	track := NewTrack("x", "m", DefaultSingleConfig())
	for _, m := range line("x", "ufff", "")[1:] {
		for _, change := range []func(m *outage.Measurement){
			func(m *outage.Measurement) { m.Target.Role = outage.RoleControl },
			func(m *outage.Measurement) { m.Outcome = outage.OutcomeSkipped },
			func(m *outage.Measurement) { m.Layer = outage.LayerMonitor },
		} {
			other := m
			change(&other)
			track.Add(&other)
		}
	}
	if len(track.Periods) != 0 {
		t.Errorf("said %s", say(track))
	}
	up := line("x", "..u", "")[0]
	track.Add(&up)
	early := line("x", "f", "")[0]
	track.Add(&early)
	track.Add(&early)
	if say(track) != "healthy@10m0s" {
		t.Errorf("said %s", say(track))
	}
}
