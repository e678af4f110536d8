// What streamlit-drawable-canvas lacks; its shadow root is open.
//
// - Its canvas gets a name, a cursor as wide as the pen, and the size that the page has room for,
//   which is not that of its pixels; the toolbar of its own is hidden: in one of its modes the pen
//   moves strokes.
// - When the app redraws the canvas (Clear, Undo, an example), whatever the pen did between the
//   click and the server's answer would be wiped. Such strokes are held back, shown meanwhile, and
//   drawn anew on the canvas that the answer brings. Clear blanks the canvas at once.
// - Undo and Redo are counted here, and the app is sent the sum: of clicks that come while it is
//   busy, Streamlit keeps only the last.
// - While the eraser is chosen, the pen is the eraser's: eraser.js.
// - A canvas that was emptied by accident, by settings that changed in quick succession, is found
//   blank, and the app is asked to show the drawing again.

const REDRAWS = '[class*="st-key-redraw-"] :is(button, input):not(:disabled)'; // ask for a redraw
const UNDO = ".st-key-redraw-undo";
const REDO = ".st-key-redraw-redo";
const CLEAR = ".st-key-redraw-clear";
const BLANKS = `${CLEAR}, .st-key-redraw-add`; // the canvas is to be blank then
const TIMEOUT_MS = 20_000; // then the strokes are drawn on whatever canvas there is
const SETTLED_MS = 2_000; // after so long the canvas has surely loaded what the answer brought
const REPEATS = 3;
const LOOK_MS = 500; // from one look at whether the canvas is there and holds the drawing
const BLANK_LOOKS = 3; // after so many it was not just about to show it
const FRAMES_TO_SHOW = 9; // in which Fabric shows what was drawn, if nothing wiped it

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const app = { setStateValue, setTriggerValue };
  document.documentElement.classList.toggle("wide-canvas", data.isWide); // styles.css
  const find = (tries) => {
    const host = [...document.querySelectorAll(".st-key-sheet *")].find(
      (one) => one.shadowRoot?.querySelector(".dc-root"));
    const upper = host?.shadowRoot.querySelector(".upper-canvas");
    if (!upper) return tries && requestAnimationFrame(() => find(tries - 1));
    name(upper);
    addStyle(host.shadowRoot);
    upper.heldStrokes ??= new HeldStrokes(upper, data);
    upper.heldStrokes.follow(data, app);
    parentElement.upper = upper;
  };
  find(600);
  clearInterval(parentElement.looking);
  parentElement.looking = setInterval(() => {
    if (!parentElement.isConnected) clearInterval(parentElement.looking);
    else if (!parentElement.upper?.isConnected) find(0); // another canvas took its place
    else parentElement.upper.heldStrokes?.look();
  }, LOOK_MS);
}

function name(upper) {
  upper.setAttribute("role", "img");
  upper.tabIndex = 0; // then Ctrl+Z, Ctrl+Y and Escape are its keys
  upper.setAttribute("aria-label", "Canvas: draw digits with a mouse, a finger or a pen");
}

const SIZED = ".dc-container, .canvas-container, canvas";
const STYLE = `.dc-toolbar { display: none !important }
${SIZED} { width: var(--canvas-width, 320px) !important; height: var(--canvas-side, 320px) !important }
.upper-canvas { cursor: var(--pen-cursor, crosshair) !important }
.upper-canvas:focus-visible { outline: 2px solid #0f766e; outline-offset: -2px; }`;

function addStyle(root) {
  if (root.querySelector("#patch-style")) return;
  const style = document.createElement("style");
  style.id = "patch-style";
  style.textContent = STYLE;
  root.append(style);
}

class HeldStrokes {
  constructor(upper, { steps, erased }) {
    this.steps = steps; // Undo less Redo, in all
    this.eraser = new Eraser(upper, erased);
    this.blankLooks = 0;
    this.upper = upper; // Fabric's canvas for what is being drawn, above the one of the strokes
    this.revision = null; // of the drawing that the app last had the canvas show
    this.strokes = null; // lists of [x, y]; null: no redraw is awaited, the pen is the canvas's
    this.underway = null; // the stroke whose pen is still down
    this.answered = false;
    this.gone = new AbortController();
    this.listen(document, "click", (event) => this.onClick(event));
    this.listen(document, "keydown", (event) => this.onKey(event));
    this.listen(upper.parentElement, "mousedown", (event) => this.keepFromCanvas(event));
    this.listen(upper.parentElement, "touchstart", (event) => this.keepFromCanvas(event));
    this.listen(upper, "pointerdown", (event) => this.penDown(event));
    this.listen(upper, "pointermove", (event) => this.penMoved(event));
    this.listen(upper, "pointerup", (event) => this.penUp(event));
    this.listen(upper, "pointercancel", (event) => this.penUp(event));
  }

  listen(target, type, act) {
    const options = { capture: true, passive: false, signal: this.gone.signal };
    const whileThere = (event) => (this.upper.isConnected ? act(event) : this.leave());
    target.addEventListener(type, whileThere, options);
  }

  leave() {
    this.gone.abort();
    this.upper.heldStrokes = null; // made anew should the canvas come back
  }

  onClick(event) {
    const button = event.target.closest?.(REDRAWS);
    this.expectRedraw(button);
    if (button?.closest(UNDO)) this.step(event, 1);
    if (button?.closest(REDO)) this.step(event, -1);
  }

  onKey(event) {
    const button = shortcutOf(event);
    this.expectRedraw(button);
    if (button?.closest(UNDO)) this.step(event, 1);
    if (button?.closest(REDO)) this.step(event, -1);
    if (button?.closest(CLEAR)) button.click();
  }

  step(event, by) {
    event.preventDefault();
    event.stopPropagation();
    this.steps += by;
    this.app.setStateValue("steps", this.steps);
  }

  look() {
    // A pen that is down, or an answer that is awaited, explains a blank canvas.
    const explained = !this.drawn || this.strokes || this.isDown || this.hasInk();
    this.blankLooks = explained ? 0 : this.blankLooks + 1;
    if (this.blankLooks < BLANK_LOOKS) return;
    this.blankLooks = 0;
    this.await();
    this.app.setTriggerValue("emptied", Date.now());
  }

  hasInk() {
    const lower = this.upper.parentElement.querySelector(".lower-canvas");
    const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
    for (let i = 0; i < data.length; i += 8) if (data[i] < 128 && data[i + 3] > 128) return true;
    return false;
  }

  follow({ revision, pen, drawn, erased, eraser }, app) {
    this.app = app;
    this.drawn = drawn;
    this.erased = erased; // number of the last move of the eraser that the app has taken in
    this.radius = eraser; // of the eraser; 0 while the pen draws
    const redrawn = this.revision !== null && revision !== this.revision;
    this.revision = revision;
    this.pen = pen;
    this.showCursor();
    if (!redrawn || !this.strokes) return;
    this.answered = true;
    // The same answer reaches the canvas, which mostly loads it before the frame after next.
    requestAnimationFrame(() => requestAnimationFrame(() => this.release()));
  }

  expectRedraw(button) {
    if (!button) return;
    this.await();
    if (button.closest(BLANKS)) {
      this.strokes = [];
      this.underway = null;
      this.radius = 0; // on a blank canvas people draw
      const context = this.upper.getContext("2d");
      context.fillStyle = "white";
      context.fillRect(0, 0, this.upper.width, this.upper.height);
    }
  }

  await() {
    // Hold strokes back until the app has answered.
    this.strokes ??= [];
    this.answered = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.answered = true;
      this.release();
    }, TIMEOUT_MS);
  }

  showCursor() {
    const { width } = this.upper.getBoundingClientRect();
    const radius = ((this.radius || this.pen / 2) * width) / this.upper.width;
    this.upper.style.setProperty("--pen-cursor", roundCursor(radius, !this.radius));
  }

  keepFromCanvas(event) {
    // A pen that was down before the click stays the canvas's.
    if (!this.strokes && !this.radius) return;
    event.stopPropagation();
    if (event.type === "touchstart") event.preventDefault();
  }

  penDown(event) {
    this.isDown = true;
    if (!event.isPrimary || event.button !== 0) return;
    // Else a pen that is lifted over a disabled button or a frame stays down for Fabric.
    this.upper.setPointerCapture(event.pointerId);
    if (this.radius) return this.eraser.rub(this.place(event), this.radius);
    if (!this.strokes) return;
    this.underway = [this.place(event)];
    this.preview();
  }

  penMoved(event) {
    if (this.eraser.places && event.isPrimary) this.eraser.rub(this.place(event), this.radius);
    if (!this.underway || !event.isPrimary) return;
    this.underway.push(this.place(event));
    this.preview();
  }

  penUp(event) {
    this.isDown = false;
    if (this.eraser.places && event.isPrimary) {
      this.await();
      this.app.setStateValue("erased", this.eraser.lift(this.erased));
    }
    if (!this.underway || !event.isPrimary) return;
    this.strokes.push(this.underway);
    this.underway = null;
    if (this.answered) this.release();
  }

  place(event) {
    // In the canvas's own pixels, whatever its size on the page.
    const box = this.upper.getBoundingClientRect(), scale = this.upper.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  preview() {
    const context = this.upper.getContext("2d");
    const last = this.underway.slice(-2);
    context.save();
    Object.assign(context, { lineWidth: this.pen, lineCap: "round", strokeStyle: "black" });
    context.beginPath();
    context.moveTo(...last[0]);
    context.lineTo(...last.at(-1));
    context.stroke();
    context.restore();
  }

  release() {
    if (this.underway || !this.strokes || !this.answered) return;
    clearTimeout(this.timer);
    const strokes = this.strokes;
    this.strokes = null;
    this.upper.getContext("2d").clearRect(0, 0, this.upper.width, this.upper.height);
    for (const stroke of strokes) this.redraw(stroke);
    this.keep(strokes, performance.now() + SETTLED_MS, REPEATS);
  }

  keep(strokes, until, repeats, frames = FRAMES_TO_SHOW) {
    // A busy browser may load the answer only now, and wipe what was drawn.
    if (this.strokes || !this.upper.isConnected || performance.now() > until) return;
    const wiped = strokes.filter((stroke) => this.isWiped(stroke));
    const again = (...rest) => requestAnimationFrame(() => this.keep(strokes, until, ...rest));
    if (!wiped.length) return again(repeats, 0);
    if (frames) return again(repeats, frames - 1);
    for (const stroke of wiped) this.redraw(stroke);
    if (repeats) again(repeats - 1);
  }

  isWiped([start]) {
    const lower = this.upper.parentElement.querySelector(".lower-canvas");
    const [x, y] = start.map(Math.floor);
    const isOutside = Math.min(x, y) < 0 || x >= lower.width || y >= lower.height;
    return !isOutside && lower.getContext("2d").getImageData(x, y, 1, 1).data[0] > 128;
  }

  redraw(stroke) {
    const box = this.upper.getBoundingClientRect(), scale = box.width / this.upper.width;
    const send = (type, [x, y]) => {
      const place = { clientX: box.left + x * scale, clientY: box.top + y * scale };
      const how = { bubbles: true, composed: true, cancelable: true, button: 0, view: window };
      this.upper.dispatchEvent(new MouseEvent(type, { ...how, ...place }));
    };
    send("mousedown", stroke[0]);
    for (const place of stroke.slice(1)) send("mousemove", place);
    send("mouseup", stroke.at(-1));
  }
}

function shortcutOf(event) {
  // Escape in a menu closes it, and keys in a field are the field's.
  if (document.querySelector('[data-testid="stPopoverBody"]')) return null;
  if (event.target.closest?.('input:not([type="checkbox"]), textarea, select, [contenteditable]')) return null;
  const key = event.key?.toLowerCase(), isCommand = event.ctrlKey || event.metaKey;
  const isRedo = isCommand && (key === "y" || (key === "z" && event.shiftKey));
  const isUndo = isCommand && key === "z" && !event.shiftKey;
  const asked = isUndo ? UNDO : isRedo ? REDO : event.key === "Escape" ? CLEAR : null;
  return asked && document.querySelector(`${asked} button:not(:disabled)`);
}
