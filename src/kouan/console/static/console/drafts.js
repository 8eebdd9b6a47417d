// Keeps what is being typed into a form with data-draft, until it has been accepted.
//
// A session ends after a working day, sometimes in the middle of a form. The text is kept in this
// browser, under the user's name and the page's path, put back after signing in again, and removed
// when the form was accepted or the user signs out (a computer may be shared). Passwords, files and
// hidden fields are never kept; nothing leaves the browser.
(function () {
  "use strict";
  const START = "kouan-draft:";
  const user = document.body.dataset.user;

  function store() { try { return window.localStorage; } catch (error) { return null; } }
  const shelf = store();
  if (!shelf) return;

  function name(form) { return START + user + ":" + location.pathname + ":" + form.dataset.draft; }
  function fields(form) {
    return Array.from(form.elements).filter((field) => field.name && !field.readOnly && !["password", "file", "hidden", "submit", "button", "reset"].includes(field.type) && !field.closest("[data-no-draft]"));
  }
  function taken(form) {
    return fields(form).map((field) => [field.name, ["checkbox", "radio"].includes(field.type) ? [field.value, field.checked] : field.value]);
  }
  function same(one, other) { return JSON.stringify(one) === JSON.stringify(other); }

  function keep(form) {
    const now = taken(form);
    if (same(now, form.draftStart)) shelf.removeItem(name(form));
    else shelf.setItem(name(form), JSON.stringify({ at: new Date().toISOString(), fields: now, start: form.draftFirst }));
  }

  function restore(form) {
    form.draftStart = form.draftFirst = taken(form);
    const held = shelf.getItem(name(form));
    if (!held) return;
    const kept = JSON.parse(held), pairs = kept.fields;
    // What the form was first opened on: a field left alone then is left alone now, for what it shows
    // may have been changed by somebody else since, and putting the old text back would undo that.
    if (kept.start) form.draftFirst = kept.start;
    if (same(pairs, form.draftStart)) return;
    const left = fields(form);
    pairs.forEach(function ([key, value], place) {
      if (kept.start && same(kept.start[place], [key, value])) return;
      const field = left.find((one) => one.name === key && (!Array.isArray(value) || one.value === value[0]));
      if (!field) return;
      left.splice(left.indexOf(field), 1);
      if (Array.isArray(value)) field.checked = value[1];
      else field.value = value;
    });
    form.querySelectorAll("[data-draft-note]").forEach((note) => { note.hidden = false; });
  }

  function forget(prefix) {
    Object.keys(shelf).filter((key) => key.startsWith(prefix)).forEach((key) => shelf.removeItem(key));
  }

  document.addEventListener("DOMContentLoaded", function () {
    // The server names the forms it has just accepted.
    document.querySelectorAll("[data-draft-done]").forEach((mark) => shelf.removeItem(START + user + ":" + mark.dataset.draftDone));
    if (user) document.querySelectorAll("form[data-draft]").forEach(restore);
  });
  document.addEventListener("input", function (event) {
    const form = event.target.form;
    if (user && form && form.matches("[data-draft]")) keep(form);
  });
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-draft-drop]");
    if (!button) return;
    shelf.removeItem(name(button.closest("form")));
    location.reload();
  });
  document.addEventListener("submit", function (event) {
    if (event.target.matches("[data-signs-out]")) forget(START + user + ":");
  });
})();
