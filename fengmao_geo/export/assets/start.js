"use strict";
// Legend, scale and north, and the order in which the page is drawn.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);

  function swatch(background, text, extra) {
    return el("li", {}, [el("i", { class: "swatch " + (extra || ""), style: background ? { background } : {} }), el("span", { text })]);
  }

  function countRows() {
    const classes = fm.classes();
    const words = (step) => (step.from === step.to
      ? say("class_one", { from: step.from }) : say("class_range", { from: step.from, to: step.to }));
    const rows = classes.steps.map((step, i) => swatch(step.colour, i ? words(step) : say("class_all", { n: step.to })));
    rows.splice(1, 0, swatch(null, say("class_part"), "swatch-part"));
    return rows;
  }

  function legend() {
    const box = el("details", { class: "legend" });
    if (window.innerWidth > 720) box.setAttribute("open", "");
    box.addEventListener("toggle", () => fm.placeNames());
    const show = () => {
      const { colours, types } = fm.data;
      const chosen = fm.state.type >= 0 ? types[fm.state.type] : null;
      // A page without homes has no colours for what they reach.
      const hasHomes = fm.data.homes.people.length > 0;
      const rows = !hasHomes ? [] : chosen
        ? [swatch(colours.reach.reached, say("reached_within", { n: fm.state.minutes })),
          swatch(colours.reach.unreached, say("unreached"))]
        : countRows();
      const isPlain = fm.isPlain();
      if (hasHomes) rows.push(swatch(null, say("unknown"), "swatch-unknown"));
      const areas = { now: say("layer_areas"), gained: say("area_gained"), lost: say("area_lost") };
      fm.areaKinds.forEach((kind) => rows.push(swatch(null, areas[kind], "swatch-area swatch-area-" + kind)));
      const green = fm.greenRows();
      const site = fm.chosenSite();
      const base = green ? green.title : isPlain ? (fm.isSchool() ? say("school_legend") : say("spaces_legend")) : chosen ? say("legend_type", { type: chosen.name, n: fm.state.minutes })
        : fm.data.minutes.length && hasHomes ? say("legend_count", { n: fm.state.minutes }) : say("legend");
      const title = site ? say("site_one", { rank: site.rank, use: site.use })
        : fm.isGain() && !green ? say("site_gain_title") : fm.state.after && !green && !isPlain ? say("site_then", { title: base }) : base;
      const sites = fm.siteRows();
      const school = fm.schoolRows();
      const links = fm.linkRows();
      const list = (of, kind) => (of.length ? el("ul", { class: kind }, of.map(([colour, text, extra]) => swatch(colour, text, extra))) : "");
      box.replaceChildren(
        el("summary", { text: title }),
        green ? el("ul", {}, green.rows.map(([colour, text, extra]) => swatch(colour, text, extra))) : "",
        rows.length && fm.data.minutes.length && types.length && !isPlain && !green && !site && !fm.isGain() ? el("ul", {}, rows) : "",
        list(school, isPlain ? "legend-school" : "legend-school legend-more"),
        list(sites, site || fm.isGain() ? "" : "legend-more"),
        list(links, "legend-more"),
        fm.state.spaces ? el("ul", { class: isPlain ? "legend-spaces" : "legend-spaces legend-more" },
          fm.spaceRows().map(([colour, text, extra]) => swatch(colour, text, extra))) : "",
        el("ul", { class: "legend-ground" }, [
          swatch(null, say("block"), "swatch-block"), swatch(colours.building.other, say("other_building")),
          swatch(colours.ground.water, say("water")), swatch(colours.ground.green, say("green")),
        ]));
    };
    fm.watch(show);
    show();
    return box;
  }

  function north() {
    const space = "http://www.w3.org/2000/svg";
    const made = document.createElementNS(space, "svg");
    made.setAttribute("viewBox", "0 0 32 44");
    [["M16 12 L24 40 L16 34 Z", "n-dark"], ["M16 12 L8 40 L16 34 Z", "n-light"]].forEach(([d, kind]) => {
      const path = document.createElementNS(space, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", kind);
      made.append(path);
    });
    const letter = document.createElementNS(space, "text");
    letter.setAttribute("x", "16");
    letter.setAttribute("y", "9");
    letter.textContent = say("north");
    made.append(letter);
    return el("div", { class: "north", role: "img", "aria-label": say("north_long") }, [made]);
  }

  function control(map, position, content) {
    const Made = L.Control.extend({
      onAdd: function () {
        L.DomEvent.disableClickPropagation(content);
        L.DomEvent.disableScrollPropagation(content);
        return content;
      },
    });
    return new Made({ position }).addTo(map);
  }

  const isWithin = (ring, x, y) => ring.reduce((isIn, point, i) => {
    const before = ring[(i || ring.length) - 1];
    const crosses = (point.y > y) !== (before.y > y)
      && x < ((before.x - point.x) * (y - point.y)) / (before.y - point.y) + point.x;
    return crosses ? !isIn : isIn;
  }, false);

  // Puts the legend in the corner where it hides least of the block that the page is about.
  function placeLegend(map, box, placed) {
    const own = fm.data.blocks.filter((block) => block.is_own);
    const shown = own.length ? own : fm.data.blocks;
    const rings = shown.flatMap((block) => block.rings.map((parts) => parts[0].map((p) => map.latLngToContainerPoint(p))));
    const { x: width, y: height } = map.getSize();
    const { offsetWidth: across, offsetHeight: up } = box;
    const steps = [0, 0.2, 0.4, 0.6, 0.8, 1];
    const hidden = ([, west, north]) => steps.flatMap((u) => steps.filter((v) => rings.some(
      (ring) => isWithin(ring, west + u * across, north + v * up)))).length;
    const corners = [["bottomleft", 10, height - up - 10], ["bottomright", width - across - 10, height - up - 10],
      ["topleft", 10, 10]];
    const [chosen] = corners.reduce((best, corner) => (hidden(corner) < hidden(best) ? corner : best));
    placed.setPosition(chosen);
    return chosen;
  }

  function bound(map) {
    const box = L.latLngBounds(fm.unpack(fm.data.window));
    // Room for a card on what lies at the edge.
    map.setMaxBounds(box.pad(0.5));
    map.options.maxBoundsViscosity = 0.8;
    map.setMinZoom(Math.floor(map.getBoundsZoom(box) - 0.5));
    map.setMaxZoom(19);
  }

  // The other pages open as this one is left.
  function linkPages() {
    const { spaces, green, after, state, school } = fm.state;
    const mark = green ? "#green-" + green : school ? "#school" : after ? "#" + state : spaces ? "#spaces" : "";
    document.querySelectorAll("nav a, a.block, a.badge").forEach((link) => {
      link.setAttribute("href", link.getAttribute("href").replace(/#.*$/, "") + mark);
    });
  }

  // On paper the same ground fills a sheet; nothing waits for the next frame, which never comes before printing.
  function printable(map) {
    const settle = (isPrinting, bounds) => {
      document.body.classList.toggle("printing", isPrinting);
      if (isPrinting) document.getElementById("panel").scrollTop = 0;
      map.invalidateSize({ animate: false });
      map.fitBounds(bounds, { animate: false });
      // A canvas that nothing was drawn on is not on the map.
      fm.canvases.filter((canvas) => canvas._ctx).forEach((canvas) => canvas._redraw());
    };
    let before = null;
    window.addEventListener("beforeprint", () => { before = map.getBounds(); settle(true, before); });
    window.addEventListener("afterprint", () => settle(false, before));
  }

  fm.start = function (map) {
    fm.read();
    fm.startPaint();
    bound(map);
    fm.drawPanel();
    fm.drawMap(map);
    control(map, "topright", north());
    L.control.zoom({ position: "topright", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(map);
    const key = legend();
    const corner = placeLegend(map, key, control(map, "bottomleft", key));
    const position = corner === "bottomright" ? "bottomleft" : "bottomright";
    L.control.scale({ imperial: false, maxWidth: 140, position }).addTo(map);
    fm.drawNames(map);
    fm.addBasemap(map, control);
    fm.watch(linkPages);
    linkPages();
    printable(map);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      fm.drawn.ms = Math.round(performance.now());
      document.body.setAttribute("data-drawn", JSON.stringify(fm.drawn));
    }));
  };
})(window.fengmao);
