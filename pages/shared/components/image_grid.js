// Digits side by side, each a button: a click says which one is picked.

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".picks");
  while (grid.children.length > data.length) grid.lastChild.remove();
  data.forEach(({ source, caption, kind }, i) => {
    let button = grid.children[i];
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("img"), document.createElement("span"));
      button.firstChild.alt = "";
      grid.append(button);
    }
    button.className = kind;
    button.firstChild.src = source;
    button.lastChild.textContent = caption;
    button.onclick = () => setTriggerValue("picked", i);
  });
}
