"use strict";
// The page's data, how its coordinates are unpacked and how its figures are written.
// Text from data reaches the page through textContent alone.
window.fengmao = {};
(function (fm) {
  const STEP = 1e-6;
  const METRES_ROUND_THE_EARTH = 40075016.686;

  fm.read = function () {
    fm.data = JSON.parse(document.getElementById("town-data").textContent);
    const minutes = fm.data.minutes[fm.data.minutes.length - 1];
    fm.state = { minutes, type: -1, buildings: true, blocks: true, areas: true, names: true, groups: {} };
    fm.data.groups.forEach((group) => { fm.state.groups[group.id] = true; });
    fm.startSpaces();
    fm.startGreen();
    fm.startSites();
    fm.startSchool();
    fm.startBasemap();
  };

  // A run is its first point and then steps, in millionths of a degree from the origin.
  fm.unpack = function (run) {
    const [lon, lat] = fm.data.origin;
    const points = new Array(run.length / 2);
    let x = 0;
    let y = 0;
    for (let i = 0; i < points.length; i += 1) {
      x += run[2 * i];
      y += run[2 * i + 1];
      points[i] = L.latLng(lat + y * STEP, lon + x * STEP);
    }
    return points;
  };
  fm.unpackPolygon = (parts) => parts.map((rings) => rings.map(fm.unpack));

  fm.metresPerPixel = function (map) {
    const lat = fm.data.origin[1] * Math.PI / 180;
    return METRES_ROUND_THE_EARTH * Math.cos(lat) / map.options.crs.scale(map.getZoom());
  };

  fm.say = function (key, values) {
    const said = fm.data.text[key];
    return values ? said.replace(/%([a-z_]+)/g, (all, name) => (name in values ? values[name] : all)) : said;
  };
  fm.whole = (number) => Math.round(number).toLocaleString("en-US");
  fm.people = (number) => (number === null ? fm.say("unknown") : fm.say("n_people", { n: fm.whole(number) }));
  fm.percent = function (share) {
    if (share > 0.995 && share < 1) return ">99%";
    if (share > 0 && share < 0.005) return "<1%";
    return Math.round(share * 100) + "%";
  };
  // Some unknown makes a share the least it can be; all unknown leaves none.
  fm.share = function (figures) {
    if (!figures || figures.people === null) return fm.say("unknown");
    if (figures.people === 0) return fm.say("nobody");
    if (figures.share === null || figures.unknown >= figures.people - 1e-6) return fm.say("unknown");
    return (figures.unknown >= 0.005 * figures.people ? "\u2265" : "") + fm.percent(figures.share);
  };
  fm.isKnown = (figures) => Boolean(figures) && /\d/.test(fm.share(figures));

  // The only way this page makes elements: text is text.
  fm.el = function (tag, options, children) {
    const made = document.createElement(tag);
    Object.entries(options || {}).forEach(([name, value]) => {
      if (name === "text") made.textContent = value;
      else if (name === "style") Object.entries(value).forEach(([rule, set]) => made.style.setProperty(rule, set));
      else if (name === "click") made.addEventListener("click", value);
      else made.setAttribute(name, value);
    });
    (children || []).forEach((child) => { if (child) made.append(child); });
    return made;
  };

  const watchers = [];
  fm.watch = (watcher) => { watchers.push(watcher); };
  fm.change = function (changes) {
    Object.assign(fm.state, changes);
    const { type, minutes } = fm.state;
    if (type >= 0 && fm.data.types[type].tier_min > minutes) fm.state.type = -1;
    watchers.forEach((watcher) => watcher());
  };

  fm.counts = (type) => type.is_required && type.is_asked && type.tier_min <= fm.state.minutes;
  fm.countedTypes = function () {
    const kept = [];
    fm.data.types.forEach((type, i) => { if (fm.counts(type)) kept.push(i); });
    return kept;
  };
  fm.status = (type, home, minutes) => fm.homes().status[minutes || fm.state.minutes][type][home];
})(window.fengmao);
