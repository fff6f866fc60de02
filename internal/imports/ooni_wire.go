package imports

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// ooniRecord is what is read of a measurement of OONI's (df-000, and df-001 to
// df-006 in its test keys). What OONI concludes from it (accessible, blocking) and
// what its test helper saw are not.
type ooniRecord struct {
	TestName    string            `json:"test_name"`
	Input       *string           `json:"input"`
	Start       string            `json:"measurement_start_time"`
	ASN         string            `json:"probe_asn"`
	Country     string            `json:"probe_cc"`
	Report      string            `json:"report_id"`
	UID         string            `json:"measurement_uid"`
	Annotations map[string]string `json:"annotations"`
	Keys        *ooniKeys         `json:"test_keys"`
}

type ooniKeys struct {
	Queries    []ooniQuery     `json:"queries"`
	Connects   []ooniConnect   `json:"tcp_connect"`
	Handshakes []ooniHandshake `json:"tls_handshakes"`
	Requests   []ooniRequest   `json:"requests"`
}

// ooniTimes are seconds since the measurement began; old probes have no t0.
type ooniTimes struct {
	T0          *float64 `json:"t0"`
	T           float64  `json:"t"`
	Transaction int64    `json:"transaction_id"`
	Failure     *string  `json:"failure"`
}

type ooniQuery struct {
	ooniTimes
	Engine   string `json:"engine"`
	Host     string `json:"hostname"`
	Type     string `json:"query_type"`
	Resolver string `json:"resolver_address"`
	Rcode    *int   `json:"rcode"`
	Answers  []struct {
		Type string  `json:"answer_type"`
		V4   string  `json:"ipv4"`
		V6   string  `json:"ipv6"`
		Host string  `json:"hostname"`
		TTL  *uint32 `json:"ttl"`
	} `json:"answers"`
}

type ooniConnect struct {
	ooniTimes
	IP     string `json:"ip"`
	Port   int    `json:"port"`
	Status struct {
		Failure *string `json:"failure"`
	} `json:"status"`
}

type ooniHandshake struct {
	ooniTimes
	Address string      `json:"address"`
	Name    string      `json:"server_name"`
	Version string      `json:"tls_version"`
	Cipher  string      `json:"cipher_suite"`
	ALPN    string      `json:"negotiated_protocol"`
	Certs   []maybeText `json:"peer_certificates"`
}

type ooniRequest struct {
	ooniTimes
	Address string `json:"address"`
	ALPN    string `json:"alpn"`
	Request struct {
		URL    string `json:"url"`
		Method string `json:"method"`
	} `json:"request"`
	Response *struct {
		Body    maybeText            `json:"body"`
		Code    int                  `json:"code"`
		Headers map[string]maybeText `json:"headers"`
	} `json:"response"`
}

// maybeText is text, or bytes in base64 where they are no UTF-8.
type maybeText []byte

// UnmarshalJSON implements [json.Unmarshaler].
func (m *maybeText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*m = []byte(s)
		return nil
	}
	var binary struct {
		Data string `json:"data"`
	}
	if err := json.Unmarshal(b, &binary); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(binary.Data)
	if err != nil {
		return fmt.Errorf("decode bytes in base64: %w", err)
	}
	*m = data
	return nil
}
