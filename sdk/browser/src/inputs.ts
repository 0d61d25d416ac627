// Watches form fields: one event for a finished entry, not one for each key.

import { type Entry, entryOf, type Field, kindOf, valueOf } from "./entries";
import { takesText } from "./keys";
import { all, listen } from "./listen";
import { type Aim, aimOf, type Watching } from "./watching";

interface Open {
  element: Element;
  aim: Aim;
  userTriggered: boolean;
  /** What was in the field after the last key. */
  typed: string;
}

/** Emits `retrace/input@1` when an entry is finished: at change, blur, submit, the next act, or leaving. */
export function watchInputs(page: Watching): () => void {
  let open: Open | undefined;
  let changed: Element | undefined;

  const finish = () => {
    const ended = open;
    open = undefined;
    if (!ended) return;
    // A controlled field writes back what it made of the text.
    const controlledReset = valueOf(ended.element as unknown as Field) !== ended.typed;
    record(ended, controlledReset ? { controlledReset } : {});
  };

  const record = (entry: Open, more: object) => {
    const { element, aim, userTriggered } = entry;
    const facts: Entry = entryOf(element as unknown as Field, page.privacy.field(element), page.redactor);
    const payload = { ...facts, ...more, userTriggered, ...aim };
    if (userTriggered) page.log.act("retrace/input@1", payload);
    else page.log.emit("retrace/input@1", payload);
  };

  const onInput = (event: Event) => {
    const path = event.composedPath();
    const element = path.find(isField);
    if (!element || page.privacy.isIgnored(element) || page.privacy.isBlocked(element)) return;
    const isText = kindOf(element as unknown as Field) === "fill";
    if (event.type === "change" && isText) {
      if (open?.element === element) finish();
      return;
    }
    if (!isText) {
      // Boxes and lists fire both; the second is the finished one.
      const entry = { element, userTriggered: event.isTrusted, typed: "" };
      if (event.type === "change") {
        changed = element;
        record({ ...entry, aim: aimOf(path, page) }, {});
      }
      return;
    }
    if (open?.element !== element) {
      page.log.finish();
      open = { element, aim: aimOf(path, page), userTriggered: false, typed: "" };
    }
    open.userTriggered ||= event.isTrusted;
    open.typed = valueOf(element as unknown as Field);
  };

  // A box that the page draws anew while it is clicked never says that it changed.
  const onClick = (event: Event) => {
    const path = event.composedPath();
    const [element] = path;
    if (!event.isTrusted || !element || !isField(element) || kindOf(element as unknown as Field) !== "check") return;
    if (page.privacy.isIgnored(element) || page.privacy.isBlocked(element)) return;
    const aim = aimOf(path, page);
    changed = undefined;
    setTimeout(() => {
      const isTold = changed === element || element.isConnected || event.defaultPrevented;
      if (!isTold) record({ element, aim, userTriggered: true, typed: "" }, {});
    });
  };

  return all([
    page.log.finishBeforeActs(finish),
    listen(window, ["click"], onClick),
    listen(window, ["input", "change"], onInput),
    listen(window, ["submit", "focusout"], () => page.log.finish()),
  ]);
}

function isField(entry: EventTarget): entry is Element {
  const element = entry as Partial<HTMLElement>;
  if (element.nodeType !== 1 || !element.tagName) return false;
  return /^(?:input|textarea|select)$/i.test(element.tagName) || takesText(element as HTMLElement);
}
