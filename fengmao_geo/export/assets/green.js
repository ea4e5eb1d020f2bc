"use strict";
// Green gained: pictures of before and after under one slider, what came and went, what is planned, and the figures.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  const isSwipe = () => fm.state.green === "swipe";

  fm.startGreen = function () {
    const { green } = fm.data;
    const wanted = window.location.hash.replace(/^#green-?/, "");
    const isAsked = /^#green/.test(window.location.hash);
    fm.greenViews = green ? green.views : [];
    const view = fm.greenViews.find((one) => one.id === wanted) || fm.greenViews[0];
    fm.state.green = isAsked && view ? view.id : "";
    fm.state.split = 0.5;
  };

  // Each picture has a pane of its own, so that the slider can cut the upper one.
  function picturePane(map, name, level) {
    const made = map.createPane(name);
    made.style.zIndex = level;
    made.style.pointerEvents = "none";
    return made;
  }

  fm.addGreen = function (map, canvas) {
    const { green } = fm.data;
    if (!green) return;
    const panes = { before: picturePane(map, "before", 341), after: picturePane(map, "after", 342), change: picturePane(map, "change", 343) };
    const pictures = {};
    Object.keys(panes).forEach((id) => {
      const address = green.pictures[id];
      if (address) pictures[id] = L.imageOverlay(address, green.corners, { pane: id, opacity: green.opacity, className: "picture" });
    });
    const plan = L.layerGroup(green.plan.map((site) => L.polygon(fm.unpackPolygon(site.shape), {
      renderer: canvas, color: fm.data.colours.green.plan_line, weight: 1.6, fillColor: fm.data.colours.green.plan,
      fillOpacity: 0.85, interactive: false,
    })));
    const shown = { swipe: ["before", "after"], before: ["before"], after: ["after"], change: ["change"], plan: ["after", "plan"] };
    const layers = Object.assign({ plan }, pictures);
    const slider = swipe(map, panes.after);
    const show = () => {
      const wanted = shown[fm.state.green] || [];
      Object.entries(layers).forEach(([id, layer]) => (wanted.includes(id) ? layer.addTo(map) : layer.remove()));
      slider.show(isSwipe());
      document.body.classList.toggle("shows-green", Boolean(fm.state.green));
      fm.drawn.green = wanted.filter((id) => layers[id]).join("+");
    };
    fm.watch(show);
    show();
  };

  // Left of the line the earlier state is seen, right of it the later one.
  function swipe(map, upper) {
    const line = el("div", { class: "swipe-line" });
    const input = el("input", { type: "range", min: "0", max: "1000", value: "500", class: "swipe", "aria-label": say("green_swipe") });
    const tags = [say("green_before"), say("green_after")].map((text) => el("span", { class: "swipe-tag", text }));
    const box = el("div", { class: "swipe-box" }, [line, ...tags, input]);
    box.hidden = true;
    map.getContainer().append(box);
    L.DomEvent.disableClickPropagation(input);
    L.DomEvent.disableScrollPropagation(input);
    const cut = () => {
      if (!isSwipe()) { upper.style.clip = ""; return; }
      const { x: width, y: height } = map.getSize();
      const at = Math.round(fm.state.split * width);
      const first = map.containerPointToLayerPoint([at, 0]);
      const last = map.containerPointToLayerPoint([width, height]);
      upper.style.clip = "rect(" + [first.y, last.x, last.y, first.x].map((edge) => edge + "px").join(",") + ")";
      line.style.left = at + "px";
      tags[0].style.right = width - at + 8 + "px";
      tags[1].style.left = at + 8 + "px";
    };
    input.addEventListener("input", () => { fm.state.split = Number(input.value) / 1000; cut(); });
    map.on("move zoom zoomend resize viewreset", cut);
    return { show: (isOn) => { box.hidden = !isOn; cut(); } };
  }

  // While pictures are looked at, buildings are mere outlines.
  fm.isPicture = () => Boolean(fm.state.green);

  function figure(row) {
    const most = Math.max(row.before.size, row.after.size) || 1;
    const bar = (state, kind) => el("span", { class: "gain-bar" }, [
      el("span", { class: "gain-state", text: state.name }),
      el("span", { class: "gain-track" }, [el("i", { class: "gain-fill gain-" + kind, style: { width: (100 * state.size) / most + "%" } })]),
      el("b", { text: state.text }),
    ]);
    return el("li", { class: "gain" }, [
      el("span", { class: "gain-name", text: row.name }), el("span", { class: "gain-by gain-by-" + row.sign, text: row.gain }),
      bar(row.before, "before"), bar(row.after, row.is_planned ? "plan" : "after"),
    ]);
  }

  // Rows that are known in the same way stand under one head.
  function figures(rows) {
    const heads = [...new Set(rows.map((row) => row.basis))];
    return heads.flatMap((head) => [
      el("h3", { text: head }), el("ul", { class: "gains" }, rows.filter((row) => row.basis === head).map(figure)),
    ]);
  }

  fm.greenBox = function () {
    const { green } = fm.data;
    if (!green) return null;
    const buttons = green.views.map((view) => el("button", {
      class: "view", type: "button", "data-view": view.id, text: view.name,
      click: () => fm.change({ green: fm.state.green === view.id ? "" : view.id }),
    }));
    const list = el("div");
    const mark = () => {
      // Beside the plan its own figures come first.
      const isFirst = (row) => row.is_planned === (fm.state.green === "plan");
      list.replaceChildren(...figures([...green.rows.filter(isFirst), ...green.rows.filter((row) => !isFirst(row))]));
      buttons.forEach((button) => {
        button.setAttribute("aria-pressed", String(button.getAttribute("data-view") === fm.state.green));
      });
    };
    fm.watch(mark);
    mark();
    return el("section", { class: "green" }, [
      el("h2", { text: say("green_gained") }),
      green.dates ? el("p", { class: "hint", text: green.dates }) : null,
      buttons.length ? el("div", { class: "views", role: "group", "aria-label": say("green_views") }, buttons) : null,
      list,
      ...green.notes.map((text) => el("p", { class: "hint", text })),
    ]);
  };

  // Rows of the legend: the classes of what is looked at.
  fm.greenRows = function () {
    const { green } = fm.data;
    const view = green && green.views.find((one) => one.id === fm.state.green);
    return view ? { title: view.title, rows: view.legend.map((kind) => [kind.colour, kind.name, ""]) } : null;
  };
})(window.fengmao);
