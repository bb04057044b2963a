// What the map looks like: a style of GeoJSON sources alone, so that nothing is fetched.

/** Okabe-Ito colours; unserved and lost points also carry a dark ring, so that colour never stands alone. */
const CLASSES = {
  served: { fill: "#009e73", ring: "#ffffff", opacity: 0.72 },
  unserved: { fill: "#d55e00", ring: "#1d2b36", opacity: 0.95 },
  lost: { fill: "#d55e00", ring: "#1d2b36", opacity: 0.95 },
  gained: { fill: "#0072b2", ring: "#ffffff", opacity: 0.95 },
  unserved_both: { fill: "#ffffff", ring: "#5b6a76", opacity: 0.9 },
  served_both: { fill: "#a9b4b0", ring: "#ffffff", opacity: 0.6 },
  population: { fill: "#8a96a0", ring: "#ffffff", opacity: 0.7 },
};
/** Drawn from first to last: what matters lies on top. */
const ORDER = ["population", "served_both", "served", "unserved_both", "unserved", "gained", "lost"];
const DEPTHS = [[0, "#c6dbef"], [0.15, "#9ecae1"], [0.5, "#6baed6"], [1, "#3182bd"], [2, "#08519c"]];
const NOTHING = { type: "FeatureCollection", features: [] };

const byClass = (what) => ["match", ["get", "class"], ...ORDER.flatMap((name) => [name, CLASSES[name][what]]), CLASSES.population[what]];
const byZoom = (zoom, low, high) => ["interpolate", ["exponential", 1.6], ["zoom"], zoom, low, zoom + 4, high];

/** The style; `zoom` is that of the whole city, `radius` [px] suits the distance of its points there. */
function mapStyle(data, zoom, radius) {
  const source = (features) => ({ type: "geojson", data: features || NOTHING });
  const base = (name) => source(data.base[name]);
  const depth = ["coalesce", ["to-number", ["get", "depth"], 0], 0];
  return {
    version: 8,
    sources: {
      green: base("green"), water: base("water"), buildings: base("buildings"), streets: base("streets"),
      districts: base("districts"), hazard: source(null), closed: source(null), points: source(null),
      facilities: source(null),
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": "#f8f7f3" } },
      { id: "green", type: "fill", source: "green", paint: { "fill-color": "#dfeadb" } },
      { id: "water", type: "fill", source: "water", paint: { "fill-color": "#d3e3ec" } },
      { id: "buildings", type: "fill", source: "buildings", paint: { "fill-color": "#e9e5dc", "fill-opacity": byZoom(zoom, 0.8, 1) } },
      { id: "hazard", type: "fill", source: "hazard",
        paint: { "fill-color": ["step", depth, DEPTHS[0][1], ...DEPTHS.slice(1).flat()], "fill-opacity": 0.6 } },
      { id: "streets-edge", type: "line", source: "streets", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": "#d5d3cb", "line-width": byZoom(zoom, 1.4, 7) } },
      { id: "streets", type: "line", source: "streets", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": "#ffffff", "line-width": byZoom(zoom, 0.8, 5.4) } },
      { id: "districts", type: "line", source: "districts",
        paint: { "line-color": "#8d8799", "line-width": 1.2, "line-dasharray": [4, 3], "line-opacity": 0.8 } },
      { id: "points", type: "circle", source: "points",
        paint: {
          "circle-color": byClass("fill"), "circle-opacity": byClass("opacity"),
          "circle-stroke-color": byClass("ring"), "circle-stroke-opacity": byClass("opacity"),
          "circle-stroke-width": radius < 3 ? 0.5 : 1,
          "circle-radius": byZoom(zoom, ["*", radius, ["get", "size"]], ["*", Math.max(14, 5 * radius), ["get", "size"]]),
        } },
      { id: "closed-edge", type: "line", source: "closed", paint: { "line-color": "#ffffff", "line-width": byZoom(zoom, 5, 10) } },
      { id: "closed", type: "line", source: "closed",
        paint: { "line-color": "#1d2b36", "line-width": byZoom(zoom, 3, 6), "line-dasharray": [1.6, 1] } },
      // what the clause does not speak of would hide the people: it is drawn from near by only
      ...[["others", ["<", ["get", "rank"], 2], zoom + 1.5], ["facilities", ["==", ["get", "rank"], 2], 0]].map(
        ([id, filter, minzoom]) => ({ id, type: "symbol", source: "facilities", filter, minzoom,
          layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-ignore-placement": true,
            "symbol-sort-key": ["get", "rank"], "icon-size": ["get", "size"] } })),
    ],
  };
}

/** A facility's sign, drawn here because a sprite would have to be fetched: a tile with a letter, crossed out if closed. */
function drawSign(letter, open, stands) {
  const side = stands ? 52 : 24;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const ink = canvas.getContext("2d");
  const inset = stands ? 4 : 3;
  ink.beginPath();
  if (stands) ink.roundRect(inset, inset, side - 2 * inset, side - 2 * inset, 10);
  else ink.roundRect(inset, inset, side - 2 * inset, side - 2 * inset, 5);
  ink.fillStyle = open ? (stands ? "#1d2b36" : "#7b8790") : "#ffffff";
  ink.fill();
  ink.lineWidth = stands ? 4 : 3;
  ink.strokeStyle = open ? "#ffffff" : "#1d2b36";
  ink.stroke();
  if (stands) {
    ink.fillStyle = open ? "#ffffff" : "#5b6a76";
    ink.font = '600 26px "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(letter, side / 2, side / 2 + 2);
  }
  if (!open) {
    ink.beginPath();
    ink.moveTo(side - inset - 3, inset + 3);
    ink.lineTo(inset + 3, side - inset - 3);
    ink.strokeStyle = "#1d2b36";
    ink.stroke();
  }
  return { canvas, image: ink.getImageData(0, 0, side, side) };
}
