package ingest

import "faultline/outage"

// maxReporters bounds one generation of the window in memory, about 80 MB. When
// more people than that press within half an hour the older generation goes
// early, and some who press again count twice.
const maxReporters = 2_000_000

// window remembers who has counted in the last [outage.ReportWindow] minutes.
// It slides: a reporter's window begins with the first report. Two generations
// are enough, for no entry matters longer than one of them lasts.
type window struct {
	now, old map[reporterKey]outage.Minute // key: first minute of the window
	turned   outage.Minute
}

func newWindow() *window {
	return &window{now: map[reporterKey]outage.Minute{}, old: map[reporterKey]outage.Minute{}}
}

// begun returns the first minute of the reporter's window, if one is open at m.
func (w *window) begun(k reporterKey, m outage.Minute) (outage.Minute, bool) {
	first, ok := w.now[k]
	if !ok {
		first, ok = w.old[k]
	}
	return first, ok && m < first+outage.ReportWindow
}

// begin opens a window at m.
func (w *window) begin(k reporterKey, m outage.Minute) {
	if m >= w.turned+outage.ReportWindow || len(w.now) >= maxReporters {
		w.old, w.now, w.turned = w.now, map[reporterKey]outage.Minute{}, m
	}
	w.now[k] = m
}

// forget takes back a window whose report could not be saved.
func (w *window) forget(k reporterKey) { delete(w.now, k) }
