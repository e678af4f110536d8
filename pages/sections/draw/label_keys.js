// A digit's key chooses it as the right label, X that it is no digit: what the buttons do.

const LABEL = ".st-key-label button, .st-key-label [role=radio]";

export default function ({ parentElement }) {
  const onKey = (event) => {
    if (!parentElement.isConnected) return document.removeEventListener("keydown", onKey, true);
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector('[data-testid="stPopoverBody"], [role=dialog]')) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], .picks")) return;
    const key = event.key?.toLowerCase(), wanted = key === "x" ? "Not a digit" : key;
    if (!/^\d$/.test(key) && key !== "x") return;
    [...document.querySelectorAll(LABEL)].find((one) => one.innerText.trim() === wanted)?.click();
  };
  if (parentElement.listens) return;
  parentElement.listens = true;
  document.addEventListener("keydown", onKey, true);
}
