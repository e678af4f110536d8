// The small network that previews a reading: convolutions with ReLU, the last one over whole maps.
//
// Its file (recognizer/preview/network.py writes it): the length of a header in four bytes, the
// header in JSON, then of all layers the scales and biases in float32, then their weights in int8.
// Batch normalisation is part of the weights. Sums are in double precision: JavaScript has no other
// arithmetic, and arrays of it spare conversions.
//
// After a ReLU two of three numbers are 0. What a window of the maps holds beside is listed once,
// and each list is then multiplied with the weights, for eight outputs at a time.

const AT_ONCE = 8; // outputs that are added up side by side
const NOT_A_DIGIT = 10; // the output after the ten digits

class Network {
  /** @param {Uint8Array} file the network's. */
  constructor(file) {
    const bytes = new Uint8Array(file); // a copy, at whose start float32 can be read
    const headerLength = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
    this.threshold = header.threshold; // a smaller probability of being a digit is doubted
    this.layers = [];
    let floatsAt = 4 + headerLength;
    const scales = header.layers.reduce((total, layer) => total + layer.outputs, 0);
    let weightsAt = floatsAt + 8 * scales; // and as many biases
    let size = header.side;
    for (const layer of header.layers) {
      const { side, inputs, outputs } = layer;
      const floats = new Float32Array(bytes.buffer, floatsAt, 2 * outputs);
      const weights = new Int8Array(bytes.buffer, weightsAt, side * side * inputs * outputs);
      this.layers.push(new Layer({ ...layer, size }, floats, weights));
      size = this.layers.at(-1).outputSize;
      floatsAt += floats.byteLength;
      weightsAt += weights.byteLength;
    }
  }

  /**
   * @param {Uint8Array} image 28 x 28, white ink on black.
   * @returns {{digit: number, probabilities: Float64Array, isDigit: boolean}} the ten digits'
   *   probabilities sum to 1, given that it is one.
   */
  read(image) {
    let maps = Float64Array.from(image, (value) => value / 255);
    for (const layer of this.layers) maps = layer.run(maps);
    const outputs = softmax(maps.subarray(0, NOT_A_DIGIT + 1));
    const isDigit = 1 - outputs[NOT_A_DIGIT] >= this.threshold;
    // A network may be so sure of "not a digit" that nothing is left for the ten.
    const some = (share) => Math.max(share, Number.MIN_VALUE);
    const digits = outputs.subarray(0, NOT_A_DIGIT).map(some);
    const total = digits.reduce((sum, share) => sum + share, 0);
    const probabilities = digits.map((share) => share / total);
    return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities, isDigit };
  }
}

/** A convolution over maps of `size` x `size`, padded as TensorFlow's "same" or not at all. */
class Layer {
  constructor({ size, side, stride, inputs, outputs, padded, rectified }, floats, weights) {
    const outputSize = Math.ceil((padded ? size : size - side + 1) / stride);
    const padding = padded ? Math.max(0, (outputSize - 1) * stride + side - size) : 0;
    const window = side * side * inputs; // numbers in it
    const rows = AT_ONCE * Math.ceil(outputs / AT_ONCE); // of weights, the last ones 0
    Object.assign(this, { size, side, stride, inputs, rectified, outputSize, window });
    this.outputs = rows;
    this.before = padding >> 1; // rows and columns of zeros
    this.width = size + padding;
    this.maps = new Float64Array(this.width * this.width * inputs); // [y][x][input]
    this.results = new Float64Array(outputSize * outputSize * rows); // [y][x][output]
    this.values = new Float64Array(outputSize * outputSize * window); // of all windows, but zeros
    this.places = new Int32Array(this.values.length); // of each value's weights in a block
    this.ends = new Int32Array(outputSize * outputSize); // of each window's values
    this.bias = new Float64Array(rows);
    this.bias.set(floats.subarray(outputs));
    this.weights = new Float64Array(window * rows); // [block of outputs][input][8]
    for (let output = 0; output < outputs; output++) {
      const start = Math.floor(output / AT_ONCE) * window * AT_ONCE + (output % AT_ONCE);
      for (let input = 0; input < window; input++)
        this.weights[start + input * AT_ONCE] = weights[input * outputs + output] * floats[output];
    }
  }

  /** Return maps [y][x][output] of maps [y][x][input], whose inputs may be more than there are. */
  run(maps) {
    this.take(maps);
    this.list();
    for (let block = 0; block < this.outputs; block += AT_ONCE) this.addUp(block);
    return this.results;
  }

  /** Put maps inside the padding. */
  take(maps) {
    const given = maps.length / (this.size * this.size);
    for (let y = 0, from = 0; y < this.size; y++) {
      let to = ((y + this.before) * this.width + this.before) * this.inputs;
      for (let x = 0; x < this.size; x++, from += given)
        for (let i = 0; i < this.inputs; i++) this.maps[to++] = maps[from + i];
    }
  }

  /** List what is not 0 in each window, and where its weights are. */
  list() {
    const { maps, values, places, ends, side, stride, inputs, width, outputSize } = this;
    const along = side * inputs;
    let count = 0;
    for (let y = 0, pixel = 0; y < outputSize; y++) {
      for (let x = 0; x < outputSize; x++, pixel++) {
        for (let row = 0, place = 0; row < side; row++) {
          const start = ((y * stride + row) * width + x * stride) * inputs;
          for (let i = start; i < start + along; i++, place += AT_ONCE) {
            const value = maps[i];
            values[count] = value;
            places[count] = place;
            count += value === 0 ? 0 : 1; // without a branch, which would often be guessed wrong
          }
        }
        ends[pixel] = count;
      }
    }
  }

  /** Compute eight outputs of each pixel: most of the time is spent here. */
  addUp(block) {
    const { values, places, ends, weights, bias, results, outputs, rectified } = this;
    const first = block * this.window;
    const least = rectified ? 0 : -Infinity;
    for (let pixel = 0, i = 0, to = block; pixel < ends.length; pixel++, to += outputs) {
      let a = bias[block], b = bias[block + 1], c = bias[block + 2], d = bias[block + 3];
      let e = bias[block + 4], f = bias[block + 5], g = bias[block + 6], h = bias[block + 7];
      for (const end = ends[pixel]; i < end; i++) {
        const value = values[i], at = places[i] + first;
        a += value * weights[at], b += value * weights[at + 1];
        c += value * weights[at + 2], d += value * weights[at + 3];
        e += value * weights[at + 4], f += value * weights[at + 5];
        g += value * weights[at + 6], h += value * weights[at + 7];
      }
      results[to] = Math.max(least, a), results[to + 1] = Math.max(least, b);
      results[to + 2] = Math.max(least, c), results[to + 3] = Math.max(least, d);
      results[to + 4] = Math.max(least, e), results[to + 5] = Math.max(least, f);
      results[to + 6] = Math.max(least, g), results[to + 7] = Math.max(least, h);
    }
  }
}

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
