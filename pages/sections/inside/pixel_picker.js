// A picture whose pixels are picked with a click or the arrow keys. The kept place is the one
// picked last, also while the app has not yet answered.

export default function ({ parentElement, data, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const sheet = find(".sheet"), image = find("img"), words = find(".words");
  const { across, maps, height, width, numbers, values } = data;
  const cell = { wide: width + data.gap, high: height + data.gap };
  const wide = across * cell.wide, high = Math.ceil(maps / across) * cell.high;
  image.src = data.source;
  image.alt = "";
  sheet.setAttribute("aria-label", data.label);
  sheet.style.maxWidth = data.size + "px";
  const box = (one, x, y, w, h) => Object.assign(one.style, {
    left: `${100 * x / wide}%`, top: `${100 * y / high}%`,
    width: `${100 * w / wide}%`, height: `${100 * h / high}%` });
  const tell = ([map, row, column]) => {
    if (!values) { words.textContent = data.hint; return; }
    const number = values[row * width + column];
    words.textContent = number === undefined ? "" : data.line
      ? `number ${row * width + column + 1}: ${number}`
      : `row ${row + 1}, column ${column + 1}: ${number}`;
  };
  const show = (place) => {
    const [map, row, column] = place;
    const x = (map % across) * cell.wide, y = Math.floor(map / across) * cell.high;
    box(find(".map"), x, y, width, height);
    box(find(".pixel"), x + column, y + row, 1, 1);
    find(".map").hidden = maps === 1;
    tell(place);
  };
  const isThere = ([map, row, column]) =>
    map >= 0 && map < maps && row >= 0 && row < height && column >= 0 && column < width &&
    row * width + column < numbers;
  const under = (event) => {
    const frame = image.getBoundingClientRect();
    const x = Math.floor((event.clientX - frame.left) / frame.width * wide);
    const y = Math.floor((event.clientY - frame.top) / frame.height * high);
    const inside = (value, length) => Math.min(value, length - 1);
    const map = Math.floor(y / cell.high) * across + Math.floor(x / cell.wide);
    return [map, inside(y % cell.high, height), inside(x % cell.wide, width)];
  };
  const pick = (place, wait) => {
    sheet.at = place;
    show(place);
    clearTimeout(sheet.waiting);
    sheet.waiting = setTimeout(() => {
      sheet.waiting = null;
      setTriggerValue("picked", place);
    }, wait);
  };
  if (!sheet.waiting) { sheet.at = data.at; show(data.at); }
  sheet.onclick = (event) => { const to = under(event); if (isThere(to)) pick(to, 0); };
  sheet.onpointermove = (event) => { const to = under(event); if (isThere(to)) tell(to); };
  sheet.onpointerleave = () => tell(sheet.at);
  sheet.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(event.key in step)) return;
    event.preventDefault();
    const [map, row, column] = sheet.at, [down, right] = step[event.key];
    const to = [map, row + down, column + right];
    if (isThere(to)) pick(to, 250);
  };
}
