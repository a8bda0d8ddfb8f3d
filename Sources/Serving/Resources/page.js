// The page of `thorax serve`. It talks to the service that it came from and to no one else.

const $ = (id) => document.getElementById(id);
const texts = await (await fetch("/page/texts.json")).json();
const say = (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);

let capabilities = null;
let running = null;
const gallery = [];
const shown = { left: null, right: null };
const view = { level: 127.5, window: 255, zoom: 1, x: 0.5, y: 0.5 };

// The service

const token = () => sessionStorage.getItem("thorax-token");

async function call(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token()) headers.set("Authorization", `Bearer ${token()}`);
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  let answer;
  try {
    answer = await fetch(path, {
      method: options.method ?? "GET", headers, signal: options.signal,
      body: options.json === undefined ? undefined : options.json,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(say("offline"));
  }
  if (answer.ok) return answer;
  // What only reads, or takes back, is worth waiting for when the account has asked for much.
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 429 && wait > 0 && wait <= 60 && (options.method ?? "GET") !== "POST") {
    await new Promise((done) => setTimeout(done, wait * 1000));
    options.signal?.throwIfAborted();
    return call(path, options);
  }
  let body = {};
  try { body = await answer.json(); } catch { /* not JSON */ }
  const error = new Error(body.error?.message ?? `${answer.status}`);
  error.status = answer.status;
  error.code = body.error?.code;
  throw error;
}

// Seeds have 64 bits, which numbers of this language do not: they are written and read as text.
const request = (fields) => {
  const { seed, ...rest } = fields;
  const body = JSON.stringify(rest);
  return seed === undefined || seed === "" ? body : body.replace(/\}$/, `,"seed":${seed}}`);
};
const parsed = (text) => JSON.parse(text.replace(/"seed":\s*(\d+)/g, '"seed":"$1"'));

async function draw(fields, { signal, progress } = {}) {
  const job = parsed(await (await call("/api/jobs", { method: "POST", json: request(fields), signal })).text());
  const images = [];
  // Often at first, since a picture takes a moment; seldom where one waits for others.
  let pause = 120;
  try {
    for (;;) {
      const state = parsed(await (await call(`/api/jobs/${job.id}`, { signal })).text());
      progress?.(state, job.id);
      for (const image of (state.images ?? []).slice(images.length)) {
        const file = await (await call(image.files.png, { signal })).blob();
        images.push({ ...image, blob: file, model: state.model, fields });
      }
      for (const image of images) image.frames = state.frames;
      if (!["waiting", "running"].includes(state.state) && images.length >= (state.images ?? []).length) {
        if (state.state !== "finished") throw new Error(state.error?.message ?? state.state);
        return images;
      }
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(2000, pause * 1.1);
    }
  } catch (error) {
    call(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});
    throw error;
  }
}

// Signing in, terms, capabilities

async function begin() {
  try {
    capabilities = await (await call("/api/capabilities")).json();
    $("sign-in").hidden = true;
    if (capabilities.terms) await agreeToTerms();
    enter(true);
    fillModels();
    showTeaching();
    await waitUntilReady();
    followLink();
  } catch (error) {
    if (error.status === 401) {
      enter(false);
      $("sign-in").hidden = false;
      $("token").focus();
    }
    const isRefused = error.status === 401;
    if (!isRefused) enter(true);
    $("sign-in-status").textContent = isRefused && token() ? say("signInFailed") : "";
    $("status").textContent = isRefused ? "" : error.message;
  }
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("thorax-token", $("token").value.trim());
  begin();
});

/// Shows what a page is for, or hides it from those who may not use it yet.
function enter(isIn) {
  for (const element of [$("tabs"), document.querySelector(".skip")]) element.hidden = !isIn;
  for (const name of ["draw", "teach"]) {
    $(name).hidden = !isIn || $(`tab-${name}`).getAttribute("aria-pressed") !== "true";
  }
}

/// Shows the terms of use, and goes on once they are accepted.
async function agreeToTerms() {
  const terms = await (await call("/api/terms")).json();
  // Without accounts the service cannot know who has accepted them: the page asks once in a session.
  const isKnown = token() ? terms.accepted : sessionStorage.getItem("thorax-terms") === terms.sha256;
  if (!terms.terms || isKnown) return;
  enter(false);
  $("terms-text").textContent = terms.terms;
  $("terms").hidden = false;
  $("terms-text").focus();
  await new Promise((done) => {
    $("accept").onclick = async () => {
      try {
        if (token()) await call("/api/terms", { method: "POST", json: JSON.stringify({ sha256: terms.sha256 }) });
        else sessionStorage.setItem("thorax-terms", terms.sha256);
      } catch (error) {
        $("terms-status").textContent = say("failed", { m: error.message });
        return;
      }
      $("terms").hidden = true;
      done();
    };
  });
}

function fillModels() {
  $("model").replaceChildren(...capabilities.models.map((model) => new Option(model.name)));
  const defaults = () => {
    const model = currentModel();
    if (!model) return;
    $("steps").placeholder = model.defaults.steps;
    $("guidance").placeholder = model.defaults.guidance;
    $("steps").max = model.most_steps;
    $("guidance").max = capabilities.limits.guidance[1];
    caution();
  };
  $("model").onchange = defaults;
  $("seed").placeholder = say("seedFree");
  defaults();
}

const currentModel = () => capabilities?.models.find((model) => model.name === $("model").value);

const isReady = () => {
  const states = capabilities.models.map((model) => model.status);
  return states.includes("ready") && !states.includes("loading");
};

async function waitUntilReady() {
  // Not by /readyz, whose 503 a browser takes for an error; and the hashes of models come with their loading.
  while (!isReady()) {
    $("go").disabled = true;
    $("status").textContent = say("loading");
    await new Promise((done) => setTimeout(done, 300));
    try { capabilities = await (await call("/api/capabilities")).json(); } catch { /* asked again */ }
  }
  $("go").disabled = false;
  $("status").textContent = say("ready");
}

// The prompt

const chosen = {};
for (const group of texts.chipGroups) {
  const row = document.createElement("div");
  row.className = "chips";
  row.setAttribute("role", "group");
  const name = document.createElement("span");
  name.textContent = say(group.name);
  row.setAttribute("aria-label", name.textContent);
  row.append(name);
  for (const value of group.values) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = value;
    chip.setAttribute("aria-pressed", "false");
    chip.onclick = () => {
      const isOn = chosen[group.name] === value;
      for (const other of row.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
      if (isOn) delete chosen[group.name];
      else chosen[group.name] = value;
      chip.setAttribute("aria-pressed", String(!isOn));
      $("prompt").value = sentence();
      caution();
    };
    row.append(chip);
  }
  $("chips").append(row);
}

/// Plain text of what was put together, as a report would have it.
function sentence() {
  const { groupFinding: finding, groupSide: side, groupSeverity: extent, groupAge: age, groupSex: sex, groupView: seen } = chosen;
  const capital = (text) => text && text[0].toUpperCase() + text.slice(1);
  let first = "";
  if (finding === "No finding") first = "No acute cardiopulmonary abnormality";
  else if (finding) {
    const hasSide = side && finding !== "Cardiomegaly" && finding !== "Emphysema" && finding !== "Oedema";
    first = [extent, hasSide && side, finding.toLowerCase()].filter(Boolean).join(" ");
  }
  const person = [age, sex ?? (age && "patient")].filter(Boolean).join(" ");
  const rest = [person || undefined, seen].filter(Boolean).join(", ");
  return [capital(first), capital(rest)].filter(Boolean).map((part) => `${part}.`).join(" ");
}

/// What the model cannot do, said where it is typed.
function caution() {
  const text = $("prompt").value.toLowerCase();
  const notes = [];
  for (const entry of currentModel()?.cautions ?? []) {
    if (entry.words.some((word) => new RegExp(`(^|[^a-z])${word}`, "i").test(text))) notes.push(entry.note);
  }
  const age = /(\d+)[- ]years?[- ]old/.exec(text);
  if (age && (Number(age[1]) > 5 && Number(age[1]) < 16 || Number(age[1]) > 95)) notes.push(say("ageOutside"));
  $("caution").textContent = notes.join(" ");
}
$("prompt").addEventListener("input", caution);

// Drawing

function wanted() {
  const fields = { prompt: $("prompt").value.trim(), count: Number($("count").value) || 1 };
  if ($("model").value) fields.model = $("model").value;
  if ($("seed").value.trim()) fields.seed = $("seed").value.trim();
  if ($("steps").value) fields.steps = Number($("steps").value);
  if ($("guidance").value) fields.guidance = Number($("guidance").value);
  if ($("negative").value.trim()) fields.negative_prompt = $("negative").value.trim();
  if ($("stamp").checked) fields.stamp = true;
  fields.preview_every = Math.max(1, Math.ceil((fields.steps ?? currentModel()?.defaults.steps ?? 20) / 5));
  return fields;
}

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  running = new AbortController();
  const start = performance.now();
  $("go").disabled = true;
  $("cancel").hidden = false;
  $("progress").hidden = false;
  $("progress").value = 0;
  let previewed = "";
  try {
    const fields = wanted();
    const images = await draw(fields, {
      signal: running.signal,
      progress: (state) => {
        if (state.position) $("status").textContent = say("waiting", { n: state.position });
        else if (state.steps) {
          const [i, n, s, t] = [(state.image ?? 0) + 1, state.count, state.step, state.steps];
          $("status").textContent = say("drawing", { i, n, s, t });
          $("progress").value = (i - 1 + s / t) / n;
        }
        if (state.preview && state.preview !== previewed) {
          previewed = state.preview;
          call(state.preview, { signal: running.signal }).then((answer) => answer.blob()).then((blob) => running && paint(side(), blob)).catch(() => {});
        }
      },
    });
    for (const image of images) add(image);
    await show(gallery.at(-images.length));
    // In a narrow window the picture is below the form.
    $("stage").scrollIntoView({ block: "nearest" });
    $("status").textContent = say("done", { s: ((performance.now() - start) / 1000).toFixed(1) });
  } catch (error) {
    $("status").textContent = error.name === "AbortError" ? say("cancelled") : say("failed", { m: error.message });
    // In place of a preview what was there before.
    if (shown[side()]) paint(side(), shown[side()].blob);
  }
  running = null;
  $("go").disabled = false;
  $("cancel").hidden = true;
  $("progress").hidden = true;
});
$("cancel").onclick = () => running?.abort();

// The gallery

function add(image) {
  image.url = URL.createObjectURL(image.blob);
  gallery.push(image);
  $("gallery-empty").hidden = true;
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  const picture = document.createElement("img");
  picture.src = image.url;
  picture.alt = say("altText", { p: image.prompt });
  const caption = document.createElement("span");
  caption.textContent = `${image.prompt} (${image.seed})`;
  button.append(picture, caption);
  button.onclick = () => show(image);
  item.append(button);
  $("gallery").prepend(item);
}

/// Where the next picture is shown.
const side = () => $("compare").getAttribute("aria-pressed") === "true" ? "right" : "left";

async function show(image) {
  const place = side();
  shown[place] = image;
  $("tools").hidden = false;
  await paint(place, image.blob);
  const caption = $(place).querySelector("figcaption");
  caption.textContent = `${image.prompt} (${say("seed")} ${image.seed})`;
  $(place).querySelector("canvas").setAttribute("aria-label", say("altText", { p: image.prompt }));
  const facts = [
    ["factPrompt", image.prompt], ["factNegative", image.fields.negative_prompt], ["factSeed", image.seed],
    ["factSteps", image.fields.steps ?? currentModel()?.defaults.steps],
    ["factGuidance", image.fields.guidance ?? currentModel()?.defaults.guidance], ["factModel", image.model],
    ["factModelHash", capabilities.models.find((model) => model.name === image.model)?.sha256],
    ["factFileHash", image.sha256.png], ["factNear", nearness(image)], ["factNote", image.note],
  ];
  $("facts").replaceChildren(...facts.filter(([, value]) => value !== undefined && value !== null && value !== "").flatMap(([key, value]) => {
    const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = say(key);
    detail.textContent = value;
    return [term, detail];
  }));
  $("frames").hidden = !image.frames || image.fields.count < 2;
  history.replaceState(null, "", link(image));
}

/// How near a picture is to the training images, where the service compares them.
function nearness({ nearness: near }) {
  if (!near) return undefined;
  const [d, t, n] = [near.distance.toFixed(2), near.threshold.toFixed(2), near.images];
  return say(near.verdict === "copy" ? "nearCopy" : "nearClear", { d, t, n });
}

// The view: window, level, zoom

const bitmaps = {};
const turns = { left: 0, right: 0 };

async function paint(side, blob) {
  const turn = ++turns[side];
  const bitmap = await createImageBitmap(blob);
  // What was asked for later is not painted over.
  if (turn !== turns[side]) {
    bitmap.close();
    return;
  }
  bitmaps[side]?.close();
  bitmaps[side] = bitmap;
  render(side);
}

function render(side) {
  const bitmap = bitmaps[side];
  if (!bitmap) return;
  const canvas = $(side).querySelector("canvas");
  const size = 512;
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const extent = bitmap.width / view.zoom;
  const clamp = (centre) => Math.min(Math.max(centre * bitmap.width - extent / 2, 0), bitmap.width - extent);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, clamp(view.x), clamp(view.y), extent, extent, 0, 0, size, size);
  if (view.window === 255 && view.level === 127.5) return;
  const pixels = context.getImageData(0, 0, size, size);
  const low = view.level - view.window / 2;
  for (let i = 0; i < pixels.data.length; i += 4) {
    const grey = ((pixels.data[i] - low) / view.window) * 255;
    pixels.data[i] = pixels.data[i + 1] = pixels.data[i + 2] = grey;
  }
  context.putImageData(pixels, 0, 0);
}
const renderAll = () => { render("left"); render("right"); };

$("level").oninput = () => { view.level = Number($("level").value); renderAll(); };
$("window").oninput = () => { view.window = Number($("window").value); renderAll(); };
$("zoom").oninput = () => { view.zoom = Number($("zoom").value); renderAll(); };
$("reset").onclick = () => {
  Object.assign(view, { level: 127.5, window: 255, zoom: 1, x: 0.5, y: 0.5 });
  [$("level").value, $("window").value, $("zoom").value] = [128, 255, 1];
  renderAll();
};
for (const canvas of document.querySelectorAll("#stage canvas")) {
  canvas.setAttribute("aria-label", say("noPicture"));
  const zoomTo = (zoom) => {
    view.zoom = Math.min(Math.max(zoom, 1), 6);
    $("zoom").value = view.zoom;
    renderAll();
  };
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    const scale = canvas.clientWidth * view.zoom;
    view.x = Math.min(Math.max(view.x - event.movementX / scale, 0), 1);
    view.y = Math.min(Math.max(view.y - event.movementY / scale, 0), 1);
    renderAll();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = 0.1 / view.zoom;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) {
      view.x = Math.min(Math.max(view.x + moves[event.key][0], 0), 1);
      view.y = Math.min(Math.max(view.y + moves[event.key][1], 0), 1);
      renderAll();
    } else if (event.key === "+") zoomTo(view.zoom * 1.25);
    else if (event.key === "-") zoomTo(view.zoom / 1.25);
    else return;
    event.preventDefault();
  });
}

$("compare").onclick = () => {
  const isOn = $("compare").getAttribute("aria-pressed") !== "true";
  $("compare").setAttribute("aria-pressed", String(isOn));
  $("right").hidden = !isOn;
  if (isOn && shown.left) show(shown.left);
};

// Links and files

function link(image) {
  const fields = new URLSearchParams({ prompt: image.prompt, seed: image.seed, model: image.model });
  for (const key of ["steps", "guidance", "negative_prompt"]) {
    if (image.fields[key] !== undefined) fields.set(key, image.fields[key]);
  }
  if (image.fields.stamp) fields.set("stamp", "1");
  return `${location.pathname}#${fields}`;
}

$("link").onclick = async () => {
  const image = shown.right ?? shown.left;
  if (!image) return;
  try { await navigator.clipboard.writeText(new URL(link(image), location.href).href); } catch { /* in the address bar */ }
  $("status").textContent = say("linkCopied");
};

function followLink() {
  const fields = new URLSearchParams(location.hash.slice(1));
  if (!fields.get("prompt")) {
    if (!$("prompt").value) $("prompt").value = say("promptStart");
    caution();
    return;
  }
  $("prompt").value = fields.get("prompt");
  for (const [key, id] of [["seed", "seed"], ["steps", "steps"], ["guidance", "guidance"], ["negative_prompt", "negative"]]) {
    $(id).value = fields.get(key) ?? "";
  }
  $("stamp").checked = fields.get("stamp") === "1";
  if ([...$("model").options].some((option) => option.value === fields.get("model"))) $("model").value = fields.get("model");
  caution();
  $("ask").requestSubmit();
}

function save(blob, name) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

async function fetchFile(path, name, status = $("status")) {
  try {
    save(await (await call(path)).blob(), name);
  } catch (error) {
    status.textContent = say("failed", { m: error.message });
  }
}

for (const button of document.querySelectorAll(".download")) {
  button.onclick = () => {
    const image = shown.right ?? shown.left;
    const path = image?.files[button.dataset.format];
    if (path) fetchFile(path, `thorax-${image.seed}.${path.split(".").at(-1)}`);
  };
}
$("frames").onclick = () => {
  const image = shown.right ?? shown.left;
  if (image?.frames) fetchFile(image.frames, `thorax-${image.seed}-frames.dcm`);
};

// Teaching

for (const name of ["draw", "teach"]) {
  $(`tab-${name}`).onclick = () => {
    for (const other of ["draw", "teach"]) {
      $(other).hidden = other !== name;
      $(`tab-${other}`).setAttribute("aria-pressed", String(other === name));
    }
  };
}

/// The rows of a CSV file (RFC 4180) by the names in its first line.
function rows(text) {
  const cells = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    const row = cells.at(-1);
    if (quoted) {
      if (letter === '"' && text[i + 1] === '"') { row[row.length - 1] += '"'; i++; }
      else if (letter === '"') quoted = false;
      else row[row.length - 1] += letter;
    } else if (letter === '"') quoted = true;
    else if (letter === ",") row.push("");
    else if (letter === "\n") cells.push([""]);
    else if (letter !== "\r") row[row.length - 1] += letter;
  }
  const names = (cells.shift() ?? []).map((name) => name.replace(/^\uFEFF/, "").trim().toLowerCase());
  return cells.filter((row) => row.some((cell) => cell.trim()))
    .map((row) => Object.fromEntries(names.map((name, index) => [name, (row[index] ?? "").trim()])));
}

const csv = (lines) => new Blob([lines.map((line) => line.map((cell) => {
  const text = String(cell ?? "");
  // A spreadsheet would take such a cell for a formula.
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" });

function button(text, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.onclick = action;
  return element;
}

function question(place, url, alt, ...parts) {
  const frame = document.createElement("div");
  frame.className = "question";
  const picture = document.createElement("img");
  [picture.src, picture.alt] = [url, alt];
  const side = document.createElement("div");
  side.append(...parts);
  frame.append(picture, side);
  place.replaceChildren(frame);
}

/// Asks about a picture until the reader goes on.
///
/// `check` is given the answer and returns what to say of it; `choices` are [text, answer], none for one that is typed.
function ask(place, picture, alt, text, choices, check) {
  return new Promise((done) => {
    const url = URL.createObjectURL(picture);
    const label = document.createElement("p");
    label.id = `${place.id}-text`;
    label.textContent = text;
    const feedback = document.createElement("p");
    feedback.setAttribute("role", "status");
    const side = document.createElement("div");
    side.className = "row";
    side.setAttribute("role", "group");
    side.setAttribute("aria-labelledby", label.id);
    const enable = (isOn) => { for (const element of side.querySelectorAll("button, input")) element.disabled = !isOn; };
    const finish = async (given) => {
      enable(false);
      try {
        feedback.textContent = await check(given);
      } catch (error) {
        feedback.textContent = say("failed", { m: error.message });
        enable(true);
        return;
      }
      const next = button(say("caseNext"), () => { URL.revokeObjectURL(url); place.replaceChildren(); done(); });
      next.className = "main";
      feedback.after(next);
      next.focus();
    };
    if (choices.length) side.append(...choices.map(([name, value]) => button(name, () => finish(value))));
    else {
      const input = document.createElement("input");
      input.type = "text";
      input.setAttribute("aria-labelledby", label.id);
      input.onkeydown = (event) => {
        if (event.key !== "Enter") return;
        // The same key would press the next step, which has the focus then.
        event.preventDefault();
        finish(input.value);
      };
      side.append(input, button(say("caseCheck"), () => finish(input.value)));
    }
    question(place, url, alt, label, side, feedback);
    side.querySelector("button, input").focus();
  });
}

const pairs = (choices) => choices.map((choice) => [choice, choice]);
const verdictText = (isRight, answer) => isRight ? say("caseRight") : say("caseWrong", { a: answer });

/// Runs what a button begins, with the button off meanwhile, and says what went wrong.
function begins(button, status, action) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try { await action(); } catch (error) { status.textContent = say("failed", { m: error.message }); }
    button.disabled = false;
  });
}

$("cases").onchange = async () => {
  const status = $("cases-status");
  const cases = rows(await $("cases").files[0].text()).filter((row) => row.prompt && row.question);
  if (!cases.length) {
    status.textContent = say("casesEmpty");
    return;
  }
  const answers = [["case", "prompt", "question", "answer", "given", "right", "seed"]];
  let right = 0;
  try {
    for (const [index, row] of cases.entries()) {
      const place = { i: index + 1, n: cases.length };
      status.textContent = say("caseOf", place);
      const [image] = await draw({ prompt: row.prompt, seed: row.seed || undefined });
      const choices = (row.choices ?? "").split("|").map((choice) => choice.trim()).filter(Boolean);
      await ask($("case"), image.blob, say("quizAlt", place), row.question, pairs(choices), (given) => {
        const isRight = !row.answer || given.trim().toLowerCase() === row.answer.toLowerCase();
        if (isRight) right++;
        answers.push([index + 1, row.prompt, row.question, row.answer, given, isRight, image.seed]);
        return verdictText(isRight, row.answer);
      });
    }
    status.textContent = say("casesDone", { r: right, n: cases.length });
    $("case").replaceChildren(button(say("answers"), () => save(csv(answers), "answers.csv")));
  } catch (error) {
    status.textContent = say("failed", { m: error.message });
  }
};

// What the host has set

function showTeaching() {
  const { teaching, account } = capabilities;
  $("host-cases").hidden = !teaching.cases;
  $("host-quiz").hidden = !teaching.quiz;
  $("host-cases-help").textContent = say("hostCasesHelp", { n: teaching.cases });
  for (const answers of document.querySelectorAll(".answers")) answers.hidden = account.role === "draw";
}
for (const answers of document.querySelectorAll(".answers")) {
  const status = answers.closest("section").querySelector("[role=status]");
  answers.onclick = () => fetchFile(answers.dataset.path, answers.dataset.path.split("/").slice(-2).join("-"), status);
}

const post = async (path, fields) => parsed(await (await call(path, { method: "POST", json: JSON.stringify(fields) })).text());

begins($("host-cases-start"), $("host-cases-status"), async () => {
  const status = $("host-cases-status");
  const { cases } = await (await call("/api/cases")).json();
  let right = 0;
  for (const entry of cases) {
    const place = { i: entry.index + 1, n: cases.length };
    status.textContent = say("caseOf", place);
    const picture = await (await call(entry.picture)).blob();
    await ask($("host-case"), picture, say("quizAlt", place), entry.question, pairs(entry.choices), async (given) => {
      const verdict = await post(`/api/cases/${entry.index}/answers`, { answer: given });
      const isRight = verdict.right ?? true;
      if (isRight) right++;
      return verdictText(isRight, verdict.answer);
    });
  }
  status.textContent = say("casesDone", { r: right, n: cases.length });
});

/// What to say of an answer to the quiz.
function quizText(isRight, isReal, prompt) {
  const was = isReal ? say("quizWasReal") : prompt ? say("quizWasSynthetic", { p: prompt }) : say("quizWasDrawn");
  return `${say(isRight ? "quizRight" : "quizWrong")} ${was}`;
}
const quizChoices = () => [[say("quizReal"), true], [say("quizSynthetic"), false]];

begins($("host-quiz-start"), $("host-quiz-status"), async () => {
  const status = $("host-quiz-status");
  const count = Number($("host-quiz-count").value) || 6;
  status.textContent = say("quizMixing");
  const round = await post("/api/quiz", { count });
  let right = 0;
  for (const { index, file } of round.pictures) {
    const place = { i: index + 1, n: round.pictures.length };
    status.textContent = "";
    const picture = await (await call(file)).blob();
    await ask($("host-question"), picture, say("quizAlt", place), say("quizQuestion", place), quizChoices(), async (real) => {
      const verdict = await post(`/api/quiz/${round.id}/answers`, { picture: index, real });
      if (verdict.right) right++;
      return quizText(verdict.right, verdict.real, verdict.prompt);
    });
  }
  status.textContent = say("quizDone", { r: right, n: round.pictures.length });
});

/// A picture as the quiz shows all of them: grey, square, of one size, without any text of its file.
async function plain(blob, side) {
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const extent = Math.min(bitmap.width, bitmap.height);
  context.filter = "grayscale(1)";
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (bitmap.width - extent) / 2, (bitmap.height - extent) / 2, extent, extent, 0, 0, side, side);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function shuffled(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = crypto.getRandomValues(new Uint32Array(1))[0] % (i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

begins($("quiz-start"), $("quiz-status"), async () => {
  const status = $("quiz-status");
  const files = shuffled([...$("quiz-files").files]);
  if (!files.length) {
    status.textContent = say("quizNone");
    return;
  }
  const count = Math.min(Math.max(Number($("quiz-count").value) || 6, 2), 40);
  const size = currentModel()?.width ?? 256;
  const half = Math.min(files.length, Math.ceil(count / 2));
  const prompts = capabilities.teaching.prompts;
  const cards = [];
  for (const file of files.slice(0, half)) cards.push({ real: true, name: file.name, blob: await plain(file, size) });
  for (let i = half; i < count; i++) {
    status.textContent = say("quizDrawing", { i: i - half + 1, n: count - half });
    const [image] = await draw({ prompt: prompts[i % prompts.length] });
    cards.push({ real: false, name: `${image.prompt} (${image.seed})`, prompt: image.prompt, blob: await plain(image.blob, size) });
  }
  const answers = [["picture", "file", "real", "given", "right", "seconds"]];
  let right = 0;
  for (const [index, card] of shuffled(cards).entries()) {
    const place = { i: index + 1, n: cards.length };
    const start = performance.now();
    status.textContent = "";
    await ask($("quiz"), card.blob, say("quizAlt", place), say("quizQuestion", place), quizChoices(), (given) => {
      const isRight = given === card.real;
      if (isRight) right++;
      answers.push([index + 1, card.name, card.real, given, isRight, ((performance.now() - start) / 1000).toFixed(1)]);
      return quizText(isRight, card.real, card.prompt);
    });
  }
  status.textContent = say("quizDone", { r: right, n: cards.length });
  $("quiz").replaceChildren(button(say("answers"), () => save(csv(answers), "quiz.csv")));
});

begin();
