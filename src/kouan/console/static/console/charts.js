// Draws every element with data-chart from the JSON block it names (see console/charts.py).
// SVG, so that paper is as sharp as the screen. A null stays a gap.
(function () {
  "use strict";
  const dashes = ["solid", "dashed", "dotted", [8, 3, 2, 3]];
  const symbols = ["circle", "rect", "triangle", "diamond"];
  const drawn = new Set();

  function scaled(value, language) {
    if (value === null || value === undefined || value === "-") return language === "zh" ? "未报送" : "not reported";
    const steps = language === "zh" ? [[1e8, "亿"], [1e4, "万"]] : [[1e9, " billion"], [1e6, " million"]];
    for (const [size, word] of steps) {
      if (Math.abs(value) >= size) return trimmed(value / size) + word;
    }
    return grouped(value);
  }
  function trimmed(value) { return String(Math.round(value * 100) / 100); }
  function grouped(value) { return Number(value).toLocaleString("en-US", { maximumFractionDigits: 6 }); }
  function escaped(words) {
    const held = document.createElement("span");
    held.textContent = words;
    return held.innerHTML;
  }

  function axisTip(spec) {
    return {
      trigger: "axis", axisPointer: { type: spec.kind === "line" ? "line" : "shadow" }, confine: true,
      formatter: function (points) {
        const lines = points.map(function (point) {
          const value = Array.isArray(point.value) ? point.value[point.value.length - 1] : point.value;
          const part = ((spec.series[point.seriesIndex] || {}).parts || {})[point.dataIndex];
          const exact = typeof value === "number" ? grouped(value) + (spec.unit ? " " + spec.unit : "") : part ? part.words : scaled(null, spec.language);
          return point.marker + escaped(point.seriesName) + "　<strong>" + escaped(exact) + "</strong>";
        });
        return escaped(points[0].axisValueLabel || points[0].name) + "<br>" + lines.join("<br>");
      },
    };
  }

  function upright(spec) {
    const lying = spec.kind === "rows";
    const names = { type: "category", data: spec.categories, inverse: lying, axisLabel: lying ? { interval: 0 } : { hideOverlap: true } };
    const values = { type: "value", axisLabel: { formatter: (v) => scaled(v, spec.language), hideOverlap: true }, splitNumber: 4 };
    const many = spec.categories.length > 90;
    // A level to compare with is a line of its own: named in the legend, where its words cover no data.
    const levels = spec.annotations.map((note) => ({
      name: note.text, type: "line", data: spec.categories.map(() => note.value), symbol: "none", silent: true,
      lineStyle: { color: "#9c221a", type: [12, 5], width: 1.6 }, itemStyle: { color: "#9c221a" },
    }));
    const named = spec.series.length + levels.length > 1;
    return {
      animation: false,
      aria: { enabled: false },
      grid: { left: 8, right: lying ? 64 : 16, top: named ? 36 : 12, bottom: many ? 44 : 8, containLabel: true },
      legend: named ? { top: 0, left: 0, type: "scroll" } : undefined,
      tooltip: axisTip(spec),
      dataZoom: many ? [{ type: "slider", height: 18, bottom: 6, labelFormatter: "" }] : undefined,
      xAxis: lying ? values : names,
      yAxis: lying ? names : values,
      series: spec.series.map(function (one, at) {
        const isLine = spec.kind === "line";
        const shown = {
          name: one.name, type: isLine ? "line" : "bar", data: one.data, stack: spec.kind === "stacked" ? "all" : undefined,
          label: lying ? { show: true, position: "right", color: "#1c2733", formatter: (p) => scaled(p.value, spec.language) } : undefined,
        };
        if (isLine) {
          shown.connectNulls = false;
          shown.lineStyle = { type: dashes[at % dashes.length], width: many ? 1.4 : 2 };
          shown.symbol = symbols[at % symbols.length];
          shown.showSymbol = one.data.length <= 40;
          shown.sampling = one.data.length > 2000 ? "lttb" : undefined;
        }
        return shown;
      }).concat(levels),
    };
  }

  // The province tile chart: one square per province, no borders and no coastline.
  function tiles(spec, box) {
    const top = Math.max.apply(null, spec.tiles.map((tile) => tile.value || 0).concat([1]));
    const columns = Math.max.apply(null, spec.tiles.map((tile) => tile.x)) + 1;
    const rows = Math.max.apply(null, spec.tiles.map((tile) => tile.y)) + 1;
    const room = Math.min(box.clientWidth / columns, box.clientHeight / rows);
    return {
      animation: false,
      grid: { left: (box.clientWidth - room * columns) / 2, top: 0, width: room * columns, height: room * rows },
      tooltip: { confine: true, formatter: (p) => escaped(p.data.name) + "<br><strong>" + escaped(p.data.words || (p.data.amount === null ? scaled(null, spec.language) : grouped(p.data.amount) + " " + spec.unit)) + "</strong>" },
      xAxis: { type: "category", show: false, data: Array.from({ length: columns }, (_, at) => at) },
      yAxis: { type: "category", show: false, inverse: true, data: Array.from({ length: rows }, (_, at) => at) },
      visualMap: { show: false, min: 0, max: top, inRange: { color: ["#eef3f9", "#9dbbdc", "#4a7db5", "#1b4b82"] } },
      series: [{
        type: "heatmap",
        data: spec.tiles.map(function (tile) {
          const strong = (tile.value || 0) / top > 0.5;
          return {
            value: [tile.x, tile.y, tile.value === null ? 0 : tile.value], name: tile.name, amount: tile.value, words: tile.words, url: tile.url,
            itemStyle: { borderColor: "#fff", borderWidth: 3, borderRadius: 3, color: tile.value === null ? "#f3f5f8" : undefined },
            label: { show: true, color: strong ? "#fff" : "#1c2733", fontSize: room > 52 ? 13 : 11, lineHeight: 16, formatter: tile.name.length > 4 && room < 64 ? tile.name.slice(0, 4) : tile.name + (tile.value === null ? "" : "\n" + scaled(tile.value, spec.language)) },
          };
        }),
      }],
    };
  }

  function draw(box) {
    const block = document.getElementById(box.dataset.chart);
    if (!block || box.dataset.drawn) return;
    box.dataset.drawn = "yes";
    const spec = JSON.parse(block.textContent);
    box.style.height = (box.dataset.height || 300) + "px";
    const chart = echarts.init(box, "kouan", { renderer: "svg", locale: spec.language === "zh" ? "ZH" : "EN" });
    const option = () => (spec.kind === "option" ? spec.option : spec.kind === "tiles" ? tiles(spec, box) : upright(spec));
    chart.setOption(option());
    chart.on("click", function (point) {
      if (point.data && point.data.url) window.location.assign(point.data.url);
    });
    const again = function () {
      chart.resize();
      if (spec.kind === "tiles") chart.setOption(option());
    };
    new ResizeObserver(again).observe(box);
    drawn.add(again);
  }

  function drawAll(root) { root.querySelectorAll("[data-chart]").forEach(draw); }
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
  window.addEventListener("beforeprint", () => drawn.forEach((again) => again()));
})();
