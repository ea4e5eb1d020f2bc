"use strict";
// The list of findings and the places of those that have one. Text from data reaches the page through textContent.
window.fengmao = {};
(function (fm) {
  const STEP = 1e-6;

  function el(tag, attributes, children) {
    const made = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (name === "text") made.textContent = value; else made.setAttribute(name, value);
    });
    (children || []).forEach((child) => made.append(child));
    return made;
  }

  // A run counts in millionths of a degree from the origin, each step from the one before.
  function latLngs(run, origin) {
    const found = [];
    let x = 0, y = 0;
    for (let i = 0; i < run.length; i += 2) {
      x += run[i];
      y += run[i + 1];
      found.push([origin[1] + y * STEP, origin[0] + x * STEP]);
    }
    return found;
  }

  function drawGround(map, data) {
    const canvas = L.canvas();
    const colours = data.colours.ground;
    data.ground.polygons.forEach(({ kind, shapes }) => shapes.forEach((parts) => L.polygon(
      parts.map((rings) => rings.map((run) => latLngs(run, data.origin))),
      { renderer: canvas, interactive: false, stroke: false, fillOpacity: 1, fillColor: colours[kind] },
    ).addTo(map)));
    data.ground.streets.forEach((street) => (street.lines || []).forEach((run) => L.polyline(
      latLngs(run, data.origin), { renderer: canvas, interactive: false, color: data.colours.ground.deck, weight: 2 },
    ).addTo(map)));
  }

  function card(data, row) {
    return el("div", { class: "pop" }, data.heads.map((head, i) => data.rows[row][i] && el("p", {}, [
      el("b", { text: head }), el("span", { text: data.rows[row][i] }),
    ])).filter(Boolean));
  }

  function drawPoints(map, data) {
    const marks = data.points.map((run, row) => {
      if (!run) return null;
      const colour = data.colours.severity[data.severities[row]];
      return L.circleMarker(latLngs(run, data.origin)[0], {
        radius: 7, color: "#ffffff", weight: 1.5, fillColor: colour, fillOpacity: 0.95,
      }).bindPopup(() => card(data, row), { maxWidth: 420 }).addTo(map);
    });
    return marks;
  }

  function list(map, data, marks) {
    const place = document.getElementById("list");
    place.append(el("header", {}, [
      el("h1", { text: data.town ? data.town + " " + data.title : data.title }),
    ]));
    if (!data.rows.length) {
      place.append(el("p", { class: "none", text: data.none }));
      return;
    }
    const head = el("tr", {}, data.heads.map((name) => el("th", { text: name })));
    const rows = data.rows.map((cells, row) => {
      const line = el("tr", { class: data.severities[row] + (marks[row] ? " placed" : "") },
        cells.map((cell) => el("td", { text: cell })));
      if (marks[row]) {
        line.setAttribute("tabindex", "0");
        const go = () => { map.setView(marks[row].getLatLng(), 17, { animate: false }); marks[row].openPopup(); };
        line.addEventListener("click", go);
        line.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
      }
      return line;
    });
    place.append(el("table", {}, [el("thead", {}, [head]), el("tbody", {}, rows)]));
  }

  fm.start = function (map) {
    const data = JSON.parse(document.getElementById("town-data").textContent);
    let marks = data.points.map(() => null);
    if (data.window) {
      map.fitBounds(data.window, { animate: false });
      if (data.ground) drawGround(map, data);
      marks = drawPoints(map, data);
      L.control.scale({ imperial: false }).addTo(map);
    } else {
      document.body.className = "listed";
    }
    list(map, data, marks);
    const drawn = { points: marks.filter(Boolean).length, rows: data.rows.length };
    document.body.setAttribute("data-drawn", JSON.stringify(drawn));
  };
})(window.fengmao);
