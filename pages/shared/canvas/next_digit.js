// Presses Next when the pen has rested: the server learns of a stroke only when the pen lifts, so
// it can't tell a pause from a long second stroke.

const REST_MS = 1_000;
const NEXT = ".st-key-redraw-add button:not(:disabled)";

export default function () {
  const find = (tries) => {
    const host = [...document.querySelectorAll(".st-key-sheet *")].find(
      (one) => one.shadowRoot?.querySelector(".upper-canvas"));
    const upper = host?.shadowRoot.querySelector(".upper-canvas");
    if (!upper) return tries && requestAnimationFrame(() => find(tries - 1));
    if (upper.restWatched) return;
    upper.restWatched = true;
    let timer = null;
    const stop = () => clearTimeout(timer);
    const start = () => {
      stop();
      timer = setTimeout(() => document.querySelector(NEXT)?.click(), REST_MS);
    };
    upper.addEventListener("pointerdown", stop);
    for (const lifted of ["pointerup", "pointercancel"]) upper.addEventListener(lifted, start);
    // Whoever presses a button decides: the pen's rest says nothing any more.
    const decided = (event) => event.composedPath().includes(upper) || stop(); // a stroke ends in one
    document.addEventListener("click", decided, { capture: true });
    document.addEventListener("keydown", stop, { capture: true });
  };
  find(600);
}
