// In the pages of parts/preview.py: frames while the pen moves, and the time from each move that is
// not answered yet to the next change of the preview's bars.
window.watchPreview = () => {
  const seen = { frames: 0, times: [] };
  const started = performance.now();
  let moved = null;
  let isWatching = true;
  const move = () => { moved ??= performance.now(); };
  const frame = () => {
    seen.frames += 1;
    if (isWatching) requestAnimationFrame(frame);
  };
  const observer = new MutationObserver(() => {
    if (moved !== null) seen.times.push(performance.now() - moved);
    moved = null;
  });
  window.addEventListener("pointermove", move, { capture: true });
  observer.observe(document.querySelector(".live-preview"), {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
  requestAnimationFrame(frame);
  window.previewSeen = () => {
    isWatching = false;
    observer.disconnect();
    window.removeEventListener("pointermove", move, { capture: true });
    return { ...seen, seconds: (performance.now() - started) / 1000 };
  };
};
