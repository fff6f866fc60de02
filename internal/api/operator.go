package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"faultline/internal/agentapi"
	"faultline/internal/httpd"
	"faultline/outage"
)

// What the operator of a hub sends is taken by intake; here it is described. Requests
// that agents sign are no part of the document: docs/reference/agents.md has them.

// ObservationRequest is one observation as it is handed in, for the document: its id and
// minute are for the hub to set.
type ObservationRequest struct {
	Service  string        `json:"service" doc:"Id of the service that it is of" example:"x"`
	Feature  string        `json:"feature" doc:"A word of docs/reference/features.md" example:"bgp_unchanged"`
	Value    float64       `json:"value" doc:"In the unit of the feature"`
	From     outage.Minute `json:"from" doc:"First minute of what was measured" example:"2025-03-10T09:30Z"`
	To       outage.Minute `json:"to" doc:"Last minute of it" example:"2025-03-10T16:00Z"`
	Sample   int           `json:"sample,omitempty"`
	Vantages int           `json:"vantages,omitempty"`
	Networks int           `json:"networks,omitempty"`
	Source   outage.Source `json:"source" doc:"Who published it; kind is measurer, registry, operator or press"`
	Quote    string        `json:"quote,omitempty" doc:"The words it was taken from"`
}

// ObservationAnswer says what became of observations, for the document.
type ObservationAnswer struct {
	IDs []string `json:"ids" doc:"In the order in which they were sent; of one that is known already, the same id again"`
}

// RevocationAnswer is an agent that was revoked, for the document.
type RevocationAnswer struct {
	Agent Agent `json:"agent" doc:"As it is from now on"`
}

// observationsPath is where intake takes observations.
const observationsPath = "/api/v1/observations"

// operatorScheme is how the operator shows who it is.
const operatorScheme = "operator"

// refusals that every request of the operator may meet.
func refusals(more map[string]string) map[string]string {
	all := map[string]string{
		"401": "The operator's key is missing or wrong",
		"403": "It came in the clear over a network: use TLS, or the hub's own machine",
		"413": "The body is too large",
		"503": "It could not be saved, or the hub is starting, and it may be sent again",
	}
	for status, why := range more {
		all[status] = why
	}
	return all
}

// describeOperator adds the operations of the operator to the document.
func describeOperator(doc *huma.OpenAPI) {
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{operatorScheme: {
		Type: "http", Scheme: "bearer", Description: "The key in private/operator.key of the hub's data directory",
	}}
	schema := func(v any, name string) *huma.Schema {
		return doc.Components.Schemas.Schema(reflect.TypeOf(v), true, name)
	}
	add := func(o huma.Operation, sent string, body *huma.Schema, kept *huma.Response, refused map[string]string) {
		o.Method, o.Security = http.MethodPost, []map[string][]string{{operatorScheme: {}}}
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{sent: {Schema: body}}}
		o.Responses = map[string]*huma.Response{}
		for status, why := range refusals(refused) {
			o.Responses[status] = &huma.Response{Description: why, Content: map[string]*huma.MediaType{httpd.ProblemType: {Schema: schema(httpd.Problem{}, "Problem")}}}
		}
		status := "200"
		if o.DefaultStatus == http.StatusCreated {
			status = "201"
		}
		o.Responses[status] = kept
		doc.AddOperation(&o)
	}
	answer := func(why string, v any, name string) *huma.Response {
		return &huma.Response{Description: why, Content: map[string]*huma.MediaType{"application/json": {Schema: schema(v, name)}}}
	}
	add(huma.Operation{
		OperationID: "post-imports", Path: agentapi.PathImports, Summary: "Store measurements of others",
		Description: "As 'faultline import' prints them, one a line; the body may be packed (Content-Encoding: zstd). " +
			"All of them or none are kept, each once, with their source; they open no incident.",
	}, agentapi.ContentType, schema(outage.Measurement{}, "Measurement"),
		answer("All of it is on stable storage", agentapi.Imported{}, "Imported"), map[string]string{
			"415": "The body is not " + agentapi.ContentType,
			"422": "A measurement cannot be read, has no source, or is of a service that is not in the catalog",
			"507": "The hub keeps as many imported measurements as it may",
		})
	add(huma.Operation{
		OperationID: "post-observations", Path: observationsPath, Summary: "Hand in what others have measured and published",
		Description:   "1 to 100 features with their source, as evidence for verdicts; what an author concludes is a claim and weighs nothing.",
		DefaultStatus: http.StatusCreated,
	}, "application/json", schema([]ObservationRequest{}, "ObservationRequests"),
		answer("All of it is on stable storage", ObservationAnswer{}, "ObservationAnswer"), map[string]string{
			"400": "The body cannot be read, or an observation is none",
			"422": "A service is not in the catalog, or the time is still to come",
		})
	add(huma.Operation{
		OperationID: "revoke-agent", Path: agentapi.PathAgents + "/{agent}/revoke", Summary: "Withdraw an agent",
		Description: "Nothing of it is taken from then on; what it has said stays. It cannot be undone.",
		Parameters:  []*huma.Param{{Name: "agent", In: "path", Required: true, Description: "Id of the agent", Schema: &huma.Schema{Type: huma.TypeString}}},
	}, "application/json", schema(agentapi.Revocation{}, "Revocation"),
		answer("It is revoked, now or before", RevocationAnswer{}, "RevocationAnswer"), map[string]string{
			"400": "The body cannot be read, or the reason is not one line of at most 200 bytes",
			"404": "There is no such agent",
		})
}
