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
      if (!answer.ok) return refused(answer);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const slot = page.getElementById("answer");
      if (!slot?.children.length || page.querySelector("form[data-report] select")) {
        location.assign(answer.redirected ? answer.url : form.action.replace(/\/report$/, ""));
        return;
      }
      document.getElementById("answer")?.replaceChildren(...slot.children);
      say(document.querySelector<HTMLElement>("#answer [data-say]")?.dataset.say);
    } catch {
      tell("Your report could not be sent. Are you online? Please try again.");
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}

// refused shows why the server took no report: its answer says so in a sentence.
async function refused(answer: Response): Promise<void> {
  const problem: { detail?: string } = await answer.json().catch(() => ({}));
  tell(problem.detail ?? "Your report was not taken. Please try again in a moment.");
}

// tell puts a sentence where the answer to a report stands.
function tell(text: string): void {
  const box = document.createElement("p");
  box.className = "answer";
  box.textContent = text;
  document.getElementById("answer")?.replaceChildren(box);
  say(text);
}
