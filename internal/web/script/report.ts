import { say } from "./say";

// reportInPlace sends the button's form without leaving the page. If anything
// is unusual it lets the browser send the form as if there were no script.
export function reportInPlace(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-report]");
  if (!form || form.querySelector("select")) return;
  form.addEventListener("submit", async (e) => {
    const button = e.submitter as HTMLButtonElement | null;
    if (!button?.name) return;
    e.preventDefault();
    const body = new URLSearchParams({ [button.name]: button.value });
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const slot = page.getElementById("answer");
      if (!answer.ok || !slot?.children.length || page.querySelector("form[data-report] select")) {
        location.assign(answer.redirected ? answer.url : form.action.replace(/\/report$/, ""));
        return;
      }
      document.getElementById("answer")?.replaceChildren(...slot.children);
      say(document.querySelector<HTMLElement>("#answer [data-say]")?.dataset.say);
    } catch {
      say("Your report could not be sent. Please try again.");
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}
