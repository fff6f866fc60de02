//go:build linux

package world

import (
	"context"
	"fmt"

	"faultline/lab/topology"
)

// Filter puts rules of nftables into a chain of a namespace. The hook is input,
// output or forward.
func (w *World) Filter(ctx context.Context, space, hook string, rules ...string) (Undo, error) {
	w.mu.Lock()
	w.tables++
	table := fmt.Sprintf("fault%d", w.tables)
	w.mu.Unlock()
	text := fmt.Sprintf("table inet %s {\n chain %s {\n type filter hook %s priority 0;\n", table, hook, hook)
	for _, r := range rules {
		text += " " + r + "\n"
	}
	path := w.path(table + ".nft")
	if err := w.keep(path, text+"}\n}\n"); err != nil {
		return nil, err
	}
	undo := func(ctx context.Context) error { return w.script(ctx, space, "nft delete table inet "+table) }
	return undo, w.script(ctx, space, "nft -f "+path)
}

// Command runs commands in a namespace, and others to take them back.
func (w *World) Command(ctx context.Context, space string, do, undo []string) (Undo, error) {
	if len(do) == 0 {
		return nil, nil
	}
	return func(ctx context.Context) error { return w.script(ctx, space, undo...) }, w.script(ctx, space, do...)
}

// StopElsewhere ends the unrelated services at transit b, but for the control there.
func (w *World) StopElsewhere(ctx context.Context) (Undo, error) {
	rule := fmt.Sprintf("ip daddr { %s, %s } tcp dport 443 reject with tcp reset", topology.BankAddr, topology.NamesHomeAddr)
	return w.Filter(ctx, topology.ElsewhereX, "input", rule)
}
