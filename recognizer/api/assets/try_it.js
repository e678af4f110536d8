// Sends each form to the address that it names, and shows the answer and the same with curl.

const LONGEST = 20000; // characters of an answer that are shown
const element = (id) => document.getElementById(id);

function headers() {
  const key = element("key").value.trim();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

// The address, the options of fetch() and the words of curl for a form.
function request(form) {
  const url = new URL(form.dataset.path, location.href);
  const options = { headers: headers() };
  const words = ["curl"];
  if (options.headers.Authorization) words.push('-H "Authorization: Bearer $KEY"');
  const file = form.elements.file?.files[0];
  for (const field of form.elements) {
    const left = ["file", "submit"].includes(field.type) || (field.type === "checkbox" && !field.checked);
    if (left || !field.name || field.name === "accept" || !field.value) continue;
    url.searchParams.set(field.name, field.value);
  }
  if (form.elements.accept) {
    options.headers.Accept = form.elements.accept.value;
    words.push(`-H "Accept: ${options.headers.Accept}"`);
  }
  if (file) {
    options.method = "POST";
    options.body = file;
    words.push(`--data-binary '@${file.name.replaceAll("'", "'\\''")}'`);
  }
  return { url, options, curl: [...words, `'${url}'`].join(" ") };
}

function shown(text, type) {
  let whole = text;
  if (type.includes("json")) whole = JSON.stringify(JSON.parse(text), null, 2);
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}\n… ${whole.length} characters` : whole;
}

async function send(event) {
  event.preventDefault();
  const { url, options, curl } = request(event.target);
  const button = event.target.querySelector("button");
  element("result").hidden = false;
  element("curl").textContent = curl;
  element("status").textContent = "…";
  element("answer").textContent = "";
  button.disabled = true;
  try {
    const answer = await fetch(url, options);
    element("status").textContent = `${answer.status}`;
    element("answer").textContent = shown(await answer.text(), answer.headers.get("content-type") ?? "");
  } catch (error) {
    element("answer").textContent = `No answer (${error.message}): is the server running?`;
  }
  button.disabled = false;
  element("result").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

// Offers the models, once they may be listed.
async function listModels() {
  const answer = await fetch("models", { headers: headers() });
  if (!answer.ok) return;
  const names = (await answer.json()).map((model) => model.name);
  for (const list of document.querySelectorAll("select[name=model]")) {
    list.replaceChildren(new Option("default", ""), ...names.map((name) => new Option(name)));
  }
}

for (const form of document.forms) form.addEventListener("submit", send);
element("key").addEventListener("change", listModels);
listModels();
