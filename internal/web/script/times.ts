const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

// localTimes puts the reader's own time beside every time in UTC.
export function localTimes(root: ParentNode): void {
  for (const el of root.querySelectorAll<HTMLTimeElement>("time[datetime]:not([data-plain])")) {
    const at = new Date(el.dateTime);
    if (isNaN(+at) || el.dataset.local || at.getTimezoneOffset() === 0) continue;
    el.dataset.local = "1";
    const sameDay = at.getDate() === at.getUTCDate();
    const own = document.createElement("span");
    own.className = "local";
    own.textContent = (sameDay ? clock : full).format(at) + " for you";
    el.after(" ", own);
  }
}
