"use strict";
// The panel beside the map: who and where, the two headline figures, every type by the people who lack it.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  fm.groupColour = (id) => fm.data.colours.group[id] || fm.data.colours.group.other;
  fm.groupName = (id) => (fm.data.groups.find((group) => group.id === id) || { name: "" }).name;

  function bar(figures) {
    const all = figures.people;
    const part = (kind, count) => (all && count
      ? el("i", { class: "bar-" + kind, style: { width: (count / all) * 100 + "%" } }) : null);
    const unknown = figures.reached === null ? all : figures.unknown;
    return el("span", { class: "bar" }, [
      part("reached", figures.reached), part("unknown", unknown), part("unreached", figures.unreached),
    ]);
  }

  function head() {
    const { header, links } = fm.data;
    return el("header", {}, [
      el("nav", {}, links.map((link) => (link.is_here
        ? el("span", { class: "here", text: link.text, title: link.title })
        : el("a", { href: link.href, text: link.text, title: link.title })))),
      el("p", { class: "kicker", text: header.kicker }),
      el("h1", {}, [header.number ? el("b", { class: "number", text: header.number }) : null,
        el("span", { text: header.title })]),
      header.tag ? el("p", { class: "tag", text: header.tag }) : null,
      el("dl", { class: "facts" }, header.facts.map(([name, value, unit]) => el("div", {}, [
        el("dt", { text: name }), el("dd", {}, [el("b", { text: value }), unit ? el("span", { text: unit }) : null]),
      ]))),
      ...header.fine.map((text) => el("p", { class: "fine", text })),
    ]);
  }

  function headline() {
    if (!fm.data.minutes.length) return el("section", {}, [el("p", { class: "hint", text: say("no_circles") })]);
    const box = el("section", { class: "headline" }, [
      el("h2", { text: say("full_set") }), el("p", { class: "hint", text: say("full_set_hint") }),
    ]);
    const cards = fm.data.minutes.map((minutes) => {
      const card = el("button", { class: "figure", type: "button", "data-minutes": minutes, click: () => fm.change({ minutes }) });
      return [card, minutes];
    });
    box.append(el("div", { class: "figures" }, cards.map(([card]) => card)));
    const show = () => {
      cards.forEach(([card, minutes]) => card.replaceChildren(...figure(minutes)));
      mark(box, "data-minutes", String(fm.state.minutes));
    };
    fm.watch(show);
    show();
    return box;
  }

  function figure(minutes) {
    const full = fm.figures().full[minutes];
    return [
      el("span", { class: "figure-name", text: say("n_minute_circle", { n: minutes }) }),
      el("b", { class: fm.isKnown(full) ? "figure-value" : "figure-value figure-unknown", text: fm.share(full) }),
      full ? bar(full) : null,
      el("small", { text: full ? fullWords(full) : "" }),
      fm.state.after ? el("small", { class: "figure-was", text: say("site_was", { share: fm.share(fm.data.full[minutes]) }) }) : null,
    ].filter(Boolean);
  }

  function fullWords(full) {
    if (full.people === null) return say("people_unknown");
    if (full.people === 0) return "";
    const said = [];
    if (full.reached !== null) said.push(say("of_people", { n: fm.whole(full.reached), all: fm.whole(full.people) }));
    if (full.unknown) said.push(say("unknown_people", { n: fm.whole(full.unknown) }));
    return said.join(say("comma"));
  }

  function mark(box, attribute, value) {
    box.querySelectorAll("[" + attribute + "]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.getAttribute(attribute) === value));
    });
  }

  function lackWords(row) {
    if (row.reached === null && row.unreached === null) return [say("unknown"), "lack-unknown"];
    if (row.unreached >= 0.5) return [say("lacks", { n: fm.whole(row.unreached) }), "lack-some"];
    if (row.unknown >= 0.5) return [say("unknown"), "lack-unknown"];
    return [say("none_lack"), "lack-none"];
  }

  function typeRow(row) {
    const type = fm.data.types[row.type];
    const [words, kind] = lackWords(row);
    const isOpen = fm.state.type === row.type;
    return el("li", {}, [
      el("button", {
        class: "type", type: "button", "aria-pressed": String(isOpen),
        click: () => fm.change({ type: isOpen ? -1 : row.type }),
      }, [
        el("i", { class: "sign", text: type.sign, style: { background: fm.groupColour(type.display_group) } }),
        el("span", { class: "type-name", text: type.name }),
        el("span", { class: "type-lack " + kind, text: words }),
        bar(row),
        el("span", { class: "type-share", text: fm.share(row) }),
      ]),
      isOpen ? el("p", { class: "type-more", text: moreWords(row, type) }) : null,
    ]);
  }

  function moreWords(row, type) {
    const said = [say("by_network", { share: fm.share(row) })];
    if (row.straight !== null) said.push(say("by_straight", { share: fm.percent(row.straight) }));
    if (type.group_name) said.push(say("meant_for", { group: type.group_name, n: fm.people(row.people) }));
    said.push(type.is_surveyed ? say("n_places", { n: fm.placeCount(type, row.type) }) : say("not_surveyed"));
    if (type.standard_m !== null) said.push(say("standard_m", { n: fm.whole(type.standard_m) }));
    return said.join(" · ");
  }

  function typesBox() {
    if (!fm.data.minutes.length) return null;
    const title = el("h2");
    const hint = el("p", { class: "hint", text: say("types_hint") });
    const list = el("ol", { class: "types" });
    const optionalTitle = el("h3", { text: say("optional_types") });
    const optional = el("ol", { class: "types" });
    const rest = el("p", { class: "hint" });
    const show = () => {
      const { minutes, type } = fm.state;
      title.textContent = say("single_types", { n: minutes });
      const rows = fm.figures().rows[minutes] || [];
      const all = el("li", {}, [el("button", {
        class: "type type-all", type: "button", "aria-pressed": String(type < 0), click: () => fm.change({ type: -1 }),
      }, [el("span", { class: "type-name", text: say("all_types") })])]);
      const required = rows.filter((row) => fm.data.types[row.type].is_required);
      const others = rows.filter((row) => !fm.data.types[row.type].is_required);
      list.replaceChildren(all, ...required.map(typeRow));
      optional.replaceChildren(...others.map(typeRow));
      optionalTitle.hidden = !others.length;
      if (!rows.length) hint.textContent = say("nobody");
      const unasked = fm.data.types.filter((one) => one.is_listed && !one.is_asked && one.tier_min <= minutes);
      rest.textContent = unasked.length
        ? say("not_asked") + unasked.map((one) => one.name).join(say("list_comma")) : "";
    };
    fm.watch(show);
    show();
    return el("section", {}, [title, hint, list, optionalTitle, optional, rest]);
  }

  function chip(text, colour, isOn, turn) {
    const made = el("button", { class: "chip", type: "button", "aria-pressed": String(isOn) }, [
      colour ? el("i", { class: "dot", style: { background: colour } }) : null, el("span", { text }),
    ]);
    made.addEventListener("click", () => {
      const set = made.getAttribute("aria-pressed") !== "true";
      made.setAttribute("aria-pressed", String(set));
      turn(set);
    });
    return made;
  }

  function layersBox() {
    const layers = [
      chip(say("block"), fm.data.colours.block.line, true, (blocks) => fm.change({ blocks })),
      chip(say("layer_buildings"), fm.data.colours.reach.reached, true, (buildings) => fm.change({ buildings })),
      chip(say("layer_areas"), fm.data.colours.reach.area_line, true, (areas) => fm.change({ areas })),
      chip(say("layer_names"), null, true, (names) => fm.change({ names })),
      fm.basemapChip(chip),
    ];
    const groups = fm.data.groups.filter((group) => group.count).map((group) => chip(
      group.name + " " + group.count, fm.groupColour(group.id), true,
      (set) => fm.change({ groups: Object.assign({}, fm.state.groups, { [group.id]: set }) })));
    return el("section", { class: "layers" }, [
      el("h2", { text: say("layers") }), el("div", { class: "chips" }, layers),
      el("h3", { text: say("facilities") }), el("div", { class: "chips" }, groups),
    ]);
  }

  function blockCard(card, full) {
    return [
      el("b", { class: "number", text: card.number }),
      el("span", { class: "block-name", text: card.name }),
      el("span", { class: "block-facts", text: card.facts }),
      ...fm.data.minutes.flatMap((minutes) => (full[minutes] ? [
        el("span", { class: "block-minutes", text: say("n_minutes", { n: minutes }) }),
        bar(full[minutes]), el("span", { class: "block-share", text: fm.share(full[minutes]) }),
      ] : [])),
      ...(fm.state.after ? [] : card.worst.map((text) => el("span", { class: "block-worst", text }))),
    ];
  }

  function blocksBox() {
    if (!fm.data.cards.length) return null;
    const links = fm.data.cards.map((card) => el("a", { class: "block", href: card.href }));
    const show = () => links.forEach((link, i) => link.replaceChildren(...blockCard(fm.data.cards[i], fm.blockFull(i))));
    if (fm.data.planned) fm.watch(show);
    show();
    return el("section", {}, [el("h2", { text: say("blocks") }), el("div", { class: "blocks" }, links)]);
  }

  function aboutBox() {
    return el("section", { class: "about" }, [
      el("h2", { text: say("about") }),
      el("dl", {}, fm.data.about.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])),
      el("p", { class: "hint", text: say("made_with") }),
    ]);
  }

  fm.drawPanel = function () {
    const panel = document.getElementById("panel");
    const parts = [head(), headline(), fm.scoresBox(), fm.sitesBox(), fm.greenBox(), fm.spacesBox(), fm.schoolBox(), blocksBox(), typesBox(), layersBox(), aboutBox()];
    if (fm.data.notice) parts.push(el("footer", { class: "notice", text: fm.data.notice }));
    parts.forEach((part) => { if (part) panel.append(part); });
  };
})(window.fengmao);
