// Steps that cannot be undone ask once, and nothing is sent twice by a double click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent || (form.dataset.ask && !window.confirm(form.dataset.ask))) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if (form.closest("[data-live]")) stay(event, form);
});
// A step on a page that follows what happens needs no other page.
const stay = async (event, form) => {
  event.preventDefault();
  const said = document.getElementById("said");
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "text/plain" } }).catch(() => null);
  said.textContent = answer?.ok ? await answer.text() : "That did not work. Please try again.";
  said.className = "alert " + (answer?.ok ? "alert-success" : "alert-danger");
  delete form.dataset.sent;
};
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
// What is wrong with a form is where the keyboard begins.
(document.querySelector(".is-invalid") ?? document.getElementById("problems") ?? document.getElementById("effect"))?.focus();
// The browser knows the time zones, and its own.
for (const field of document.querySelectorAll("[data-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) field.list.append(new Option(zone, zone));
}
// A dialog shows what its link leads to. Closing it gives up what it has begun,
// and the next time it begins anew.
const giveUp = async (dialog) => {
  const begun = dialog.querySelector("[data-give-up]");
  if (begun) await fetch(begun.dataset.giveUp, { method: "POST", redirect: "manual", keepalive: true }).catch(() => null);
};
for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", async () => {
    await giveUp(dialog);
    if (dialog.dataset.content) htmx.ajax("GET", dialog.dataset.content, { target: `#${dialog.id} [data-inside]`, swap: "innerHTML" });
  });
  window.addEventListener("pagehide", () => giveUp(dialog));
}
// One message plays at a time, and one that was heard to its end is not new any more.
document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
}, true);
document.addEventListener("ended", (event) => {
  const heard = event.target.dataset?.heard;
  if (heard) fetch(heard, { method: "POST", headers: { "HX-Request": "true" } });
}, true);
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
// A lost connection says so, also in a dialog, behind which nothing can be read.
const lost = (is) => { for (const note of document.querySelectorAll("#lost, [data-lost]")) note.hidden = !is; };
document.addEventListener("htmx:sse:error", () => lost(true));
document.addEventListener("htmx:sse:after:connection", () => lost(false));
