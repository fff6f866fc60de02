import { say } from "./say";

// citations adds to each quotation a button that copies it with the full address,
// where the browser lets a page do so.
export function citations(root: ParentNode): void {
  if (!navigator.clipboard) return;
  for (const text of root.querySelectorAll<HTMLElement>("[data-cite]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy with its address";
    button.addEventListener("click", async () => {
      const address = new URL(text.dataset.cite ?? "", location.href).href;
      try {
        await navigator.clipboard.writeText(text.textContent + " " + address);
        button.textContent = "Copied";
        say("Copied");
      } catch {
        button.textContent = "Could not copy: select the text instead";
      }
    });
    text.after(button);
  }
}
