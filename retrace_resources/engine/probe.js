// Looks at a page for the engine: what is seen of it, which messages it shows. Installed in every document before any of
// its own scripts; plain functions on one hidden object. The rules are those of retrace_core's visible.py and messages.py.
(() => {
  const MESSAGE_ROLES = new Set(["alert", "alertdialog", "status", "log"]);
  const MESSAGE_CLASSES =
    /(?:^|[\s_-])(?:toast(?:s|ify|er)?|snackbar|notification|notistack|noty|sonner|growl|alert|flash|messages?|errors?|danger|failure|warning|success|notice|callout|feedback|invalid|help-block|validation)(?:$|[\s_-])/i;
  const TOAST_CLASSES = /(?:^|[\s_-])(?:toast(?:s|ify|er)?|snackbar|notistack|noty|sonner|growl|flash)(?:$|[\s_-])/i;
  const POINTER_CLASSES = /(?:^|[-_:])(?:focus(?:ed|visible|-visible)?|hover(?:ed)?|pressed|ripple|touched|pristine|untouched)/i;
  const LOADING_CLASSES =
    /(?:^|[\s_-])(?:loading|loader|spinner|spin|skeleton|shimmer|progress-?bar|busy|pending|submitting)(?:$|[\s_-])/i;
  const SEEN_ATTRIBUTES = ["href", "src", "alt", "placeholder", "open", "role", "d", "points", "transform", "fill"];
  const SEEN_STATES = ["checked", "current", "expanded", "pressed", "selected", "invalid", "sort"];
  const NEVER_SEEN = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "LINK", "META", "TITLE"]);
  const MEDIA = new Set(["AUDIO", "BUTTON", "CANVAS", "EMBED", "IFRAME", "IMG", "INPUT", "SELECT", "SVG", "TEXTAREA", "VIDEO"]);
  const TEXT_CHARS = 200;
  // Larger than any page a person reads; a page that draws more is compared by its beginning.
  const MOST_NODES = 20_000;
  const MOST_MESSAGES = 200;

  const classesOf = (element) => element.getAttribute("class") ?? "";
  const isShown = (element) => {
    if (NEVER_SEEN.has(element.tagName)) return false;
    const style = getComputedStyle(element);
    return style.display !== "none" && style.opacity !== "0";
  };
  const isVisible = (element) => getComputedStyle(element).visibility === "visible";
  const childrenOf = (element) => [...(element.shadowRoot ?? element).childNodes];
  const isMessage = (element) =>
    MESSAGE_ROLES.has(element.getAttribute("role")) ||
    ["assertive", "polite"].includes(element.getAttribute("aria-live")) ||
    MESSAGE_CLASSES.test(classesOf(element));

  /** Everything about an element by which a person could see a difference; what was typed is no part of it. */
  const looksOf = (element) => {
    const classes = [...element.classList].filter((name) => !POINTER_CLASSES.test(name)).sort().join(" ");
    const seen = SEEN_ATTRIBUTES.map((name) => element.getAttribute(name) ?? "");
    const states = SEEN_STATES.map((name) => element.getAttribute(`aria-${name}`) ?? "");
    const style = getComputedStyle(element);
    const drawn = [style.color, style.backgroundColor, style.textDecorationLine, style.backgroundImage];
    const field = element.matches("input, textarea, select");
    const box = field ? [] : [classes];
    return [element.tagName, ...box, ...seen, ...states, ...drawn, element.disabled ? "disabled" : ""].join("\u0001");
  };

  /** What is seen, in order: an element's place and looks, or a text; messages, toasts and ambient places left out. */
  const seen = (ambient = []) => {
    const left = new Set(ambient);
    const lines = [];
    const pending = document.body ? [[document.body, "0"]] : [];
    while (pending.length && lines.length < MOST_NODES) {
      const [node, place] = pending.pop();
      if (left.has(place)) continue;
      if (node.nodeType === Node.TEXT_NODE) {
        const words = node.data.split(/\s+/).join(" ").trim();
        if (words && node.parentElement?.tagName !== "TEXTAREA" && isVisible(node.parentElement ?? document.body))
          lines.push([place, words]);
      } else if (node.nodeType === Node.ELEMENT_NODE && isShown(node) && !(node !== document.body && isMessage(node))) {
        if (isVisible(node)) lines.push([place, looksOf(node)]);
        childrenOf(node).forEach((child, index) => pending.push([child, `${place}.${index}`]));
      }
    }
    return lines;
  };

  const textOf = (element) => (element.innerText ?? element.textContent ?? "").split(/\s+/).join(" ").trim().slice(0, TEXT_CHARS);

  const told = [];
  const tell = (element) => {
    if (told.length >= MOST_MESSAGES || !element.isConnected || !isShown(element) || !element.getClientRects().length) return;
    const text = textOf(element);
    if (text && !told.includes(text)) told.push(text);
  };
  const withMessages = (root) => {
    let near = root.nodeType === Node.ELEMENT_NODE ? root : root.parentElement;
    for (let above = near, level = 0; above && level < 4; above = above.parentElement, level += 1)
      if (isMessage(above)) tell(above);
    for (const element of near?.querySelectorAll?.("*") ?? []) if (isMessage(element)) tell(element);
    // What is no message by its marks may be one by its words: the text itself is compared by whoever asks.
    if (near && near.children.length <= 4) tell(near);
  };
  const watch = () =>
    new MutationObserver((records) => {
      for (const record of records) {
        if (record.type === "childList") record.addedNodes.forEach(withMessages);
        else withMessages(record.target);
      }
    }).observe(document, {
      subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["class", "style", "hidden", "role"],
    });
  watch();

  Object.defineProperty(window, "__retrace_probe", {
    value: {
      seen,
      /** Places that change by themselves between two looks: clocks, tickers, animations. */
      ambient: async (ms) => {
        const before = new Map(seen());
        await new Promise((done) => setTimeout(done, ms));
        const after = new Map(seen());
        return [...new Set([...before.keys(), ...after.keys()])].filter((place) => before.get(place) !== after.get(place));
      },
      signature: (ambient) => {
        let hash = 5381;
        const text = JSON.stringify(seen(ambient).map(([, looks]) => looks));
        for (let index = 0; index < text.length; index += 1) hash = (hash * 33 + text.charCodeAt(index)) % 9007199254740881;
        return `${text.length}:${hash}`;
      },
      scrolled: () => `${Math.round(scrollX)},${Math.round(scrollY)}`,
      isBusy: () =>
        [...document.querySelectorAll("[aria-busy=true], [role=progressbar], progress, :disabled, [class]")].some(
          (element) =>
            (element.matches("[aria-busy=true], [role=progressbar], progress") || LOADING_CLASSES.test(classesOf(element))) &&
            isShown(element) && element.getClientRects().length > 0,
        ),
      messages: () => [...told],
      /** Visible characters, pictures and controls, of the main landmark where there is one; signs of loading are none. */
      content: () => {
        const root = document.querySelector("main, [role=main]") ?? document.body;
        if (!root) return 0;
        const media = [...root.querySelectorAll("*")].filter(
          (element) => MEDIA.has(element.tagName.toUpperCase()) && element.getClientRects().length,
        );
        return root.innerText.trim().length + media.length;
      },
      hasPassword: () => [...document.querySelectorAll("input[type=password]")].some((field) => field.getClientRects().length),
    },
  });
})();
