package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"faultline/internal/agentapi"
	"faultline/internal/catalog"
	"faultline/internal/ingest"
	"faultline/internal/vendor"
	"faultline/outage"
)

// settings is all that an operator can say, as flags, as environment variables
// or in a YAML file with the flags' names as keys. The file is the weakest, the
// flag the strongest.
type settings struct {
	Config         kong.ConfigFlag `help:"YAML file with any of these settings, by the names of the flags." placeholder:"FILE"`
	Listen         string          `name:"listen" default:"127.0.0.1:8080" env:"FAULTLINE_LISTEN" help:"Address and port to answer on."`
	TLSCert        string          `name:"tls-cert" env:"FAULTLINE_TLS_CERT" placeholder:"FILE" help:"Certificate with its chain, in PEM form: answer by TLS without a proxy. Read again at SIGHUP."`
	TLSKey         string          `name:"tls-key" env:"FAULTLINE_TLS_KEY" placeholder:"FILE" help:"Key of the certificate, in PEM form."`
	Data           string          `name:"data" default:"faultline-data" env:"FAULTLINE_DATA" placeholder:"DIR" help:"Data directory; made when missing."`
	Catalog        []string        `name:"catalog" env:"FAULTLINE_CATALOG" placeholder:"FILE" help:"YAML files with services of your own; a later one replaces services of an earlier one."`
	BuiltinCatalog bool            `name:"builtin-catalog" default:"true" negatable:"" env:"FAULTLINE_BUILTIN_CATALOG" help:"Begin with the starter catalog."`
	TrustedHops    []hop           `name:"trusted-hops" env:"FAULTLINE_TRUSTED_HOPS" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed: addresses or ranges such as 10.0.0.0/8."`
	ExemptNetworks []asn           `name:"exempt-networks" env:"FAULTLINE_EXEMPT_NETWORKS" placeholder:"ASN" help:"AS numbers that no cap applies to, such as 7922."`
	GeoCountry     string          `name:"geo-country" env:"FAULTLINE_GEO_COUNTRY" placeholder:"FILE" help:"MMDB file with countries, instead of the built-in data."`
	GeoNetwork     string          `name:"geo-network" env:"FAULTLINE_GEO_NETWORK" placeholder:"FILE" help:"MMDB file with AS numbers, instead of the built-in data."`
	KeepReports    time.Duration   `name:"keep-reports" default:"48h" env:"FAULTLINE_KEEP_REPORTS" help:"How long raw reports are kept, in hours; at least 48h."`
	KeepMinutes    time.Duration   `name:"keep-minutes" default:"336h" env:"FAULTLINE_KEEP_MINUTES" help:"How long counts by the minute are kept, in hours; at least 48h. Counts by the hour are kept for ever."`
	MinFreeMB      uint64          `name:"min-free-mb" default:"64" env:"FAULTLINE_MIN_FREE_MB" help:"Free disk space in MiB under which presses are refused."`
	Probes         string          `name:"probes" env:"FAULTLINE_PROBES" placeholder:"FILE" help:"YAML file that says what agents probe, and the contact that they name. Without it nothing is probed."`
	LocalAgent     bool            `name:"local-agent" env:"FAULTLINE_LOCAL_AGENT" help:"Run one agent in this process. It proves little alone: an outage is confirmed on measurements only by agents in several networks."`
	LocalCountry   string          `name:"local-country" env:"FAULTLINE_LOCAL_COUNTRY" placeholder:"CC" help:"Where the local agent is: ISO 3166-1, such as DE."`
	LocalNetwork   string          `name:"local-network" env:"FAULTLINE_LOCAL_NETWORK" placeholder:"ASN" help:"The network of the local agent, such as AS64500."`
	LocalClass     string          `name:"local-class" env:"FAULTLINE_LOCAL_CLASS" placeholder:"CLASS" help:"What sort of network the local agent is in: eyeball, datacenter, mobile, edu or anchor."`
	VendorContact  string          `name:"vendor-contact" env:"FAULTLINE_VENDOR_CONTACT" placeholder:"CONTACT" help:"Read the status pages that the catalog names, and introduce ourselves to them with this address or page. Without it none is read."`
	VendorServices []string        `name:"vendor-services" env:"FAULTLINE_VENDOR_SERVICES" placeholder:"ID" help:"Read the status pages of these services only, instead of all that the catalog names."`
	VendorPrivate  bool            `name:"vendor-private" env:"FAULTLINE_VENDOR_PRIVATE" help:"Let status pages be at addresses that are not public, such as those within a company."`
	SimulatedClock bool            `name:"simulated-clock" env:"FAULTLINE_SIMULATED_CLOCK" help:"Let 'faultline replay --into' move the clock; for recordings, never for real use."`
	ReplayToken    string          `name:"replay-token" env:"FAULTLINE_REPLAY_TOKEN" placeholder:"TOKEN" help:"Token of at least 8 characters that 'replay --into' must show; goes with --simulated-clock."`
}

// hop is a proxy: one address, or a range of them.
type hop struct{ netip.Prefix }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *hop) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if a, err := netip.ParseAddr(s); err == nil {
		h.Prefix = netip.PrefixFrom(a, a.BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is neither an address nor a range: write 192.0.2.7 or 10.0.0.0/8", s)
	}
	h.Prefix = p
	return nil
}

// asn is the number of a network.
type asn uint32

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *asn) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	v, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(s), "AS"), 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not an AS number: write 7922 or AS7922", s)
	}
	*n = asn(v)
	return nil
}

// minKept is the shortest retention: the pages show a day, and a part that was
// stopped needs time to catch up.
const minKept = 48 * time.Hour

// maxMinFreeMB is more than any disk has, and far from where bytes overflow.
const maxMinFreeMB = 1 << 40

// validate names every setting that cannot work, with what to do.
func (s *settings) validate() error {
	var errs []error
	for name, d := range map[string]time.Duration{"keep-reports": s.KeepReports, "keep-minutes": s.KeepMinutes} {
		if d < minKept {
			errs = append(errs, fmt.Errorf("%s is %s: keep at least %s", name, d, minKept))
		}
	}
	if s.Data == "" {
		errs = append(errs, errors.New("data is empty: name a directory for the data"))
	}
	if s.MinFreeMB > maxMinFreeMB {
		errs = append(errs, fmt.Errorf("min-free-mb is %d: keep at most %d", s.MinFreeMB, maxMinFreeMB))
	}
	if s.SimulatedClock && s.ReplayToken == "" {
		errs = append(errs, errors.New("--simulated-clock needs --replay-token, so that not everybody can move the clock"))
	}
	if s.LocalAgent && s.SimulatedClock {
		errs = append(errs, errors.New("--local-agent does not go with --simulated-clock: what is measured today is no part of a recording"))
	}
	if err := agentapi.ValidateVantage(s.localVantage()); err != nil {
		errs = append(errs, fmt.Errorf("local agent: %w", err))
	}
	if s.VendorContact != "" && s.SimulatedClock {
		errs = append(errs, errors.New("--vendor-contact does not go with --simulated-clock: what vendors say today is no part of a recording"))
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		errs = append(errs, errors.New("--tls-cert and --tls-key go together: name both files, or neither and put a proxy in front"))
	}
	if len(s.VendorServices) > 0 && s.VendorContact == "" {
		errs = append(errs, errors.New("--vendor-services needs --vendor-contact: no status page is read before its owner can find out who reads it"))
	}
	cfg := s.ingest()
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(append(errs, cfg.Validate())...)
}

func (s *settings) ingest() ingest.Config {
	cfg := ingest.DefaultConfig()
	for _, h := range s.TrustedHops {
		cfg.TrustedHops = append(cfg.TrustedHops, h.Prefix)
	}
	for _, n := range s.ExemptNetworks {
		cfg.ExemptNetworks = append(cfg.ExemptNetworks, uint32(n))
	}
	cfg.MinFree = s.MinFreeMB << 20
	cfg.Driven, cfg.ReplayToken = s.SimulatedClock, s.ReplayToken
	return cfg
}

func (s *settings) localVantage() outage.Vantage {
	return outage.Vantage{Country: s.LocalCountry, Network: s.LocalNetwork, Class: s.LocalClass}
}

func (s *settings) vendor() vendor.Config {
	cfg := vendor.DefaultConfig()
	cfg.Contact, cfg.Private, cfg.Only = s.VendorContact, s.VendorPrivate, s.VendorServices
	return cfg
}

// checkVendor holds the services whose pages are to be read against the catalog: one
// that names no page would be waited for in vain.
func (s *settings) checkVendor(service func(id string) (outage.Service, bool)) error {
	var errs []error
	for _, id := range s.VendorServices {
		if known, ok := service(id); !ok || known.Retired || known.StatusPage == "" {
			errs = append(errs, fmt.Errorf("vendor-services names %.60q, and the catalog has no status page of it: add status_page to the service, or use another id", id))
		}
	}
	return errors.Join(errs...)
}

func (s *settings) catalog() catalog.Config {
	return catalog.Config{Builtin: s.BuiltinCatalog, Files: s.Catalog}
}

// maxConfig bounds a settings file; a real one has a few hundred bytes.
const maxConfig = 64 << 10

// fileSettings reads the settings file for kong.
type fileSettings struct {
	name   string
	values map[string]any
}

func loadSettings(r io.Reader) (kong.Resolver, error) {
	f := &fileSettings{name: "the settings file", values: map[string]any{}}
	if file, ok := r.(*os.File); ok {
		f.name = file.Name()
	}
	b, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	if len(b) > maxConfig {
		return nil, fmt.Errorf("%s is larger than %d bytes: services go into a file of their own, named by catalog", f.name, maxConfig)
	}
	// An editor may have put a byte order mark in front.
	if err := yaml.Unmarshal(bytes.TrimPrefix(b, []byte("\ufeff")), &f.values); err != nil {
		return nil, fmt.Errorf("%s: decode the settings: %w", f.name, err)
	}
	return f, nil
}

// Validate implements [kong.Resolver]: unknown keys are errors.
func (f *fileSettings) Validate(*kong.Application) error {
	var known []string
	for _, field := range settingFields() {
		known = append(known, field.name)
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%s has an unknown key %q: keys are the names of the flags of serve without dashes in front: %s", f.name, key, strings.Join(known, ", "))
		}
		if f.values[key] == nil {
			return fmt.Errorf("%s gives %q no value: write one, or leave the key out", f.name, key)
		}
	}
	return nil
}

// Resolve implements [kong.Resolver]. The environment is stronger than the file.
func (f *fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	v, ok := f.values[flag.Name]
	if !ok {
		return nil, nil
	}
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, p := range list {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, ","), nil
	}
	return fmt.Sprint(v), nil
}
