package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"faultline/outage"
)

//go:embed figures.csv
var figuresCSV string

// Figure is one published figure with its scope, or a published time.
type Figure struct {
	Time    outage.Minute
	Scope   string // a country, or "world"
	Kind    string // bucket (15 minutes from Time), day, onset, share, text
	Reports int    // 0: it has no number
	Use     string // fitted, shape, conflict, ...
	Note    string
}

// Figures returns the published figures that the day is rebuilt from, by time.
func Figures() ([]Figure, error) {
	rows, err := csv.NewReader(strings.NewReader(figuresCSV)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the published figures: %w", err)
	}
	figures := make([]Figure, 0, len(rows)-1)
	for _, row := range rows[1:] {
		f := Figure{Scope: row[1], Kind: row[2], Use: row[4], Note: row[5]}
		if f.Time, err = outage.ParseMinute(row[0]); err != nil {
			return nil, fmt.Errorf("read the published figures: %w", err)
		}
		if row[3] != "" {
			if f.Reports, err = strconv.Atoi(row[3]); err != nil {
				return nil, fmt.Errorf("read the published figures: %w", err)
			}
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// figureOf looks a number up; start is in minutes since the day's midnight.
func figureOf(figures []Figure, scope, kind string, start int) int {
	for _, f := range figures {
		if f.Scope == scope && f.Kind == kind && f.Time == Day+outage.Minute(start) {
			return f.Reports
		}
	}
	return 0
}
