package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"faultline/internal/clock"
	"faultline/internal/httpd"
	"faultline/internal/ingest"
	"faultline/internal/stream"
	"faultline/internal/web"

	"golang.org/x/sys/unix"
)

// connections is the number of clients that press at the same time.
const connections = 64

// BenchmarkIngest measures acknowledged durable reports over HTTP, each of a
// reporter of its own, beside a handler that decodes the same JSON and does
// nothing. Every acknowledged report is looked up in the log afterwards.
func BenchmarkIngest(b *testing.B) {
	b.Run("nothing", func(b *testing.B) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var p ingest.Press
			if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":"0000000000000000","counted":true}`+"\n")
		})
		press(b, h)
	})
	b.Run("durable", func(b *testing.B) {
		w, pages, stop := benchWorld(b)
		h, err := w.handler(pages)
		if err != nil {
			b.Fatal(err)
		}
		acked := press(b, h)
		stop()
		kept := 0
		for after := uint64(0); ; {
			recs, err := w.log.Read(context.Background(), stream.Reports.Name, after, 4096)
			if err != nil {
				b.Fatal(err)
			}
			if len(recs) == 0 {
				break
			}
			for _, r := range recs {
				if r.Kind == stream.KindFact {
					kept++
				}
				after = r.Seq
			}
		}
		if kept != acked {
			b.Fatalf("%d reports are in the log, %d were acknowledged", kept, acked)
		}
	})
}

func benchWorld(b *testing.B) (*world, *web.Web, func()) {
	s := settings{
		Data: b.TempDir(), BuiltinCatalog: true, KeepReports: minKept, KeepMinutes: minKept,
		TrustedHops: []hop{{netip.MustParsePrefix("127.0.0.0/8")}},
	}
	w, err := openWorld(b.Context(), s, clock.Real{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	pages := w.pages(nil)
	for _, p := range w.parts(pages) {
		wg.Go(func() {
			if err := p.run(ctx); err != nil {
				b.Error(p.name, err)
			}
		})
	}
	stop := sync.OnceFunc(func() { cancel(); wg.Wait() })
	b.Cleanup(func() {
		stop()
		if err := w.close(); err != nil {
			b.Error(err)
		}
	})
	return w, pages, stop
}

// press sends b.N presses over many connections and returns how many were
// acknowledged as new. The client writes and reads bytes, so that it costs as
// little as it can of the two cores.
func press(b *testing.B, h http.Handler) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- httpd.Serve(ctx, l, h) }()
	var next, acked atomic.Int64
	before := cpu(b)
	b.ResetTimer()
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() { pressOn(b, l.Addr().String(), &next, &acked) })
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(acked.Load())/b.Elapsed().Seconds(), "reports/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/report")
	cancel()
	if err := <-served; err != nil {
		b.Error(err)
	}
	return int(acked.Load())
}

// cpu is the processor time of this process, clients included: on a machine that
// others use as well it says more than the clock does.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func pressOn(b *testing.B, addr string, next, acked *atomic.Int64) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Error(err)
		return
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	const body = `{"service":"x","category":"app"}`
	for {
		i := next.Add(1)
		if i > int64(b.N) {
			return
		}
		// Odd multipliers walk through all of IPv4, so neighbours share no network.
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], uint32(i)*2654435761)
		fmt.Fprintf(conn, "POST /api/v1/reports HTTP/1.1\r\nHost: faultline\r\nContent-Type: application/json\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s",
			netip.AddrFrom4(ip), len(body), body)
		code, err := answered(in)
		if err != nil {
			b.Error(err)
			return
		}
		if code == http.StatusCreated {
			acked.Add(1)
		}
	}
}

// answered reads one response and returns its status.
func answered(in *bufio.Reader) (code int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		line = strings.TrimSpace(line)
		switch {
		case first:
			if code, err = strconv.Atoi(strings.Fields(line)[1]); err != nil {
				return 0, err
			}
		case line == "":
			_, err := in.Discard(length)
			return code, err
		default:
			if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				if length, err = strconv.Atoi(v); err != nil {
					return 0, err
				}
			}
		}
	}
}
