// Names for screen readers that the theme leaves out: its search dialog, and navigations that are otherwise all alike.
document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
const named = new Map();
document.querySelectorAll("nav").forEach((nav) => {
  const label = nav.getAttribute("aria-label")
    || document.getElementById(nav.getAttribute("aria-labelledby"))?.textContent.trim() || "Navigation";
  const count = (named.get(label) || 0) + 1;
  named.set(label, count);
  if (count > 1) { nav.removeAttribute("aria-labelledby"); nav.setAttribute("aria-label", `${label} ${count}`); }
});
