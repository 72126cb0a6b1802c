// A board that is open follows what happens at the desks.
const list = document.getElementById("desks");
const byID = (id) => document.getElementById(id);

// What has come and is not shown yet, the newest of each desk: a few are put in
// place before each frame, so that scrolling never waits for many.
const waiting = new Map();
const perFrame = 20;
let framed = false;

const soon = () => {
  if (framed) return;
  framed = true;
  requestAnimationFrame(() => {
    framed = false;
    const changes = [];
    for (const [id, tile] of [...waiting].slice(0, perFrame)) {
      waiting.delete(id);
      const old = byID(id);
      if (old) changes.push({ old, tile, seen: inView(old) }); // before any is changed: the page is laid out once
    }
    for (const { old, tile, seen } of changes) put(old, tile, seen);
    changed(new Set(changes.map(({ old }) => old)));
    if (waiting.size > 0) soon();
  });
};
const inView = (tile) => {
  const { top, bottom } = tile.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

// put fills a desk anew in its place, so that nothing else has to be laid out,
// and leaves the keyboard where it was. Only a desk that is seen shows that it
// has changed: while many others did so too, scrolling stalled.
const put = (old, tile, seen) => {
  const held = old.contains(document.activeElement) && document.activeElement.localName;
  old.classList.toggle("desk-moved", seen && tile.dataset.state !== old.dataset.state);
  for (const name of ["data-state", "data-words", "data-trouble"]) {
    if (tile.hasAttribute(name)) old.setAttribute(name, tile.getAttribute(name));
    else old.removeAttribute(name);
  }
  old.replaceChildren(...tile.childNodes);
  old.hidden = !wanted(old);
  if (held) (old.querySelector(held) ?? old.querySelector("a"))?.focus();
};
list.addEventListener("animationend", (event) => event.target.classList.remove("desk-moved"));

const parsed = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
};

// The search and the states narrow the desks without asking the server.
const filter = document.querySelector("[data-filter]");
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const state = () => filter?.querySelector("[aria-pressed=true]")?.dataset.state ?? "";
const is = (tile, what) => what === "" || tile.dataset.state === what || (what === "Trouble" && "trouble" in tile.dataset);
let text = "";
let only = "";
const wanted = (tile) => "only" in list.dataset ? tile.id === list.dataset.only : is(tile, only) && (text === "" || plain(tile.dataset.words).includes(text));

const narrow = () => {
  text = plain(filter?.elements.q.value.trim() ?? "");
  only = state();
  for (const tile of list.children) tile.hidden = !wanted(tile);
  changed(new Set(list.children));
};
filter?.elements.q.addEventListener("input", narrow);
document.addEventListener("narrow", narrow);
filter?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.dataset.state !== undefined) {
    for (const button of filter.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", String(button === event.submitter));
  }
  narrow();
  const query = new URLSearchParams([["q", filter.elements.q.value], ["state", only]].filter(([, value]) => value));
  history.replaceState(null, "", query.size ? "?" + query : location.pathname);
}, true);

// changed brings up to date what counts desks, and tells who points at those
// that have changed.
const counts = document.querySelectorAll("[data-counts]");
const none = byID("none");
const firstPhones = byID("first-phones");
const changed = (tiles) => {
  const numbers = {};
  let shown = 0;
  for (const { dataset, hidden } of list.children) {
    if (!hidden) shown++;
    for (const what of ["", dataset.state, "trouble" in dataset ? "Trouble" : null]) numbers[what] = (numbers[what] ?? 0) + 1;
  }
  for (const count of counts) {
    const n = String(numbers[count.dataset.counts] ?? 0);
    if (count.textContent !== n) count.textContent = n;
  }
  if (firstPhones) firstPhones.hidden = numbers["Not registered"] !== list.children.length;
  if (none) none.hidden = list.children.length === 0 || shown > 0;
  document.dispatchEvent(new CustomEvent("desks", { detail: tiles }));
};

// The connection. A sign of life comes every five seconds; without one the
// connection is taken for lost, and made anew with what was seen last.
const silence = 12_000;
let after = list.dataset.after;
let source;
let watchdog;
let tries = 0;

const lost = (is) => { byID("lost").hidden = !is; };
const alive = () => {
  clearTimeout(watchdog);
  watchdog = setTimeout(again, silence);
};
const connect = () => {
  source?.close();
  source = new EventSource(list.dataset.live + "?after=" + encodeURIComponent(after));
  alive();
  source.addEventListener("open", () => { lost(false); tries = 0; alive(); });
  source.addEventListener("alive", alive);
  source.addEventListener("desks", (event) => {
    alive();
    after = event.lastEventId;
    for (const tile of parsed(event.data)) waiting.set(tile.id, tile);
    soon();
  });
  source.addEventListener("board", (event) => {
    alive();
    after = event.lastEventId;
    waiting.clear();
    list.replaceChildren(...parsed(event.data));
    narrow();
  });
  source.addEventListener("error", again);
};
const again = async () => {
  source.close();
  clearTimeout(watchdog);
  lost(true);
  const pause = Math.min(500 * 2 ** tries++, 8000);
  await new Promise((done) => { setTimeout(done, pause * (0.7 + 0.6 * Math.random())); });
  if (document.hidden) return; // it is taken up when somebody looks
  // Whoever was signed out meanwhile is led to where one signs in.
  if (tries > 2 && await fetch(location.href, { redirect: "manual" }).then((answer) => answer.type === "opaqueredirect", () => false)) location.reload();
  connect();
};
addEventListener("offline", () => lost(true));
addEventListener("pagehide", () => source.close());
// Nobody looks at a page in the background. It catches up afterwards.
let leaving;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(() => { source.close(); clearTimeout(watchdog); }, 10_000);
  else if (source.readyState === EventSource.CLOSED) connect();
});
narrow();
connect();
