// Draws the operator's base map (see console/base_map.py); its 审图号 stands above it in the page.
(function () {
  "use strict";
  function escaped(words) {
    const held = document.createElement("span");
    held.textContent = words;
    return held.innerHTML;
  }
  document.addEventListener("DOMContentLoaded", async function () {
    const box = document.querySelector("[data-base-map]");
    if (!box) return;
    const spec = JSON.parse(document.getElementById(box.dataset.baseMap).textContent);
    const answer = await fetch(spec.address, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) return;
    echarts.registerMap("base-map", await answer.json());
    const chart = echarts.init(box, "kouan", { renderer: "svg" });
    const words = {};
    spec.provinces.forEach((one) => { words[one.name] = one.words; });
    chart.setOption({
      animation: false,
      tooltip: {
        confine: true,
        formatter: function (point) {
          if (spec.elsewhere[point.name]) return escaped(spec.elsewhere[point.name]) + "<br>" + escaped(spec.not_counted);
          if (!words[point.name]) return "";
          return escaped(words[point.name]) + "<br><strong>" + point.value + "</strong> " + escaped(spec.unit);
        },
      },
      visualMap: { type: "piecewise", left: 0, bottom: 0, pieces: [{ min: 18 }, { min: 13, max: 17 }, { min: 8, max: 12 }, { min: 4, max: 7 }, { min: 1, max: 3 }],
        inRange: { color: ["#e6eef7", "#c7daed", "#9dbbdc", "#2f659f", "#1b4b82"] }, itemWidth: 16, itemHeight: 12 },
      series: [{ type: "map", map: "base-map", nameProperty: "name", data: spec.provinces, itemStyle: { areaColor: "#fff", borderColor: "#8e9aa7" },
        label: { show: false }, selectedMode: false }],
    });
    chart.on("click", function (point) {
      if (words[point.name]) window.location.assign(spec.ports + "?province=" + point.name);
    });
    new ResizeObserver(() => chart.resize()).observe(box);
  });
})();
