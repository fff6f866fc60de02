package judge

import (
	"testing"

	"faultline/outage"
)

func TestAcknowledged(t *testing.T) {
	const onset = outage.Minute(1000)
	word := func(m outage.Minute, s outage.VendorStatus, incidents ...outage.VendorIncident) outage.VendorWord {
		w := outage.VendorWord{Minute: m, Status: s, Incidents: incidents}
		if s.Troubled() {
			w.Troubled = m
		}
		return w
	}
	quiet := word(10, outage.VendorOperational)
	unknown := outage.VendorWord{Minute: 1010, Status: outage.VendorUnknown, Unknown: 1005}
	posted := func(at, closed outage.Minute) outage.VendorIncident {
		return outage.VendorIncident{ID: "i", Acknowledged: at, Closed: closed}
	}
	cases := []struct {
		name  string
		end   outage.Minute
		now   outage.Minute
		words []outage.VendorWord
		want  Acknowledgement
	}{
		{"no page", 0, 1100, nil, Acknowledgement{}},
		{"silent", 0, 1100, []outage.VendorWord{quiet}, Acknowledgement{}},
		{"after 17 minutes", 0, 1100, []outage.VendorWord{quiet, word(1019, outage.VendorMinor, posted(1017, 0))}, Acknowledgement{Known: true, At: 1017, Lag: 17, Incident: "i"}},
		{"not yet", 0, 1018, []outage.VendorWord{quiet, word(1019, outage.VendorMinor, posted(1017, 0))}, Acknowledgement{}},
		{"the vendor spoke first", 0, 1100, []outage.VendorWord{word(990, outage.VendorMajor, posted(988, 0))}, Acknowledgement{Known: true, At: 988, Lag: -12, Incident: "i"}},
		{"by the state of the page alone", 0, 1100, []outage.VendorWord{quiet, word(1030, outage.VendorMinor)}, Acknowledgement{Known: true, At: 1030, Lag: 30}},
		{"another one, closed before", 0, 1100, []outage.VendorWord{word(950, outage.VendorOperational, posted(940, 950))}, Acknowledgement{}},
		{"yesterday's", 0, 9000, []outage.VendorWord{word(10, outage.VendorMinor, posted(10, 0))}, Acknowledgement{}},
		{"long after its end", 1060, 9000, []outage.VendorWord{word(8000, outage.VendorMinor, posted(8000, 0))}, Acknowledgement{}},
		{"the page could not be read", 1060, 1100, []outage.VendorWord{quiet, unknown}, Acknowledgement{Blind: 55}},
		{"missed for a while", 0, 1100, []outage.VendorWord{quiet, unknown, word(1030, outage.VendorMinor, posted(1029, 0))},
			Acknowledgement{Known: true, At: 1029, Lag: 29, Incident: "i", Blind: 24}},
	}
	for _, c := range cases {
		if got := Acknowledged(onset, c.end, c.now, c.words); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
