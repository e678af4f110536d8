// The component that brings the preview's network to the browser: it stands at the end of the page,
// so that the canvas does not wait for it. live_preview.js reads with what it leaves behind.

export { toMnist, Network };

/** Reads what is on the canvas: null while nothing is drawn. */
class CanvasReader {
  constructor(file) {
    this.network = new Network(file);
  }

  read({ data, width, height }) {
    const image = toMnist(data, width, height);
    return image && this.network.read(image);
  }
}

export default function ({ data }) {
  if (data?.length) window.canvasReader ??= new CanvasReader(data);
}
