package intake

import (
	"encoding/json"
	"strings"
	"testing"
)

const goodObservation = `{"service":"x","feature":"connect_fail_frac","value":0.62,"from":"2025-03-10T09:30Z","to":"2025-03-10T16:00Z",` +
	`"sample":2400,"vantages":40,"networks":30,"source":{"name":"Example Observatory","kind":"measurer","url":"https://observatory.example/1","reliability":"B"},"quote":"62 % failed"}`

func TestDecodeObservations(t *testing.T) {
	list, err := DecodeObservations([]byte("[" + goodObservation + "," + goodObservation + "]"))
	if err != nil || len(list) != 2 || list[0].ID == "" || list[0].ID != list[1].ID || list[0].Value != 0.62 || list[0].Source.Reliability != "B" {
		t.Fatalf("%+v, %v", list, err)
	}
	other, err := DecodeObservations([]byte("[" + strings.Replace(goodObservation, "0.62", "0.63", 1) + "]"))
	if err != nil || other[0].ID == list[0].ID {
		t.Errorf("another value has the id %s, %v", other[0].ID, err)
	}
	for _, c := range []struct{ change, want string }{
		{"[" + goodObservation + "][" + goodObservation + "]", "something follows"}, {"[" + goodObservation + "] x", "something follows"},
		{`"0.62"`, "decode"}, {`[]`, "1 to 100"}, {`"connect_fail_frac"=>"conect_fail_frac"`, `did you mean "connect_fail_frac"`},
		{`0.62=>62`, "is a share"}, {`"connect_fail_frac"=>"bgp_unchanged"`, "1 for yes"}, {`"2025-03-10T16:00Z"=>"2025-03-09T16:00Z"`, "the earlier first"},
		{`"measurer"=>"attacker"`, "use one of"}, {`"Example Observatory"=>""`, "needs a name"}, {`"B"=>"G"`, "A to F"},
		{`https://=>javascript:`, "begins with https"}, {`"sample":2400=>"sample":-1`, "counts"}, {`"service":"x",=>`, "of no service"},
		{`"service":"x"=>"service":"x","id":"y"`, "the hub's to set"}, {`"service":"x"=>"service":"x","conclusion":"attack"`, "unknown field"},
	} {
		body := c.change
		if was, is, found := strings.Cut(c.change, "=>"); found {
			body = "[" + strings.Replace(goodObservation, was, is, 1) + "]"
		}
		if _, err := DecodeObservations([]byte(body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", body, err, c.want)
		}
	}
}

// Whatever is taken can be written, and is taken again as the same.
func FuzzDecodeObservations(f *testing.F) {
	f.Add([]byte("[" + goodObservation + "]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := DecodeObservations(body)
		if err != nil {
			return
		}
		for i := range list {
			list[i].ID = ""
		}
		again, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeObservations(again); err != nil {
			t.Errorf("%s was taken, and is not as it was written: %v", body, err)
		}
	})
}
