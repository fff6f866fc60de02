package sqlite

import (
	"errors"
	"math"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

func FuzzMinutes(f *testing.F) {
	f.Add([]byte{0, 1, 59, 0xff, 0x7f})
	f.Add([]byte{60, 1})
	f.Add([]byte{3, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again minutes
		if err := m.unpack(b); err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if err := again.unpack(m.pack()); err != nil || again != m {
			t.Fatalf("%v is written as %x and read as %v, %v", m, m.pack(), again, err)
		}
	})
}

func FuzzQuarters(f *testing.F) {
	q := [outage.BaselineQuarters]outage.Baseline{{Expected: 0.2, High: 3, Dispersion: 1.5, Confidence: outage.ConfidenceLow, Method: "test 1"}}
	f.Add(packQuarters(&q))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := unpackQuarters(b)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		for i := range q {
			if math.IsNaN(q[i].Expected) || math.IsNaN(q[i].High) || math.IsNaN(q[i].Low) || math.IsNaN(q[i].Dispersion) {
				return // never equal to itself
			}
		}
		if again, err := unpackQuarters(packQuarters(&q)); err != nil || again != q {
			t.Fatalf("%v is read again as %v, %v", q, again, err)
		}
	})
}

func TestPackedSize(t *testing.T) {
	var quiet, busy minutes
	quiet[7] = 1
	for i := range busy {
		busy[i] = 2000
	}
	if q, b := len(quiet.pack()), len(busy.pack()); q != 2 || b > 180 {
		t.Errorf("an hour with one report takes %d bytes and a busy one %d", q, b)
	}
}

// The values that detect gives come back as they were, up to single precision.
func TestQuartersComeBack(t *testing.T) {
	var q [outage.BaselineQuarters]outage.Baseline
	for i := range q {
		q[i] = outage.Baseline{
			Expected: 0.02 * float64(i+1), Low: 0, High: 2000.5, Dispersion: 3.25, Confidence: outage.ConfidenceNormal, Method: "season 1",
		}
	}
	if got, err := unpackQuarters(packQuarters(&q)); err != nil || got != q {
		t.Errorf("got %v, %v, want %v", got, err, q)
	}
}
