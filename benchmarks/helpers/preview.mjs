// Appended to the preview's scripts by node.py: node run.mjs toMnist|read INPUT OUTPUT ARGUMENT
import { readFileSync, writeFileSync } from "node:fs";

const [call, given, made, argument] = process.argv.slice(2);
const input = readFileSync(given);
const calls = {
  toMnist(side) {
    const size = side * side;
    const rgba = new Uint8ClampedArray(4 * size).fill(255);
    const rows = new Uint8Array((input.length / size) * 785);
    for (let n = 0; n * size < input.length; n++) {
      for (let i = 0; i < size; i++) rgba.fill(input[n * size + i], 4 * i, 4 * i + 3);
      const image = toMnist(rgba, side, side);
      if (image) (rows[785 * n] = 1), rows.set(image, 785 * n + 1);
    }
    return rows;
  },
  read(file) {
    const network = new Network(readFileSync(file));
    const rows = new Float64Array((input.length / 784) * 11);
    for (let n = 0; n * 784 < input.length; n++) {
      const { probabilities, isDigit } = network.read(input.subarray(784 * n, 784 * (n + 1)));
      rows.set([...probabilities, isDigit ? 1 : 0], 11 * n);
    }
    return rows;
  },
};
writeFileSync(made, calls[call](call === "read" ? argument : Number(argument)));
