// The map and the panel beside it. The counts come from the data, so they stand where nothing can be drawn.

/** The bits of a base64 text: element i in bit i % 8 of byte i >> 3. */
function readBits(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return (i) => (bytes[i >> 3] >> (i & 7)) & 1;
}

/** The class of every point in a view of a clause and a scenario; null where it was not computed point by point. */
function classify(data, view, clause, scenario) {
  const mask = (index) => data.masks[data.unserved[index + "," + clause]];
  const before = mask(0);
  const after = mask(scenario);
  if (view === "difference") {
    if (!before || !after) return null;
    const names = ["served_both", "lost", "gained", "unserved_both"];
    return data.people.map((_, i) => names[2 * before(i) + after(i)]);
  }
  const unserved = view === "before" ? before : after;
  return unserved ? data.people.map((_, i) => (unserved(i) ? "unserved" : "served")) : null;
}

/** Points and people by class, in the order of the legend. */
function tally(data, classes, view) {
  const names = !classes ? ["population"]
    : view === "difference" ? ["lost", "gained", "unserved_both", "served_both"] : ["unserved", "served"];
  const found = new Map(names.map((name) => [name, { points: 0, people: 0 }]));
  data.people.forEach((people, i) => {
    const entry = found.get(classes ? classes[i] : "population");
    entry.points += 1;
    entry.people += people;
  });
  return found;
}

/** Radius [px] and relative sizes of circles on so many pixels: by the root of people, spaced as the points are. */
function circleSizes(data, pixels) {
  const sorted = [...data.people].sort((a, b) => a - b);
  const high = sorted[Math.floor(0.9 * (sorted.length - 1))] || 1;
  data.sizes = data.people.map((people) => Math.min(1.7, Math.max(0.35, Math.sqrt(people / high))));
  return Math.min(9, Math.max(1.6, 0.4 * Math.sqrt(pixels / Math.max(1, data.people.length))));
}

function pointFeatures(data, classes) {
  const features = data.people.map((people, i) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [data.lon[i], data.lat[i]] },
    properties: { class: classes ? classes[i] : "population", people, size: Number(data.sizes[i].toFixed(2)) },
  }));
  const rank = new Map(ORDER.map((name, i) => [name, i]));
  features.sort((a, b) => rank.get(a.properties.class) - rank.get(b.properties.class));
  return { type: "FeatureCollection", features };
}

const kindOf = (facility) => say({ en: facility.kind_en || facility.kind, zh: facility.kind_zh || facility.kind });

/** Facilities with their sign for a scenario; those of the clause's kinds stand out. */
function facilityFeatures(map, data, clause, scenario) {
  const kinds = new Set(page.clauses[clause]?.kinds || []);
  const here = data.facilities.features.filter((feature) => String(feature.properties.open)[scenario] !== "-");
  const features = here.map((feature) => {
    const given = feature.properties;
    const open = String(given.open)[scenario] !== "0";
    const stands = kinds.has(given.kind);
    const letter = stands ? [...kindOf(given)][0].toUpperCase() : "";
    const icon = JSON.stringify([letter, open, stands]);
    if (map && !map.hasImage(icon)) map.addImage(icon, drawSign(letter, open, stands).image, { pixelRatio: 2 });
    const rank = stands ? 2 : open ? 1 : 0;
    return { ...feature, properties: { ...given, icon, shown: open, rank, size: 1 } };
  });
  return { type: "FeatureCollection", features };
}

/** A place for a district's label: the centroid of its largest ring. */
function centroid(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : geometry.type === "Polygon" ? [geometry.coordinates] : [];
  let best = null;
  for (const [ring] of polygons) {
    let area = 0, x = 0, y = 0;
    const [x0, y0] = ring[0];
    for (let i = 1; i < ring.length; i += 1) {
      const [ax, ay, bx, by] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0, ring[i][0] - x0, ring[i][1] - y0];
      const cross = ax * by - bx * ay;
      area += cross;
      x += (ax + bx) * cross;
      y += (ay + by) * cross;
    }
    if (area && (!best || Math.abs(area) > best.area)) best = { area: Math.abs(area), at: [x0 + x / (3 * area), y0 + y / (3 * area)] };
  }
  return best?.at;
}

/** The map itself, or null where the browser cannot draw it. */
function openMap(data, box) {
  const [west, south, east, north] = data.bounds;
  const both = (name) => page.words[name].en + " · " + page.words[name].zh;
  try {
    const map = new maplibregl.Map({
      container: box,
      bounds: [[west, south], [east, north]],
      fitBoundsOptions: { padding: 18, maxZoom: 17 },
      attributionControl: false,
      renderWorldCopies: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      cooperativeGestures: true,
      canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true }, // kept for printing
      locale: {
        "NavigationControl.ZoomIn": both("zoom_in"),
        "NavigationControl.ZoomOut": both("zoom_out"),
        "CooperativeGesturesHandler.WindowsHelpText": both("drag_hint"),
        "CooperativeGesturesHandler.MacHelpText": both("drag_hint"),
        "CooperativeGesturesHandler.MobileHelpText": both("touch_hint"),
        "Map.Title": both("map_label"),
      },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-left");
    const [low, high] = [map.project([west, south]), map.project([east, north])];
    const radius = circleSizes(data, Math.abs((high.x - low.x) * (high.y - low.y)));
    map.setStyle(mapStyle(data, map.getZoom(), radius));
    for (const feature of data.base.districts?.features || []) {
      const at = centroid(feature.geometry);
      const name = feature.properties?.name;
      if (at && name) {
        const label = make("span", "district");
        const write = () => (label.textContent = (language === "zh" && feature.properties.name_zh) || String(name));
        write();
        relabel.push(write);
        const marker = new maplibregl.Marker({ element: label }).setLngLat(at).addTo(map);
        label.removeAttribute("tabindex");
        label.setAttribute("role", "presentation");
        (map.labels ??= []).push(marker);
      }
    }
    return map;
  } catch {
    return null; // maplibre throws where WebGL is off; the message says so
  }
}

/** Popups: what is under a click, in the language shown. */
function startPopups(map) {
  let shown = null;
  const popup = new maplibregl.Popup({ closeButton: true, maxWidth: "280px" });
  popup.on("close", () => { shown = null; });
  const content = ({ properties: given, layer }) => {
    if (layer.id === "points") {
      return make("div", "popup", make("b", "", fill("class_people", { n: grouped(given.people) })),
        make("p", "", say("home")), make("p", "", say(given.class)));
    }
    const state = say(given.shown ? "facility_open" : "facility_closed");
    return make("div", "popup", make("b", "", String(given.name || kindOf(given))), make("p", "", kindOf(given) + " · " + state));
  };
  map.on("click", (event) => {
    const { x, y } = event.point;
    const near = map.queryRenderedFeatures([[x - 3, y - 3], [x + 3, y + 3]], { layers: ["facilities", "others", "points"] });
    if (!near.length) return;
    popup.setLngLat(near[0].geometry.coordinates).setDOMContent(content(near[0])).addTo(map);
    shown = near[0]; // after addTo, which closes what was open before
  });
  map.on("mousemove", (event) => {
    const over = map.queryRenderedFeatures(event.point, { layers: ["facilities", "others", "points"] });
    map.getCanvas().style.cursor = over.length ? "pointer" : "";
  });
  relabel.push(() => shown && popup.setDOMContent(content(shown)));
  return popup;
}
