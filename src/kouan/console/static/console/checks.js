// The worklist without a mouse: J and K move from tick to tick, X ticks, A ticks the whole page. Never while somebody types.
"use strict";
(() => {
  const boxes = () => Array.from(document.querySelectorAll('input[type="checkbox"][form="ruling"]'));
  const move = (by) => {
    const all = boxes();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "x" && document.activeElement.form && document.activeElement.form.id === "ruling") document.activeElement.click();
    else if (key === "a") {
      const all = boxes();
      const every = all.every((box) => box.checked);
      all.forEach((box) => { box.checked = !every; });
    } else return;
    event.preventDefault();
  });
})();
