package memory_test

import (
	"testing"

	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/internal/stream/streamtest"
)

func TestContract(t *testing.T) {
	streamtest.Run(t, func(*testing.T) stream.Log { return memory.New() })
}
