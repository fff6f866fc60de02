package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"faultline/internal/detect"
	"faultline/internal/inject"
	"faultline/internal/scan"
	"faultline/internal/scoreboard"
	"faultline/outage"
)

// Sizes of the measurement of speed: a run takes some hundredths of a second, and the
// best of many is told, in processor time, for other work on the machine only slows down.
const (
	speedPoints   = 100_000
	speedRuns     = 15
	speedServices = 50
	speedMinutes  = 2 * outage.Day
)

// speed measures points a second.
func (c *scoreboardCmd) speed(b *scoreboard.Board) error {
	size, minutes := speedPoints, speedMinutes
	if c.Small {
		size, minutes = 20_000, 60
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var list []scoreboard.Speed
	for _, t := range []struct {
		what   string
		kind   scan.Kind
		every  bool
		judged bool
	}{
		{"counts, alarms only (as in the pipeline)", scan.Count, false, true},
		{"counts, a score for every point", scan.Count, true, false},
		{"values, a score for every point", scan.Value, true, true},
		{"rates, alarms only", scan.Rate, false, false},
		{"rates, a score for every point", scan.Rate, true, false},
	} {
		s, err := seriesSpeed(scan.Config{Kind: t.kind, EveryScore: t.every}, size)
		if err != nil {
			return err
		}
		list = append(list, scoreboard.Speed{What: t.what, PerSecond: s, Judged: t.judged})
	}
	points, series, err := foldSpeed(minutes)
	if err != nil {
		return err
	}
	list = append(list,
		scoreboard.Speed{What: fmt.Sprintf("the detect fold of %d services with places and categories: cells of the topic", speedServices), PerSecond: points},
		scoreboard.Speed{What: "the same: series brought up to date by a minute", PerSecond: series})
	b.Add(scoreboard.Speeds(list)...)
	return nil
}

// seriesSpeed passes points of one series, drawn beforehand, through its detector.
func seriesSpeed(c scan.Config, points int) (float64, error) {
	r := rand.New(rand.NewPCG(1, 1))
	obs := make([]scan.Observation, points)
	for i := range obs {
		day := 1 + 0.8*math.Sin(2*math.Pi*float64(i)/1440)
		obs[i] = scan.Observation{Count: int(5*day*r.ExpFloat64() + 0.5), Attempts: 500, Value: 100 * day * (1 + 0.05*r.NormFloat64())}
	}
	var took []time.Duration
	for range speedRuns {
		s, err := scan.New(c)
		if err != nil {
			return 0, err
		}
		begin, err := processorTime()
		if err != nil {
			return 0, err
		}
		for i := range obs {
			s.Observe(int64(i), obs[i])
		}
		end, err := processorTime()
		if err != nil {
			return 0, err
		}
		took = append(took, end-begin)
	}
	return float64(points) / slices.Min(took).Seconds(), nil
}

// foldSpeed passes minutes of services through detection: decoded points in,
// detections out. It gives points a second, and series a second: a minute without
// reports is a minute of every series too.
func foldSpeed(minutes outage.Minute) (points, series float64, err error) {
	r := rand.New(rand.NewPCG(2, 2))
	records := make([][]*outage.MinutePoints, minutes)
	for m := range minutes {
		for s := range speedServices {
			n := int(float64(s%10) * r.ExpFloat64())
			if n == 0 {
				continue
			}
			p := inject.Cells(r, m+1, n)
			p.Service = fmt.Sprintf("service-%d", s)
			records[m] = append(records[m], p)
		}
	}
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return 0, 0, err
	}
	begin, err := processorTime()
	if err != nil {
		return 0, 0, err
	}
	for m := range minutes {
		for _, p := range records[m] {
			if err := detector.Take(p); err != nil {
				return 0, 0, err
			}
			points += float64(len(p.Points))
		}
		detector.Close(m+1, false)
		series += float64(detector.Series())
	}
	end, err := processorTime()
	took := (end - begin).Seconds()
	return points / took, series / took, err
}

// processorTime is what the program has used so far: on a machine with other work it
// says more than the clock.
func processorTime() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
