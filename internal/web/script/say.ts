// say lets a screen reader hear a sentence, once.
export function say(text: string | null | undefined): void {
  const box = document.getElementById("say");
  if (box && text && box.textContent !== text) box.textContent = text;
}
