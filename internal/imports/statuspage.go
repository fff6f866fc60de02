package imports

import (
	"errors"
	"fmt"
	"strings"

	"faultline/outage"
)

// statuspageColumns of the checks of a self-made status page: a time to the
// minute, the name of a service, and success or failed.
var statuspageColumns = []string{"ts_utc", "service", "result"}

func looksStatuspage(head []byte) bool {
	return firstLine(head) == strings.Join(statuspageColumns, ",")
}

// parseStatuspage reads checks of which nothing is known but how they ended. They
// are one vantage point that takes a redirect for a success and hides its retries,
// so their depth is the edge and no more.
func parseStatuspage(s *source) error {
	t, err := newTable(s, statuspageColumns, statuspageColumns)
	if err != nil {
		return err
	}
	return t.rows(func(row map[string]string) error {
		at, err := parseTime(row["ts_utc"])
		if err != nil {
			return fmt.Errorf("ts_utc %q %w", clip(row["ts_utc"]), err)
		}
		if row["service"] == "" {
			return errors.New("service is empty: every row names one")
		}
		m := &outage.Measurement{
			Agent: "statuspage", Time: at, Depth: outage.DepthEdge,
			Target: outage.Target{Service: slug(row["service"])}, Vantage: outage.Vantage{Resolver: "system"},
		}
		switch row["result"] {
		case "success":
		case "failed":
			fail(m, "", outage.OperationRoundTrip, unknown("the source says only that the check failed"))
		default:
			return fmt.Errorf("result %q is not known: it is success or failed", clip(row["result"]))
		}
		s.give(m)
		return nil
	})
}

// slug makes an id of the catalog's form out of a name that people gave a site.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(text(name)), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	return strings.Join(words, "-")
}
