// Runs before the first paint, so that the page never flashes in the other theme. "auto" follows the system.
(() => {
  const key = 'penstock-theme';
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => {
    try {
      return localStorage.getItem(key) || 'auto';
    } catch {
      return 'auto';
    }
  };
  const apply = () => {
    const choice = chosen();
    const theme = choice === 'auto' ? (dark.matches ? 'dark' : 'light') : choice;
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new CustomEvent('penstock-theme', {detail: {choice, theme}}));
  };
  window.penstockTheme = {
    chosen,
    choose(choice) {
      try {
        localStorage.setItem(key, choice);
      } catch {
        // Nothing is kept then; the page still changes.
      }
      apply();
    },
  };
  dark.addEventListener('change', apply);
  apply();
})();
