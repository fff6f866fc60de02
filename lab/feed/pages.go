package feed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Handler answers people, on the desktop and on phones.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /public", a.feed)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("GET /feed", a.feed)
	mux.HandleFunc("POST /post", a.post)
	mux.HandleFunc("GET /media/{id}", a.media)
	return a.broken(mux)
}

// cookie holds a session.
const cookie = "session"

// home is the front page. It asks nothing of the database.
func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, `<!doctype html><title>Feed</title><h1>Feed</h1>
<form method="post" action="/login"><input name="user"><input name="password" type="password"><button>Log in</button></form>
<p><a href="/public">What people say</a></p>`)
}

// login begins a session. Whoever is new is taken in with the password that they bring.
func (a *App) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	name, password := r.FormValue("user"), r.FormValue("password")
	if name == "" || password == "" || len(name) > 60 {
		write(w, http.StatusBadRequest, "<title>Log in</title>a name and a password are needed")
		return
	}
	token := rand.Text()
	err := a.ask(r.Context(), func(ctx context.Context, db *sql.DB) error {
		var known string
		err := db.QueryRowContext(ctx, "INSERT INTO people VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET name = people.name RETURNING password", name, password).Scan(&known)
		if err != nil {
			return err
		}
		if known != password {
			return errStranger
		}
		_, err = db.ExecContext(ctx, "INSERT INTO sessions VALUES ($1, $2)", token, name)
		return err
	})
	if a.refused(w, err) {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: token, Path: "/", Secure: true, HttpOnly: true})
	write(w, http.StatusOK, "<!doctype html><title>Feed</title>welcome, "+html.EscapeString(name))
}

// errStranger refuses who is not logged in, or not with this password.
var errStranger = errors.New("log in first")

// post is one entry of the feed.
type post struct {
	ID     int    `json:"id"`
	Author string `json:"author"`
	Body   string `json:"body"`
	Media  int    `json:"media"`
}

// feedLength is how many posts a page shows.
const feedLength = 20

// feed shows the newest posts: everybody those of everybody, and who has logged in at
// /feed, too. Phones get a shorter page from a path of its own.
func (a *App) feed(w http.ResponseWriter, r *http.Request) {
	var list []post
	err := a.ask(r.Context(), func(ctx context.Context, db *sql.DB) error {
		if r.URL.Path == "/feed" {
			if err := known(ctx, db, r); err != nil {
				return err
			}
		}
		rows, err := db.QueryContext(ctx, "SELECT id, author, body, media FROM posts ORDER BY id DESC LIMIT $1", feedLength)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p post
			if err := rows.Scan(&p.ID, &p.Author, &p.Body, &p.Media); err != nil {
				return err
			}
			list = append(list, p)
		}
		return rows.Err()
	})
	if a.refused(w, err) {
		return
	}
	if phone(r) {
		a.feedPhone(w, list)
		return
	}
	var b strings.Builder
	b.WriteString("<!doctype html><title>Feed</title><h1>Feed</h1>")
	for _, p := range list {
		fmt.Fprintf(&b, `<article id="post-%d"><b>%s</b> %s <img src="/media/%d"></article>`, p.ID, html.EscapeString(p.Author), html.EscapeString(p.Body), p.Media)
	}
	write(w, http.StatusOK, b.String())
}

// feedPhone is the page for the app on phones: data that it draws itself.
func (a *App) feedPhone(w http.ResponseWriter, list []post) {
	type item struct {
		Anchor string `json:"anchor"`
		Text   string `json:"text"`
		Media  string `json:"media"`
	}
	out := make([]item, 0, len(list)/2)
	for _, p := range list[:len(list)/2] {
		out = append(out, item{fmt.Sprintf("post-%d", p.ID), p.Body, fmt.Sprintf("/media/%d", p.Media)})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"title": "Feed", "items": out}) // the reader may have gone
}

// post adds an entry.
func (a *App) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	text := r.FormValue("text")
	err := a.ask(r.Context(), func(ctx context.Context, db *sql.DB) error {
		if err := known(ctx, db, r); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, "INSERT INTO posts (author, body, media) VALUES ('somebody', $1, 1 + floor(random() * 50))", text[:min(len(text), 200)])
		return err
	})
	if !a.refused(w, err) {
		write(w, http.StatusOK, "<title>Feed</title>posted")
	}
}

// media is one picture.
func (a *App) media(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	var body []byte
	err = a.ask(r.Context(), func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT body FROM media WHERE id = $1", id).Scan(&body)
	})
	if a.refused(w, err) {
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(body) // the reader may have gone
}

// known says whether a request has a session.
func known(ctx context.Context, db *sql.DB, r *http.Request) error {
	c, err := r.Cookie(cookie)
	if err != nil {
		return errStranger
	}
	var name string
	err = db.QueryRowContext(ctx, "SELECT name FROM sessions WHERE token = $1", c.Value).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return errStranger
	}
	return err
}

// phone says whether a request comes from the app on a phone.
func phone(r *http.Request) bool { return r.Header.Get("Sec-CH-UA-Mobile") == "?1" }

// refused answers an error.
func (a *App) refused(w http.ResponseWriter, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, errStranger):
		write(w, http.StatusUnauthorized, "<title>Feed</title>log in first")
	case errors.Is(err, sql.ErrNoRows):
		write(w, http.StatusNotFound, "<title>Feed</title>there is no such thing")
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		write(w, http.StatusServiceUnavailable, "<title>Feed</title>too many people at once, come again soon")
	case errors.Is(err, context.DeadlineExceeded):
		write(w, http.StatusGatewayTimeout, "<title>Feed</title>this takes too long")
	default:
		write(w, http.StatusInternalServerError, "<title>Feed</title>something went wrong")
	}
	return true
}

func write(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page)) // the reader may have gone
}

// pause waits as a slow program does.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
