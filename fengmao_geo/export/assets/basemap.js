"use strict";
// A web basemap, where the page was made with one: under everything, instead of the town's own ground.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);

  fm.startBasemap = () => { fm.state.basemap = Boolean(fm.data.basemap); };

  fm.addBasemap = function (map, control) {
    const { basemap } = fm.data;
    if (!basemap) return;
    map.createPane("tiles").style.zIndex = 200;
    const note = el("div", { class: "tile-note" });
    control(map, "bottomright", note);
    let loaded = 0;
    let failed = 0;
    const layers = basemap.tiles.map((address) => L.tileLayer(address, {
      pane: "tiles", subdomains: basemap.subdomains, maxNativeZoom: basemap.max_zoom, maxZoom: 19,
    }));
    // With nothing to be had from the network the town's own ground comes back.
    layers.forEach((layer) => layer.on("tileload", () => { loaded += 1; }).on("tileerror", () => {
      failed += 1;
      if (!loaded && failed >= 2 && fm.state.basemap) fm.change({ basemap: false, basemapFailed: true });
    }));
    const show = () => {
      const isOn = fm.state.basemap;
      layers.forEach((layer) => (isOn ? layer.addTo(map) : layer.remove()));
      map.getPane("ground").style.display = isOn ? "none" : "";
      const said = isOn ? basemap.attribution : fm.state.basemapFailed ? say("basemap_failed") : "";
      note.textContent = [said, basemap.stamp].filter(Boolean).join(" \u00b7 ");
      note.hidden = !note.textContent;
    };
    fm.watch(show);
    show();
  };

  fm.basemapChip = (chip) => (fm.data.basemap
    ? chip(say("basemap"), null, fm.state.basemap, (basemap) => fm.change({ basemap })) : null);
})(window.fengmao);
