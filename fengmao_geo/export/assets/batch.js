"use strict";
// The overview of many towns: a map, a legend and a list by one headline. Text from data goes through textContent.
(function (fm) {
  const DOT = 7;
  // From this width in pixels on, a town is drawn by its outline, below it as a dot.
  const SEEN = 15;

  function el(tag, attributes, children) {
    const made = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (name === "text") made.textContent = value; else made.setAttribute(name, value);
    });
    (children || []).forEach((child) => made.append(child));
    return made;
  }

  const chosen = () => fm.data.headlines.find((one) => one.id === fm.chosen);

  function fill(at, of) {
    const place = of.classes[at];
    return place === null ? fm.data.colours.unknown : of.colours[place];
  }

  function card(at) {
    const town = fm.data.towns[at];
    const rows = fm.data.headlines.flatMap((one) => {
      const mark = one.id === fm.chosen ? "is-chosen" : "";
      return [el("dt", { class: mark, text: one.name }), el("dd", { class: mark, text: one.shown[at] })];
    });
    return el("div", { class: "town-card" }, [
      el("h3", { text: town.name }), el("p", { class: "about", text: town.about }), el("dl", {}, rows),
      el("a", { href: town.href, text: fm.data.text.open_town }),
    ]);
  }

  function makeTowns() {
    fm.data.towns.forEach((town, at) => {
      const style = { color: "#4a545b", weight: 1, fillOpacity: 0.9 };
      town.shape = L.polygon(fm.unpackPolygon(town.outline), style);
      town.place = fm.unpack(town.point)[0];
      town.dot = L.circleMarker(town.place, Object.assign({ radius: DOT }, style));
      [town.shape, town.dot].forEach((shape) => shape.bindPopup(() => card(at), { maxWidth: 340, minWidth: 250 }));
      town.label = L.tooltip({ permanent: true, direction: "right", offset: [DOT, 0], className: "town-name" })
        .setLatLng(town.place);
    });
  }

  // Names that would lie on one another give way, those further down the list first.
  function placeNames(map, of) {
    const taken = [];
    order(of).forEach((at) => {
      const town = fm.data.towns[at];
      town.label.setContent(el("div", {}, [el("b", { text: town.name }), el("span", { text: of.shown[at] })]));
      town.label.addTo(map);
      const box = town.label.getElement().getBoundingClientRect();
      const isFree = taken.every((one) => box.right < one.left || one.right < box.left || box.bottom < one.top || one.bottom < box.top);
      if (isFree) taken.push(box); else town.label.remove();
    });
    fm.named = taken.length;
  }

  function placeTowns(map) {
    fm.data.towns.forEach((town) => {
      const bounds = town.shape.getBounds();
      const [low, high] = [bounds.getSouthWest(), bounds.getNorthEast()].map((end) => map.latLngToLayerPoint(end));
      const isSeen = Math.max(high.x - low.x, low.y - high.y) >= SEEN;
      const [shown, hidden] = isSeen ? [town.shape, town.dot] : [town.dot, town.shape];
      hidden.remove();
      shown.addTo(map);
      town.label.options.offset = L.point(isSeen ? 0 : DOT, 0);
      town.label.setLatLng(isSeen ? L.latLng(town.place.lat, bounds.getEast()) : town.place);
    });
  }

  // The best first where one is better, else the most; what is not known last.
  function order(of) {
    const sign = of.is_less ? 1 : -1;
    return of.values.map((value, at) => at).sort((a, b) => {
      const [one, other] = [of.values[a], of.values[b]];
      if (one === null || other === null) return (one === null) - (other === null) || a - b;
      return sign * (one - other) || a - b;
    });
  }

  function legend(of) {
    const rows = of.labels.map((label, place) => [label, of.colours[place], of.classes.filter((one) => one === place).length]);
    if (of.is_less) rows.reverse();
    const unknown = of.classes.filter((one) => one === null).length;
    if (!of.is_less) rows.reverse();
    if (unknown) rows.push([fm.data.text.not_known, fm.data.colours.unknown, unknown]);
    return rows.map(([label, colour, count]) => el("div", { class: "legend-row" }, [
      el("i", { style: "background:" + colour }), el("span", { text: label }), el("span", { text: String(count) }),
    ]));
  }

  function show(map) {
    const of = chosen();
    fm.data.towns.forEach((town, at) => [town.shape, town.dot].forEach((shape) => shape.setStyle({ fillColor: fill(at, of) })));
    document.getElementById("legend").replaceChildren(...legend(of));
    let rank = 0;
    document.getElementById("ranks").replaceChildren(...order(of).map((at, place, all) => {
      // Towns alike share a rank.
      if (place === 0 || of.values[at] !== of.values[all[place - 1]]) rank = place + 1;
      const isKnown = of.values[at] !== null;
      const row = el("button", { class: "town-row", type: "button" }, [
        el("span", { class: "town-rank", text: isKnown ? String(rank) : "" }), el("i", { class: "town-swatch", style: "background:" + fill(at, of) }),
        el("span", { class: "town-called", text: fm.data.towns[at].name }),
        el("span", { class: isKnown ? "town-value" : "town-value town-unknown", text: of.shown[at] }),
      ]);
      row.addEventListener("click", () => {
        const town = fm.data.towns[at];
        const bounds = town.shape.getBounds();
        // The card stands above the town, which it must not hide.
        map.fitBounds(bounds, { animate: false, maxZoom: 13, paddingTopLeft: [60, map.getSize().y / 2], paddingBottomRight: [60, 30] });
        const isOutline = map.hasLayer(town.shape);
        const edge = L.latLng(bounds.getNorth(), bounds.getCenter().lng);
        (isOutline ? town.shape : town.dot).openPopup(isOutline ? edge : town.place);
      });
      return el("li", {}, [row]);
    }));
    placeNames(map, of);
    report();
  }

  function report() {
    const drawn = { towns: fm.data.towns.length, failures: fm.data.failures.length, chosen: fm.chosen, names: fm.named };
    document.body.setAttribute("data-drawn", JSON.stringify(drawn));
  }

  function panel(map) {
    const said = fm.data.text;
    const select = el("select", { class: "choose", "aria-label": said.choose }, fm.data.headlines.map((one) => {
      const option = el("option", { value: one.id, text: one.name });
      option.selected = one.id === fm.chosen;
      return option;
    }));
    select.addEventListener("change", () => { fm.chosen = select.value; show(map); });
    const place = document.getElementById("panel");
    place.append(el("header", {}, [
      el("h1", { text: fm.data.title }), el("p", { class: "tag", text: fm.data.counts }),
      el("p", { class: "fine", text: fm.data.notice }),
    ]));
    if (fm.data.towns.length) {
      place.append(el("section", {}, [el("h2", { text: said.choose }), select, el("div", { id: "legend" }), el("p", { class: "hint", text: said.colour_hint })]));
      place.append(el("section", {}, [
        el("h2", { text: said.all_towns }), el("p", { class: "hint", text: said.rank_hint }), el("ol", { id: "ranks" }),
        el("p", { class: "hint", text: said.note }),
      ]));
    } else {
      place.append(el("section", {}, [el("p", { text: said.no_towns })]));
    }
    if (fm.data.failures.length) {
      place.append(el("section", {}, [el("h2", { text: said.failures }), ...fm.data.failures.map((one) => el("div", { class: "failure" }, [
        el("b", { text: one.name }), el("p", { text: one.found }), el("p", { class: "remedy", text: one.remedy }),
      ]))]));
    }
  }

  fm.start = function (map) {
    fm.data = JSON.parse(document.getElementById("town-data").textContent);
    fm.chosen = fm.data.first;
    map.getContainer().style.background = fm.data.colours.ground;
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    L.control.zoom({ position: "topright" }).addTo(map);
    panel(map);
    if (!fm.data.towns.length) { report(); return; }
    makeTowns();
    placeTowns(map);
    show(map);
    map.on("zoomend", () => { placeTowns(map); placeNames(map, chosen()); report(); });
  };
})(window.fengmao);
