
// The page opens in the language that was asked for; the switch changes it.
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}
setLanguage(page.language);
