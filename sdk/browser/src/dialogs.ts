// Watches the browser's own dialogs. Each does what it always did.

import { clip } from "./describe";
import { all } from "./listen";
import { patch } from "./patch";
import { safely } from "./safely";
import type { Watching } from "./watching";

type DialogType = "alert" | "confirm" | "prompt" | "print";

const MAX_MESSAGE = 500; // characters

/** Emits `retrace/dialog@1` when a dialog was answered; returns how to stop. */
export function watchDialogs(page: Watching): () => void {
  const report = safely((type: DialogType, message: unknown, answer: unknown) => {
    const text = message === undefined ? {} : { message: clip(page.redactor.text(String(message)), MAX_MESSAGE) };
    // What was given to a prompt is the person's; whether something was given tells which way the page went.
    const given = type === "confirm" ? { answer: answer === true } : type === "prompt" ? { answer: answer !== null } : {};
    page.log.emit("retrace/dialog@1", { type, ...text, ...given });
  });
  const watched = (type: DialogType) =>
    patch(window as unknown as Record<DialogType, (...args: unknown[]) => unknown>, type, (original) =>
      function watchedDialog(this: unknown, ...args: unknown[]) {
        const answer = original.apply(this ?? window, args);
        report(type, args[0], answer);
        return answer;
      },
    );
  return all((["alert", "confirm", "prompt", "print"] as const).filter((type) => type in window).map(watched));
}
