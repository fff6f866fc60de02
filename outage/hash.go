package outage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// contentHash is the first 128 bits of the SHA-256 of the JSON form. Facts hold
// nothing that JSON cannot say, so a failure is a mistake in a type.
func contentHash(fact any) string {
	b, err := json.Marshal(fact)
	if err != nil {
		panic(fmt.Sprintf("hash a fact of type %T: %v", fact, err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
