package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"faultline/outage"
)

// Journey is an ordered list of steps that a person would take, so that "the feed
// loads" is measured and not only "the edge answers".
type Journey struct {
	Name string `yaml:"name" json:"name"`
	// Variants are desktop, mobile or both; none means desktop.
	Variants []string `yaml:"variants,omitempty" json:"variants,omitempty"`
	Steps    []Step   `yaml:"steps" json:"steps"`
}

// Step is one request and what is expected of the answer after its redirects.
// ${name} in URL, header values and body stands for what an earlier step captured.
type Step struct {
	Name    string            `yaml:"name" json:"name"`
	Method  string            `yaml:"method,omitempty" json:"method,omitempty"` // default GET
	URL     string            `yaml:"url" json:"url"`                           // absolute, or relative to the step before
	Header  map[string]string `yaml:"header,omitempty" json:"header,omitempty"`
	Body    string            `yaml:"body,omitempty" json:"body,omitempty"`
	Expect  Expect            `yaml:"expect,omitempty" json:"expect,omitempty"`
	Capture []Capture         `yaml:"capture,omitempty" json:"capture,omitempty"`
}

// Expect is what an answer must show; what is left out is not asked for, but for
// the status, which must then be 200 to 299.
type Expect struct {
	Status    []int             `yaml:"status,omitempty" json:"status,omitempty"`
	Keyword   string            `yaml:"keyword,omitempty" json:"keyword,omitempty"`     // in the body
	MinBytes  int64             `yaml:"min_bytes,omitempty" json:"min_bytes,omitempty"` // of the body
	JSON      map[string]string `yaml:"json,omitempty" json:"json,omitempty"`           // dotted path to its value as text
	LoginForm bool              `yaml:"login_form,omitempty" json:"login_form,omitempty"`
}

// Capture keeps a part of an answer under a name: a value of its JSON, or the
// first group of a pattern.
type Capture struct {
	Name    string `yaml:"name" json:"name"`
	JSON    string `yaml:"json,omitempty" json:"json,omitempty"`
	Pattern string `yaml:"pattern,omitempty" json:"pattern,omitempty"`
}

// Bounds of a journey: whoever needs more takes two.
const (
	maxSteps    = 20
	maxVariable = 4096 // bytes of a captured value; a longer one is cut
)

// Variants of a journey and what they say they are.
const (
	VariantDesktop = "desktop"
	VariantMobile  = "mobile"
)

// Validate says what is wrong with a journey.
func (j *Journey) Validate() error {
	switch {
	case j.Name == "":
		return fmt.Errorf("a journey has no name")
	case len(j.Steps) == 0 || len(j.Steps) > maxSteps:
		return fmt.Errorf("journey %q has %d steps: use 1 to %d", j.Name, len(j.Steps), maxSteps)
	}
	for _, v := range j.Variants {
		if v != VariantDesktop && v != VariantMobile {
			return fmt.Errorf("journey %q: variant %q: use %s or %s", j.Name, v, VariantDesktop, VariantMobile)
		}
	}
	for i := range j.Steps {
		if err := j.Steps[i].validate(i == 0); err != nil {
			return fmt.Errorf("journey %q, step %d: %w", j.Name, i+1, err)
		}
	}
	return nil
}

// validate says what is wrong with a step.
func (s *Step) validate(first bool) error {
	if s.Name == "" {
		return fmt.Errorf("it has no name")
	}
	if first {
		if _, err := ParseTarget(s.URL); err != nil {
			return err
		}
	}
	for _, c := range s.Capture {
		if c.Name == "" || (c.JSON == "") == (c.Pattern == "") {
			return fmt.Errorf("capture %q needs a name and either json or pattern", c.Name)
		}
		if re, err := regexp.Compile(c.Pattern); err != nil || c.Pattern != "" && re.NumSubexp() < 1 {
			return fmt.Errorf("capture %q: pattern %q must be a regular expression with a group", c.Name, c.Pattern)
		}
	}
	return nil
}

// Walk takes a journey in one variant, step by step, and stops at the first that
// fails. Every request is a measurement; the last of each step carries what was
// expected of it. The caller permits each of them; where it stops the walk, nothing was
// found out, and the step that was under way is not judged. The journey must be valid.
func (p *Prober) Walk(ctx context.Context, j *Journey, base outage.Target, variant string, may func(next outage.Target) Permit) []outage.Measurement {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil { // the library has no other way to say that it never happens
		return nil
	}
	walk := &walker{p: p, may: may, jar: jar, vars: map[string]string{}, variant: variant, at: base.URL}
	base.Journey, base.Variant = j.Name, variant
	var out []outage.Measurement
	for i := range j.Steps {
		base.Step = j.Steps[i].Name
		list, whole := walk.step(ctx, &j.Steps[i], base, i+1)
		out = append(out, list...)
		if !whole || list[len(list)-1].Failure != "" {
			break
		}
	}
	return out
}

// walker is a person on a journey.
type walker struct {
	p       *Prober
	may     func(next outage.Target) Permit
	jar     http.CookieJar
	vars    map[string]string
	variant string
	at      string // URL of the page that the last step ended on
}

// mobileHeader is what a phone says of itself, in words that need no disguise.
const mobileHeader = "?1"

// step makes one request, follows where it leads, and holds the answer against
// what was expected. It is not whole where the caller has stopped it.
func (k *walker) step(ctx context.Context, s *Step, base outage.Target, order int) (out []outage.Measurement, whole bool) {
	a := &ask{method: s.Method, header: http.Header{}, body: k.fill(s.Body), jar: k.jar}
	if k.variant == VariantMobile {
		a.header.Set("Sec-CH-UA-Mobile", mobileHeader)
	}
	for name, value := range s.Header {
		a.header.Set(name, k.fill(value))
	}
	from := outage.Measurement{Target: base, HTTP: &outage.HTTP{Location: k.fill(s.URL)}}
	from.Target.URL = k.at
	var body []byte
	h := hopping{seen: map[string]bool{}}
	for ; ; h.hop++ {
		var m outage.Measurement
		h.ask, h.public = a, h.hop > 0 && isPublic(from.Target.Address)
		permit := PermitGo
		next, err := redirectTarget(&from)
		if err == nil {
			permit = k.may(next)
		}
		switch permit {
		case PermitStop:
			return out, false
		case PermitForbid:
			m, body = k.p.forbidden(next, h.hop), nil
		default:
			m, body = k.p.hop(ctx, &from, h)
		}
		out = append(out, m)
		if m.HTTP == nil || m.Failure != "" && m.HTTP.Status == 0 || !isRedirect(m.HTTP) {
			break
		}
		from, a = m, &ask{header: a.header, jar: k.jar} // what follows a redirect is a plain page
	}
	last := &out[len(out)-1]
	k.at = last.Target.URL
	k.judge(s, last, body, order)
	return out, true
}

// judge holds an answer against what was expected, and captures from it.
func (k *walker) judge(s *Step, m *outage.Measurement, body []byte, order int) {
	m.Journey = &outage.Journey{Order: order}
	if m.HTTP == nil || m.HTTP.Status == 0 {
		return
	}
	expectStatus(s, m)
	e := &s.Expect
	if e.Keyword != "" {
		note(m, fmt.Sprintf("keyword %q", e.Keyword), strings.Contains(string(body), e.Keyword))
	}
	if e.MinBytes > 0 {
		note(m, fmt.Sprintf("at least %d bytes", e.MinBytes), m.HTTP.BodyBytes >= e.MinBytes)
	}
	if e.LoginForm {
		note(m, "login form", readPage(body).login)
	}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		got, ok := jsonAt(body, path)
		note(m, fmt.Sprintf("json %s = %q", path, e.JSON[path]), ok && got == e.JSON[path])
	}
	for _, c := range s.Capture {
		value, ok := capture(c, body)
		note(m, "capture "+c.Name, ok)
		k.vars[c.Name] = value[:min(len(value), maxVariable)]
	}
	if len(m.Journey.Failed) > 0 && m.Failure == "" {
		m.Journey.Failure = outage.FailureKeyword
		fail(m, outage.LayerApp, outage.OperationAssert, outage.FailureKeyword)
	}
}

// expectStatus judges the status; one that was expected is no failure even if it
// is an error to others.
func expectStatus(s *Step, m *outage.Measurement) {
	status := m.HTTP.Status
	if len(s.Expect.Status) == 0 {
		note(m, "status 200 to 299", status >= 200 && status < 300)
		return
	}
	ok := slices.Contains(s.Expect.Status, status)
	note(m, fmt.Sprintf("status %v", s.Expect.Status), ok)
	if ok && m.Operation == outage.OperationRoundTrip {
		m.Outcome, m.Layer, m.Operation, m.Failure, m.HTTP.Failure = outage.OutcomeOK, "", "", "", ""
	}
}

// note keeps whether an expectation was met.
func note(m *outage.Measurement, what string, ok bool) {
	if ok {
		m.Journey.Passed = append(m.Journey.Passed, what)
	} else {
		m.Journey.Failed = append(m.Journey.Failed, what)
	}
}

// variable finds ${name}.
var variable = regexp.MustCompile(`\$\{([A-Za-z0-9_]+)\}`)

// fill puts captured values in; a name that nothing captured stays as it is, so
// that the failure shows it.
func (k *walker) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(s string) string {
		if v, ok := k.vars[s[2:len(s)-1]]; ok {
			return v
		}
		return s
	})
}

// capture takes a part of a body.
func capture(c Capture, body []byte) (string, bool) {
	if c.JSON != "" {
		return jsonAt(body, c.JSON)
	}
	m := regexp.MustCompile(c.Pattern).FindSubmatch(body)
	if m == nil {
		return "", false
	}
	return string(m[1]), true
}

// jsonAt is the text of the value at a dotted path, such as items.0.id.
func jsonAt(body []byte, path string) (string, bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return "", false
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[key]
			if !ok {
				return "", false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return "", false
			}
			v = x[i]
		default:
			return "", false
		}
	}
	if s, ok := v.(string); ok {
		return s, true
	}
	text, err := json.Marshal(v)
	return string(text), err == nil
}
