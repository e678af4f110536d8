// The row of stages: a button each, the open one scrolled into view.

export default function ({ parentElement, data, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  while (row.children.length > data.cards.length) row.lastChild.remove();
  data.cards.forEach((card, i) => {
    let button = row.children[i];
    if (!button) {
      button = document.createElement("button");
      for (const kind of ["img", "b", "span", "span"]) {
        button.append(document.createElement(kind));
      }
      row.append(button);
    }
    const [image, title, shape, note] = button.children;
    image.src = card.source;
    image.alt = "";
    title.textContent = card.title;
    shape.textContent = card.shape;
    note.textContent = card.note;
    button.setAttribute("aria-pressed", i === data.open);
    button.onclick = () => setTriggerValue("opened", i);
  });
  const open = row.children[data.open];
  if (open && row.shown !== data.open) {
    row.scrollLeft = open.offsetLeft - row.offsetLeft - row.clientWidth / 2 + open.offsetWidth / 2;
    row.shown = data.open;
  }
}
