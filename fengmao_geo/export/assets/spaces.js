"use strict";
// Spaces the town could use: drawn by kind when they are asked for, each with a card.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);

  fm.startSpaces = function () {
    const { spaces, minutes } = fm.data;
    fm.state.spaces = Boolean(spaces) && (!minutes.length || window.location.hash === "#spaces");
    fm.state.kinds = {};
    fm.spaceItems = [];
    if (!spaces) return;
    const kinds = spaces.families.flatMap((family) => family.kinds.map((kind) => Object.assign(kind, { family: family.name })));
    kinds.forEach((kind) => { fm.state.kinds[kind.id] = true; });
    fm.spaceItems = spaces.shapes.map((shape, i) => ({
      i, shape, kind: kinds[spaces.kind[i]], isSuspected: Boolean(spaces.is_suspected[i]), isExcluded: spaces.decision[i] === 2,
    }));
  };

  function style(item) {
    const { space } = fm.data.colours;
    if (item.isExcluded) {
      return { color: space.excluded, weight: 1.2, dashArray: "2 4", fillColor: space.excluded, fillOpacity: 0.12 };
    }
    const dashArray = item.isSuspected ? "4 3" : null;
    return { color: space.edge, weight: item.isSuspected ? 1.4 : 0.8, dashArray, fillColor: item.kind.colour, fillOpacity: space.opacity };
  }

  // Shapes are made when they are first shown: most readers of a page never ask for them.
  fm.addSpaces = function (map, canvas) {
    const group = L.featureGroup();
    fm.spaceLayer = group;
    fm.drawn.spaces = 0;
    if (!fm.data.spaces) return;
    group.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      fm.openSpace(map, event.layer.item, event.latlng);
    });
    group.on("mouseover", (event) => event.layer.setStyle({ weight: 2.6 }));
    group.on("mouseout", (event) => event.layer.setStyle(style(event.layer.item)));
    let made = null;
    const make = () => fm.spaceItems.map((item) => {
      const shape = L.polygon(fm.unpackPolygon(item.shape), Object.assign({ renderer: canvas }, style(item)));
      shape.item = item;
      return shape;
    });
    fm.fillSpaces = function () {
      group.clearLayers();
      if (!fm.state.spaces) { fm.drawn.spaces = 0; return; }
      made = made || make();
      const wanted = made.filter((shape) => fm.state.kinds[shape.item.kind.id]);
      wanted.forEach((shape) => group.addLayer(shape));
      fm.drawn.spaces = wanted.length;
    };
  };

  fm.openSpace = function (map, item, where) {
    const most = Math.max(180, map.getSize().y - 90);
    L.popup({ maxWidth: 330, minWidth: 270, maxHeight: most, autoPanPadding: [20, 20], className: "pop-space" })
      .setLatLng(where).setContent(fm.spaceCard(item)).openOn(map);
  };

  const known = (number) => (number === null ? say("unknown") : fm.people(number));

  function facts({ i }) {
    const { spaces } = fm.data;
    const bridge = spaces.bridge[i];
    const rows = [
      [say("space_area"), say("n_square_m", { n: spaces.area[i] })],
      ...(spaces.building[i] ? [[say("space_building"), say("n_square_m", { n: spaces.building[i] })]] : []),
      [say("space_width"), say("n_metres", { n: spaces.width[i] })],
      [say("space_circle"), say("n_metres", { n: spaces.circle[i] })],
      [say("space_owner"), spaces.owner_names[spaces.owner[i]]],
      ...(bridge ? [[say("space_manager"), bridge[0]], [say("space_height"), bridge[1]]] : []),
      [say("space_near", { n: 5 }), known(spaces.near[0][i])],
      [say("space_near", { n: 15 }), known(spaces.near[1][i])],
      [say("space_controls"), spaces.control_names[spaces.controls[i]] || say("space_controls_none")],
      [say("space_decision"), spaces.decision_names[spaces.decision[i]] || say("space_decision_none")],
      [say("space_id"), spaces.id[i]],
    ];
    return el("dl", { class: "pop-table" }, rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
  }

  function uses(item) {
    const { options, option: of, uses: names, flags } = fm.data.spaces;
    const option = options[of[item.i]];
    if (!option) return [el("h4", { text: say("space_fits") }), el("p", { class: "pop-facts", text: say("space_uses_absent") })];
    const cost = new Map();
    const costs = fm.data.spaces.cost[item.i];
    for (let at = 0; at < costs.length; at += 2) cost.set(costs[at], costs[at + 1]);
    const tags = (rows, kind) => el("p", { class: "pop-uses" }, rows.map((use) => el("span", { class: "use use-" + kind }, [
      el("span", { text: names[use] + (option.flagged.includes(use) ? " \u203b" : "") }),
      kind === "fits" && cost.has(use) ? el("small", { text: say("site_wan", { n: cost.get(use).toLocaleString("en-US") }) }) : null,
    ])));
    return [
      el("h4", { text: say("space_fits") }),
      option.fits.length ? tags(option.fits, "fits") : el("p", { class: "pop-facts", text: say("space_fits_none") }),
      option.unknown.length ? el("h4", { text: say("space_fits_unknown") }) : null,
      option.unknown.length ? tags(option.unknown, "unknown") : null,
      option.flags.length ? el("p", { class: "pop-facts pop-flags", text: say("space_flagged", {
        names: option.flags.map((flag) => flags[flag]).join(say("list_comma")) }) }) : null,
    ];
  }

  fm.spaceCard = function (item) {
    const { i, kind } = item;
    const { spaces } = fm.data;
    const why = [];
    for (let at = 0; at < spaces.why[i].length; at += 2) {
      why.push(spaces.words[spaces.why[i][at]].replace("%value", () => spaces.why[i][at + 1]));
    }
    return el("div", { class: "pop" }, [
      el("h3", {}, [el("i", { class: "space-mark", style: { background: kind.colour } }), el("span", { text: spaces.name[i] })]),
      spaces.photo[i] ? el("img", { class: "pop-photo", src: spaces.photo[i], alt: say("space_photo", { name: spaces.name[i] }) }) : null,
      el("p", { class: "pop-facts", text: (item.isSuspected ? kind.suspected : kind.name) + " \u00b7 " + kind.family }),
      facts(item),
      ...uses(item),
      el("h4", { text: say("space_why") }),
      el("ul", { class: "pop-why" }, why.map((text) => el("li", { text }))),
    ]);
  };

  function chip(text, colour, isOn, turn, extra) {
    return el("button", { class: "chip " + (extra || ""), type: "button", "aria-pressed": String(isOn), click: turn }, [
      colour ? el("i", { class: "dot dot-space", style: { background: colour } }) : null, el("span", { text }),
    ]);
  }

  function familyRow(family) {
    const { kinds } = fm.state;
    const isAny = family.kinds.some((kind) => kinds[kind.id]);
    const set = (ids, isOn) => fm.change({ kinds: Object.assign({}, kinds, Object.fromEntries(ids.map((id) => [id, isOn]))) });
    const count = family.kinds.reduce((sum, kind) => sum + kind.count, 0);
    return el("div", { class: "space-family" }, [
      chip(family.name + " " + fm.whole(count), null, isAny, () => set(family.kinds.map((kind) => kind.id), !isAny), "chip-family"),
      el("div", { class: "chips" }, family.kinds.map((kind) => chip(kind.name + " " + fm.whole(kind.count), kind.colour,
        kinds[kind.id], () => set([kind.id], !kinds[kind.id])))),
    ]);
  }

  fm.spacesBox = function () {
    const { spaces } = fm.data;
    if (!spaces) return null;
    const turn = el("button", { class: "switch", type: "button", click: () => fm.change({ spaces: !fm.state.spaces, school: false }) }, [
      el("i", { class: "switch-knob" }), el("span", { text: say("spaces_show") }),
    ]);
    const families = el("div", { class: "space-families" });
    const show = () => {
      turn.setAttribute("aria-pressed", String(fm.state.spaces));
      families.replaceChildren(...(fm.state.spaces ? spaces.families.map(familyRow) : []));
      document.body.classList.toggle("shows-spaces", fm.state.spaces);
    };
    fm.watch(show);
    show();
    return el("section", { class: "spaces" }, [
      el("div", { class: "spaces-head" }, [el("h2", { text: say("spaces") }), turn]),
      el("p", { class: "spaces-sum", text: spaces.own }),
      el("p", { class: "hint", text: say("spaces_hint") }),
      families,
    ]);
  };

  // Rows of the legend: the kinds that are shown.
  fm.spaceRows = function () {
    const { families } = fm.data.spaces;
    const kinds = families.flatMap((family) => family.kinds).filter((kind) => fm.state.kinds[kind.id]);
    const rows = kinds.map((kind) => [kind.colour, kind.name, ""]);
    const has = (test) => fm.spaceItems.some((item) => fm.state.kinds[item.kind.id] && test(item));
    if (has((item) => item.isSuspected)) rows.push([null, say("space_suspected_some"), "swatch-suspected"]);
    if (has((item) => item.isExcluded)) rows.push([null, say("space_excluded"), "swatch-excluded"]);
    return rows;
  };
})(window.fengmao);
