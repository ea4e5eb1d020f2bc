"use strict";
// A programme: chosen sites by rank, whom each serves, and the life circle before and after.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  const all = () => (fm.data.programme ? fm.data.programme.sites : []);

  fm.startSites = function () {
    const { homes, planned } = fm.data;
    fm.state.sites = all().length + fm.linkItems().length > 0;
    fm.state.site = -1;
    const asked = window.location.hash.slice(1);
    fm.state.state = planned && ["after", "gain"].includes(asked) ? asked : "before";
    fm.state.after = fm.state.state !== "before";
    all().forEach((site) => { site.homes = new Set(site.served.flatMap(([, served]) => served)); });
    const byHome = (rows) => {
      const sets = homes.people.map(() => new Set());
      rows.forEach(([type, changed]) => changed.forEach((home) => sets[home].add(type)));
      return sets;
    };
    fm.gains = byHome(planned ? planned.gains : []);
    fm.losses = byHome(planned ? planned.losses : []);
    fm.homesAfter = homes;
    if (!planned) return;
    const { status, metres, tenths } = homes;
    const after = Object.assign({}, homes, { status: {}, metres: metres.slice(), tenths: tenths.slice() });
    Object.keys(status).forEach((minutes) => { after.status[minutes] = status[minutes].slice(); });
    planned.cells.forEach(([type, changed, far, long, signs]) => {
      after.metres[type] = metres[type].slice();
      after.tenths[type] = tenths[type].slice();
      changed.forEach((home, i) => { after.metres[type][home] = far[i]; after.tenths[type][home] = long[i]; });
      Object.entries(signs).forEach(([minutes, text]) => {
        const letters = [...status[minutes][type]];
        changed.forEach((home, i) => { letters[home] = text[i]; });
        after.status[minutes][type] = letters.join("");
      });
    });
    fm.homesAfter = after;
  };

  // What is asked of today is asked of the time after, too.
  fm.homes = () => (fm.state.after ? fm.homesAfter : fm.data.homes);
  fm.figures = () => (fm.state.after ? fm.data.planned : fm.data);
  fm.blockFull = (i) => (fm.state.after ? fm.data.planned.cards[i] : fm.data.cards[i].full);
  fm.placeCount = (type, i) => (fm.state.after && i in fm.data.planned.counts ? fm.data.planned.counts[i] : type.facility_count);
  // Service areas: that of today, and after it what is gained and lost.
  fm.area = (key) => fm.data.areas[key];
  fm.areaChange = (kind, key) => (fm.state.after ? fm.data.planned.areas[kind][key] : null);

  fm.chosenSite = () => (fm.state.sites && fm.state.site >= 0 ? all()[fm.state.site] : null);
  fm.isServed = (home) => home >= 0 && fm.chosenSite().homes.has(home);

  // Looking at who gains, homes tell how many types they newly reach, or whether they do the one that is chosen.
  fm.isGain = () => fm.state.state === "gain" && !fm.chosenSite();
  fm.gainFill = function (home) {
    const { site, building } = fm.data.colours;
    const of = (sets) => (fm.state.type >= 0 ? 2 * sets[home].has(fm.state.type) : sets[home].size);
    const count = of(fm.gains);
    if (of(fm.losses) > count) return site.lost;
    return count ? site.steps[Math.min(count, site.steps.length) - 1] : building.other;
  };

  // A number in a square so that no facility looks like it.
  fm.NumberMarker = L.CircleMarker.extend({
    _project: function () {
      const zoom = this._map.getZoom();
      this._radius = (zoom >= 15.7 ? 13 : zoom >= 14.5 ? 11 : 9) + (this.options.isChosen ? 3 : 0);
      L.CircleMarker.prototype._project.call(this);
    },
    _updatePath: function () {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const pen = renderer._ctx;
      const { x, y } = this._point;
      const side = this._radius * 0.86;
      pen.save();
      pen.globalAlpha = 1;
      pen.fillStyle = this.options.fillColor;
      pen.strokeStyle = "#fff";
      pen.lineWidth = 2;
      pen.setLineDash([]);
      pen.beginPath();
      pen.rect(x - side, y - side, 2 * side, 2 * side);
      pen.fill();
      pen.stroke();
      pen.fillStyle = "#fff";
      pen.font = "700 " + side * 1.15 + "px " + fm.data.font;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(String(this.options.rank), x, y + side * 0.08);
      pen.restore();
    },
  });

  fm.addSites = function (map, canvas) {
    const { site: colours } = fm.data.colours;
    fm.siteLayer = L.featureGroup();
    fm.siteMarkers = [];
    fm.drawn.sites = 0;
    all().forEach((site, i) => {
      site.at = fm.unpack(site.point)[0];
      const shape = L.polygon(fm.unpackPolygon(site.shape), {
        renderer: canvas, color: colours.line, weight: 1.4, fillColor: colours.fill,
        dashArray: site.whole ? "4 3" : null, fillOpacity: site.whole ? 0.15 : 0.85,
      });
      const marker = new fm.NumberMarker(site.at, { renderer: canvas, fillColor: colours.fill, rank: site.rank });
      [shape, marker].forEach((layer) => layer.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        fm.chooseSite(i);
      }));
      fm.siteLayer.addLayer(shape);
      fm.siteMarkers.push(marker);
    });
    fm.homeAt = {};
    fm.homeShapes.forEach((shape) => {
      if (fm.homeAt[shape.item.home]) return;
      fm.homeAt[shape.item.home] = shape.getLatLng ? shape.getLatLng() : shape.getBounds().getCenter();
    });
    fm.siteRays = L.polyline([], { renderer: canvas, color: colours.fill, weight: 1, opacity: colours.ray_opacity, interactive: false });
  };

  // Numbers lie over everything, the chosen one over the others.
  fm.showSites = function (map) {
    fm.siteRays.remove();
    fm.siteMarkers.forEach((marker) => marker.remove());
    const site = fm.chosenSite();
    const isShown = fm.state.sites && !fm.isPicture();
    fm.drawn.sites = isShown ? all().length : 0;
    fm.drawn.served = site ? site.homes.size : 0;
    if (!isShown) return;
    if (site) {
      fm.siteRays.setLatLngs([...site.homes].filter((home) => fm.homeAt[home]).map((home) => [site.at, fm.homeAt[home]]));
      fm.siteRays.addTo(map);
    }
    const later = (i) => Number(i === fm.state.site);
    const order = fm.siteMarkers.map((marker, i) => i).sort((a, b) => later(a) - later(b) || b - a);
    order.forEach((i) => {
      const marker = fm.siteMarkers[i];
      marker.options.isChosen = i === fm.state.site;
      marker.options.fillColor = site && !marker.options.isChosen ? fm.data.colours.site.rest : fm.data.colours.site.fill;
      marker.addTo(map);
    });
  };

  // The card stands in the panel: on the map it would hide those who are served.
  fm.chooseSite = function (i) {
    const site = all()[i];
    fm.map.closePopup();
    fm.change({ site: i, sites: true, green: "", type: -1, school: false });
    const places = [...site.homes].map((home) => fm.homeAt[home]).filter(Boolean);
    // A block's page ends not far from the block: there the map stays where it is.
    if (fm.data.cards.length) fm.map.fitBounds(L.latLngBounds([site.at, ...places]), { padding: [60, 60], maxZoom: 17, animate: false });
    else fm.map.panInside(site.at, { padding: [80, 80], animate: false });
    document.querySelector(".site-card").scrollIntoView({ block: "nearest" });
  };

  const cost = (site) => (site.cost === null ? say("unknown") : say("site_wan", { n: site.cost }));
  const people = (site) => (site.people === null ? say("unknown") : fm.people(site.people));

  function typeRows(site) {
    return site.types.flatMap((type) => [
      el("li", { class: "pop-type" }, [el("span", { text: type.name }), type.people === null ? null : el("span", { text: fm.people(type.people) })]),
      ...type.groups.map(([name, count]) => el("li", { class: "pop-group" }, [
        el("span", { text: type.people === null ? name : say("site_among", { name }) }), el("span", { text: fm.people(count) }),
      ])),
    ]);
  }

  function siteCard(site) {
    const rows = [
      [say("site_cost"), cost(site)], [say("space_area"), say("n_square_m", { n: site.area })],
      ...(site.whole ? [[say("site_part"), say("n_square_m", { n: site.whole })]] : []),
      ...(site.green ? [[say("site_green"), say("n_square_m", { n: site.green })]] : []),
      ...(site.block ? [[say("block"), site.block]] : []),
      [say("site_people"), people(site)],
    ];
    return el("div", { class: "pop" }, [
      el("button", { class: "site-close", type: "button", text: "\u00d7", "aria-label": say("site_close"), click: () => fm.change({ site: -1 }) }),
      el("h3", {}, [el("b", { class: "site-number", text: site.rank }), el("span", { text: site.use })]),
      el("p", { class: "pop-facts", text: site.name }),
      el("dl", { class: "pop-table" }, rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])),
      site.types.length ? el("h4", { text: say("site_types") }) : null,
      site.types.length ? el("ul", { class: "pop-list" }, typeRows(site)) : null,
      site.walk ? el("p", { class: "pop-facts", text: site.walk }) : null,
      site.beyond ? el("p", { class: "pop-facts", text: say("site_beyond", { n: fm.whole(site.beyond) }) }) : null,
    ]);
  }

  function siteRow(site, i) {
    return el("li", {}, [el("button", {
      class: "site", type: "button", "data-site": i, click: () => (fm.state.site === i ? fm.change({ site: -1 }) : fm.chooseSite(i)),
    }, [
      el("b", { class: "site-number", text: site.rank }), el("span", { class: "site-use", text: site.use }),
      el("span", { class: "site-gain", text: site.people === null ? say("unknown") : say("site_plus", { n: fm.whole(site.people) }) }),
      el("span", { class: "site-name", text: site.name }), el("span", { class: "site-cost", text: cost(site) }),
    ])]);
  }

  function switches() {
    // Who gains is told by the homes, which not every page has.
    const states = [["before", say("site_before")], ["after", say("site_after")], ["gain", say("site_gain")]]
      .filter(([id]) => id !== "gain" || fm.data.homes.people.length);
    const buttons = states.map(([id, text]) => el("button", {
      class: "view", type: "button", "data-state": id, text,
      click: () => fm.change({ state: id, after: id !== "before", site: -1, green: "", school: false }),
    }));
    const mark = () => buttons.forEach((button) => {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-state") === fm.state.state));
    });
    fm.watch(mark);
    mark();
    return el("div", { class: "views", role: "group", "aria-label": say("site_states") }, buttons);
  }

  // Who gains and loses each type, where it is no programme that is planned.
  function changes(planned) {
    return el("ul", { class: "sites" }, planned.changes.map(([type, gained, lost]) => el("li", { class: "change" }, [
      el("span", { text: fm.data.types[type].name }),
      el("span", { class: "site-gain", text: gained ? say("site_plus", { n: fm.whole(gained) }) : "" }),
      el("span", { class: "change-lost", text: lost ? say("site_minus", { n: fm.whole(lost) }) : "" }),
    ])));
  }

  fm.sitesBox = function () {
    const { programme, planned } = fm.data;
    if (!programme && !planned) return null;
    const turn = el("button", { class: "switch", type: "button", click: () => fm.change({ sites: !fm.state.sites }) }, [
      el("i", { class: "switch-knob" }), el("span", { text: say("spaces_show") }),
    ]);
    const own = all().map((site, i) => [site, i]).filter(([site]) => site.is_own);
    const others = all().map((site, i) => [site, i]).filter(([site]) => !site.is_own);
    const card = el("div", { class: "site-card" });
    const list = (rows) => el("ol", { class: "sites" }, rows.map(([site, i]) => siteRow(site, i)));
    const box = el("section", { class: "programme" }, [
      el("div", { class: "spaces-head" }, [el("h2", { text: programme ? say("programme") : say("what_if") }),
        all().length + fm.linkItems().length ? turn : null]),
      el("p", { class: "spaces-sum", text: programme ? programme.sum : planned.sum }),
      fm.linkList(),
      planned ? switches() : null,
      card,
      own.length ? list(own) : null,
      others.length ? el("h3", { text: say("site_around") }) : null,
      others.length ? list(others) : null,
      programme ? el("details", { class: "site-words" }, [el("summary", { text: say("site_whole") }),
        ...programme.words.map((text) => el("p", { class: "hint", text }))]) : changes(planned),
    ]);
    const show = () => {
      turn.setAttribute("aria-pressed", String(fm.state.sites));
      card.replaceChildren(...(fm.chosenSite() ? [siteCard(fm.chosenSite())] : []));
      box.querySelectorAll("[data-site]").forEach((button) => {
        button.setAttribute("aria-pressed", String(Number(button.getAttribute("data-site")) === fm.state.site));
      });
    };
    if (programme && !all().length) box.querySelector("details").setAttribute("open", "");
    fm.watch(show);
    show();
    return box;
  };

  // Rows of the legend: sites, and the homes of the one that is chosen.
  fm.siteRows = function () {
    if (fm.isPicture()) return [];
    const { site } = fm.data.colours;
    const rows = fm.state.sites && all().length ? [[site.fill, say("site_legend")]] : [];
    if (fm.isGain()) {
      const last = site.steps.length;
      if (fm.losses.some((types) => types.size)) rows.push([site.lost, say("site_lost")]);
      return [...rows, ...(fm.state.type >= 0 ? [[site.steps[1], say("site_served")]]
        : site.steps.map((colour, i) => [colour, i + 1 < last ? say("site_gain_n", { n: i + 1 }) : say("site_gain_most", { n: last })]))];
    }
    return fm.chosenSite() ? [...rows, [site.served, say("site_served")]] : rows;
  };
})(window.fengmao);
