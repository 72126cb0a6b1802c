// Steps that cannot be undone ask once.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});
// A lost connection says so.
const lost = (is) => { const note = document.getElementById("lost"); if (note) note.hidden = !is; };
document.addEventListener("htmx:sse:error", () => lost(true));
document.addEventListener("htmx:sse:after:connection", () => lost(false));
