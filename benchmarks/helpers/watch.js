// In both pages of pen_up.py: the time from pen-up to the change of a metric.
window.metricValue = (label) => {
  for (const metric of document.querySelectorAll('[data-testid="stMetric"]')) {
    if (metric.querySelector('[data-testid="stMetricLabel"]').textContent.trim() === label) {
      return metric.querySelector('[data-testid="stMetricValue"]').textContent.trim();
    }
  }
  return null;
};

window.watchMetric = (label) => {
  const before = window.metricValue(label);
  let penUp = null;
  window.addEventListener("pointerup", () => { penUp = performance.now(); }, { capture: true, once: true });
  window.penUpToMetric = new Promise((resolve, reject) => {
    const observer = new MutationObserver(() => {
      const value = window.metricValue(label);
      if (value === null || value === before) return;
      observer.disconnect();
      resolve(performance.now() - penUp);
    });
    observer.observe(document.body, { childList: true, characterData: true, subtree: true });
    setTimeout(() => reject(new Error(`${label} did not follow the pen in 20 s`)), 20000);
  });
};
