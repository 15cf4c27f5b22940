const marks = [...document.querySelectorAll('.mark')];
const readout = document.getElementById('readout');

function point(mark) {
  for (const other of marks) other.classList.toggle('near', other.dataset.origin === mark.dataset.origin);
  const copies = document.querySelectorAll('.pair section:last-child .mark.near').length;
  readout.textContent = `${mark.querySelector('title').textContent}; ${copies} in the unrolled graph.`;
}
for (const mark of marks) {
  mark.setAttribute('tabindex', 0);
  mark.setAttribute('role', 'img');
  mark.setAttribute('aria-label', mark.querySelector('title').textContent);
  mark.addEventListener('pointerenter', () => point(mark));
  mark.addEventListener('focus', () => point(mark));
}
for (const svg of document.querySelectorAll('.pair svg')) svg.setAttribute('role', 'group');
document.querySelector('header').prepend(themeButton());
