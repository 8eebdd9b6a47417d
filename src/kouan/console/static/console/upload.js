// Upload by script: a bar while the file travels, a check of its size before it does, and a session that
// ran out loses nothing: the page stays, with the file still chosen. Without scripts the form posts itself.
(function () {
  "use strict";
  const form = document.querySelector("form[data-upload]");
  if (!form || !window.FormData) return;
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const chosen = form.querySelector("[data-chosen]");
  const state = form.querySelector("[data-state]");
  const words = form.querySelector("[data-words]");
  const bar = form.querySelector("[data-bar]");
  const problem = form.querySelector("[data-problem]");
  const button = form.querySelector("[data-send]");
  const before = chosen.textContent;
  let running = false;

  function size(bytes) {
    return bytes < 1024 * 1024 ? (bytes / 1024).toFixed(1) + " KB" : (bytes / 1024 / 1024).toFixed(1) + " MB";
  }
  function tooLarge() { return input.files[0] && input.files[0].size > Number(form.dataset.limit); }
  function say(text, address) {
    problem.hidden = !text;
    problem.textContent = text || "";
    if (address) {
      const link = document.createElement("a");
      link.href = address;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = form.dataset.signIn;
      problem.append(" ", link);
    }
  }
  function show() {
    const file = input.files[0];
    drop.classList.toggle("has-file", Boolean(file));
    chosen.textContent = file ? file.name + "（" + size(file.size) + "）" : before;
    if (document.documentElement.lang === "en" && file) chosen.textContent = file.name + " (" + size(file.size) + ")";
    say(tooLarge() ? form.dataset.tooLarge.replace("%s", Math.round(Number(form.dataset.limit) / 1024 / 1024)) : "");
  }
  // The cookie, not the hidden field: signing in again in another window has changed the token.
  function token() {
    const found = document.cookie.split("; ").find((each) => /^(__Host-)?kouan(_exercise)?_csrf=/.test(each));
    return found ? found.split("=")[1] : form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  input.addEventListener("change", show);
  ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  }));
  ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, () => drop.classList.remove("is-over")));
  drop.addEventListener("drop", function (event) {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    const held = new DataTransfer();
    held.items.add(event.dataTransfer.files[0]);
    input.files = held.files;
    show();
  });

  function ended() {
    running = false;
    state.hidden = true;
    button.removeAttribute("aria-disabled");
  }

  // What stands beside each field: as the server wrote it now, and not as it was before.
  function wrongFields(page) {
    form.querySelectorAll(".field[id]").forEach(function (field) {
      field.querySelectorAll(".field-wrong, [data-beside]").forEach((old) => old.remove());
      const fresh = page && page.getElementById(field.id);
      const wrong = fresh ? Array.from(fresh.querySelectorAll(".field-wrong")) : [];
      field.classList.toggle("is-wrong", wrong.length > 0);
      const control = field.querySelector("input, select");
      if (wrong.length) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid");
      const beside = fresh ? Array.from(fresh.querySelectorAll("[data-beside]")) : [];
      [...beside, ...wrong].forEach((one) => field.querySelector(".hint").after(one));
    });
  }

  form.addEventListener("submit", function (event) {
    if (!input.files.length) return; // the server says what is missing
    event.preventDefault();
    if (running) return;
    if (tooLarge()) { show(); return; }
    running = true;
    say("");
    button.setAttribute("aria-disabled", "true");
    state.hidden = false;
    words.textContent = form.dataset.sending;
    bar.style.width = "0";
    const request = new XMLHttpRequest();
    request.open("POST", form.action || location.href);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.addEventListener("progress", function (event) {
      if (event.lengthComputable) bar.style.width = Math.round((event.loaded / event.total) * 100) + "%";
      if (event.loaded === event.total) words.textContent = form.dataset.checking;
    });
    request.addEventListener("load", function () {
      if (request.status === 200) {
        location.assign(JSON.parse(request.responseText).address);
        return;
      }
      ended();
      if (request.status === 401) {
        say(form.dataset.signedOut, request.getResponseHeader("HX-Redirect"));
        return;
      }
      // What is wrong, as the server wrote it; the chosen file stays in the field.
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const found = page.querySelector("[data-findings]");
      wrongFields(page);
      document.querySelectorAll("main > [data-findings]").forEach((old) => old.remove());
      if (!found) { say(form.dataset.failed); return; }
      document.querySelector("main .page-top").after(found);
      found.focus();
      found.scrollIntoView({ block: "nearest" });
    });
    request.addEventListener("error", function () { ended(); say(form.dataset.failed); });
    const data = new FormData(form);
    data.delete("csrfmiddlewaretoken"); // it would be believed before the header, and may be of an older session
    request.send(data);
  });
})();
