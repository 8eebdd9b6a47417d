// What both replays share: a stream of frames that can be paused and goes on after the frame shown, and small pieces of tables.
(function () {
  "use strict";
  const words = document.getElementById("live-words");
  if (!words) return;
  const zh = JSON.parse(words.textContent).zh;
  const say = (one, two) => (zh ? one : two);

  function filled(place, rows, made, empty, columns) {
    const inTable = place.tagName === "TBODY";
    place.replaceChildren(...(rows.length ? rows.map(made) : [(function () {
      const row = document.createElement(inTable ? "tr" : "li"), cell = inTable ? row.appendChild(document.createElement("td")) : row;
      if (inTable) cell.colSpan = columns;
      cell.textContent = empty;
      return row;
    })()]));
  }
  function cell(text, kind) {
    const node = document.createElement("td");
    node.textContent = text;
    if (kind) node.className = kind;
    return node;
  }
  // address() is where the frame after the one shown begins; show(frame) draws it and answers whether it was the last.
  function play(kind, address, show) {
    const state = document.querySelector("[data-state]"), pause = document.querySelector("[data-pause]");
    let source = null, done = false;
    function open() {
      if (source || done) return;
      source = new EventSource(address());
      source.addEventListener(kind, function (event) {
        done = show(JSON.parse(event.data));
        state.textContent = done ? say("回放结束", "The replay has ended") : say("回放中", "Replaying");
      });
      source.addEventListener("state", (event) => { state.textContent = JSON.parse(event.data).words; });
      source.addEventListener("error", function () {
        if (done) { close(); return; }
        state.textContent = say("连接中断，正在重连", "Connection lost, trying again");
        // Opened anew rather than by the browser, so that it goes on after the frame shown.
        if (source) { const wait = source.readyState === EventSource.CLOSED ? 20000 : 1000; close(); setTimeout(() => { if (!paused()) open(); }, wait); }
      });
    }
    function close() { if (source) { source.close(); source = null; } }
    const paused = () => pause.getAttribute("aria-pressed") === "true";
    pause.addEventListener("click", function () {
      pause.setAttribute("aria-pressed", String(!paused()));
      pause.textContent = paused() ? say("继续", "Go on") : say("暂停", "Pause");
      if (paused()) { close(); state.textContent = say("已暂停", "Paused"); } else open();
    });
    window.addEventListener("pagehide", close);
    open();
  }
  window.kouanReplay = { zh, say, filled, cell, play };
})();
