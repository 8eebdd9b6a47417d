// The replay of real days: each event of the stream is one day.
(function () {
  "use strict";
  const box = document.querySelector("[data-days]");
  if (!box) return;
  const { zh, say, filled, cell, play } = window.kouanReplay;
  const grouped = (value) => (value === null || value === undefined ? say("未公布", "not published") : Math.round(value).toLocaleString("en-US"));
  let chart = null;

  function draw(frame) {
    const place = box.querySelector("[data-chart-days]");
    if (!window.echarts || !place.clientWidth) return;
    chart = chart || window.echarts.init(place, null, { renderer: "svg" });
    const scale = (value) => (zh ? (value / 1e4).toLocaleString("en-US") + "万" : (value / 1e3).toLocaleString("en-US") + "k");
    chart.setOption({
      animation: false, aria: { enabled: false }, legend: { top: 0, left: 0, data: [say("实际", "Counted"), say("预期", "Expected")] },
      grid: { left: 8, right: 40, top: 30, bottom: 4, containLabel: true },
      xAxis: { type: "category", data: frame.days, boundaryGap: false, axisLabel: { hideOverlap: true, color: "#4a5765" } },
      yAxis: { type: "value", min: 0, splitNumber: 3, axisLabel: { formatter: scale, color: "#4a5765" } },
      series: [
        { name: say("实际", "Counted"), type: "line", data: frame.total, symbol: "none", lineStyle: { color: "#1b4b82", width: 2 }, itemStyle: { color: "#1b4b82" } },
        { name: say("预期", "Expected"), type: "line", data: frame.usual, symbol: "none", lineStyle: { color: "#754800", width: 1.5, type: "dashed" }, itemStyle: { color: "#754800" } },
      ],
    });
  }
  function show(frame) {
    const [year, month, day] = frame.day.split("-").map(Number);
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    box.querySelector("[data-day]").textContent = zh ? year + "年" + month + "月" + day + "日（星期" + "日一二三四五六"[weekday] + "）"
      : ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][weekday] + " " + frame.day;
    const sum = box.querySelector("[data-sum]"), last = frame.total[frame.total.length - 1];
    sum.textContent = grouped(last);
    if (last !== null) sum.setAttribute("value", last); else sum.removeAttribute("value");
    draw(frame);
    filled(box.querySelector('[data-list="alerts"]'), frame.alerts, function (line) {
      const row = document.createElement("li");
      row.textContent = "▲ " + line.words + (line.known ? say("（与已知事件相符）", " (meets a known event)") : say("（无对应的已知事件）", " (no known event)"));
      return row;
    }, say("当日没有告警。", "Nothing was told on this day."));
    filled(box.querySelector('[data-list="events"]'), frame.events, function (line) {
      const row = document.createElement("li");
      if (line.source) {
        const link = document.createElement("a");
        link.href = line.source; link.rel = "noreferrer noopener"; link.textContent = line.title;
        row.append(link);
      } else row.textContent = line.title;
      return row;
    }, say("没有列入的事件。", "No listed event."));
    filled(box.querySelector('[data-list="points"]'), frame.points, function (line) {
      const row = document.createElement("tr");
      row.append(cell((line.alert ? "▲ " : "") + line.name), cell(grouped(line.inbound), "lv-n"), cell(line.inbound_usual === null ? "—" : grouped(line.inbound_usual), "lv-n"),
        cell(grouped(line.outbound), "lv-n"), cell(line.outbound_usual === null ? "—" : grouped(line.outbound_usual), "lv-n"),
        cell(line.change === null ? "—" : (line.change >= 0 ? "+" : "−") + Math.abs(line.change * 100).toFixed(0) + "%", "lv-n"));
      return row;
    }, "—", 6);
    box.dataset.shown = frame.day;
    return frame.ended;
  }
  // A stream that is opened again goes on with the day after the one shown.
  function address() {
    const shown = box.dataset.shown;
    return shown ? box.dataset.days.replace(/from=[^&]*/, "from=" + new Date(Date.parse(shown) + 864e5).toISOString().slice(0, 10)) : box.dataset.days;
  }
  window.addEventListener("resize", () => chart && chart.resize());
  play("day", address, show);
})();
