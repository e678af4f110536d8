// The eraser on the canvas: what it goes over is white at once; the app, which knows the strokes,
// is sent where it went, and answers with what is left of them.

class Eraser {
  constructor(upper, done) {
    this.upper = upper;
    this.sent = done; // number of the last move that was sent
    this.waiting = []; // [number, places] of moves that the app has not taken in yet
    this.places = null; // of the move that is under way
  }

  /** Begin a move, or go on with it. */
  rub(place, radius) {
    const context = this.upper.getContext("2d");
    const from = this.places?.at(-1) ?? place;
    (this.places ??= []).push(place.map((x) => Math.round(10 * x) / 10));
    context.save();
    Object.assign(context, { lineWidth: 2 * radius, lineCap: "round", strokeStyle: "white" });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(place[0], place[1] + 0.01); // also where it has not moved
    context.stroke();
    context.restore();
  }

  /** End the move; return all that the app has not taken in, for it to catch up with. */
  lift(done) {
    this.waiting = this.waiting.filter(([number]) => number > done);
    this.waiting.push([(this.sent += 1), this.places]);
    this.places = null;
    return this.waiting;
  }
}

/** Return a round cursor as wide as the pen or the eraser is on the screen. */
function roundCursor(radius, isFilled) {
  const r = Math.min(60, Math.max(2, radius)), side = Math.ceil(2 * r + 4), at = side / 2;
  const fill = isFilled ? "rgba(0,0,0,.18)" : "rgba(255,255,255,.7)";
  const circle = `<circle cx='${at}' cy='${at}' r='${r}' fill='${fill}' stroke='#555'/>`;
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' width='${side}' height='${side}'>`;
  const source = encodeURIComponent(`${svg}${circle}</svg>`);
  return `url("data:image/svg+xml,${source}") ${at} ${at}, crosshair`;
}
