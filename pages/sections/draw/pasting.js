// A picture that is pasted, or dropped anywhere on the page, is read as if it had been uploaded.
//
// The browser would open a dropped file in place of the app, and the drawing would be gone.

const UPLOADS = '[data-testid="stFileUploader"], [data-testid="stFileUploaderDropzone"]';
const FIELDS = "input, textarea, select, [contenteditable]";

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.stopListening?.abort();
  const gone = (parentElement.stopListening = new AbortController());
  const listen = (type, act) => {
    const whileThere = (event) => (parentElement.isConnected ? act(event) : gone.abort());
    document.addEventListener(type, whileThere, { signal: gone.signal });
  };
  const bring = (file) => send(file, data.mostBytes, (brought) => setTriggerValue("brought", brought));
  listen("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (!file || event.target.closest?.(FIELDS)) return;
    event.preventDefault();
    bring(file);
  });
  const isOurs = (event) =>
    event.dataTransfer?.types.includes("Files") && !event.target.closest?.(UPLOADS);
  listen("dragover", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  listen("dragleave", (event) => event.relatedTarget || mark(false));
  listen("drop", (event) => {
    mark(false);
    if (!isOurs(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files[0]) bring(event.dataTransfer.files[0]);
  });
}

async function send(file, mostBytes, answer) {
  if (file.size > mostBytes) return answer({ name: file.name, size: file.size, data: null });
  const reader = new FileReader();
  reader.onload = () => answer({ name: file.name, size: file.size, data: reader.result.split(",")[1] ?? "" });
  reader.onerror = () => answer({ name: file.name, size: file.size, data: "" }); // a folder
  reader.readAsDataURL(file);
}

function mark(isOver) {
  const sheet = document.querySelector(".st-key-sheet");
  if (sheet) sheet.style.outline = isOver ? "3px dashed currentColor" : "";
}
