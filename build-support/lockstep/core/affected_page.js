"use strict";
const input = document.querySelector("input[type=search]");
if (input) {
  const output = document.querySelector("output");
  const folders = [...document.querySelectorAll(".list details")];
  const openAtFirst = new Map(folders.map((folder) => [folder, folder.open]));
  const counts = new Map(folders.map((folder) => [folder, folder.querySelector("b").textContent]));
  const targets = [...document.querySelectorAll(".list li[id]")];
  const texts = new Map(
    targets.map((target) => [target, `${target.dataset.target} ${target.textContent}`.toLowerCase()]),
  );
  const has = (target, word) => {
    const [, key, value] = word.match(/^(cause|type):(.*)$/) || [];
    return key ? target.dataset[key].toLowerCase() === value : texts.get(target).includes(word);
  };

  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const target of targets) {
      target.hidden = !words.every((word) => has(target, word));
      found += !target.hidden;
    }
    for (const folder of folders) {
      const shown = folder.querySelectorAll("li[id]:not([hidden])").length;
      folder.parentElement.hidden = !shown;
      folder.querySelector("b").textContent = (words.length ? `${shown} of ` : "") + counts.get(folder);
      folder.open = words.length ? found <= 300 || folder.open : openAtFirst.get(folder);
    }
    output.textContent = words.length ? `${found} of ${targets.length}` : "";
  };

  input.addEventListener("input", search);
  for (const button of document.querySelectorAll("[data-search]")) {
    button.addEventListener("click", () => {
      input.value = input.value.trim() === button.dataset.search ? "" : button.dataset.search;
      search();
      if (input.value) input.scrollIntoView({ block: "start" });
    });
  }
  // What the drawing links to may be hidden by a search or in a closed folder.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.hidden) {
      input.value = "";
      search();
    }
    for (let at = target.parentElement; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", reveal);
  reveal();
}
