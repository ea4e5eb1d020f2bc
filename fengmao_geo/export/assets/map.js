"use strict";
// The map: ground, service areas, buildings, the block, facilities.
(function (fm) {
  const still = (pane, style) => Object.assign({ renderer: pane, pane: pane.options.pane, interactive: false }, style);

  function pane(map, name, level, isStill) {
    const made = map.createPane(name);
    made.style.zIndex = level;
    if (isStill) made.style.pointerEvents = "none";
    return L.canvas({ pane: name, padding: 0.25, tolerance: L.Browser.mobile ? 6 : 1 });
  }

  function addGround(map, canvas) {
    const ground = fm.data.ground;
    const colours = fm.data.colours.ground;
    ground.polygons.forEach((layer) => {
      const edge = colours[layer.kind + "_line"];
      const style = { fillColor: colours[layer.kind], fillOpacity: 1, stroke: Boolean(edge), color: edge, weight: 0.8 };
      layer.shapes.forEach((shape) => L.polygon(fm.unpackPolygon(shape), still(canvas, style)).addTo(map));
    });
    ground.trees.forEach(([point, widthM]) => new fm.MetreDot(fm.unpack(point)[0],
      still(canvas, { widthM, stroke: false, fillColor: colours.tree, fillOpacity: colours.tree_opacity })).addTo(map));
    const walls = { color: colours.wall, weight: 1, opacity: 0.9 };
    ground.walls.forEach((run) => L.polyline(fm.unpack(run), still(canvas, walls)).addTo(map));
    addStreets(map, canvas, ground.streets.filter((street) => !street.is_raised));
    ground.decks.forEach((shape) => L.polygon(fm.unpackPolygon(shape),
      still(canvas, { fillColor: colours.deck, fillOpacity: 1, color: colours.deck_line, weight: 1 })).addTo(map));
    addStreets(map, canvas, ground.streets.filter((street) => street.is_raised));
  }

  function addStreets(map, canvas, streets) {
    const style = (street, extra) => still(canvas, Object.assign(
      { widthM: street.width_m, leastPx: street.least_px, lineCap: "round", lineJoin: "round" }, extra));
    streets.forEach((street) => {
      street.runs = street.lines.map(fm.unpack);
      if (street.dash) return;
      new fm.MetreLine(street.runs, style(street, { color: street.casing, casingPx: 1.6, lineCap: "butt" })).addTo(map);
    });
    streets.forEach((street) => new fm.MetreLine(street.runs, style(street, {
      color: street.fill, dashArray: street.dash || null, lineCap: street.dash ? "butt" : "round",
    })).addTo(map));
  }

  function addBuildings(map, canvas) {
    const { buildings, homes, colours } = fm.data;
    const style = { renderer: canvas, weight: 0.6, color: colours.building.line, fillOpacity: 1 };
    fm.homeShapes = [];
    const group = L.featureGroup();
    const add = (layer, item) => {
      layer.item = item;
      group.addLayer(layer);
      if (item.home >= 0) fm.homeShapes.push(layer);
      return layer;
    };
    buildings.shapes.forEach((shape, i) => {
      const fill = colours.building[buildings.kind[i]] || colours.building.other;
      add(L.polygon(fm.unpackPolygon(shape), Object.assign({ fillColor: fill }, style)), { building: i, home: buildings.home[i] });
    });
    homes.own_shapes.forEach((own) => {
      const layer = own.point
        ? L.circleMarker(fm.unpack(own.point)[0], Object.assign({ radius: 4 }, style))
        : L.polygon(fm.unpackPolygon(own.shape), Object.assign({}, style));
      add(layer, { building: -1, home: own.home });
    });
    group.on("click", (event) => fm.openPopup(map, event.latlng, fm.buildingCard(event.layer.item)));
    group.on("mouseover", (event) => event.layer.setStyle({ weight: 2, color: colours.page.ink }));
    group.on("mouseout", (event) => event.layer.setStyle({ weight: style.weight, color: style.color }));
    fm.buildingLayer = group;
  }

  function addBlocks(canvas) {
    const { blocks, window: box, colours } = fm.data;
    blocks.forEach((block) => { block.rings = fm.unpackPolygon(block.shape); });
    const own = blocks.filter((block) => block.is_own);
    fm.blockLayer = L.layerGroup();
    if (own.length) {
      const holes = own.flatMap((block) => block.rings.map((rings) => rings[0]));
      L.polygon([fm.unpack(box), ...holes], still(canvas, {
        stroke: false, fillColor: colours.ground.outside, fillOpacity: colours.block.dim_opacity,
      })).addTo(fm.blockLayer);
    }
    blocks.forEach((block) => {
      const strong = block.is_own || !own.length;
      L.polygon(block.rings, still(canvas, { fill: false, color: "#fff", weight: strong ? 6 : 3, opacity: 0.9 })).addTo(fm.blockLayer);
      L.polygon(block.rings, still(canvas, {
        fill: false, color: colours.block.line, weight: strong ? 2.6 : 1.4, opacity: strong ? 1 : 0.75,
        dashArray: strong ? null : "5 4",
      })).addTo(fm.blockLayer);
    });
  }

  function addFacilities(map, canvas) {
    const { facilities, types, colours } = fm.data;
    fm.facilityMarkers = facilities.map((facility) => {
      const type = types[facility.type];
      const marker = new fm.SignMarker(fm.unpack(facility.point)[0], {
        renderer: canvas, color: "#fff", weight: 1.4, fillOpacity: 1, opacity: 1,
        fillColor: colours.group[type.display_group] || colours.group.other, sign: type.sign,
      });
      marker.item = facility;
      marker.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        fm.openPopup(map, marker.getLatLng(), fm.facilityCard(facility));
      });
      return marker;
    });
  }

  function showFacilities(map) {
    const { types } = fm.data;
    fm.facilityMarkers.forEach((marker) => marker.remove());
    const chosen = fm.state.type;
    const seen = fm.isPicture() || (fm.isSchool() && chosen < 0) ? [] : fm.facilityMarkers.filter((marker) => fm.state.groups[types[marker.item.type].display_group]
      || marker.item.type === chosen);
    const order = [...seen.filter((marker) => marker.item.type !== chosen), ...seen.filter((marker) => marker.item.type === chosen)];
    order.forEach((marker) => {
      const isChosen = marker.item.type === chosen;
      const isFaint = (chosen >= 0 && !isChosen) || Boolean(fm.chosenSite());
      Object.assign(marker.options, { isChosen, isFaint, fillOpacity: isFaint ? 0.45 : 1 });
      marker.addTo(map);
    });
    fm.drawn.facilities = order.length;
  }

  function showAreas(map, canvas) {
    (fm.areaShapes || []).forEach((shape) => shape.remove());
    fm.areaShapes = [];
    fm.areaKinds = [];
    if (fm.state.type >= 0 && fm.state.areas) {
      const { reach, site } = fm.data.colours;
      const key = fm.state.type + "/" + fm.state.minutes;
      const draw = (kind, shape, style) => {
        if (!shape) return;
        fm.areaKinds.push(kind);
        fm.areaShapes.push(L.polygon(fm.unpackPolygon(shape), still(canvas, style)).addTo(map));
      };
      draw("now", fm.area(key), {
        fillColor: reach.area, fillOpacity: reach.area_opacity, color: reach.area_line, weight: 1.4, dashArray: "1 4", lineCap: "round",
      });
      draw("gained", fm.areaChange("gained", key), { fillColor: site.gained, fillOpacity: 0.3, color: site.gained, weight: 1.6 });
      draw("lost", fm.areaChange("lost", key), { fillColor: site.lost, fillOpacity: 0.25, color: site.lost, weight: 1.6, dashArray: "5 4" });
    }
    fm.drawn.areas = fm.areaShapes.length;
  }

  let shownKinds = null;

  // What is added last lies on top, so buildings and blocks are put in order again when either is switched.
  function showThings(map) {
    const wanted = [[fm.buildingLayer, fm.state.buildings], [fm.spaceLayer, fm.state.spaces],
      [fm.siteLayer, fm.state.sites && !fm.isPicture()], [fm.blockLayer, fm.state.blocks]];
    const isFilled = shownKinds === fm.state.kinds;
    if (isFilled && wanted.every(([layer, isOn]) => map.hasLayer(layer) === isOn)) return;
    shownKinds = fm.state.kinds;
    wanted.forEach(([layer]) => layer.remove());
    if (fm.fillSpaces) fm.fillSpaces();
    wanted.forEach(([layer, isOn]) => { if (isOn) layer.addTo(map); });
  }

  // Beside spaces, homes are coloured only by a type that was chosen: two scales at once say nothing.
  fm.isPlain = () => (fm.state.spaces || fm.isSchool()) && fm.state.type < 0 && !fm.chosenSite() && !fm.isGain();

  function colourHomes() {
    if (!fm.state.buildings) return;
    const classes = fm.classes();
    const plain = fm.isPlain() || fm.isPicture() ? fm.data.colours.building.other : null;
    fm.homeShapes.forEach((shape) => shape.setStyle({ fillColor: plain || fm.homeFill(shape.item.home, classes) }));
    const fillOpacity = fm.isPicture() ? fm.data.colours.green.building_opacity : 1;
    if (fm.buildingOpacity === fillOpacity) return;
    fm.buildingOpacity = fillOpacity;
    fm.buildingLayer.setStyle({ fillOpacity });
  }

  fm.openPopup = (map, where, card) => L.popup({ maxWidth: 300, minWidth: 220, autoPanPadding: [20, 20] })
    .setLatLng(where).setContent(card).openOn(map);

  fm.drawMap = function (map) {
    fm.map = map;
    const ground = pane(map, "ground", 300, true);
    const areas = pane(map, "areas", 350, true);
    const things = pane(map, "things", 400, false);
    map.getContainer().style.background = fm.data.colours.ground.outside;
    fm.canvases = [ground, areas, things];
    fm.drawn = { buildings: fm.data.buildings.shapes.length, streets: 0, blocks: fm.data.blocks.length };
    fm.data.ground.streets.forEach((street) => { fm.drawn.streets += street.lines.length; });
    addGround(map, ground);
    addBuildings(map, things);
    fm.addSpaces(map, things);
    fm.addSites(map, things);
    fm.addLinks(map, things);
    fm.addSchool(map, things);
    fm.addGreen(map, areas);
    addBlocks(things);
    addFacilities(map, things);
    fm.drawn.homes = fm.homeShapes.length;
    const show = () => {
      showThings(map);
      colourHomes();
      showAreas(map, areas);
      fm.showSchool();
      showFacilities(map);
      fm.showLinks(map);
      fm.showSites(map);
    };
    fm.watch(show);
    show();
  };
})(window.fengmao);
