// Package httpd is what every HTTP surface of Faultline shares: problem answers,
// the client's address behind trusted hops, the middleware and the server itself.
//
// It reads requests and writes responses; it stores nothing, and no address
// leaves it but to the caller. Limits are named in server.go.
package httpd

import (
	"encoding/json"
	"net/http"
)

// Problem is an error answer (RFC 9457).
type Problem struct {
	Type   string `json:"type"`   // always "about:blank": the title says it
	Title  string `json:"title"`  // the status in words
	Status int    `json:"status"` // HTTP status
	Detail string `json:"detail"` // which input, and what to do
}

// ProblemType is the media type of a [Problem].
const ProblemType = "application/problem+json"

// WriteProblem answers with a problem. The detail names the input and the remedy.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil { // four plain fields: cannot happen
		body = []byte(`{}`)
	}
	h := w.Header()
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may have gone; there is nobody to tell
}
