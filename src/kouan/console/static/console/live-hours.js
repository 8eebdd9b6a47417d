// The replay of hours abroad: each event of the stream is one hour.
(function () {
  "use strict";
  const box = document.querySelector("[data-stream]");
  if (!box) return;
  const { zh, say, filled, cell, play } = window.kouanReplay;
  const place = box.querySelector('[data-list="hours"]'), withBooths = place.dataset.booths === "1";
  const number = (value, digits) => (value === null || value === undefined ? "—" : value.toLocaleString("en-US", { maximumFractionDigits: digits || 0 }));
  const latest = [];
  let chart = null, shown = null;

  function named(hour) {
    const [day, clock] = hour.split("T"), [year, month, date] = day.split("-").map(Number);
    const weekday = new Date(Date.UTC(year, month - 1, date)).getUTCDay();
    return zh ? year + "年" + month + "月" + date + "日（星期" + "日一二三四五六"[weekday] + "）" + clock
      : ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday] + " " + day + " " + clock;
  }
  function draw(frame) {
    const canvas = box.querySelector("[data-chart]");
    if (!window.echarts || !canvas.clientWidth) return;
    chart = chart || window.echarts.init(canvas, null, { renderer: "svg" });
    const waits = say("候检", "Wait"), usual = say("常态", "Usual"), loads = say("每通道人次", "Persons a booth");
    const line = (name, data, color, more) => Object.assign({ name, type: "line", data, symbol: "none", lineStyle: { color, width: 2 }, itemStyle: { color } }, more);
    const label = { color: "#4a5765" };
    chart.setOption({
      animation: false, aria: { enabled: false }, legend: { top: 0, left: 0, data: frame.loads ? [waits, usual, loads] : [waits, usual] },
      grid: { left: 8, right: 40, top: 48, bottom: 4, containLabel: true },
      xAxis: { type: "category", data: frame.hours.map((each) => each.slice(5).replace("T", " ")), axisLabel: Object.assign({ hideOverlap: true }, label) },
      yAxis: [{ type: "value", min: 0, splitNumber: 3, name: say("分钟", "minutes"), nameTextStyle: label, axisLabel: label },
        { type: "value", min: 0, splitNumber: 3, show: Boolean(frame.loads), name: say("人次", "persons"), nameTextStyle: label, axisLabel: label, splitLine: { show: false } }],
      series: [
        ...(frame.loads ? [{ name: loads, type: "bar", yAxisIndex: 1, data: frame.loads, itemStyle: { color: "#d5dee8" } }] : []),
        line(usual, frame.usuals, "#754800", { lineStyle: { color: "#754800", width: 1.5, type: "dashed" } }), line(waits, frame.waits, "#1b4b82"),
      ],
    });
  }
  function show(frame) {
    box.querySelector("[data-hour]").textContent = named(frame.hour);
    const wait = box.querySelector("[data-wait]");
    wait.textContent = frame.wait === null ? say("未公布", "not published") : number(frame.wait);
    if (frame.wait !== null) wait.setAttribute("value", frame.wait); else wait.removeAttribute("value");
    draw(frame);
    filled(box.querySelector('[data-list="told"]'), frame.told, function (words) {
      const row = document.createElement("li");
      row.textContent = "▲ " + words;
      return row;
    }, frame.wait === null ? say("本小时未公布，无从比较。", "Not published for this hour: nothing to compare.")
      : frame.usual === null ? say("此前同时段不足四次，不作比较。", "Fewer than four such hours before: no comparison.") : say("在常态之内。", "Within the usual."));
    latest.unshift(frame);
    latest.length = Math.min(latest.length, 24);
    filled(place, latest, function (each) {
      const row = document.createElement("tr");
      row.append(cell((each.told.length ? "▲ " : "") + each.hour.slice(5).replace("T", " ")), cell(number(each.wait, 1), "lv-n"), cell(number(each.usual, 1), "lv-n"));
      if (withBooths) row.append(cell(number(each.longest), "lv-n"), cell(each.share === null ? "—" : Math.round(each.share * 100) + "%", "lv-n"),
        cell(number(each.counted), "lv-n"), cell(number(each.flights), "lv-n"), cell(number(each.booths), "lv-n"), cell(number(each.per_booth), "lv-n"));
      return row;
    }, "—", withBooths ? 9 : 3);
    box.dataset.shown = shown = frame.hour;
    return frame.ended;
  }
  function address() {
    if (!shown) return box.dataset.stream;
    const next = new Date(Date.parse(shown + "Z") + 36e5).toISOString().slice(0, 16);
    return box.dataset.stream.replace(/from=[^&]*/, "from=" + encodeURIComponent(next));
  }
  window.addEventListener("resize", () => chart && chart.resize());
  play("hour", address, show);
})();
