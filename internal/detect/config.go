package detect

import "fmt"

// Config is the detector's budget and its limits.
type Config struct {
	// False detection episodes per service and month that each layer may spend.
	// Together they bound the suspected incidents of a service.
	TotalBudget    float64 // the series of all reports
	CountryBudget  float64 // shared by the countries of a service
	CategoryBudget float64 // shared by its categories
	// Series that a service may have. Who comes later has none: what is reported
	// there is seen in the service's total only.
	Countries  int
	Categories int
}

// DefaultConfig spends 0.7 of the one suspected incident that a service may have
// in a month; the rest is margin for noise that no simulation thought of.
func DefaultConfig() Config {
	return Config{
		TotalBudget: 0.3, CountryBudget: 0.25, CategoryBudget: 0.15,
		Countries: 100, Categories: 32,
	}
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	for _, b := range []float64{c.TotalBudget, c.CountryBudget, c.CategoryBudget} {
		if b < 0.001 || b > 100 {
			return fmt.Errorf("detection budget %g: use 0.001 to 100 false episodes per service and month", b)
		}
	}
	if c.Countries < 0 || c.Categories < 0 || c.Countries > 1000 || c.Categories > 1000 {
		return fmt.Errorf("detection limits of %d countries and %d categories: use 0 to 1000", c.Countries, c.Categories)
	}
	return nil
}
