// Small behaviours of every page. Everything works without them except copying.
(function () {
  "use strict";

  // An error summary takes the focus, so that it is the first thing read out.
  document.addEventListener("DOMContentLoaded", function () {
    const found = document.querySelector("[data-findings]");
    if (found && found.classList.contains("findings-bad")) found.focus({ preventScroll: true });
  });

  // A link of the summary puts the cursor into the field it names.
  document.addEventListener("click", function (event) {
    const link = event.target.closest(".findings a[href^='#field-']");
    if (!link) return;
    const box = document.getElementById(link.getAttribute("href").slice(1));
    const field = box && box.querySelector("input:not([type=hidden]), select, textarea");
    if (field) {
      event.preventDefault();
      box.scrollIntoView({ block: "center" });
      field.focus();
    }
  });

  // Copy a table as tab-separated text, which spreadsheets paste as cells; exact values, not 万.
  function cellText(cell) {
    const exact = cell.querySelector("data[value]");
    const value = (exact ? exact.getAttribute("value") : cell.innerText).trim().replace(/\s+/g, " ");
    return /^[=+@]/.test(value) ? "'" + value : value;
  }
  async function put(words) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(words);
    const area = document.createElement("textarea"); // a plain-http office network has no clipboard API
    area.value = words;
    area.setAttribute("aria-hidden", "true");
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  document.addEventListener("click", async function (event) {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const table = document.querySelector(button.dataset.copies);
    if (!table) return;
    await put(Array.from(table.rows, (row) => Array.from(row.cells, cellText).join("\t")).join("\n"));
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => { label.textContent = before; }, 1600);
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-prints]")) window.print();
  });

  // Paper has no pointer: what may be opened stands open on it, and closes again afterwards.
  let opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details.trace:not([open])"));
    opened.forEach((each) => { each.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach((each) => { each.open = false; });
    opened = [];
  });

  // A table wider than its box says so, above it and by a fading edge.
  function tellWidth(box) {
    const room = box.scrollWidth - box.clientWidth;
    const at = Math.abs(box.scrollLeft);
    const before = box.previousElementSibling;
    let sign = before && before.matches(".scroll-sign") ? before : null;
    if (room > 1 && !sign) {
      sign = document.createElement("p");
      sign.className = "scroll-sign";
      sign.setAttribute("aria-hidden", "true"); // the box is a region that the keyboard reaches and scrolls
      sign.textContent = document.body.dataset.scrollSign;
      box.before(sign);
    }
    if (sign) sign.hidden = room <= 1;
    box.classList.toggle("goes-on-left", room > 1 && at > 1);
    box.classList.toggle("goes-on-right", room > 1 && at < room - 1);
  }
  const sizes = new ResizeObserver(function (entries) {
    new Set(entries.map((entry) => entry.target.closest(".table-box"))).forEach((box) => box && tellWidth(box));
  });
  function watchWidths(root) {
    root.querySelectorAll(".table-box").forEach(function (box) {
      sizes.observe(box);
      if (box.firstElementChild) sizes.observe(box.firstElementChild);
      box.addEventListener("scroll", () => tellWidth(box), { passive: true });
    });
  }
  document.addEventListener("DOMContentLoaded", () => watchWidths(document));
  document.addEventListener("htmx:afterSettle", (event) => watchWidths(event.target.parentElement || document));

  // A form that must not be sent twice.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.querySelectorAll("button:not([name])").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
