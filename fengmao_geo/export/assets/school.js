"use strict";
// Walks to school: street pieces as wide as the children are many, those worth improving, crossings, schools.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  const count = () => (fm.data.school ? fm.data.school.pieces.lines.length : 0);
  const known = (number) => (number === null ? say("unknown") : say("school_n", { n: fm.whole(number) }));

  fm.startSchool = function () {
    fm.state.school = Boolean(fm.data.school) && window.location.hash === "#school";
    if (fm.state.school) fm.state.spaces = false;
  };
  fm.isSchool = () => fm.state.school && !fm.isPicture();

  function write(marker, text, size, colour) {
    const renderer = marker._renderer;
    if (!renderer._drawing || marker._empty()) return;
    const pen = renderer._ctx;
    pen.save();
    pen.globalAlpha = 1;
    pen.fillStyle = colour;
    pen.font = "700 " + size + "px " + fm.data.font;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, marker._point.x, marker._point.y + 0.5);
    pen.restore();
  }

  // Round, as no block and no site is numbered.
  const RankMarker = L.CircleMarker.extend({
    _project: function () {
      this._radius = this._map.getZoom() >= 15.7 ? 10.5 : 9;
      L.CircleMarker.prototype._project.call(this);
    },
    _updatePath: function () {
      L.CircleMarker.prototype._updatePath.call(this);
      write(this, String(this.options.rank), this._radius * 1.05, "#fff");
    },
  });

  // A dot with a ring, and an exclamation mark once there is room for it.
  const CrossingMarker = L.CircleMarker.extend({
    _project: function () {
      this._radius = this._map.getZoom() >= 15.7 ? 7.5 : 5.5;
      L.CircleMarker.prototype._project.call(this);
    },
    _updatePath: function () {
      L.CircleMarker.prototype._updatePath.call(this);
      if (this._radius >= 7) write(this, "!", 11, this.options.color);
    },
  });

  // Shapes are made when they are first shown: most readers of a page never ask for them.
  function make(map, canvas) {
    const { school, colours: { school: colours } } = fm.data;
    const { pieces, classes } = school;
    const click = (layer, open) => layer.on("click", (event) => { L.DomEvent.stopPropagation(event); open(event.latlng); });
    const order = pieces.lines.map((runs, i) => i)
      .sort((a, b) => pieces.is_worth[a] - pieces.is_worth[b] || pieces.class[a] - pieces.class[b]);
    // All the edges first: where pieces meet none shows.
    const draw = (i, style) => {
      const line = L.polyline(pieces.lines[i].map(fm.unpack), Object.assign({ renderer: canvas, lineCap: "round", lineJoin: "round" }, style));
      click(line, (where) => fm.openPiece(map, i, where));
      return line;
    };
    const width = (i) => classes[pieces.class[i]].width;
    const made = [
      ...order.map((i) => draw(i, { color: "#fff", weight: width(i) + 2.4, opacity: 0.9 })),
      ...order.map((i) => draw(i, { color: pieces.is_worth[i] ? colours.improve : colours.line, weight: width(i) })),
    ];
    const crossings = school.crossings.map((crossing) => {
      const marker = new CrossingMarker(fm.unpack(crossing.point)[0], {
        renderer: canvas, color: colours.crossing, weight: 2.4, fillColor: "#fff", fillOpacity: 1,
      });
      click(marker, () => fm.openPopup(map, marker.getLatLng(), fm.crossingCard(crossing)));
      return marker;
    });
    const schools = school.schools.map((one) => {
      const marker = new fm.SignMarker(fm.unpack(one.point)[0], {
        renderer: canvas, color: "#fff", fillOpacity: 1, fillColor: colours.school, sign: school.sign, isChosen: true,
      });
      click(marker, () => fm.openPopup(map, marker.getLatLng(), fm.schoolCard(one)));
      return marker;
    });
    const ranks = order.filter((i) => pieces.is_worth[i]).sort((a, b) => pieces.rank[a] - pieces.rank[b]).map((i) => {
      const marker = new RankMarker(fm.unpack(pieces.middle[i])[0], { renderer: canvas, fillColor: colours.improve_number, color: "#fff", fillOpacity: 1, weight: 2, rank: pieces.rank[i] });
      click(marker, () => fm.openPiece(map, i, marker.getLatLng()));
      return marker;
    });
    return { lines: made, crossings, schools, ranks };
  }

  fm.addSchool = function (map, canvas) {
    fm.schoolLayers = { lines: [], crossings: [], schools: [], ranks: [] };
    let isMade = false;
    const isOn = () => fm.drawn.pieces > 0;
    fm.drawn.pieces = 0;
    fm.showSchool = function () {
      const isShown = fm.isSchool() && count() + fm.data.school.schools.length > 0;
      if (isShown && !isMade) { fm.schoolLayers = make(map, canvas); isMade = true; }
      const { lines, crossings, schools, ranks } = fm.schoolLayers;
      [...lines, ...crossings, ...schools, ...ranks].forEach((layer) => layer.remove());
      fm.drawn.pieces = isShown ? count() : 0;
      if (!isShown) return;
      [...lines, ...crossings, ...schools].forEach((layer) => layer.addTo(map));
      fm.spread(map, fm.schoolLayers.ranks, 25, fm.schoolLayers.schools);
    };
    map.on("zoomend", () => { if (isOn()) fm.spread(map, fm.schoolLayers.ranks, 25, fm.schoolLayers.schools); });
  };

  // Signs that names of streets keep clear of.
  fm.schoolSigns = () => [...fm.schoolLayers.crossings, ...fm.schoolLayers.schools, ...fm.schoolLayers.ranks];

  const table = (rows) => el("dl", { class: "pop-table" }, rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
  fm.openPiece = (map, i, where) => fm.openPopup(map, where, fm.pieceCard(i));

  fm.pieceCard = function (i) {
    const { pieces } = fm.data.school;
    const main = { 1: say("school_yes"), 0: say("school_no") }[pieces.is_main[i]] || say("unknown");
    const todo = pieces.todo[i];
    return el("div", { class: "pop" }, [
      el("h3", {}, [pieces.is_worth[i] ? el("b", { class: "site-number", text: pieces.rank[i] }) : null,
        el("span", { text: pieces.names[pieces.name[i]] })]),
      table([
        [say("school_children"), known(pieces.children[i])], [say("school_homes"), fm.whole(pieces.homes[i])],
        [say("link_length"), say("n_metres", { n: pieces.length[i] })],
        [say("school_shade"), pieces.shade[i] === null ? say("unknown") : pieces.shade[i] + "%"],
        [say("school_is_main"), main],
        [say("school_rank"), pieces.rank[i] === null ? say("unknown") : say("school_rank_n", { n: fm.whole(pieces.rank[i]) })],
      ]),
      todo.length ? el("h4", { text: say("school_todo") }) : null,
      todo.length ? el("ul", { class: "pop-why" }, todo.map((text) => el("li", { text }))) : null,
    ]);
  };

  fm.crossingCard = (crossing) => el("div", { class: "pop" }, [
    el("h3", { text: say("school_cross") }),
    table([[say("school_main_road"), crossing.name || say("school_no_name")], [say("school_children"), known(crossing.children)],
      [say("school_homes"), fm.whole(crossing.homes)]]),
  ]);

  fm.schoolCard = (school) => el("div", { class: "pop" }, [
    el("h3", { text: school.name }), el("p", { class: "pop-facts", text: fm.data.school.type }), table(school.facts),
  ]);

  function choose(i) {
    const { pieces } = fm.data.school;
    const where = fm.unpack(pieces.middle[i])[0];
    fm.map.closePopup();
    show(true);
    fm.map.setView(where, Math.max(fm.map.getZoom(), 16), { animate: false });
    fm.openPiece(fm.map, i, where);
  }

  const show = (isOn) => fm.change({ school: isOn, green: "", ...(isOn ? { site: -1, type: -1, spaces: false } : {}) });

  function row(i) {
    const { pieces } = fm.data.school;
    const facts = [say("n_metres", { n: pieces.length[i] }),
      pieces.shade[i] === null ? say("school_shade_unknown") : say("school_shade_n", { n: pieces.shade[i] })];
    return el("li", {}, [el("button", { class: "site", type: "button", "data-piece": i, click: () => choose(i) }, [
      el("b", { class: "site-number", text: pieces.rank[i] }), el("span", { class: "site-use", text: pieces.names[pieces.name[i]] }),
      el("span", { class: "site-gain", text: known(pieces.children[i]) }),
      el("span", { class: "site-name", text: pieces.todo[i][0] || "" }), el("span", { class: "site-cost", text: facts.join(" \u00b7 ") }),
    ])]);
  }

  fm.schoolBox = function () {
    const { school } = fm.data;
    if (!school) return null;
    const turn = el("button", { class: "switch", type: "button", "data-switch": "school", click: () => show(!fm.state.school) }, [
      el("i", { class: "switch-knob" }), el("span", { text: say("spaces_show") }),
    ]);
    const worth = school.pieces.rank.map((rank, i) => i).filter((i) => school.pieces.is_worth[i]);
    const list = el("div");
    const mark = () => {
      turn.setAttribute("aria-pressed", String(fm.state.school));
      list.hidden = !fm.state.school;
    };
    list.append(el("h3", { text: worth.length ? say("school_worth", { n: worth.length, all: school.all }) : say("school_worth_none", { all: school.all }) }),
      el("ol", { class: "sites" }, worth.map(row)), ...school.notes.map((text) => el("p", { class: "hint", text })));
    fm.watch(mark);
    mark();
    return el("section", { class: "school" }, [
      el("div", { class: "spaces-head" }, [el("h2", { text: say("school") }), turn]),
      ...school.sums.map((text) => el("p", { class: "spaces-sum", text })), list,
    ]);
  };

  // Rows of the legend: a line of each width, those worth improving, crossings, schools.
  fm.schoolRows = function () {
    if (!fm.isSchool()) return [];
    const { school, colours: { school: colours } } = fm.data;
    const line = (colour, width) => "linear-gradient(transparent calc(50% - " + width / 2 + "px), " + colour + " 0 calc(50% + "
      + width / 2 + "px), transparent 0)";
    const widest = school.classes.map((kind) => [line(colours.line, kind.width), kind.name, "swatch-line"]).reverse();
    const rows = [...widest, [line(colours.improve, 6), say("school_legend_worth"), "swatch-line"]];
    if (school.crossings.length) rows.push([null, say("school_cross"), "swatch-crossing"]);
    if (school.schools.length) rows.push([colours.school, school.type, "swatch-school"]);
    return rows;
  };
})(window.fengmao);
