"use strict";
// Scores: a block's own with its indicators, the town's with the order of its blocks.
(function (fm) {
  const el = (...given) => fm.el(...given);
  const say = (...given) => fm.say(...given);
  const width = (share) => Math.max(0, Math.min(100, share)) + "%";

  // What is not known stretches from the least to the most the score could be.
  function scoreBar(row) {
    return el("span", { class: "score-track" }, [
      el("i", { class: "score-range", style: { left: width(row.low), width: width(row.high - row.low) } }),
      row.score === null ? null : el("i", { class: "score-fill", style: { width: width(row.score) } }),
    ]);
  }

  function blockRow(row, isOwn) {
    const inside = [
      isOwn ? null : el("b", { class: "number", text: row.number }),
      isOwn ? null : el("span", { class: "score-name", text: row.name }),
      el("b", { class: row.score === null ? "score-value score-unknown" : "score-value", text: row.score === null ? say("unknown") : row.score.toFixed(1) }),
      scoreBar(row),
      el("span", { class: "score-words", text: row.words.join(" \u00b7 ") }),
    ];
    return isOwn ? el("div", { class: "score score-own" }, inside) : el("a", { class: "score block", href: row.href }, inside);
  }

  function figure(row) {
    const states = row.states.map(([state, value]) => state + " " + value).join(" \u2192 ");
    const under = [states, row.target, row.lacking].filter(Boolean).join(" \u00b7 ");
    return el("li", { class: "index" }, [
      el("span", { class: "index-name", text: row.name }),
      el("b", { class: row.is_known ? "index-value" : "index-value index-unknown", text: row.value }),
      row.attained === null ? null : el("span", { class: "index-track", title: say("score_attained", { n: fm.percent(row.attained) }) }, [
        el("i", { class: "index-fill", style: { width: width(100 * row.attained) } })]),
      under ? el("small", { text: under }) : null,
    ]);
  }

  fm.scoresBox = function () {
    const { scores, cards } = fm.data;
    if (!scores) return null;
    const isTown = cards.length > 0;
    const groups = scores.groups.map((group) => el("details", { class: "index-group" }, [
      el("summary", {}, [el("span", { text: group.name }), el("small", { text: String(group.rows.length) })]),
      el("ul", {}, group.rows.map(figure)),
    ]));
    return el("section", { class: "scores" }, [
      scores.blocks.length ? el("h2", { text: isTown ? say("score_titles") : say("score_title") }) : null,
      scores.blocks.length ? el("p", { class: "hint", text: say("score_hint") }) : null,
      ...scores.blocks.map((row) => blockRow(row, !isTown)),
      el("h3", { text: say("score_figures") }),
      ...groups,
    ]);
  };
})(window.fengmao);
