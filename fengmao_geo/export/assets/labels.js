"use strict";
// Names along streets and rivers and on places, thinned out by zoom: the more important first, none over another.
(function (fm) {
  const pen = document.createElement("canvas").getContext("2d");
  const isHan = (text) => /^[\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef0-9]+$/.test(text);

  function width(text, size, spacing) {
    pen.font = "500 " + size + "px " + fm.data.font;
    return pen.measureText(text).width + spacing * text.length;
  }

  // A label takes the room of a chain of circles laid along it.
  function chain(point, angle, length, height) {
    const circles = [];
    const count = Math.max(1, Math.ceil(length / height));
    for (let i = 0; i < count; i += 1) {
      const along = count === 1 ? 0 : (i / (count - 1) - 0.5) * (length - height);
      circles.push([point.x + Math.cos(angle) * along, point.y + Math.sin(angle) * along, height / 2 + 2]);
    }
    return circles;
  }
  const isFree = (circles, taken) => circles.every(([x, y, r]) => taken.every(
    ([u, v, s]) => (x - u) * (x - u) + (y - v) * (y - v) > (r + s) * (r + s)));

  function icon(label, angle, size) {
    const upright = label.is_line && isHan(label.text) && Math.abs(Math.sin(angle)) > 0.72;
    let turn = angle;
    if (upright) turn = angle > 0 ? angle - Math.PI / 2 : angle + Math.PI / 2;
    const span = fm.el("span", { text: label.text, class: "name name-" + label.kind + (upright ? " name-upright" : "") });
    span.style.fontSize = size + "px";
    span.style.transform = "translate(-50%, -50%) rotate(" + turn.toFixed(3) + "rad)";
    return L.divIcon({ html: span, className: "", iconSize: [0, 0] });
  }

  // No name and no badge is cut by the edge of the map or lies under its legend.
  function frameOf(map) {
    const { left, top } = map.getContainer().getBoundingClientRect();
    const { x, y } = map.getSize();
    const covers = [...map.getContainer().querySelectorAll(".leaflet-control, .swipe-tag")].map((part) => {
      const box = part.getBoundingClientRect();
      return [box.left - left, box.top - top, box.right - left, box.bottom - top];
    });
    return { left, top, width: x, height: y, covers };
  }
  const isInFrame = (frame, [west, north, east, south]) => west >= 0 && north >= 0 && east <= frame.width
    && south <= frame.height && frame.covers.every(([w, n, e, s]) => east <= w || west >= e || south <= n || north >= s);
  const areInFrame = (frame, circles) => circles.every(([x, y, r]) => isInFrame(frame, [x - r, y - r, x + r, y + r]));

  // Signs of facilities keep their room.
  function signsTaken(map) {
    const signs = [...fm.siteMarkers, ...fm.linkMarkers, ...fm.schoolSigns(), ...fm.facilityMarkers].filter((marker) => marker._map && marker._radius >= 7);
    return signs.map((marker) => {
      const { x, y } = map.latLngToContainerPoint(marker.getLatLng());
      return [x, y, marker._radius];
    });
  }

  function place(map, layer) {
    layer.clearLayers();
    if (!fm.state.names) return;
    const zoom = map.getZoom();
    const metre = 1 / fm.metresPerPixel(map);
    const seen = map.getBounds();
    const frame = frameOf(map);
    const taken = signsTaken(map);
    let count = 0;
    fm.data.labels.filter((label) => zoom >= label.from_zoom).forEach((label) => {
      const size = label.size + (zoom >= 17 ? 1 : 0);
      const length = width(label.text, size, label.spacing);
      const own = [];
      label.spots.forEach(([where, degrees, room]) => {
        if (!seen.contains(where) || (label.is_line && length > room * metre * 1.15)) return;
        const point = map.latLngToContainerPoint(where);
        if (own.some((other) => other.distanceTo(point) < label.apart_px)) return;
        const angle = label.is_line ? degrees * Math.PI / 180 : 0;
        const circles = chain(point, angle, length, size * 1.15);
        if (!isFree(circles, taken) || !areInFrame(frame, circles)) return;
        taken.push(...circles);
        own.push(point);
        count += 1;
        L.marker(where, { icon: icon(label, angle, size), interactive: false, keyboard: false, pane: "names" }).addTo(layer);
      });
    });
    fm.drawn.names = count;
  }

  function addBadges(map) {
    const badges = fm.data.blocks.filter((block) => !block.is_own).map((block) => {
      const content = [fm.el("b", { text: block.number }), fm.el("span", { text: block.name })];
      const badge = block.href
        ? fm.el("a", { href: block.href, class: "badge badge-link", title: block.name }, content)
        : fm.el("div", { class: "badge" }, content);
      const icon = L.divIcon({ html: badge, className: "", iconSize: [0, 0] });
      L.marker(fm.unpack(block.label)[0], { icon, keyboard: false }).addTo(map);
      return badge;
    });
    return () => fitBadges(map, badges);
  }

  // Where the whole name has no room, and far out, only the number stays.
  function fitBadges(map, badges) {
    const frame = frameOf(map);
    const fits = (badge) => {
      const box = badge.getBoundingClientRect();
      return isInFrame(frame, [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top]);
    };
    badges.forEach((badge) => {
      badge.classList.remove("badge-hidden");
      badge.classList.toggle("badge-short", map.getZoom() < 14 || fm.isSchool());
      if (!fits(badge)) badge.classList.add("badge-short");
      badge.classList.toggle("badge-hidden", !fits(badge));
    });
  }

  fm.drawNames = function (map) {
    const made = map.createPane("names");
    made.style.zIndex = 450;
    made.style.pointerEvents = "none";
    fm.data.labels.forEach((label) => {
      label.spots = label.spots.map(([x, y, degrees, room]) => [fm.unpack([x, y])[0], degrees, room]);
    });
    const layer = L.layerGroup().addTo(map);
    const fit = addBadges(map);
    fm.placeNames = () => { place(map, layer); fit(); };
    map.on("moveend", fm.placeNames);
    fm.watch(fm.placeNames);
    fm.placeNames();
  };
})(window.fengmao);
