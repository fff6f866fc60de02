package knowledge

import "testing"

func TestShippedTablesLoad(t *testing.T) {
	if len(Versions()) == 0 {
		t.Fatal("no table is embedded")
	}
	for _, v := range Versions() {
		table, err := Open(v)
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if table.Version != v {
			t.Errorf("the table in folder %s says that it is version %s", v, table.Version)
		}
	}
	if _, err := Open(Current); err != nil {
		t.Fatal(err)
	}
}
