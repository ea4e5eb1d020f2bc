"use strict";
// How things are drawn: lines as wide as the street, circles with a sign, hatches, and classes of colour.
(function (fm) {
  // A line whose width is in metres, never thinner than a hair.
  fm.MetreLine = L.Polyline.extend({
    _project: function () {
      const { widthM, casingPx, leastPx } = this.options;
      this.options.weight = Math.max(leastPx, widthM / fm.metresPerPixel(this._map)) + (casingPx || 0);
      L.Polyline.prototype._project.call(this);
    },
  });

  // A circle as wide as it is on the ground.
  fm.MetreDot = L.CircleMarker.extend({
    _project: function () {
      this._radius = this.options.widthM / 2 / fm.metresPerPixel(this._map);
      L.CircleMarker.prototype._project.call(this);
    },
  });

  // A circle that carries a sign once there is room for it.
  fm.SignMarker = L.CircleMarker.extend({
    _project: function () {
      const zoom = this._map.getZoom();
      const full = zoom >= 16.4 ? 9 : zoom >= 15.7 ? 7 : zoom >= 14.7 ? 3.2 : 2.4;
      this._radius = this.options.isChosen ? 9.5 : this.options.isFaint ? Math.min(full, 3) : full;
      this.options.weight = this._radius >= 7 ? 1.4 : 0.7;
      L.CircleMarker.prototype._project.call(this);
    },
    _updatePath: function () {
      L.CircleMarker.prototype._updatePath.call(this);
      const renderer = this._renderer;
      if (this._radius < 7 || !renderer._drawing || this._empty()) return;
      const pen = renderer._ctx;
      const size = this._radius * (this.options.sign.length > 1 ? 0.95 : 1.25);
      pen.save();
      pen.globalAlpha = 1;
      pen.fillStyle = "#fff";
      pen.font = "600 " + size + "px " + fm.data.font;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(this.options.sign, this._point.x, this._point.y + this._radius * 0.06);
      pen.restore();
    },
  });

  fm.hatch = function (ground, line) {
    const tile = document.createElement("canvas");
    tile.width = 6;
    tile.height = 6;
    const pen = tile.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = line;
    pen.lineWidth = 1.3;
    pen.beginPath();
    [-3, 0, 3].forEach((shift) => {
      pen.moveTo(shift * 2 - 1, 7);
      pen.lineTo(shift * 2 + 7, -1);
    });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  };

  fm.startPaint = function () {
    const reach = fm.data.colours.reach;
    fm.unknownFill = fm.hatch(reach.unknown_ground, reach.unknown_line);
    fm.partFill = fm.hatch(reach.full, reach.part_line);
  };

  // Classes by the number of types reached: the full set is a class of its own.
  fm.classes = function () {
    const all = fm.countedTypes().length;
    const colours = fm.data.colours.reach.steps;
    const bounds = [0, ...fm.data.colours.reach.bounds.map((share) => Math.ceil(share * all)), all, all + 1];
    const steps = colours.map((colour, i) => ({ colour, from: bounds[i], to: bounds[i + 1] - 1 }));
    return { all, steps: steps.filter((step) => step.to >= step.from).reverse() };
  };

  fm.homeCounts = function (home, minutes) {
    const counts = { reached: 0, unreached: 0, unknown: 0, missing: [], unsure: [] };
    fm.data.types.forEach((type, i) => {
      if (!type.is_required || !type.is_asked || type.tier_min > minutes) return;
      const status = fm.status(i, home, minutes);
      if (status === "1") counts.reached += 1;
      else if (status === "0") { counts.unreached += 1; counts.missing.push(i); }
      else { counts.unknown += 1; counts.unsure.push(i); }
    });
    return counts;
  };

  fm.homeFill = function (home, classes) {
    const reach = fm.data.colours.reach;
    if (fm.chosenSite()) return fm.isServed(home) ? fm.data.colours.site.served : fm.data.colours.building.other;
    if (fm.isGain()) return fm.gainFill(home);
    if (fm.state.type >= 0) {
      const status = fm.status(fm.state.type, home);
      return status === "1" ? reach.reached : status === "0" ? reach.unreached : fm.unknownFill;
    }
    const counts = fm.homeCounts(home, fm.state.minutes);
    if (counts.reached + counts.unreached === 0) return fm.unknownFill;
    if (counts.unreached === 0) return counts.unknown ? fm.partFill : reach.full;
    return classes.steps.find((step) => counts.reached >= step.from && counts.reached <= step.to).colour;
  };
})(window.fengmao);
