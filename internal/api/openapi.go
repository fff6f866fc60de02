package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"faultline/internal/httpd"
)

// ReportRequest is the body of a report, for the document: ingest reads it.
type ReportRequest struct {
	Service  string `json:"service" doc:"Id of the service" example:"x"`
	Category string `json:"category,omitempty" doc:"One of its report categories; the first of them where it is left out" example:"app"`
	Country  string `json:"country,omitempty" doc:"Two-letter code, used only where the address says nothing" example:"US"`
}

// ReportAnswer is what a report is told, for the document: ingest writes it.
type ReportAnswer struct {
	ID      string `json:"id" doc:"Of this report, or of the first in the 30 minutes of its reporter"`
	Counted bool   `json:"counted" doc:"Whether it adds to the count"`
	Reason  string `json:"reason,omitempty" enum:"duplicate,cap" doc:"Why it was not counted"`
}

// reportsPath is where ingest takes reports.
const reportsPath = "/api/v1/reports"

// describeReports adds the operation that ingest answers to the document.
func describeReports(doc *huma.OpenAPI) {
	schema := func(v any, name string) *huma.Schema {
		return doc.Components.Schemas.Schema(reflect.TypeOf(v), true, name)
	}
	answer := map[string]*huma.MediaType{"application/json": {Schema: schema(ReportAnswer{}, "ReportAnswer")}}
	problem := map[string]*huma.MediaType{httpd.ProblemType: {Schema: schema(httpd.Problem{}, "Problem")}}
	responses := map[string]*huma.Response{
		"201": {Description: "Kept; counted unless reason says cap", Content: answer},
		"200": {Description: "A repeat within 30 minutes: the id of the first, not counted, reason duplicate", Content: answer},
	}
	for status, why := range map[string]string{
		"400": "The body cannot be read",
		"403": "A page of another site sent it",
		"413": "The body is too large",
		"415": "The body is not application/json",
		"422": "The service, category or country is unknown, or the service is retired",
		"503": "It could not be saved, and may be sent again",
	} {
		responses[status] = &huma.Response{Description: why, Content: problem}
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "post-report", Method: http.MethodPost, Path: reportsPath,
		Summary:     "Report a problem with a service",
		Description: "One person, one service, one category. When it is answered with 200 or 201 it is on stable storage. No address is ever stored.",
		RequestBody: &huma.RequestBody{
			Required: true,
			Content:  map[string]*huma.MediaType{"application/json": {Schema: schema(ReportRequest{}, "ReportRequest")}},
		},
		Responses: responses,
	})
}

// describeCheck adds what "faultline check --json" prints, for those who read it.
func describeCheck(doc *huma.OpenAPI) {
	doc.Components.Schemas.Schema(reflect.TypeFor[Check](), true, "Check")
}
