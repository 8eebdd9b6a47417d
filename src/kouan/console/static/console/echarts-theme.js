// The ECharts theme that matches kouan.css. Series differ by line style and symbol as well as by
// colour, so that charts can be read in black and white.
(function () {
  "use strict";
  const ink = "#1c2733", soft = "#4a5765", line = "#d5dbe2";
  const font = getComputedStyle(document.documentElement).getPropertyValue("--zh-sans").trim() || "sans-serif";
  const axis = {
    axisLine: { show: true, lineStyle: { color: "#8e9aa7" } },
    axisTick: { show: false },
    axisLabel: { color: soft, fontSize: 12 },
    splitLine: { lineStyle: { color: "#e6eaef" } },
    nameTextStyle: { color: soft, fontSize: 12 },
  };
  echarts.registerTheme("kouan", {
    color: ["#1b4b82", "#b0641a", "#2f7f6f", "#7a4a8f", "#8a7a1f", "#5f6c7a", "#a83f5b", "#3d8bbd"],
    backgroundColor: "transparent",
    textStyle: { fontFamily: font, color: ink },
    categoryAxis: Object.assign({}, axis, { splitLine: { show: false } }),
    valueAxis: Object.assign({}, axis, { axisLine: { show: false } }),
    timeAxis: Object.assign({}, axis, { splitLine: { show: false } }),
    legend: { textStyle: { color: ink, fontSize: 12 }, itemWidth: 22, itemHeight: 9 },
    tooltip: { backgroundColor: "#fff", borderColor: line, textStyle: { color: ink, fontSize: 13 }, extraCssText: "box-shadow:0 2px 8px rgba(28,39,51,.16);border-radius:3px" },
    line: { symbolSize: 6, lineStyle: { width: 2 } },
    bar: { barMaxWidth: 34 },
  });
})();
