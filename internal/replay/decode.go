package replay

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"faultline/outage"
)

// format reads the lines of one format.
type format interface {
	// decode reads a line that is not blank. Skip says that it holds no row.
	decode(line []byte) (row Row, skip bool, err error)
	// counts says whether rows are buckets of counts.
	counts() bool
}

// detect chooses the format by the first line that is not blank.
func detect(line []byte) (format, error) {
	if line[0] == '{' {
		return presses{}, nil
	}
	return newCounts(string(line))
}

// presses are lines of JSON.
type presses struct{}

// pressLine has the fields of a press and of a stored report.
type pressLine struct {
	Time     string         `json:"time"`
	Minute   *outage.Minute `json:"minute"`
	Service  string         `json:"service"`
	Category string         `json:"category"`
	Country  string         `json:"country"`
	Network  string         `json:"network"`
	Reporter string         `json:"reporter"`
	Weight   *int           `json:"weight"`
	Aside    int            `json:"aside"`
}

func (presses) counts() bool { return false }

func (presses) decode(line []byte) (Row, bool, error) {
	var l pressLine
	if err := json.Unmarshal(line, &l); err != nil {
		return Row{}, false, fmt.Errorf(`%w: write one object a line, such as {"time":"2025-03-10T09:30:00Z","service":"x"}`, err)
	}
	r := Row{Service: l.Service, Category: l.Category, Country: l.Country, Network: l.Network, Reporter: l.Reporter, Count: 1}
	if l.Weight != nil {
		r.Count = *l.Weight
	}
	switch {
	case l.Time == "" && l.Minute == nil:
		return r, false, errors.New(`the time is missing: give "time"`)
	case l.Time != "":
		m, err := parseTime(l.Time)
		if err != nil {
			return r, false, err
		}
		r.Minute = m
	case *l.Minute < earliest || *l.Minute > latest:
		return r, false, fmt.Errorf("minute %s lies outside 1990 to 2200", *l.Minute)
	default:
		r.Minute = *l.Minute
	}
	if r.Reporter != "" && r.Count > 1 {
		return r, false, fmt.Errorf("weight %d with a reporter: one person has weight 1", r.Count)
	}
	if len(r.Reporter) > 2*maxText {
		return r, false, fmt.Errorf("the reporter has %d bytes: use a key of at most %d", len(r.Reporter), 2*maxText)
	}
	return r, r.Count == 0, r.check()
}

// counts are rows of CSV; at is the place of each known column, -1 when absent.
type counts struct {
	columns int
	at      map[string]int
}

// known are the columns; the first three are needed.
var known = [...]string{"time", "service", "count", "country", "category", "network"}

const needed = 3

// newCounts reads the header.
func newCounts(line string) (*counts, error) {
	fields, err := split(line)
	if err != nil {
		return nil, err
	}
	c := &counts{columns: len(fields), at: map[string]int{}}
	for i, f := range fields {
		name := strings.ToLower(strings.TrimSpace(f))
		if !slices.Contains(known[:], name) {
			return nil, fmt.Errorf("column %q is not known: the header may have %s", clip(f), strings.Join(known[:], ", "))
		}
		if _, twice := c.at[name]; twice {
			return nil, fmt.Errorf("column %q is there twice", name)
		}
		c.at[name] = i
	}
	for _, name := range known[:needed] {
		if _, ok := c.at[name]; !ok {
			return nil, fmt.Errorf("column %q is missing: the first line names the columns, %s at least", name, strings.Join(known[:needed], ", "))
		}
	}
	return c, nil
}

func (c *counts) counts() bool { return true }

func (c *counts) decode(line []byte) (Row, bool, error) {
	fields, err := split(string(line))
	if err != nil {
		return Row{}, false, err
	}
	if len(fields) != c.columns {
		return Row{}, false, fmt.Errorf("%d fields where the header has %d: complete the line, with nothing between the commas of what is unknown", len(fields), c.columns)
	}
	r := Row{
		Service: c.field(fields, "service"), Category: c.field(fields, "category"),
		Country: c.field(fields, "country"), Network: c.field(fields, "network"),
	}
	if r.Minute, err = parseTime(c.field(fields, "time")); err != nil {
		return r, false, err
	}
	n := c.field(fields, "count")
	if r.Count, err = strconv.Atoi(n); err != nil {
		return r, false, fmt.Errorf("count %q is not a whole number: leave rows without a count out", clip(n))
	}
	return r, false, r.check()
}

func (c *counts) field(fields []string, name string) string {
	if i, ok := c.at[name]; ok {
		return strings.TrimSpace(fields[i])
	}
	return ""
}

// split cuts a line of CSV; quoted fields may not span lines.
func split(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return nil, fmt.Errorf("%w: a quoted field ends on its line", err)
	}
	return fields, nil
}
