import { citations } from "./cite";
import { localTimes } from "./times";
import { say } from "./say";

type Parts = { stamp: string; parts: Record<string, string> };

// retry is how long a reader waits after being refused, in milliseconds.
const retry = 30000;

// liveParts replaces the parts of the page that the server says have changed. It
// rests while nobody looks, which is kind to a phone.
export function liveParts(): void {
  const { live } = document.body.dataset;
  if (!live || !("EventSource" in window)) return;
  let source: EventSource | null = null;
  let timer = 0;
  const stop = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const start = () => {
    stop();
    const stamp = document.body.dataset.stamp ?? "";
    source = new EventSource(live + "&stamp=" + encodeURIComponent(stamp));
    source.addEventListener("parts", (e) => {
      const update: Parts = JSON.parse((e as MessageEvent<string>).data);
      document.body.dataset.stamp = update.stamp;
      for (const [name, html] of Object.entries(update.parts)) replace(name, html);
    });
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(start, retry);
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (e) => e.persisted && start());
  if (!document.hidden) start();
}

// replace swaps one part, keeping open what the reader had opened, where they
// had scrolled, and the focus.
function replace(name: string, html: string): void {
  const old = document.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (!old) return;
  const said = old.querySelector<HTMLElement>("[data-say]")?.dataset.say;
  const open = new Map([...old.querySelectorAll("details")].map((d, i) => [d.id || String(i), d.open]));
  const scrolled = [...old.querySelectorAll(".scroll")].map((s) => s.scrollTop);
  const focus = focusIndex(old);
  old.innerHTML = html;
  old.querySelectorAll("details").forEach((d, i) => (d.open = open.get(d.id || String(i)) ?? d.open));
  old.querySelectorAll(".scroll").forEach((s, i) => (s.scrollTop = scrolled[i] ?? 0));
  localTimes(old);
  citations(old);
  if (focus >= 0) focusable(old)[focus]?.focus({ preventScroll: true });
  const now = old.querySelector<HTMLElement>("[data-say]")?.dataset.say;
  if (now !== said) say(now);
}

function focusable(root: HTMLElement): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>("a, button, summary, [tabindex]")];
}

function focusIndex(root: HTMLElement): number {
  const at = document.activeElement;
  return at instanceof HTMLElement && root.contains(at) ? focusable(root).indexOf(at) : -1;
}
