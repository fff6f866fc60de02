package detect

import "fmt"

// Config is the detector's budget and its limits.
type Config struct {
	// False detection episodes per service and month that each layer may spend.
	// Together they bound the suspected incidents of a service.
	TotalBudget    float64 // the series of all reports
	CountryBudget  float64 // shared by the countries of a service
	CategoryBudget float64 // shared by its categories
	PooledBudget   float64 // shared by its countries, categories and networks as wholes
	SignalBudget   float64 // shared by its signals other than reports, their countries, layers and families
	CombinedBudget float64 // all signals together
	// Series that a service may have. Who comes later has none: what is reported
	// there is seen in the service's total only.
	Countries  int
	Categories int
	// Places that the pooled detection tells apart, of each sort; they need no series.
	Places int
	// PlaceHistory is how many minutes of listening the pooled detection wants: the
	// shares of places and their hours have to be known before many of them can be
	// called unusual.
	PlaceHistory int
}

// DefaultConfig spends 0.7 of the one suspected incident that a service may have in a
// month on its single series, and 0.15 on its places together. With the other signals
// the sum is 0.98; a service without them has the rest as margin.
func DefaultConfig() Config {
	return Config{
		TotalBudget: 0.3, CountryBudget: 0.25, CategoryBudget: 0.15,
		PooledBudget: 0.15, SignalBudget: 0.1, CombinedBudget: 0.03,
		Countries: 100, Categories: 32, Places: 1000, PlaceHistory: 7 * 24 * 60,
	}
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	for _, b := range []float64{c.TotalBudget, c.CountryBudget, c.CategoryBudget, c.PooledBudget, c.SignalBudget, c.CombinedBudget} {
		if b < 0.001 || b > 100 {
			return fmt.Errorf("detection budget %g: use 0.001 to 100 false episodes per service and month", b)
		}
	}
	if c.Countries < 0 || c.Categories < 0 || c.Countries > 1000 || c.Categories > 1000 {
		return fmt.Errorf("detection limits of %d countries and %d categories: use 0 to 1000", c.Countries, c.Categories)
	}
	if c.Places < 0 || c.Places > 10000 {
		return fmt.Errorf("detection limit of %d places: use 0 to 10000", c.Places)
	}
	return nil
}
