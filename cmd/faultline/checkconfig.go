package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"faultline/internal/catalog"
	"faultline/internal/geo"
	"faultline/internal/httpd"
	"faultline/internal/intake"
)

// checkConfigCmd says what serve would run with, or what is wrong with it.
type checkConfigCmd struct {
	settings `embed:""`
}

// Run implements the command.
func (c *checkConfigCmd) Run(s streams) error {
	if err := c.validate(); err != nil {
		return err
	}
	cfg := c.catalog()
	services, err := catalog.Load(cfg.Builtin, cfg.Files...)
	if err != nil {
		return err
	}
	if _, err := geo.Open(geo.Config{CountryFile: c.GeoCountry, ASNFile: c.GeoNetwork}); err != nil {
		return err
	}
	known := catalog.New(services)
	if c.Probes != "" {
		if _, err := intake.LoadSpecs(c.Probes, known.Get); err != nil {
			return err
		}
	}
	if err := c.checkVendor(known.Get); err != nil {
		return err
	}
	if c.TLSCert != "" {
		if _, err := httpd.LoadCertificate(c.TLSCert, c.TLSKey); err != nil {
			return err
		}
	}
	if err := printSettings(s.out, &c.settings); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "# %d services\n", len(services))
	return err
}

// printSettings writes settings as the file that would set them. The token is a
// secret and is not shown.
func printSettings(w io.Writer, s *settings) error {
	var file yaml.MapSlice
	for _, f := range settingFields() {
		v := reflect.ValueOf(s).Elem().FieldByIndex(f.Index)
		value := v.Interface()
		switch t := value.(type) {
		case time.Duration:
			value = t.String()
		case string:
			if f.name == "replay-token" && t != "" {
				value = "(set)"
			}
		}
		if v.Kind() == reflect.Slice {
			list := make([]string, v.Len())
			for i := range v.Len() {
				list[i] = fmt.Sprint(v.Index(i).Interface())
			}
			value = list
		}
		file = append(file, yaml.MapItem{Key: f.name, Value: value})
	}
	b, err := yaml.Marshal(file)
	if err != nil {
		return fmt.Errorf("print the settings: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// settingField is one setting with its name as a flag.
type settingField struct {
	reflect.StructField
	name string
}

// settingFields lists the settings in their order, without the file's own name.
func settingFields() []settingField {
	var fields []settingField
	t := reflect.TypeFor[settings]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[kong.ConfigFlag]() {
			continue
		}
		fields = append(fields, settingField{f, f.Tag.Get("name")})
	}
	return fields
}

// settingsPage is the reference page: made from the settings themselves.
func settingsPage() string {
	var b strings.Builder
	b.WriteString(settingsHead)
	for _, f := range settingFields() {
		def := f.Tag.Get("default")
		if def == "" {
			def = "none"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", f.name, f.Tag.Get("env"), def, f.Tag.Get("help"))
	}
	return b.String()
}

const settingsHead = `# Settings of serve

Made from the program by its tests; do not edit. A setting is a flag (` + "`--listen`" + `), an
environment variable, or a key of the YAML file that ` + "`--config`" + ` names. The flag is
stronger than the environment, and the environment stronger than the file. Unknown keys
are errors. ` + "`faultline check-config`" + ` takes the same and prints what is in effect.

    listen: 0.0.0.0:8080
    data: /var/lib/faultline
    trusted-hops: [10.0.0.0/8]

| key | environment | default | meaning |
| --- | --- | --- | --- |
`
