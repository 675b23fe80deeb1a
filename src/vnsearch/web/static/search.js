// Suggestions as one types: the combobox pattern of the ARIA practices guide. Everything else works without a script.
"use strict";
{
  const form = document.getElementById("search");
  const input = document.getElementById("query");
  const { suggest, count } = form.dataset;
  const WAIT_MS = 120;

  const list = document.createElement("ul");
  list.id = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  list.hidden = true;
  const told = document.createElement("p");
  told.className = "unseen";
  told.setAttribute("role", "status");
  input.parentElement.append(list, told);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) input.setAttribute(name, value);

  let typed = input.value;
  let chosen = -1;
  let timer = 0;
  let request = null;

  const close = () => {
    clearTimeout(timer);
    request?.abort();
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    told.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const show = (completions) => {
    close();
    if (!completions.length || document.activeElement !== input) return;
    list.replaceChildren(...completions.map((completion, at) => {
      const option = document.createElement("li");
      option.id = `suggestion-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.lang = "vi";
      option.dir = "auto";
      option.textContent = completion;
      return option;
    }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    const [one, many = one] = count.split("|");
    told.textContent = (completions.length === 1 ? one : many).replace("{count}", completions.length);
  };

  const choose = (at) => {
    clearTimeout(timer);
    request?.abort(); // the list stays as long as one goes through it
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = at;
    const option = list.children[at];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    input.value = option ? option.textContent : typed;
  };

  const ask = async () => {
    request?.abort();
    const mine = request = new AbortController();
    try {
      const answer = await fetch(`${suggest}?prefix=${encodeURIComponent(typed.toWellFormed?.() ?? typed)}`, { signal: mine.signal });
      if (answer.ok && mine === request) show(await answer.json());
    } catch {
      // Overtaken by what was typed since, or no network: there are no suggestions then.
    }
  };

  const changed = () => {
    typed = input.value;
    clearTimeout(timer);
    if (typed.trim()) timer = setTimeout(ask, WAIT_MS);
    else close();
  };

  // Also while an input method composes: keyboards of phones do so all the time.
  input.addEventListener("input", changed);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const size = list.children.length;
    // One more place than there are suggestions: what was typed.
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) choose((chosen + 1 + steps[event.key] + size + 1) % (size + 1) - 1);
    else if (event.key === "Escape") { input.value = typed; close(); }
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    input.value = option.textContent;
    close();
    form.requestSubmit();
  });

  form.addEventListener("submit", close);
  // Empty boxes stay out of the address.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (name !== "query" && value === "") formData.delete(name);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) close(); }); // gone back to
}
