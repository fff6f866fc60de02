package scan

func newLevels(c Config) *counter { return newCounter(c) }
