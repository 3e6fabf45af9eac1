// On a phone the drawer with the pages would stay open over the page that was chosen in it. Every page brings this
// script; the first one is listened to.
if (!window.drawerCloses) {
  window.drawerCloses = true;
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-testid=stSidebarNavLink]");
    if (chosen && window.matchMedia("(width <= 768px)").matches) {
      document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
    }
  });
}
