// Steps that cannot be undone ask once, and nothing is sent twice by a double click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent || (form.dataset.ask && !window.confirm(form.dataset.ask))) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
// What is wrong with a form is where the keyboard begins.
(document.querySelector(".is-invalid") ?? document.getElementById("problems"))?.focus();
// The browser knows the time zones, and its own.
for (const field of document.querySelectorAll("[data-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) field.list.append(new Option(zone, zone));
}
// A dialog shows what its link leads to. Closing it gives up what it has begun,
// and the next time it begins anew.
const giveUp = (dialog) => {
  const begun = dialog.querySelector("[data-give-up]");
  if (begun) navigator.sendBeacon(begun.dataset.giveUp);
};
for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    giveUp(dialog);
    if (dialog.dataset.content) htmx.ajax("GET", dialog.dataset.content, { target: `#${dialog.id} #activation`, swap: "outerHTML" });
  });
  window.addEventListener("pagehide", () => giveUp(dialog));
}
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
