// From the canvas's pixels to the 28 x 28 that a network reads: recognizer/preprocessing.py once
// more, with what recognizer/imaging does to a drawing on white paper. Tests hold the two to the same
// pixels.

const SIDE = 28; // pixels of the image
const DIGIT_SIDE = 20; // pixels of the digit's longer side, MNIST's
const CENTRE = SIDE / 2;
const MIN_CONTRAST = 24; // of 255: less is no ink
const MIN_INK_SIDE = 4; // pixels: a smaller drawing is a speck
const SOFT_EDGE = 0.1; // of the strongest ink: less is left out
const FRAME_SHARE = 0.95; // of the outermost pixels that a frame covers
const FLECK = 0.01; // of the largest part's area: less is dust
const REACH = 1.5; // of its own longer side that a part may lie from the rest
const BESIDE = 0.2; // of the rest's longer side that any part may lie from it
const PAPER = 255; // the canvas's: white

/**
 * @param {Uint8ClampedArray} rgba the canvas's opaque pixels, grey on grey: red stands for all.
 * @param {number} width of the canvas in pixels.
 * @param {number} height likewise.
 * @returns {?Uint8Array} 28 x 28 pixels, white ink on black; null when nothing is drawn.
 */
function toMnist(rgba, width, height) {
  const contrast = contrastToPaper(rgba, width, height);
  const peak = largest(contrast);
  if (peak < MIN_CONTRAST) return null;
  const least = Math.ceil(Math.max(MIN_CONTRAST / 2, peak * SOFT_EDGE));
  const runs = findRuns(contrast, width, height, least);
  const kept = withoutStrays(mergeRuns(runs), width, height);
  const box = kept && boxOf(kept);
  if (!box || Math.max(box.right - box.left, box.bottom - box.top) < MIN_INK_SIDE) return null;
  return centre(scale(crop(contrast, width, runs, kept, box, peak)));
}

/** Return how far each pixel is from the canvas's paper. */
function contrastToPaper(rgba, width, height) {
  const contrast = new Uint8Array(width * height);
  for (let i = 0; i < contrast.length; i++) contrast[i] = PAPER - rgba[4 * i];
  return contrast;
}

/** Return the stretches of ink in each row, top to bottom: {y, start, end, part}. */
function findRuns(contrast, width, height, least) {
  const runs = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0, row = y * width; x < width; x++) {
      if (contrast[row + x] < least) continue;
      const start = x;
      while (x < width && contrast[row + x] >= least) x++;
      runs.push({ y, start, end: x, part: null });
    }
  }
  return runs;
}

/** Join runs that touch, by a side or a corner, and return the parts: boxes with area. */
function mergeRuns(runs) {
  const root = (part) => {
    while (part.into) part = part.into;
    return part;
  };
  const parts = [];
  let above = 0; // first run of the row above that can still touch
  for (const run of runs) {
    while (runs[above].y < run.y - 1) above++;
    for (let i = above; runs[i].y === run.y - 1; i++) {
      if (runs[i].start > run.end) break;
      if (runs[i].end < run.start) continue;
      const other = root(runs[i].part);
      const mine = run.part && root(run.part);
      if (!mine) run.part = other;
      else if (mine !== other) other.into = mine;
    }
    if (!run.part) parts.push((run.part = { into: null }));
  }
  for (const run of runs) run.part = root(run.part);
  const whole = parts.filter((part) => !part.into);
  for (const part of whole)
    Object.assign(part, { left: Infinity, top: Infinity, right: 0, bottom: 0, area: 0, runs: [] });
  for (const run of runs) enlarge(run.part, run);
  return whole;
}

function enlarge(part, run) {
  part.left = Math.min(part.left, run.start);
  part.right = Math.max(part.right, run.end);
  part.top = Math.min(part.top, run.y);
  part.bottom = run.y + 1;
  part.area += run.end - run.start;
  part.runs.push(run);
}

/** Return the parts that belong to the digit; see `_without_strays` in recognizer/ink.py. */
function withoutStrays(parts, width, height) {
  if (parts.length < 2) return new Set(parts);
  const candidates = parts.filter((part) => !isFrame(part, width, height));
  const most = Math.max(0, ...candidates.map((part) => part.area));
  const large = candidates.filter((part) => part.area >= Math.max(1, FLECK * most));
  const kept = new Set(large.filter((part) => part.area === most).slice(0, 1));
  for (let before = -1; before !== kept.size && kept.size; ) {
    before = kept.size;
    const box = boxOf(kept);
    const beside = BESIDE * Math.max(box.right - box.left, box.bottom - box.top);
    for (const part of large) {
      const side = Math.max(part.right - part.left, part.bottom - part.top);
      const x = Math.max(0, part.left - box.right, box.left - part.right);
      const y = Math.max(0, part.top - box.bottom, box.top - part.bottom);
      if (Math.sqrt(x * x + y * y) <= Math.max(REACH * side, beside)) kept.add(part);
    }
  }
  return kept;
}

/** Whether a part runs all around the picture. */
function isFrame(part, width, height) {
  let around = 0;
  for (const { y, start, end } of part.runs) {
    if (y === 0) around += end - start;
    if (y === height - 1) around += end - start;
    around += (start === 0) + (end === width);
  }
  return around >= FRAME_SHARE * 2 * (width + height);
}

function boxOf(parts) {
  const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  for (const part of parts) {
    box.left = Math.min(box.left, part.left);
    box.top = Math.min(box.top, part.top);
    box.right = Math.max(box.right, part.right);
    box.bottom = Math.max(box.bottom, part.bottom);
  }
  return box;
}

/** Return the kept parts' ink in their box, the strongest 255. */
function crop(contrast, width, runs, kept, box, peak) {
  const cropped = image(box.right - box.left, box.bottom - box.top);
  for (const { y, start, end, part } of runs) {
    if (!kept.has(part)) continue;
    const to = (y - box.top) * cropped.width - box.left;
    for (let x = start; x < end; x++) cropped.pixels[to + x] = contrast[y * width + x];
  }
  return stretch(cropped, peak);
}

/** Return the ink with a longer side of 20 pixels, its aspect kept, the fullest 255. */
function scale(cropped) {
  const by = DIGIT_SIDE / Math.max(cropped.width, cropped.height);
  const width = Math.max(1, roundHalfEven(cropped.width * by));
  const height = Math.max(1, roundHalfEven(cropped.height * by));
  const scaled = by < 1 ? shrink(cropped, width, height) : enlargeLinear(cropped, width, height);
  return stretch(scaled, Math.max(1, largest(scaled.pixels)));
}

/** Return the scaled ink in 28 x 28, its centre of mass in the middle pixel, all of it inside. */
function centre({ width, height, pixels }) {
  let mass = 0, massX = 0, massY = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      mass += pixels[i];
      massX += x * pixels[i];
      massY += y * pixels[i];
    }
  }
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  const left = within(roundHalfEven(CENTRE - massX / mass), SIDE - width);
  const top = within(roundHalfEven(CENTRE - massY / mass), SIDE - height);
  const centred = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++)
    centred.set(pixels.subarray(y * width, (y + 1) * width), (top + y) * SIDE + left);
  return centred;
}

/** Return an image made smaller by the mean over areas: OpenCV's INTER_AREA, in 32-bit floats. */
function shrink(from, width, height) {
  const columns = overlaps(from.width, width);
  const to = image(width, height);
  const total = new Float32Array(width);
  overlaps(from.height, height).forEach((rows, y) => {
    total.fill(0);
    for (let row = rows.first; row < rows.end; row++) {
      const weight = rows.weights[row - rows.first];
      for (let x = 0; x < width; x++) {
        const { first, end, weights } = columns[x];
        let value = 0;
        for (let column = first; column < end; column++) {
          const pixel = from.pixels[row * from.width + column];
          value = Math.fround(value + Math.fround(pixel * weights[column - first]));
        }
        total[x] += Math.fround(weight * value);
      }
    }
    for (let x = 0; x < width; x++) to.pixels[y * width + x] = roundHalfEven(total[x]);
  });
  return to;
}

/** Return, for each pixel of the smaller side, those of the larger that it covers: how much. */
function overlaps(larger, smaller) {
  const step = larger / smaller;
  return Array.from({ length: smaller }, (_, index) => {
    const start = index * step;
    const stop = start + step;
    const cell = Math.min(step, larger - start);
    const last = Math.min(Math.floor(stop), larger - 1);
    const whole = Math.min(Math.ceil(start), last);
    const weights = new Array(last - whole).fill(1 / cell);
    const [before, after] = [whole - start > 1e-3, stop - last > 1e-3];
    if (before) weights.unshift((whole - start) / cell);
    if (after) weights.push(Math.min(stop - last, 1, cell) / cell);
    const first = before ? whole - 1 : whole;
    return { first, end: first + weights.length, weights: Float32Array.from(weights) };
  });
}

/** Return an image made larger by linear interpolation, in OpenCV's fixed-point arithmetic. */
function enlargeLinear(from, width, height) {
  const columns = neighbours(from.width, width);
  const rows = neighbours(from.height, height);
  const to = image(width, height);
  rows.forEach(([top, bottom, ofTop, ofBottom], y) => {
    columns.forEach(([left, right, ofLeft, ofRight], x) => {
      const at = (row, column) => from.pixels[row * from.width + column];
      const along = (row) => at(row, left) * ofLeft + at(row, right) * ofRight;
      const upper = (ofTop * (along(top) >> 4)) >> 16;
      const lower = (ofBottom * (along(bottom) >> 4)) >> 16;
      to.pixels[y * width + x] = (upper + lower + 2) >> 2;
    });
  });
  return to;
}

/** Return, for each pixel of the larger side, its two neighbours and their weights of 2048. */
function neighbours(smaller, larger) {
  return Array.from({ length: larger }, (_, index) => {
    const place = Math.fround(((index + 0.5) * smaller) / larger - 0.5);
    const first = Math.floor(place);
    const share = first < 0 || first >= smaller - 1 ? 0 : Math.fround(place - first);
    const near = Math.min(Math.max(first, 0), smaller - 1);
    const weights = [roundHalfEven((1 - share) * 2048), roundHalfEven(share * 2048)];
    return [near, Math.min(near + 1, smaller - 1), ...weights];
  });
}

/** Stretch an image's values so that `peak` becomes 255. */
function stretch(stretched, peak) {
  if (peak === 255) return stretched;
  const by = Math.fround(255 / peak);
  stretched.pixels.forEach((value, i, all) => {
    all[i] = Math.min(255, roundHalfEven(Math.fround(value * by)));
  });
  return stretched;
}

function image(width, height) {
  return { width, height, pixels: new Uint8Array(width * height) };
}

function roundHalfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

function largest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
  return most;
}
