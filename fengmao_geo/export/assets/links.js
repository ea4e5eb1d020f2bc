"use strict";
// Planned streets: links laid, gates opened, streets taken out.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  fm.linkItems = () => (fm.data.laid ? fm.data.laid.items : []);
  const kindOf = (item) => fm.data.laid.kinds[item.kind];

  // A sign on a square that stands on its corner: no facility and no site looks like it.
  const DiamondMarker = L.CircleMarker.extend({
    _updatePath: function () {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const pen = renderer._ctx;
      const { x, y } = this._point;
      const half = this._radius * 1.25;
      const { fillColor, color, sign } = this.options;
      pen.save();
      pen.globalAlpha = 1;
      pen.fillStyle = fillColor;
      pen.strokeStyle = color;
      pen.lineWidth = 2;
      pen.setLineDash([]);
      pen.beginPath();
      [[0, -half], [half, 0], [0, half], [-half, 0]].forEach(([right, down]) => pen.lineTo(x + right, y + down));
      pen.closePath();
      pen.fill();
      pen.stroke();
      pen.fillStyle = color;
      pen.font = "700 " + this._radius * (sign.length > 1 ? 0.85 : 1.05) + "px " + fm.data.font;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(sign, x, y + this._radius * 0.06);
      pen.restore();
    },
  });

  fm.addLinks = function (map, canvas) {
    const { fill, line, closed } = fm.data.colours.link;
    fm.linkLines = [];
    fm.linkMarkers = [];
    fm.linkItems().forEach((item) => {
      const kind = kindOf(item);
      const runs = item.lines.map(fm.unpack);
      const open = (event) => { L.DomEvent.stopPropagation(event); fm.openLink(map, item); };
      const draw = (style) => {
        const made = L.polyline(runs, Object.assign({ renderer: canvas, lineCap: "butt" }, style));
        made.on("click", open);
        fm.linkLines.push(made);
      };
      item.at = fm.unpack(item.point)[0];
      if (kind.id === "closed") draw({ color: closed, weight: 4, dashArray: "7 5" });
      else if (runs.length) {
        draw({ color: line, weight: 8 });
        draw({ color: fill, weight: 4.5, dashArray: kind.id === "footbridge" ? null : "8 4" });
      }
      const marker = new DiamondMarker(item.at, {
        renderer: canvas, radius: 11, sign: kind.sign, color: kind.id === "closed" ? closed : line,
        fillColor: kind.id === "closed" ? "#fff" : fill,
      });
      marker.on("click", open);
      fm.linkMarkers.push(marker);
    });
    map.on("zoomend", () => { if (fm.drawn.links) fm.spread(map, fm.linkMarkers, 26); });
  };

  // A mark stands where none before it does.
  fm.spread = function (map, markers, room, others) {
    const at = (marker) => map.latLngToContainerPoint(marker.getLatLng());
    const taken = (others || []).map(at);
    markers.forEach((marker) => {
      const point = at(marker);
      marker.remove();
      if (taken.some((other) => point.distanceTo(other) < room)) return;
      marker.addTo(map);
      taken.push(point);
    });
  };

  // They lie over homes and spaces, their signs over everything.
  fm.showLinks = function (map) {
    const isShown = fm.state.sites && !fm.isPicture();
    fm.linkLines.forEach((layer) => { layer.remove(); if (isShown) layer.addTo(map); });
    fm.linkMarkers.forEach((marker) => marker.remove());
    if (isShown) fm.spread(map, fm.linkMarkers, 26);
    fm.drawn.links = isShown ? fm.linkItems().length : 0;
  };

  fm.openLink = (map, item) => fm.openPopup(map, item.at, fm.linkCard(item));

  fm.linkCard = function (item) {
    const rows = [[say("space_id"), item.id],
      ...(item.length ? [[say("link_length"), say("n_metres", { n: item.length })]] : []),
      ...(item.place ? [[say("link_place"), item.place]] : [])];
    return el("div", { class: "pop" }, [
      el("h3", { text: kindOf(item).name }),
      el("dl", { class: "pop-table" }, rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])),
    ]);
  };

  function choose(item) {
    fm.map.closePopup();
    fm.change({ sites: true, green: "", site: -1, school: false });
    fm.map.setView(item.at, Math.max(fm.map.getZoom(), 16), { animate: false });
    fm.openLink(fm.map, item);
  }

  fm.linkList = function () {
    if (!fm.linkItems().length) return null;
    return el("ul", { class: "links" }, fm.linkItems().map((item) => el("li", {}, [el("button", {
      class: "link", type: "button", click: () => choose(item),
    }, [
      el("i", { class: "link-sign link-" + kindOf(item).id }), el("span", { text: kindOf(item).name }),
      el("span", { class: "link-id", text: [item.place || item.id, item.length ? say("n_metres", { n: item.length }) : ""].filter(Boolean).join(" \u00b7 ") }),
    ])])));
  };

  // Rows of the legend: the kinds of change that the page shows.
  fm.linkRows = () => (fm.drawn.links ? fm.data.laid.kinds.map((kind) => [null, kind.name, "swatch-link link-" + kind.id]) : []);
})(window.fengmao);
