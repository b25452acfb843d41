// Copy buttons and tabs; the page does without.
(() => {
  const status = document.querySelector('[role=status]');
  let clearing;
  for (const button of document.querySelectorAll('button[data-copy]')) {
    button.hidden = !navigator.clipboard;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      status.textContent = button.dataset.copied;
      clearTimeout(clearing);
      clearing = setTimeout(() => { status.textContent = ''; }, 4000);
    });
  }
  const tabs = [...document.querySelectorAll('nav[data-tabs] a')];
  for (const tab of tabs) {
    tab.addEventListener('click', (event) => {
      // Into another tab of the browser, it is a link like any other.
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
      event.preventDefault();
      for (const other of tabs) {
        const is = other === tab;
        if (is) other.setAttribute('aria-current', 'true'); else other.removeAttribute('aria-current');
        document.getElementById(other.dataset.panel).hidden = !is;
      }
      history.replaceState(null, '', tab.href);
      for (const language of document.querySelectorAll('a[hreflang]')) {
        const url = new URL(language.href);
        url.searchParams.set('program', tab.dataset.panel);
        language.href = url;
      }
    });
  }
})();
