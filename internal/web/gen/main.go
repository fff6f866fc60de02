// Command gen bundles the page script.
//
// It reads internal/web/script and writes internal/web/static/app.js, by the
// esbuild library. Run it from the root of the module:
//
//	go run ./internal/web/gen
package main

import (
	"fmt"
	"os"

	"faultline/internal/web/gen/bundle"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	js, err := bundle.Build("internal/web/script/app.ts")
	if err != nil {
		return err
	}
	if err := os.WriteFile("internal/web/static/app.js", js, 0o644); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}
