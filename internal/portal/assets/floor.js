// Desks on a floor plan: they look as the board's do, open on a tap, and are
// dragged or moved by the arrow keys while desks are arranged.
const plan = document.getElementById("plan");
const list = document.getElementById("desks");
const tray = document.getElementById("tray");
const lost = document.getElementById("lost");
const said = document.getElementById("said");
const arranging = "place" in plan.dataset;
const whole = 10_000;
const spots = () => document.querySelectorAll(".spot");
const tileOf = (spot) => document.getElementById("desk-" + spot.dataset.desk);

const follow = ({ detail: changed }) => {
  for (const spot of spots()) {
    const tile = tileOf(spot);
    if (!tile) spot.remove();
    if (!changed.has(tile)) continue;
    const words = [".desk-state", ".desk-person", ".desk-note", ".desk-trouble"].flatMap((part) => [...tile.querySelectorAll(part)])
      .map((part) => part.textContent.trim().replace(/\s+/g, " "));
    spot.dataset.state = tile.dataset.state;
    spot.toggleAttribute("data-trouble", "trouble" in tile.dataset);
    spot.title = spot.dataset.name + ": " + words.join(", ");
    spot.setAttribute("aria-label", spot.title);
    spot.querySelector("use").setAttribute("href", tile.querySelector(".desk-state use").getAttribute("href"));
  }
};
document.addEventListener("desks", follow);

const pick = (spot) => {
  const open = spot && list.dataset.only !== "desk-" + spot.dataset.desk;
  list.dataset.only = open ? "desk-" + spot.dataset.desk : "none";
  for (const other of spots()) other.classList.toggle("spot-open", open && other === spot);
  document.dispatchEvent(new CustomEvent("narrow"));
};

// Places are saved one after the other, so that the newest stays. While the
// server is out of reach they wait for it.
const told = (text, look) => { said.textContent = text; said.className = look; };
const send = async (name, body) => {
  for (let waited = false; ; waited = true) {
    const answer = await fetch(plan.dataset.action, { method: "POST", headers: { Accept: "text/plain" }, body, keepalive: true }).catch(() => null);
    if (!answer) {
      lost.hidden = false;
      await new Promise((done) => { setTimeout(done, 1000); });
      continue;
    }
    if (waited) lost.hidden = true;
    if (!answer.ok) told(name + " was not saved. Load the page anew to see where it stands.", "alert alert-danger");
    return;
  }
};
let saved = Promise.resolve();
const save = (spot) => {
  const body = new URLSearchParams({ desk: spot.dataset.desk, x: spot.dataset.x, y: spot.dataset.y });
  saved = saved.then(() => send(spot.dataset.name, body));
};
// A step by the keyboard is saved when no other follows, or the desk is left.
let stepped = null;
let pause;
const saveSteps = () => {
  clearTimeout(pause);
  if (stepped) save(stepped);
  stepped = null;
};
const place = (spot, x, y) => {
  if (spot.parentElement !== plan) plan.append(spot);
  spot.dataset.x = Math.round(Math.min(Math.max(x, 0), whole));
  spot.dataset.y = Math.round(Math.min(Math.max(y, 0), whole));
  spot.style.left = spot.dataset.x / 100 + "%";
  spot.style.top = spot.dataset.y / 100 + "%";
  tally();
};
const takeOff = (spot) => { tray.prepend(spot); spot.dataset.x = spot.dataset.y = ""; tally(); };
// tell says where a desk stands to who cannot see it.
const tell = (spot) => {
  const at = (part) => Math.round(part / 100) + " %";
  told(spot.dataset.name + (spot.dataset.x ? ": " + at(spot.dataset.x) + " from the left, " + at(spot.dataset.y) + " from above" : " stands on no floor"), "visually-hidden");
};
const tally = () => { document.getElementById("tray-none").hidden = tray.querySelector(".spot") !== null; };

if (arranging) {
  let held = null;
  addEventListener("pointerdown", (event) => {
    held = event.target.closest(".spot");
    if (!held) return;
    saveSteps();
    event.preventDefault();
    held.focus();
    held.setPointerCapture(event.pointerId);
    held.classList.add("spot-held");
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const box = plan.getBoundingClientRect();
    if (event.clientY <= box.bottom || held.parentElement === plan) {
      const moved = held.parentElement !== plan;
      place(held, whole * (event.clientX - box.left) / box.width, whole * (event.clientY - box.top) / box.height);
      if (moved) held.setPointerCapture(event.pointerId);
    }
  });
  const drop = (event) => {
    if (!held) return;
    const box = tray.getBoundingClientRect();
    if (held.parentElement === plan && event.clientY > box.top && event.clientY < box.bottom) takeOff(held);
    held.classList.remove("spot-held");
    save(held);
    held = null;
  };
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", drop);
  addEventListener("keydown", (event) => {
    const spot = event.target.closest?.(".spot");
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!spot || (!by && event.key !== "Delete")) return;
    event.preventDefault();
    if (stepped !== spot) saveSteps();
    if (by) {
      const on = spot.parentElement === plan;
      const step = event.shiftKey ? 500 : 100;
      place(spot, (on ? Number(spot.dataset.x) : whole / 2) + by[0] * step, (on ? Number(spot.dataset.y) : whole / 2) + by[1] * step);
    } else takeOff(spot);
    spot.focus();
    tell(spot);
    stepped = spot;
    clearTimeout(pause);
    pause = setTimeout(saveSteps, 150);
  });
  addEventListener("pagehide", saveSteps);
} else {
  plan.addEventListener("click", (event) => pick(event.target.closest(".spot")));
  addEventListener("keydown", (event) => { if (event.key === "Escape") pick(null); });
}
