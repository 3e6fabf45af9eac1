// On a phone the drawer with the pages would stay open over the page that was chosen in it.
if (window.matchMedia("(width <= 768px)").matches) {
  document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
}
