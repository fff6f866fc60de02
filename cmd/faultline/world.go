package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"faultline/internal/api"
	"faultline/internal/catalog"
	"faultline/internal/clock"
	"faultline/internal/datadir"
	"faultline/internal/geo"
	"faultline/internal/httpd"
	"faultline/internal/incident"
	"faultline/internal/ingest"
	"faultline/internal/intake"
	"faultline/internal/knowledge"
	"faultline/internal/pipeline"
	"faultline/internal/project"
	"faultline/internal/publish"
	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/internal/vendor"
	"faultline/outage"
)

// world is one Faultline: its directory, its engines and its parts.
type world struct {
	settings  settings
	clock     clock.Clock
	dir       *datadir.Dir
	log       stream.Log
	store     store.Store
	registry  *prometheus.Registry
	catalog   *catalog.Catalog
	places    *geo.DB
	tls       *httpd.Certificate // nil: somebody else ends TLS, or nobody
	ingest    *ingest.Ingest
	intake    *intake.Intake
	vendor    *vendor.Vendor // nil: no status page is read
	followers []*stream.Follower
	project   *project.Project
	janitor   *project.Janitor
	api       *api.API
	closers   []io.Closer // in the order of opening
}

// openWorld opens the directory and puts the parts together; nothing runs yet.
func openWorld(ctx context.Context, s settings, c clock.Clock) (*world, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	w := &world{settings: s, clock: c, registry: prometheus.NewRegistry()}
	w.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) open(ctx context.Context) (err error) {
	if w.dir, err = datadir.Open(w.settings.Data); err != nil {
		return err
	}
	w.closers = append(w.closers, w.dir)
	if err := w.openEngines(ctx); err != nil {
		return err
	}
	if w.settings.TLSCert != "" {
		if w.tls, err = httpd.LoadCertificate(w.settings.TLSCert, w.settings.TLSKey); err != nil {
			return err
		}
	}
	w.places, err = geo.Open(geo.Config{CountryFile: w.settings.GeoCountry, ASNFile: w.settings.GeoNetwork})
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{w.openCatalog, w.openIngest, w.openIntake, w.openVendor, w.openFolds, w.openProject, w.openAPI} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) openEngines(ctx context.Context) error {
	l, closer, err := logEngines()[defaultEngine](ctx, w.dir)
	if err != nil {
		return err
	}
	w.log, w.closers = l, append(w.closers, closer)
	s, closer, err := storeEngines()[defaultEngine](ctx, w.dir)
	if err != nil {
		return err
	}
	w.store, w.closers = s, append(w.closers, closer)
	return nil
}

// openCatalog loads the services; one that the log knows and the files have no
// more stays as retired, for it may have history.
func (w *world) openCatalog(ctx context.Context) error {
	cfg := w.settings.catalog()
	loaded, err := catalog.Load(cfg.Builtin, cfg.Files...)
	if err != nil {
		return err
	}
	known, err := catalog.Restore(ctx, w.log)
	if err != nil {
		return err
	}
	w.catalog = catalog.New(catalog.Merge(known.Services, loaded, anyHistory))
	return w.publishCatalog(ctx)
}

// anyHistory keeps every service that was ever published: to keep one too many
// costs a line, to lose one loses its past.
func anyHistory(string) bool { return true }

func (w *world) publishCatalog(ctx context.Context) error {
	_, err := catalog.Publish(ctx, w.log, outage.MinuteOf(w.clock.Now()), w.catalog.Services())
	return err
}

// reload reads the catalog files again; a mistake in them changes nothing.
func (w *world) reload(ctx context.Context) error {
	change, err := w.catalog.Reload(w.settings.catalog(), anyHistory)
	if err != nil {
		return fmt.Errorf("reload the catalog: %w", err)
	}
	if !change.Empty() {
		slog.Info("catalog reloaded", "added", change.Added, "changed", change.Changed, "retired", change.Retired)
	}
	if w.settings.Probes != "" {
		specs, err := intake.LoadSpecs(w.settings.Probes, w.catalog.Get)
		if err != nil {
			return fmt.Errorf("reload what is probed: %w", err)
		}
		w.intake.Reload(specs)
	}
	return w.publishCatalog(ctx) // also what could not be published the last time
}

func (w *world) openIngest(context.Context) (err error) {
	deps := ingest.Deps{
		Log: w.log, Clock: w.clock, Services: w.catalog, Places: w.places, Space: w.dir,
		Private: w.dir.Private(), State: w.dir.State(), Metrics: ingest.NewMetrics(w.registry),
	}
	if d, ok := w.clock.(ingest.Driver); ok {
		deps.Driver = d
	}
	w.ingest, err = ingest.New(w.settings.ingest(), deps)
	return err
}

// openIntake makes the side of the hub that agents speak to.
func (w *world) openIntake(context.Context) error {
	cfg := intake.Config{TrustedHops: w.settings.ingest().TrustedHops}
	if w.settings.Probes != "" {
		specs, err := intake.LoadSpecs(w.settings.Probes, w.catalog.Get)
		if err != nil {
			return err
		}
		cfg.Specs = specs
	}
	var err error
	w.intake, err = intake.New(cfg, intake.Deps{
		Log: w.log, Commit: w.ingest, Clock: w.clock, Places: w.places, Trouble: trouble{w.store}, Known: w.known,
		Private: w.dir.Private(), Metrics: intake.NewMetrics(w.registry),
	})
	return err
}

// known says whether measurements of a service may be imported.
func (w *world) known(service string) bool {
	_, ok := w.catalog.Get(service)
	return ok
}

// trouble tells intake which services to probe harder.
type trouble struct{ store store.Histories }

// maxTroubled bounds what is asked for; when more services than that are in trouble
// at once, the oldest incidents are probed as usual.
const maxTroubled = 1000

// Troubled implements [intake.Trouble]: services with an incident that is not over.
func (t trouble) Troubled(ctx context.Context) (map[string]bool, error) {
	open, err := t.store.Incidents(ctx, store.IncidentFilter{OpenOnly: true, Limit: maxTroubled})
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(open))
	for i := range open {
		out[open[i].Service] = true
	}
	return out, nil
}

// openVendor makes the part that reads status pages, where the operator has said
// under which name.
func (w *world) openVendor(context.Context) (err error) {
	if w.settings.VendorContact == "" {
		return nil
	}
	if err := w.settings.checkVendor(w.catalog.Get); err != nil {
		return err
	}
	w.vendor, err = vendor.New(w.settings.vendor(), vendor.Deps{
		Log: w.log, Clock: w.clock, Services: w.catalog, Metrics: vendor.NewMetrics(w.registry), Commit: w.ingest,
	})
	return err
}

// openFolds makes the followers that turn facts into facts, in flow order.
func (w *world) openFolds(context.Context) (err error) {
	services := w.catalog.Services()
	if w.followers, err = pipeline.ToIncidents(services); err != nil {
		return err
	}
	verdicts, err := pipeline.ToVerdicts(services, knowledge.Current)
	if err != nil {
		return err
	}
	w.followers = append(w.followers, verdicts, publish.NewFollower(publish.Config{Names: w.names()}))
	metrics := stream.NewMetrics(w.registry)
	for _, f := range w.followers {
		f.Metrics, f.Snapshots = metrics, &stream.Snapshots{Dir: w.dir.State()}
	}
	return nil
}

func (w *world) names() map[string]string {
	m := map[string]string{}
	for _, s := range w.catalog.Services() {
		m[s.ID] = s.Name
	}
	return m
}

func (w *world) openProject(context.Context) (err error) {
	cfg := project.DefaultConfig()
	cfg.Retention.Reports = w.settings.KeepReports
	cfg.Retention.Minutes, cfg.Retention.Points = w.settings.KeepMinutes, w.settings.KeepMinutes
	if w.project, err = project.New(cfg, w.log, w.store, w.registry); err != nil {
		return err
	}
	following := make([]project.Following, len(w.followers))
	for i, f := range w.followers {
		following[i] = f
	}
	w.janitor = w.project.NewJanitor(w.registry, append(following, w.intake)...)
	return nil
}

func (w *world) openAPI(context.Context) (err error) {
	cfg := api.DefaultConfig()
	cfg.SeverityRule = incident.SeverityRule
	w.api, err = api.New(cfg, w.store, w.registry)
	return err
}

// close closes what was opened, the last first.
func (w *world) close() error {
	var errs []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		errs = append(errs, w.closers[i].Close())
	}
	return errors.Join(errs...)
}
