package web

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"faultline/internal/web/cache"
	"faultline/outage"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// assets are the files under static, each with a version for its address.
type assets struct {
	body map[string][]byte
	hash map[string]string
}

func newAssets() *assets {
	a := &assets{map[string][]byte{}, map[string]string{}}
	names, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		b, err := staticFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded files can be read
		}
		h := fnv.New64a()
		h.Write(b)
		a.body[path.Base(name)] = b
		a.hash[path.Base(name)] = fmt.Sprintf("%x", h.Sum64())
	}
	return a
}

// url is the address of a file, which changes when its content does.
func (a *assets) url(name string) string { return "/static/" + name + "?v=" + a.hash[name] }

// static serves the files. An address with the version may be kept for ever.
func (w *Web) static(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	body, ok := w.assets.body[name]
	if !ok {
		w.notFound(rw, r)
		return
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	h := rw.Header()
	h.Set("Content-Type", types[path.Ext(name)])
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+w.assets.hash[name]+`"`)
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == w.assets.hash[name] {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+w.assets.hash[name]+`"` {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	// A reader who has left is no failure of ours.
	_, _ = rw.Write(body)
}

// templates are the parsed pages and their parts, by file name without ending.
type templates struct{ set *template.Template }

func newTemplates(a *assets) *templates {
	set := template.New("").Funcs(template.FuncMap{"asset": a.url, "add": func(a, b int) int { return a + b }})
	return &templates{template.Must(set.ParseFS(templateFiles, "templates/*.html"))}
}

func (t *templates) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := t.set.ExecuteTemplate(&b, name+".html", data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	// The template has escaped what it was given.
	return template.HTML(b.String()), nil
}

// shell is what the layout prints around a page.
type shell struct {
	Title       string
	Description string
	Main        template.HTML
	Query       string // in the search box
	Live        string // address of the live stream, "" for pages that stand still
	Stamp       string
	Here        string // path, for the refresh link
	Notice      *Notice
	Clock       *clockFace
	NoIndex     bool
}

// clockFace is the world's clock, shown beside a notice.
type clockFace struct{ ISO, Text string }

// frame is a page before it is put into the layout.
type frame struct {
	name  string // of the template
	view  any
	parts []partOf
	shell shell
}

// partOf is a piece of a page that live streams replace.
type partOf struct {
	name, template string
	data           any
}

// body is what a page's template gets: its view and its parts, rendered.
type body struct {
	V     any
	Parts map[string]template.HTML
	Here  string
}

// build renders a page with its parts.
func (w *Web) build(f frame) (*cache.Page, error) {
	b := body{V: f.view, Parts: map[string]template.HTML{}, Here: f.shell.Here}
	var parts []cache.Part
	if clock := w.clockFace(); clock != nil {
		f.shell.Clock = clock
		html, err := w.tmpl.render("clock", clock)
		if err != nil {
			return nil, err
		}
		parts = append(parts, cache.NewPart("clock", string(html)))
	}
	for _, p := range f.parts {
		html, err := w.tmpl.render(p.template, p.data)
		if err != nil {
			return nil, err
		}
		b.Parts[p.name] = html
		parts = append(parts, cache.NewPart(p.name, string(html)))
	}
	var err error
	if f.shell.Main, err = w.tmpl.render(f.name, b); err != nil {
		return nil, err
	}
	f.shell.Notice = w.cfg.Notice
	page, err := w.tmpl.render("layout", f.shell)
	if err != nil {
		return nil, err
	}
	return cache.NewPage(f.shell.Stamp, []byte(page), parts), nil
}

// clockFace is nil in worlds that need no clock: there the reader has one.
func (w *Web) clockFace() *clockFace {
	if w.cfg.Notice == nil {
		return nil
	}
	now := w.deps.Clock.Now().UTC()
	return &clockFace{outage.MinuteOf(now).String(), now.Format("Mon 2 Jan 2006, 15:04 UTC")}
}

// send serves a rendered page with the headers that all pages share.
func (w *Web) send(rw http.ResponseWriter, r *http.Request, p *cache.Page, status int) {
	if rw.Header().Get("Cache-Control") == "" {
		rw.Header().Set("Cache-Control", "public, max-age=1, must-revalidate")
	}
	p.Serve(rw, r, status)
}

// lower is the form in which addresses carry ids.
func lower(id string) string { return strings.ToLower(strings.TrimSpace(id)) }
