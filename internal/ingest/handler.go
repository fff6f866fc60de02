package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"faultline/internal/httpd"
)

// maxBody bounds a press: the longest true one is a tenth of it.
const maxBody = 2 << 10

// Answer is what a press is told.
type Answer struct {
	ID      string `json:"id"`      // of this report, or of the first of its window
	Counted bool   `json:"counted"` // false: kept or known, but not added to the count
	Reason  string `json:"reason,omitempty"`
}

// reasonDuplicate answers a repeat within the reporter's window.
const reasonDuplicate = "duplicate"

// Register adds ingest's endpoints: reports as JSON, the form of a service page,
// and the replay of recorded reports.
func (in *Ingest) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/reports", in.reportJSON)
	mux.HandleFunc("POST /s/{service}/report", in.reportForm)
	mux.HandleFunc("POST /api/v1/replay", in.replay)
}

func (in *Ingest) reportJSON(w http.ResponseWriter, r *http.Request) {
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != "application/json" {
		httpd.WriteProblem(w, http.StatusUnsupportedMediaType, fmt.Sprintf("content type %q: send application/json", r.Header.Get("Content-Type")))
		return
	}
	p, err := DecodePress(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge(err) {
			status = http.StatusRequestEntityTooLarge
		}
		httpd.WriteProblem(w, status, err.Error())
		return
	}
	res, err := in.take(r, p)
	if err != nil {
		status, detail := explain(w, err)
		httpd.WriteProblem(w, status, detail)
		return
	}
	a, status := answer(res)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // the client may have gone; the report is saved
}

// DecodePress reads one press. The error names the field and the remedy.
func DecodePress(body io.Reader) (Press, error) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	var p Press
	if err := d.Decode(&p); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return Press{}, fmt.Errorf("decode the body: %q is a %s and must be a %s", kind.Field, kind.Value, kind.Type.Kind())
		}
		return Press{}, fmt.Errorf(`decode the body: %w: send {"service":"…","category":"…"} and, if you like, "country"`, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Press{}, errors.New("decode the body: there is more after the first object: send one report a request")
	}
	if p.Service == "" {
		return Press{}, errors.New(`the body names no "service"`)
	}
	return p, nil
}

func tooLarge(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large)
}

// take carries a press through the committer.
func (in *Ingest) take(r *http.Request, p Press) (result, error) {
	j, err := in.job(r, p)
	if err != nil {
		return result{}, err
	}
	return in.submit(j)
}

func answer(res result) (Answer, int) {
	a := Answer{ID: res.report.ID, Counted: res.report.Weight > 0, Reason: res.report.Reason}
	if res.duplicate {
		a.Counted, a.Reason = false, reasonDuplicate
		return a, http.StatusOK
	}
	return a, http.StatusCreated
}

// explain maps an error to an answer: mistakes of the request are its own, all
// else means that the report was not saved and may be sent again.
func explain(w http.ResponseWriter, err error) (status int, detail string) {
	var bad *badPress
	if errors.As(err, &bad) {
		return bad.status, bad.detail
	}
	w.Header().Set("Retry-After", "5")
	return http.StatusServiceUnavailable, "your report was not saved: " + err.Error()
}

// reportForm is the same for a browser without scripts: it leads back to the
// page, which says in words what happened.
func (in *Ingest) reportForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if tooLarge(err) {
			status = http.StatusRequestEntityTooLarge
		}
		httpd.WriteProblem(w, status, fmt.Sprintf("read the form: %v: go back and press again", err))
		return
	}
	p := Press{Service: r.PathValue("service"), Category: r.PostForm.Get("category"), Country: r.PostForm.Get("country")}
	res, err := in.take(r, p)
	if err != nil {
		in.refuseForm(w, r, err)
		return
	}
	word := "counted"
	switch {
	case res.duplicate:
		word = reasonDuplicate
	case res.report.Weight == 0:
		word = "aside"
	case res.report.Country == "":
		word = "country"
	}
	http.Redirect(w, r, "/s/"+url.PathEscape(p.Service)+"?report="+word, http.StatusSeeOther)
}

// refuseForm answers a form that was not taken. A browser that shows what it gets
// is led back to the page, which says so in words; the script of the page gets the
// problem itself.
func (in *Ingest) refuseForm(w http.ResponseWriter, r *http.Request, err error) {
	status, detail := explain(w, err)
	if status == http.StatusServiceUnavailable && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/s/"+url.PathEscape(r.PathValue("service"))+"?report=failed", http.StatusSeeOther)
		return
	}
	httpd.WriteProblem(w, status, detail)
}
