package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"faultline/internal/clock"
	"faultline/internal/demo"
	"faultline/internal/detect"
	"faultline/internal/stream"
	"faultline/internal/web"
	"faultline/outage"
)

// demoCmd runs the demonstration world.
type demoCmd struct {
	Listen string `default:"127.0.0.1:8080" env:"FAULTLINE_LISTEN" help:"Address and port to answer on."`
	Speed  string `default:"60" help:"How many times faster than ours its clock runs until the day is over; 'max' plays the day at once."`
	Seed   uint64 `default:"1" help:"Another seed draws another world around the same figures."`
	Ramp   int    `default:"5" help:"Minutes that each wave takes to build up, 2 to 15."`
	Data   string `placeholder:"DIR" help:"Empty directory to use and keep, instead of one that is thrown away."`
}

// demoHistory is how much of the six weeks is in the log as ordinary facts, for
// pages that show a day; the rest is only folded into the detector.
const demoHistory = 25 * outage.Hour

// atOnce is a speed at which the day is over before its first report is saved, so
// that the machine alone decides how fast the world runs.
const atOnce = 1e7

// demoRun is a demonstration on its way.
type demoRun struct {
	*demoCmd
	generator *demo.World
	clock     *clock.Driven // of the world; the generator moves it
	speed     float64
}

// Run implements the command.
func (c *demoCmd) Run(ctx context.Context, s streams) (err error) {
	slog.SetDefault(slog.New(slog.NewTextHandler(s.err, nil)))
	d, err := c.prepare()
	if err != nil {
		return err
	}
	dir, clean, err := c.directory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clean()) }()
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The demonstration world answers on http://%s\n%s; Ctrl-C stops it\n", l.Addr(), d.promise())
	if err := d.play(ctx, l, dir); err != nil {
		return fmt.Errorf("play the demonstration world: %w", err)
	}
	return nil
}

// prepare checks what was asked for.
func (c *demoCmd) prepare() (*demoRun, error) {
	d := &demoRun{demoCmd: c, clock: clock.NewDriven(demo.Open.Time()), speed: atOnce}
	if c.Speed != "max" {
		v, err := strconv.ParseFloat(c.Speed, 64)
		if err != nil || !(v >= 1 && v <= 100_000) {
			return nil, fmt.Errorf("speed %q: use a number from 1 to 100000, or max", c.Speed)
		}
		d.speed = v
	}
	var err error
	d.generator, err = demo.New(demo.Options{Seed: c.Seed, Ramp: c.Ramp})
	return d, err
}

// promise says what there will be to see, and how soon.
func (d *demoRun) promise() string {
	if d.speed == atOnce {
		return "The whole day is played at once"
	}
	after := func(m outage.Minute) string {
		t := time.Duration(float64(m-demo.Open) * float64(time.Minute) / d.speed)
		if t >= 2*time.Minute {
			return fmt.Sprintf("%.0f minutes", t.Minutes())
		}
		return fmt.Sprintf("%.0f seconds", t.Seconds())
	}
	return fmt.Sprintf("X begins to fail in %s, and the day is over in %s", after(d.generator.Truth()[0].Onset), after(demo.Close))
}

// directory makes the directory, or takes the one that was named if it is empty:
// a world that has been played cannot begin again.
func (c *demoCmd) directory() (dir string, clean func() error, err error) {
	keep := func() error { return nil }
	if c.Data == "" {
		dir, err = os.MkdirTemp("", "faultline-demo-")
		if err != nil {
			return "", keep, fmt.Errorf("make a directory for the demonstration: %w", err)
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	entries, err := os.ReadDir(c.Data)
	if err != nil && !os.IsNotExist(err) {
		return "", keep, fmt.Errorf("look into the directory for the demonstration: %w", err)
	}
	if len(entries) > 0 {
		return "", keep, fmt.Errorf("directory %s is not empty, and the demonstration begins at its beginning: name another one, or leave --data out", c.Data)
	}
	return c.Data, keep, nil
}

// warm folds the six weeks into a detector.
func (d *demoRun) warm(ctx context.Context) (stream.Fold, error) {
	return demo.Warm(ctx, d.generator, demo.Span{From: demo.Begin, To: demo.Open - demoHistory},
		demo.Maker[*detect.Fold]{Begin: newDetector, Merge: (*detect.Fold).Merge})
}

func newDetector() (*detect.Fold, error) { return detect.New(detect.DefaultConfig()) }

// play opens the world at nine and runs it with the generator as its crowd.
func (d *demoRun) play(ctx context.Context, l net.Listener, dir string) error {
	if err := d.seedHistory(ctx, dir); err != nil {
		return errors.Join(err, l.Close())
	}
	s := settings{
		Data: dir, BuiltinCatalog: true, MinFreeMB: 1,
		KeepReports: 48 * time.Hour, KeepMinutes: 14 * 24 * time.Hour,
		// The generator moves its clock; nobody knows the token, so nobody else does.
		SimulatedClock: true, ReplayToken: rand.Text(),
	}
	w, err := openWorld(ctx, s, d.clock)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	warm := newLateFold()
	for _, f := range w.followers {
		if f.Name == detect.Name {
			f.Fold = warm
		}
	}
	about, err := d.generator.AboutPage()
	if err != nil {
		return errors.Join(err, l.Close(), w.close())
	}
	pages := w.pages(&web.Notice{
		Text:  "Demonstration: 10 March 2025, reconstructed from published figures.",
		Title: "About this demonstration", Body: about,
	})
	// The first reader finds every service and its history.
	if err := w.project.Drain(ctx); err != nil {
		return errors.Join(err, l.Close(), w.close())
	}
	warming, stop := context.WithCancel(ctx)
	defer stop()
	// Only now, for it takes every processor there is, and the first page needs one.
	go warm.resolve(func() (stream.Fold, error) { return d.warm(warming) })
	return errors.Join(w.run(ctx, l, pages, d.crowd(w)), w.close())
}

// crowd is the part that makes the reports and moves the world's clock.
func (d *demoRun) crowd(w *world) part {
	metrics := demo.NewMetrics(w.registry)
	return part{"demo", func(ctx context.Context) error {
		return demo.NewFeeder(d.generator, demo.Open, demo.Crowd{
			Pace:  clock.NewScaled(demo.Open.Time(), demo.Close.Time(), d.speed),
			Mover: d.clock, Sink: w.ingest, Metrics: metrics,
		}).Run(ctx)
	}}
}

// seedHistory writes the last day's minutes into the log before the world opens,
// as rollup would have written them.
func (d *demoRun) seedHistory(ctx context.Context, path string) (err error) {
	log, closer, err := openStopped(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	var held []stream.Entry
	err = d.generator.History(demo.Open-demoHistory, demo.Open, func(m outage.Minute, points []*outage.MinutePoints) error {
		for _, p := range points {
			e, err := stream.Points.Entry(m, p)
			if err != nil {
				return err
			}
			held = append(held, e)
		}
		held = append(held, stream.Tick(stream.Points.Name, m, false))
		return nil
	})
	if err != nil {
		return err
	}
	if err := log.Append(ctx, held, nil); err != nil {
		return fmt.Errorf("write the demonstration's history: %w", err)
	}
	return nil
}

// lateFold is a fold that is still being made when its follower starts.
type lateFold struct {
	ready chan struct{} // closed when fold or err is set
	fold  stream.Fold
	err   error
}

func newLateFold() *lateFold { return &lateFold{ready: make(chan struct{})} }

// resolve makes the fold.
func (f *lateFold) resolve(make func() (stream.Fold, error)) {
	defer close(f.ready)
	f.fold, f.err = make()
}

// wait blocks until the fold is there. Who makes it gives up when the world stops.
func (f *lateFold) wait() (stream.Fold, error) {
	<-f.ready
	return f.fold, f.err
}

// Apply implements [stream.Fold].
func (f *lateFold) Apply(topic string, r stream.Record) error {
	fold, err := f.wait()
	if err != nil {
		return err
	}
	return fold.Apply(topic, r)
}

// Tick implements [stream.Fold].
func (f *lateFold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	fold, err := f.wait()
	if err != nil {
		return nil, err
	}
	return fold.Tick(m, missing)
}

// Snapshot implements [stream.Fold].
func (f *lateFold) Snapshot() ([]byte, error) {
	fold, err := f.wait()
	if err != nil {
		return nil, err
	}
	return fold.Snapshot()
}

// Restore implements [stream.Fold].
func (f *lateFold) Restore(state []byte) error {
	fold, err := f.wait()
	if err != nil {
		return err
	}
	return fold.Restore(state)
}
