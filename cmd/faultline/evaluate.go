package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"faultline/internal/detect"
	"faultline/internal/incident"
	"faultline/internal/trial"
	"faultline/outage"
)

// evaluateCmd measures what the detector promises.
type evaluateCmd struct {
	Quiet        quietCmd        `cmd:"" help:"Count false alarms of simulated quiet services."`
	Surges       surgesCmd       `cmd:"" help:"Delays of simulated outages, and what a confirmation costs."`
	Pooled       pooledCmd       `cmd:"" help:"Rises in many small countries at once: the total, the best country, all together."`
	Sparse       sparseCmd       `cmd:"" help:"Simulated outbreaks of sparse counts beside other methods and the detector that knows the truth."`
	Downdetector downdetectorCmd `cmd:"" help:"Delays and false alarms on recorded episodes of real reports."`
	Nab          nabCmd          `cmd:"" help:"Score the detector of values on the Numenta Anomaly Benchmark."`
	Worldcup     worldCupCmd     `cmd:"" help:"List what is found in the requests of the World Cup's site."`
	Scoreboard   scoreboardCmd   `cmd:"" help:"Measure everything and print one table beside floors, aims and published figures."`
	Agents       agentsCmd       `cmd:"" help:"Incidents that probes alone open at services that are well, however bad the ways to them."`
	Injected     injectedCmd     `cmd:"" help:"Onsets, ends and waves of outages injected into recorded backgrounds."`
}

// quietCmd simulates services without outages.
type quietCmd struct {
	Days       int       `help:"Service-days at each mean." default:"10000"`
	Length     int       `help:"Days of one service; it begins without history." default:"100"`
	Mean       []float64 `help:"Reports a minute." default:"0.02,0.2,2,20,200"`
	Dispersion float64   `help:"Variance over mean of a minute." default:"3"`
	K          float64   `placeholder:"K" help:"Multiplicative noise instead: variance is mean + mean^2/k."`
	Shape      float64   `placeholder:"A" help:"Amplitude of the day, 0 to 1."`
	Drift      float64   `placeholder:"SD" help:"Standard deviation of the log level's slow wandering."`
	Weekend    float64   `help:"Factor of Saturdays and Sundays." default:"1"`
	Seed       uint64    `help:"Seed of the draw." default:"1"`
}

// Help is what kong prints beyond the flags.
func (c *quietCmd) Help() string {
	return `Every false alarm of services that have no outage is counted, from the first
minute of their history on, against the budgets: one detection per series-month,
one suspected incident per service-month over all series of a service, one
confirmed incident per 30 service-years.`
}

// quietCount is what one mean brought.
type quietCount struct {
	days, series         int // series: of all services together
	episodes             int // of all series
	suspected, confirmed int
}

// Run simulates and prints a table, a line for each mean.
func (c *quietCmd) Run(s streams) error {
	if c.Days < 1 || c.Length < 1 {
		return fmt.Errorf("--days %d of --length %d: both must be at least 1", c.Days, c.Length)
	}
	if _, err := fmt.Fprintf(s.out, "%8s %13s %7s %9s %17s %10s %18s %10s %13s %14s\n", "mean", "service-days", "series",
		"episodes", "per series-month", "suspected", "per service-month", "confirmed", "per 30 years", "within budget"); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	for _, mean := range c.Mean {
		q := trial.Quiet{Mean: mean, Dispersion: c.Dispersion, K: c.K, Shape: c.Shape, Drift: c.Drift, Weekend: c.Weekend, Seed: c.Seed}
		if err := q.Validate(); err != nil {
			return err
		}
		n, err := c.simulate(&q)
		if err != nil {
			return err
		}
		if err := n.print(s.out, mean); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(s.out, "\nBudgets: 1 episode per series-month, 1 suspected incident per service-month over all series, 1 confirmed per 30 service-years.")
	return err
}

// print writes one line of the table.
func (n *quietCount) print(w io.Writer, mean float64) error {
	months := float64(n.days) / 30
	spans := float64(n.days) / (30 * 365.25) // of 30 service-years
	perSeries := float64(n.episodes) / (months * float64(n.series))
	verdict := "yes"
	if perSeries > 1 || float64(n.suspected) > months || float64(n.confirmed) > max(1, spans) {
		verdict = "NO"
	}
	_, err := fmt.Fprintf(w, "%8g %13d %7d %9d %17.4f %10d %18.3f %10d %13.2f %14s\n", mean, n.days, n.series, n.episodes,
		perSeries, n.suspected, float64(n.suspected)/months, n.confirmed, float64(n.confirmed)/spans, verdict)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// simulate runs the services of one mean on all processors.
func (c *quietCmd) simulate(q *trial.Quiet) (quietCount, error) {
	services := (c.Days + c.Length - 1) / c.Length
	counts := make([]quietCount, services)
	errs := make([]error, services)
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				counts[i], errs[i] = quietService(q, i, min(c.Length, c.Days-i*c.Length))
			}
		})
	}
	for i := range services {
		next <- i
	}
	close(next)
	wg.Wait()
	var sum quietCount
	for i, n := range counts {
		if errs[i] != nil {
			return sum, errs[i]
		}
		sum.days += n.days
		sum.series = max(sum.series, n.series)
		sum.episodes += n.episodes
		sum.suspected += n.suspected
		sum.confirmed += n.confirmed
	}
	return sum, nil
}

// quietService passes one service through detection and the incident rule.
func quietService(q *trial.Quiet, service, days int) (quietCount, error) {
	n := quietCount{days: days}
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return n, err
	}
	incidents := incident.New(incident.DefaultConfig())
	state := outage.StateResolved
	for p := range q.Minutes(service, days) {
		if err := detector.Take(p); err != nil {
			return n, err
		}
		detections, _ := detector.Close(p.Minute, false)
		for i := range detections {
			for _, d := range detections[i].Detections {
				if d.First == p.Minute {
					n.episodes++
				}
			}
			incidents.Observe(&detections[i])
		}
		for _, i := range incidents.End(p.Minute, false) {
			if i.State == outage.StateSuspected && state != outage.StateSuspected {
				n.suspected++
			}
			if i.State == outage.StateConfirmed && state == outage.StateSuspected {
				n.confirmed++
			}
			state = i.State
		}
	}
	n.series = detector.Series()
	return n, nil
}

// openInput opens a file, or takes standard input for "-".
func openInput(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the input: %w", err)
	}
	return f, nil
}
