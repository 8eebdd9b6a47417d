// Fills the live panel from server-sent events. One stream for a page; none while nobody looks at it.
// Everything is drawn into places that the page already has, so that a wall open for days grows by nothing.
(function () {
  "use strict";
  const box = document.querySelector("[data-stream]");
  if (!box) return;
  const words = JSON.parse(document.getElementById("live-words").textContent);
  const zh = words.zh;
  const isWall = document.documentElement.classList.contains("lv-wall");
  const charts = new Map();
  const say = (one, two) => (zh ? one : two);

  function grouped(value) { return Math.round(value).toLocaleString("en-US"); }
  function short(value) {
    if (value === null || value === undefined) return "—";
    const steps = zh ? [[1e8, "亿"], [1e4, "万"]] : [[1e9, "bn"], [1e6, "m"]];
    for (const [size, word] of steps) {
      if (Math.abs(value) >= size) return (value / size).toFixed(value / size < 10 ? 2 : value / size < 100 ? 1 : 0) + word;
    }
    return grouped(value);
  }
  function minutes(value) {
    if (value === null || value === undefined) return "—";
    if (value >= 90) return (value / 60).toFixed(1) + say("小时", " h");
    return (value < 10 ? value.toFixed(1) : value.toFixed(0)) + say("分", " min");
  }
  function put(node, text) { if (node && node.textContent !== text) node.textContent = text; }
  function number(node, value) {
    if (!node) return;
    put(node, short(value));
    if (value === null || value === undefined) { node.removeAttribute("value"); return; }
    node.setAttribute("value", value);
    node.title = grouped(value);
  }
  function inBeijing(micros) { return new Date(micros / 1000 + 8 * 3600 * 1000); }
  function clockOf(micros, seconds) { return inBeijing(micros).toISOString().slice(11, seconds ? 19 : 16); }

  // ---- parts ----------------------------------------------------------------------------------------
  // Where no port has been heard today there is nothing to count: a dash, not a nought.
  function flow(one, unheard) {
    const card = box.querySelector('[data-flow="' + one.code + '"]');
    if (!card) return;
    for (const name of ["total", "inbound", "outbound"]) number(card.querySelector('[data-live="' + name + '"]'), unheard ? null : one[name]);
    const usual = card.querySelector('[data-live="usual"]');
    if (one.usual === null) {
      put(usual, say("往日数据不足，暂不比较", "too few earlier days to compare"));
      usual.className = "lv-usual";
    } else {
      const change = one.change === null ? "" : (one.change >= 0 ? "+" : "−") + Math.abs(one.change * 100).toFixed(1) + "%";
      const where = { below: say("低于常态区间 ▼", "below the usual band ▼"), above: say("高于常态区间 ▲", "above the usual band ▲"), within: say("在常态区间内", "within the usual band") }[one.position];
      put(usual, say("比往日此时 ", "against this time of day ") + change + say("，", ", ") + where);
      usual.className = "lv-usual lv-" + one.position;
    }
    curve(card.querySelector("[data-curve]"), one);
  }
  function curve(place, one) {
    if (!window.echarts || !place || !place.clientWidth) return;
    let chart = charts.get(one.code);
    if (!chart) { chart = window.echarts.init(place, null, { renderer: "svg" }); charts.set(one.code, chart); }
    const style = getComputedStyle(box);
    const line = style.getPropertyValue("--lv-line").trim(), band = style.getPropertyValue("--lv-band").trim(), faint = style.getPropertyValue("--lv-faint").trim();
    const names = Array.from({ length: 96 }, (_, at) => String(Math.floor(at / 4)).padStart(2, "0") + ":" + String((at % 4) * 15).padStart(2, "0"));
    const series = [];
    if (one.band) {
      const low = one.band[1], high = one.band[2];
      series.push({ type: "line", stack: "band", data: low, symbol: "none", lineStyle: { opacity: 0 }, silent: true });
      series.push({ type: "line", stack: "band", data: high.map((value, at) => value - low[at]), symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: band, opacity: 1 }, silent: true });
    }
    // The running quarter hour is not whole yet: the curve ends before it.
    series.push({ type: "line", data: one.slots.slice(0, -1), symbol: "none", lineStyle: { color: line, width: isWall ? 2.5 : 2 }, silent: true });
    chart.setOption({
      animation: false, aria: { enabled: false },
      grid: { left: 0, right: 4, top: 4, bottom: isWall ? 22 : 18 },
      xAxis: { type: "category", data: names, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: faint } },
        axisLabel: { color: faint, fontSize: isWall ? Math.max(11, place.clientWidth / 32) : 11, interval: (at) => at % 24 === 0 && at > 0, formatter: (name) => Number(name.slice(0, 2)) + say("时", ":00") } },
      yAxis: { type: "value", show: false, min: 0 },
      series: series,
    }, { replaceMerge: ["series"] });
  }
  function rows(name, lines, empty, columns) {
    for (const body of box.querySelectorAll('[data-rows="' + name + '"]')) {
      const inTable = body.tagName === "TBODY";
      const wanted = lines.length ? lines : [null];
      while (body.children.length > wanted.length) body.lastElementChild.remove();
      while (body.children.length < wanted.length) body.append(document.createElement(inTable ? "tr" : "li"));
      wanted.forEach(function (line, at) {
        const row = body.children[at];
        const cells = line === null ? [{ text: empty, span: columns }] : line;
        const wantedKey = JSON.stringify(cells);
        if (row.dataset.key === wantedKey) return;
        row.dataset.key = wantedKey;
        row.replaceChildren(...cells.map(function (cell) {
          const node = document.createElement(inTable ? "td" : "span");
          if (cell.span && inTable) node.colSpan = cell.span;
          if (cell.kind) node.className = cell.kind;
          if (cell.link) { const link = document.createElement("a"); link.href = cell.link; link.textContent = cell.text; node.append(link); } else node.textContent = cell.text;
          if (cell.sub) { const sub = document.createElement("small"); sub.textContent = cell.sub; node.append(" ", sub); }
          return node;
        }));
      });
    }
  }
  function portLink(code) { return words.port_page.replace("CODE", encodeURIComponent(code)); }

  function provinces(lines) {
    const known = new Map(lines.map((line) => [line.code, line]));
    const top = Math.max(1, ...lines.map((line) => line.persons));
    for (const tile of box.querySelectorAll("[data-province]")) {
      const line = known.get(tile.dataset.province);
      number(tile.querySelector('[data-live="persons"]'), line && line.heard ? line.persons : null);
      const share = line ? line.persons / top : 0;
      tile.dataset.shade = !line || !line.persons ? 0 : share > 0.6 ? 5 : share > 0.3 ? 4 : share > 0.12 ? 3 : share > 0.04 ? 2 : 1;
      const marks = [];
      if (line && line.waiting) marks.push(say("候", "Q ") + short(line.waiting));
      if (line && line.alerts) marks.push("⚠" + line.alerts);
      put(tile.querySelector('[data-live="marks"]'), marks.join(" "));
      tile.classList.toggle("lv-alert", Boolean(line && line.alerts));
    }
  }

  // ---- the whole -----------------------------------------------------------------------------------
  let ended = false;
  function show(panel) {
    const zero = panel.midnight || 0;
    const unheard = panel.fresh.never === panel.ports, silent = say("今日尚未收到事件", "no event has come today");
    panel.flows.forEach((one) => flow(one, unheard));
    provinces(panel.provinces);
    const wait = panel.waiting;
    number(box.querySelector('[data-wait="persons"]'), unheard ? null : wait.persons);
    for (const name of ["median", "p90"]) put(box.querySelector('[data-wait="' + name + '"]'), wait[name] === null ? "—" : wait[name] < 10 ? wait[name].toFixed(1) : wait[name].toFixed(0));
    put(box.querySelector('[data-wait="within"]'), wait.within === null ? "—" : (Math.floor(wait.within * 1000) / 10).toFixed(1));
    rows("queues", wait.ports.map((line) => [
      { text: line.name, link: portLink(line.code) }, { text: grouped(line.persons), kind: "lv-n" },
      { text: line.p90 === null ? "—" : line.p90.toFixed(0), kind: "lv-n" + (line.p90 > wait.limit ? " lv-over" : "") },
    ]), unheard ? silent : say("没有排队", "no queues"), 3);
    rows("slowest", panel.slowest.map((line) => [
      { text: line.name, link: portLink(line.port), sub: line.stage_name + say("（", " (") + line.owner + say("）", ")") },
      { text: minutes(line.median), kind: "lv-n" }, { text: minutes(line.usual), kind: "lv-n" },
      { text: line.ratio.toFixed(1) + "×", kind: "lv-n" + (line.ratio >= 2 ? " lv-over" : "") },
    ]), unheard ? silent : say("各环节用时均与往日相当", "no stage is slower than usual"), 4);
    rows("stages", panel.stages.map((line) => [
      { text: line.name, sub: line.owner }, { text: minutes(line.median), kind: "lv-n" }, { text: minutes(line.p90), kind: "lv-n" },
      { text: minutes(line.usual), kind: "lv-n" },
    ]), "—", 4);
    rows("notices", panel.notices.map((line) => [
      { text: clockOf(zero + line.at), kind: "lv-at" }, { text: line.words, kind: "lv-said lv-" + line.weight },
    ]), say("暂无异动", "nothing out of the ordinary"), 2);
    for (const name of ["quarter", "hour", "earlier", "never"]) number(box.querySelector('[data-fresh="' + name + '"]'), panel.fresh[name]);
    const at = zero + panel.now;
    for (const node of document.querySelectorAll("[data-clock]")) put(node, clockOf(at, true));
    const day = inBeijing(at - (panel.ended ? 1e6 : 0));
    for (const node of document.querySelectorAll("[data-day]")) put(node, zh ? day.getUTCFullYear() + "年" + (day.getUTCMonth() + 1) + "月" + day.getUTCDate() + "日" : day.toISOString().slice(0, 10));
    ended = Boolean(panel.ended);
    state(ended ? say("回放结束", "The replay has ended") : panel.speed ? say("回放中", "Replaying") : say("实时", "Live"), ended ? "ended" : "on");
    box.dataset.shown = String(panel.now);
  }
  function state(text, kind) { for (const node of document.querySelectorAll("[data-state]")) { put(node, text); node.dataset.kind = kind; } }

  let source = null, again = null, last = 0;
  function open() {
    if (source || ended) return;
    source = new EventSource(box.dataset.stream);
    source.addEventListener("panel", function (event) { last = Date.now(); show(JSON.parse(event.data)); });
    source.addEventListener("state", function (event) { last = Date.now(); state(JSON.parse(event.data).words, "wait"); });
    source.addEventListener("error", function () {
      if (ended) { close(); return; }
      state(say("连接中断，正在重连；画面为断开前的数据", "Connection lost, trying again; what is shown is from before"), "off");
      // A refusal (too many pages, session over) closes the source for good: ask again later.
      if (source && source.readyState === EventSource.CLOSED) { close(); again = again || setTimeout(function () { again = null; open(); }, 20000); }
    });
  }
  function close() { if (source) { source.close(); source = null; } }
  // A wall is always looked at; a page in a hidden tab need not hold a stream.
  if (!isWall) document.addEventListener("visibilitychange", function () { if (document.hidden) close(); else open(); });
  window.addEventListener("pagehide", close);
  window.addEventListener("resize", function () { for (const chart of charts.values()) chart.resize(); });
  // A stream that says nothing for a minute has died without telling.
  setInterval(function () { if (source && last && Date.now() - last > 60000) { close(); open(); } }, 15000);
  open();
})();
