// While the pen moves, a preview takes the place of the reading; the server's reading ends it.
//
// The preview is laid over the reading, part on part: Streamlit's own elements stay as they are,
// only transparent meanwhile. The attribute data-live-digit tells the preview's digit; it is empty
// while nothing is drawn, and where the preview doubts that it is a digit.

const ANSWER = ".st-key-answer"; // the container of the reading, and of this component
const REDRAWS = '[class*="st-key-redraw-"]'; // what changes the drawing without a pen
const CHANGED_MS = [0, 100, 300, 1000]; // when to look at a canvas that changes without a pen
const FRAME_MS = 16; // a reading that takes longer is given as much rest: drawing stays smooth
const LATE_MS = 2_000; // then an answer to fewer strokes than were drawn ends the preview too
const LOOK = ["font", "letterSpacing", "lineHeight", "color", "textAlign", "whiteSpace"];

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live-preview");
  root.newest = data;
  if (!data.isOn) root.dataset.liveDigit = "";
  const find = (tries) => {
    if (root.newest !== data) return;
    const host = [...document.querySelectorAll(".st-key-sheet *")].find(
      (one) => one.shadowRoot?.querySelector(".dc-root"));
    const upper = host?.shadowRoot.querySelector(".upper-canvas");
    if (!upper) return tries && requestAnimationFrame(() => find(tries - 1));
    if (upper.livePreview?.root !== root) {
      upper.livePreview?.leave();
      upper.livePreview = new LivePreview(root, upper);
    }
    upper.livePreview.answer(data);
  };
  find(data.isOn ? 600 : 0);
}

class LivePreview {
  constructor(root, upper) {
    this.root = root;
    this.upper = upper; // Fabric's canvas for what is being drawn, above the one of the strokes
    this.isOn = false;
    this.isDown = false; // the pen
    this.isAsked = false; // for a reading in the next frame
    this.restsUntil = 0;
    this.drawn = 0; // strokes, as far as is known here
    this.revision = null; // of the drawing that the app last told the canvas to show
    const scratch = document.createElement("canvas");
    this.pixels = scratch.getContext("2d", { willReadFrequently: true });
    this.gone = new AbortController();
    this.listen(upper, "pointerdown", (event) => this.penDown(event));
    this.listen(document, "pointermove", (event) => event.isPrimary && this.isDown && this.ask());
    this.listen(document, "pointerup", (event) => this.penUp(event));
    this.listen(document, "pointercancel", (event) => this.penUp(event));
    this.listen(window, "resize", () => this.layAnew());
    this.listen(document, "click", ({ target }) => target.closest?.(REDRAWS) && this.lookAgain());
    this.listen(document, "keydown", ({ key }) => /^(escape|z)$/i.test(key) && this.lookAgain());
  }

  listen(target, type, act) {
    const options = { capture: true, passive: true, signal: this.gone.signal };
    const whileThere = (event) =>
      this.upper.isConnected && this.root.isConnected ? act(event) : this.leave();
    target.addEventListener(type, whileThere, options);
  }

  leave() {
    this.gone.abort();
    this.upper.livePreview = null; // made anew should the canvas come back
  }

  penDown(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.isDown = true;
    this.ask();
  }

  penUp(event) {
    if (!this.isDown || !event.isPrimary) return;
    this.isDown = false;
    this.drawn += 1;
    // Fabric draws the finished stroke in the next frame.
    requestAnimationFrame(() => this.ask());
  }

  /** The server has answered: with fewer strokes than were drawn, a better answer is under way. */
  answer({ isOn, strokes, revision }) {
    this.isOn = isOn;
    if (this.revision !== revision) this.drawn = strokes;
    this.revision = revision;
    clearTimeout(this.timer);
    if (!isOn) return this.hide();
    if (this.isDown) return this.layAnew();
    const isLate = strokes < this.drawn;
    this.timer = setTimeout(() => {
      this.drawn = strokes;
      if (!this.isDown) this.hide();
    }, isLate ? LATE_MS : 0);
    this.lookAgain();
  }

  lookAgain() {
    for (const after of CHANGED_MS) setTimeout(() => !this.isDown && this.look(), after);
  }

  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    const inNextFrame = () => {
      const started = performance.now();
      if (started < this.restsUntil) return requestAnimationFrame(inNextFrame);
      this.isAsked = false;
      const reading = this.look();
      if (reading !== undefined) this.show(reading);
      const now = performance.now();
      this.restsUntil = now - started > FRAME_MS ? 2 * now - started : 0;
    };
    requestAnimationFrame(inNextFrame);
  }

  /** Read the canvas, and tell the digit; undefined where there is nothing to read with. */
  look() {
    const isThere = this.root.isConnected && this.upper.isConnected;
    if (!this.isOn || !window.canvasReader || !isThere) {
      this.root.dataset.liveDigit = "";
      return undefined;
    }
    const reading = window.canvasReader.read(this.composed());
    this.root.dataset.liveDigit = reading?.isDigit ? reading.digit : "";
    return reading;
  }

  /** Return the pixels of the canvas: the strokes, and above them the one that is being drawn. */
  composed() {
    const lower = this.upper.parentElement.querySelector(".lower-canvas");
    const { width, height } = lower;
    if (this.pixels.canvas.width !== width) Object.assign(this.pixels.canvas, { width, height });
    this.pixels.fillStyle = "white";
    this.pixels.fillRect(0, 0, width, height);
    this.pixels.drawImage(lower, 0, 0);
    this.pixels.drawImage(this.upper, 0, 0, width, height);
    return this.pixels.getImageData(0, 0, width, height);
  }

  show(reading) {
    this.cover ??= Cover.over(this.root);
    this.cover?.show(reading);
  }

  /** What lies under the preview may have moved. */
  layAnew() {
    const reading = this.cover && this.look();
    this.hide();
    if (reading !== undefined && reading !== null) this.show(reading);
  }

  hide() {
    this.cover?.remove();
    this.cover = null;
  }
}

/** The preview, laid over the parts of the reading; made for one stroke or more, then removed. */
class Cover {
  static over(root) {
    const answer = root.closest(ANSWER);
    const [digit, confidence] = answer.querySelectorAll('[data-testid="stMetricValue"]');
    const opening = answer.querySelector('[data-testid="stMarkdown"] p');
    const bars = answer.querySelector(".reading .bars");
    return bars && confidence ? new Cover(root, { opening, digit, confidence, bars }) : null;
  }

  constructor(root, { opening, digit, confidence, bars }) {
    this.root = root;
    const said = root.querySelector(".spoken");
    said.textContent ||= said.dataset.text; // once: a screen reader says what changes
    this.opening = this.lay(opening, document.createElement("p"));
    this.digit = this.lay(digit, document.createElement("span"));
    this.confidence = this.lay(confidence, document.createElement("span"));
    this.bars = this.lay(bars, document.createElement("div"));
    this.bars.className = "bars";
    this.bars.innerHTML = bars.innerHTML;
    const [names, fills, shares] = [".digit", ".fill", ".share"].map((one) => [
      ...this.bars.querySelectorAll(one),
    ]);
    this.rows = names.map((name, i) => ({ name, fill: fills[i], share: shares[i] }));
    root.classList.add("shown");
  }

  /** Put a part of the preview where a part of the reading is, and make it look the same. */
  lay(under, over) {
    const base = this.root.getBoundingClientRect();
    const place = under.getBoundingClientRect();
    const look = getComputedStyle(under);
    for (const property of LOOK) over.style[property] = look[property];
    over.style.left = `${place.left - base.left}px`;
    over.style.top = `${place.top - base.top}px`;
    over.style.minWidth = `${place.width}px`;
    over.ariaHidden = "true";
    this.root.append(over);
    return over;
  }

  show(reading) {
    const shares = reading?.probabilities;
    this.opening.textContent = openingOf(reading);
    this.bars.classList.toggle("doubted", Boolean(reading) && !reading.isDigit);
    this.digit.textContent = reading ? reading.digit : "–";
    this.confidence.textContent = reading ? percent(shares[reading.digit]) : "–";
    this.rows.forEach(({ name, fill, share }, digit) => {
      fill.style.width = `${(100 * (shares?.[digit] ?? 0)).toFixed(1)}%`;
      share.textContent = reading ? percent(shares[digit]) : "–";
      const isRead = digit === reading?.digit;
      for (const part of [name, fill, share]) part.classList.toggle("read", isRead);
    });
  }

  remove() {
    this.root.classList.remove("shown");
    for (const part of [this.opening, this.digit, this.confidence, this.bars]) part.remove();
  }
}

function openingOf(reading) {
  if (!reading) return "Preview while you draw:";
  return reading.isDigit ? "Preview while you draw:" : "Preview: not a digit yet. Best guess:";
}

/** As recognizer.evaluation.percent: never a rounded-up certainty. */
function percent(share) {
  return share > 0.999 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`;
}
