// Keeps the progress page fresh. Without it the page works too: it is drawn whole by the server.
"use strict";
(function () {
  var page = document.querySelector("[data-events]");
  if (!page || !window.EventSource) return;

  function set(name, text) {
    var place = page.querySelector('[data-set="' + name + '"]');
    if (place && place.textContent !== text) place.textContent = text;
  }

  function row(now) {
    var line = page.querySelector('[data-row="' + CSS.escape(now.key) + '"]');
    if (!line) return;
    line.querySelector("progress").value = now.percent;
    line.querySelector(".words").textContent = now.words;
    line.querySelector(".count").textContent = now.count;
  }

  var source = new EventSource(page.dataset.events);
  source.onmessage = function (event) {
    var now = JSON.parse(event.data);
    // Something came or went: the server draws the page anew.
    if (now.shape !== page.dataset.shape) {
      source.close();
      window.location.reload();
      return;
    }
    if (!now.run) return;
    set("headline", now.run.headline);
    set("detail", now.run.detail);
    set("percent", now.run.percent + " %");
    page.querySelector('[data-bar="all"]').value = now.run.percent;
    now.run.rows.forEach(row);
  };
})();
