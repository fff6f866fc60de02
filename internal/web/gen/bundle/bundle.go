// Package bundle makes one file of the page script. It reads TypeScript and
// writes the smallest JavaScript that the browsers of the last years run. It is
// used by the command gen and by the test that the committed bundle is fresh,
// never by the server.
package bundle

import (
	"errors"
	"fmt"

	"github.com/evanw/esbuild/pkg/api"
)

// Build bundles the script that starts with the file entry.
func Build(entry string) ([]byte, error) {
	r := api.Build(api.BuildOptions{
		EntryPoints:       []string{entry},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Format:            api.FormatIIFE,
		Target:            api.ES2020,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
	})
	var errs []error
	for _, m := range r.Errors {
		errs = append(errs, errors.New(m.Text))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", entry, err)
	}
	return r.OutputFiles[0].Contents, nil
}
