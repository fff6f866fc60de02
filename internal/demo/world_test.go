package demo

import (
	"fmt"
	"testing"
	"time"
)

func TestExplore(t *testing.T) {
	w, err := New(DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	fs, _ := Figures()
	for _, f := range fs {
		if f.Kind != "bucket" && f.Kind != "day" {
			continue
		}
		n := 15
		if f.Kind == "day" {
			n = 1440
		}
		scope := f.Scope
		if scope == "world" {
			scope = ""
		}
		sum := 0.0
		for m := f.Time; m < f.Time+15*1 || int(m-f.Time) < n; m++ {
			sum += w.Mean(scope, m)
		}
		fmt.Println(f.Time, f.Scope, f.Kind, f.Reports, int(sum), f.Use)
	}
	for _, tr := range w.Truth() {
		fmt.Println(tr.Onset, tr.Peak, tr.PeakUS, tr.Bucket)
	}
	fmt.Println(w.Mean("", Open), w.Mean("", Day+588), w.Mean("", Day+856))
	start := time.Now()
	cells, n, recs := 0, 0, 0
	for s := range services {
		st := time.Now()
		for m := Begin; m < Day; m++ {
			if p := w.Points(s, m); p != nil {
				recs++
				cells += len(p.Points)
				n += p.Total()
			}
		}
		if s < 3 {
			fmt.Println(services[s].id, time.Since(st))
		}
	}
	fmt.Println(time.Since(start), recs, cells, n)
	start = time.Now()
	n = 0
	for m := Day; m < Close; m++ {
		if p := w.Points(0, m); p != nil {
			n += p.Total()
		}
	}
	fmt.Println(time.Since(start), n)
}
