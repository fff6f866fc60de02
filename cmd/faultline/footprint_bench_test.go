package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"faultline/outage"
)

// The world of the footprint: as many services as a busy installation has, and a
// day of reports of very unequal services.
const (
	footprintServices = 1000
	footprintMinutes  = int(outage.Day)
	footprintMean     = 0.2 // reports a minute of a service, in the mean over all
)

// BenchmarkFootprint plays a day of a thousand services into the real program and
// reports its resident memory, how long it takes to the first page after a start
// with that data, and how long pages take at the server.
func BenchmarkFootprint(b *testing.B) {
	dir := b.TempDir()
	catalog := filepath.Join(dir, "services.yaml")
	var y strings.Builder
	y.WriteString("services:\n")
	for i := range footprintServices {
		fmt.Fprintf(&y, "  - {id: service-%d, name: Service %d, kind: social}\n", i, i)
	}
	if err := os.WriteFile(catalog, []byte(y.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	args := []string{
		"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--no-builtin-catalog", "--catalog", catalog,
		"--simulated-clock", "--replay-token", token,
	}
	p := start(b, 0, args...)
	begin := outage.MinuteOf(time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC))
	sent, took := feedDay(b, p, begin)
	p.waitFolded(begin + outage.Minute(footprintMinutes) - 2) // the last minute stays open
	b.ReportMetric(float64(sent)/took.Seconds(), "replayed/s")
	b.ReportMetric(resident(b, p), "MB-RSS")
	p.stop()
	before := time.Now()
	p = start(b, 0, args...)
	if code, _ := p.get("/"); code != http.StatusOK {
		b.Fatalf("the home page answers %d", code)
	}
	b.ReportMetric(float64(time.Since(before).Milliseconds()), "ms-to-first-page")
	b.ReportMetric(resident(b, p), "MB-RSS-restarted")
	for name, path := range map[string]string{"home": "/", "service": "/s/service-1"} {
		size, median := page(b, p, path)
		b.ReportMetric(float64(size)/1000, "kB-"+name)
		b.ReportMetric(median, "ms-"+name)
	}
}

// feedDay sends a day in batches of an hour.
func feedDay(b *testing.B, p *process, begin outage.Minute) (sent int, took time.Duration) {
	rng := rand.New(rand.NewPCG(3, 4))
	countries, categories := []string{"US", "GB", "IN", "DE", "BR", ""}, outage.DefaultCategories()
	started := time.Now()
	for from := 0; from < footprintMinutes; from += 60 {
		var batch strings.Builder
		for m := from; m < from+60; m++ {
			fmt.Fprintf(&batch, `{"clock":%q}`+"\n", begin+outage.Minute(m))
			for range int(footprintServices * footprintMean) {
				// Most reports are for few services, as in life.
				s := int(float64(footprintServices) * rng.Float64() * rng.Float64() * rng.Float64())
				fmt.Fprintf(&batch, `{"service":"service-%d","category":%q,"country":%q,"network":"AS%d"}`+"\n",
					s, categories[rng.IntN(len(categories))], countries[rng.IntN(len(countries))], 64500+rng.IntN(30))
				sent++
			}
		}
		code, body, err := p.post(b.Context(), "/api/v1/replay", "application/x-ndjson", batch.String(), "Authorization", "Bearer "+token)
		if err != nil || code != http.StatusOK {
			b.Fatalf("hour %d: %d %s %v", from/60, code, body, err)
		}
	}
	return sent, time.Since(started)
}

// resident is the process's resident memory in MB.
func resident(b *testing.B, p *process) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Skip("resident memory is read from /proc, which is not here")
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1000
}

// page fetches a page again and again, each time rendered anew, and returns its
// size over the wire and the median time.
func page(b *testing.B, p *process, path string) (size int, median float64) {
	var times []float64
	for i := range 31 {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s%s?fresh=%d", p.url, path, i), nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		begin := time.Now()
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("%s: %d %v", path, res.StatusCode, err)
		}
		times = append(times, float64(time.Since(begin).Microseconds())/1000)
		_ = res.Body.Close() // it has been read to its end
		size = len(body)
	}
	slices.Sort(times)
	return size, times[len(times)/2]
}
