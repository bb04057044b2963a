// Language: the page holds both; html[lang] decides which one the style sheet shows.
// Everything below stands in one function scope with the other scripts of this folder.

const page = JSON.parse(document.getElementById("page-data").textContent);
let language = page.language;
const relabel = []; // what is drawn by script and must be drawn again in the other language

/** A text, or a word of the page by its name, in the language shown. */
const say = (text) => (typeof text === "string" ? page.words[text] : text)[language];

/** A word with its {names} filled in. */
const fill = (name, values) => say(name).replace(/\{(\w+)\}/g, (_, key) => String(values[key]));

/** A number of people with thousands apart. */
const grouped = (number) => Math.round(number).toLocaleString("en-US");

/** An element with a class and children; strings become text, never markup. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function setLanguage(next) {
  language = next === "zh" ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say(page.title);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  for (const option of document.querySelectorAll("option[data-en]")) {
    option.textContent = option.dataset[language];
  }
  for (const group of document.querySelectorAll("optgroup[data-en]")) group.label = group.dataset[language];
  for (const each of document.querySelectorAll("[data-aria-en]")) {
    each.setAttribute("aria-label", language === "zh" ? each.dataset.ariaZh : each.dataset.ariaEn);
  }
  for (const input of document.querySelectorAll("[data-hint-en]")) {
    input.placeholder = language === "zh" ? input.dataset.hintZh : input.dataset.hintEn;
  }
  for (const draw of relabel) draw();
}

/** The language that the reader's browser asks for first, or else the page's own. */
function readersLanguage() {
  for (const asked of navigator.languages?.length ? navigator.languages : [navigator.language || ""]) {
    if (/^zh\b/i.test(asked)) return "zh";
    if (/^en\b/i.test(asked)) return "en";
  }
  return page.language;
}
