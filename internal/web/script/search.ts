import { say } from "./say";

// pause is how long the typing must rest before the server is asked, in milliseconds.
const pause = 120;

// liveSearch lists services below the box while the reader types. Enter still
// opens the page of results.
export function liveSearch(): void {
  const box = document.querySelector<HTMLInputElement>("#q");
  const list = document.getElementById("found");
  if (!box || !list) return;
  let timer = 0;
  let asked: AbortController | undefined;
  const close = () => (list.hidden = true);
  const ask = async () => {
    asked?.abort();
    const q = box.value.trim();
    if (!q) return close();
    asked = new AbortController();
    try {
      const answer = await fetch("/search?q=" + encodeURIComponent(q), { signal: asked.signal });
      if (!answer.ok) return;
      list.innerHTML = await answer.text();
      list.hidden = false;
      const n = list.querySelectorAll("li").length;
      say(n === 1 ? "1 service found" : n + " services found");
    } catch {
      // Aborted or offline: Enter still works when the network does.
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, pause);
  });
  const links = () => [...list.querySelectorAll<HTMLAnchorElement>("a")];
  const move = (e: KeyboardEvent, step: number) => {
    const all = links();
    if (list.hidden || !all.length) return;
    e.preventDefault();
    const next = all.indexOf(document.activeElement as HTMLAnchorElement) + step;
    (next < 0 ? box : all[Math.min(next, all.length - 1)]).focus();
  };
  document.addEventListener("keydown", (e) => {
    const here = document.activeElement;
    const inside = here === box || list.contains(here);
    if (e.key === "Escape" && inside) {
      close();
      box.focus();
    } else if (e.key === "ArrowDown" && inside) move(e, 1);
    else if (e.key === "ArrowUp" && list.contains(here)) move(e, -1);
    else if (e.key === "/" && !(here instanceof HTMLInputElement || here instanceof HTMLSelectElement)) {
      e.preventDefault();
      box.focus();
    }
  });
}
