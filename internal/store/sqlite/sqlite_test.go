package sqlite_test

import (
	"testing"

	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) store.Store {
		s, err := sqlite.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
