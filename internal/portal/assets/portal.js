// Steps that cannot be undone ask once.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});
// A lost connection says so.
const lost = (is) => { const note = document.getElementById("lost"); if (note) note.hidden = !is; };
document.addEventListener("htmx:sse:error", () => lost(true));
document.addEventListener("htmx:sse:after:connection", () => lost(false));
// The counts above the board follow its rows.
const recount = () => {
  for (const count of document.querySelectorAll("[data-counts]")) {
    count.textContent = document.querySelectorAll(`#desks [data-state="${count.dataset.counts}"]`).length;
  }
};
if (document.getElementById("desks")) {
  new MutationObserver(recount).observe(document.getElementById("desks").closest("table"), { childList: true, subtree: true });
}
