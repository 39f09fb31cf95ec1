document.querySelectorAll('form[data-custom-button]').forEach(function (form) {
  form.addEventListener('submit', async function (event) {
    event.preventDefault();
    var button = form.querySelector('button'), said = document.getElementById('said');
    var say = function (words, failed) {
      said.textContent = words;
      said.className = failed ? 'failed' : '';
      said.hidden = !words;
    };
    button.disabled = true;
    say('', false);
    try {
      var answer = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error('The sandbox answered ' + answer.status + '.');
      var outcome = await answer.json();
      say(outcome.message || outcome.info.join('\n') || '', outcome.failed);
      outcome.opens.forEach(function (one) {
        if (one.window === 'same window' || one.window === 'parent window') {
          location.assign(one.url);
          return;
        }
        var opened = window.open(one.url, '_blank', one.window === 'popup window' ? 'popup,width=900,height=700' : '');
        if (opened) {
          opened.opener = null;
        } else {
          var link = document.createElement('a');
          link.href = one.url;
          link.textContent = 'Open ' + one.asked;
          say('The browser has blocked the new window. ', true);
          said.appendChild(link);
        }
      });
    } catch (error) {
      say(String(error.message || error), true);
    }
    button.disabled = false;
  });
});
