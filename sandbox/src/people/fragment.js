(function () {
  function follow() {
    if (location.hash.indexOf('#/') === 0) {
      location.replace(location.pathname.replace(/\/$/, '') + '/go?to=' + encodeURIComponent(location.hash.slice(1)));
    }
  }
  window.addEventListener('hashchange', follow);
  follow();
})();
