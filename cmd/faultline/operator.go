package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/httpd"
	"faultline/internal/intake"
)

// operator speaks to a hub as the one who runs it.
type operator struct {
	base   string
	key    string
	client *http.Client
}

// Limits of what is asked of a hub.
const (
	hubTimeout   = time.Minute
	maxHubAnswer = 64 << 10
)

// newOperator takes the key as it was given, or from the hub's data directory.
func newOperator(hub, data, key string) (*operator, error) {
	base, err := agentapi.ParseHub(hub)
	if err != nil {
		return nil, err
	}
	if key == "" {
		if key, err = intake.OperatorKey(filepath.Join(data, "private")); err != nil {
			return nil, err
		}
	}
	return &operator{base: strings.TrimRight(hub, "/"), key: key, client: agentapi.Client(base, hubTimeout, nil)}, nil
}

// request is one thing that an operator wants.
type request struct {
	path, contentType, encoding string
	body                        []byte
	out                         any // the answer is decoded into it
}

func (o *operator) post(ctx context.Context, q request) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.key)
	req.Header.Set("Content-Type", q.contentType)
	if q.encoding != "" {
		req.Header.Set("Content-Encoding", q.encoding)
	}
	res, err := o.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: is the hub running, and is this its address?", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxHubAnswer))
	if err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	if res.StatusCode >= 300 {
		var p httpd.Problem
		if json.Unmarshal(body, &p) != nil || p.Detail == "" {
			p.Detail = res.Status
		}
		return &hubRefusal{status: res.StatusCode, detail: p.Detail}
	}
	if err := json.Unmarshal(body, q.out); err != nil {
		return fmt.Errorf("decode the hub's answer: %w", err)
	}
	return nil
}

// hubRefusal is an answer that is no success.
type hubRefusal struct {
	status int
	detail string
}

// Error is what the hub says.
func (e *hubRefusal) Error() string { return fmt.Sprintf("the hub answers %d: %s", e.status, e.detail) }
