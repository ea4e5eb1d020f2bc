"use strict";
// What pops up: a building and what it reaches, a facility.
(function (fm) {
  const { el, say } = { el: (...given) => fm.el(...given), say: (...given) => fm.say(...given) };

  function factLine(facts) {
    const said = facts.filter((fact) => fact !== null && fact !== "");
    return said.length ? el("p", { class: "pop-facts", text: said.join(" · ") }) : null;
  }

  function walk(type, home) {
    const { metres, tenths } = fm.homes();
    const far = metres[type][home];
    if (far < 0) return say("nothing_near", { n: fm.data.minutes[fm.data.minutes.length - 1] });
    return say("walk", { m: fm.whole(far), min: (tenths[type][home] / 10).toFixed(1) });
  }

  function circleLine(home, minutes) {
    const counts = fm.homeCounts(home, minutes);
    const all = counts.reached + counts.unreached + counts.unknown;
    if (!all) return null;
    const cells = [["reached", counts.reached], ["unknown", counts.unknown], ["unreached", counts.unreached]];
    const bar = el("span", { class: "bar" }, cells.map(([kind, count]) => el("i", {
      class: "bar-" + kind, style: { width: (count / all) * 100 + "%" },
    })));
    const words = counts.reached + counts.unreached
      ? say("reaches", { n: counts.reached, all }) : say("unknown");
    return el("div", { class: "pop-circle" }, [
      el("b", { text: say("n_minutes", { n: minutes }) }), bar, el("span", { text: words }),
    ]);
  }

  function typeList(title, types, home) {
    if (!types.length) return null;
    const rows = types.slice(0, 8).map((type) => el("li", {}, [
      el("span", { text: fm.data.types[type].name }), home === null ? null : el("span", { text: walk(type, home) }),
    ]));
    if (types.length > 8) rows.push(el("li", { text: say("and_more", { n: types.length - 8 }) }));
    return el("div", {}, [el("h4", { text: title }), el("ul", { class: "pop-list" }, rows)]);
  }

  function chosenLine(home) {
    if (fm.state.type < 0) return null;
    const status = fm.status(fm.state.type, home);
    const words = { 1: walk(fm.state.type, home), 0: walk(fm.state.type, home), "?": say("unknown") }[status];
    const text = fm.data.types[fm.state.type].name + say("colon") + words;
    return el("p", { class: "pop-chosen pop-chosen-" + { 1: "reached", 0: "unreached", "?": "unknown" }[status], text });
  }

  fm.buildingCard = function (item) {
    const { buildings, homes } = fm.data;
    const i = item.building;
    const card = el("div", { class: "pop" });
    const use = i >= 0 && buildings.use[i] >= 0 ? buildings.uses[buildings.use[i]] : say("dwelling");
    card.append(el("h3", { text: (i >= 0 && buildings.name[i]) || use }));
    const floors = i >= 0 ? buildings.floors[i] : null;
    const year = i >= 0 ? buildings.year[i] : null;
    const home = item.home;
    const people = home >= 0 ? homes.people[home] : undefined;
    card.append(factLine([
      i >= 0 && buildings.name[i] ? use : null,
      floors ? say("n_floors", { n: floors }) : null,
      year ? say("n_year", { n: year }) : null,
      i >= 0 && buildings.is_idle[i] ? say("idle") : null,
      home >= 0 ? (people === null ? say("people_unknown") : fm.people(people)) : null,
    ]) || "");
    if (home < 0) return card;
    const minutes = fm.data.minutes;
    [chosenLine(home), ...minutes.map((m) => circleLine(home, m))].forEach((part) => { if (part) card.append(part); });
    const counts = fm.homeCounts(home, fm.state.minutes);
    [typeList(say("missing_within", { n: fm.state.minutes }), counts.missing, home),
      typeList(say("unknown_types"), counts.unsure, null)].forEach((part) => { if (part) card.append(part); });
    return card;
  };

  fm.facilityCard = function (facility) {
    const type = fm.data.types[facility.type];
    const sign = el("i", { class: "sign", text: type.sign, style: { background: fm.groupColour(type.display_group) } });
    return el("div", { class: "pop" }, [
      el("h3", {}, [sign, el("span", { text: facility.name || type.name })]),
      factLine([facility.name ? type.name : null, fm.groupName(type.display_group),
        facility.capacity === null ? null : say("capacity", { n: fm.whole(facility.capacity) })]),
    ]);
  };
})(window.fengmao);
