// What a person enters into a form field, told as one entry: kind, class and length of the value, not the value.

import type { FieldPrivacy } from "./privacy";
import type { Redactor } from "./redaction";

export type EntryKind = "fill" | "check" | "radio" | "select" | "file";

export interface FileFacts {
  ext: string;
  mime: string;
  size: number;
}

export interface Entry {
  kind: EntryKind;
  valueMasked: boolean;
  valueClass?: string;
  length?: number;
  value?: string;
  checked?: boolean;
  /** Indexes of the chosen options. */
  options?: number[];
  files?: FileFacts[];
}

/** What of a form field an entry tells of. */
export type Field = Pick<HTMLInputElement, "tagName" | "type" | "value" | "checked" | "files"> & {
  selectedOptions?: Iterable<{ index: number }>;
  textContent?: string | null;
};

const NUMERIC = /^[-+]?[\d\s.,]+$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const DATE = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$/;
const DATE_TYPES = /^(?:date|datetime-local|month|time|week)$/;
const CLASS_BY_TYPE: Readonly<Record<string, string>> = { email: "email", number: "number", range: "number", tel: "phone", url: "url" };

/** Tells of the field as it is now. */
export function entryOf(field: Field, privacy: FieldPrivacy, redactor: Redactor): Entry {
  const kind = kindOf(field);
  if (kind === "check" || kind === "radio") return { kind, valueMasked: privacy !== "plain", checked: field.checked };
  if (kind === "file") return { kind, valueMasked: true, files: Array.from(field.files ?? [], fileFacts) };
  if (privacy === "secret") return { kind, valueMasked: true, valueClass: "secret" };
  const value = valueOf(field);
  const shown = privacy === "plain" ? { valueMasked: false, value: redactor.text(value) } : { valueMasked: true };
  const facts = { kind, ...shown, valueClass: valueClass(field.type, value), length: value.length };
  return kind === "select" ? { ...facts, options: Array.from(field.selectedOptions ?? [], ({ index }) => index) } : facts;
}

export function kindOf({ tagName, type }: Pick<Field, "tagName" | "type">): EntryKind {
  if (tagName.toLowerCase() === "select") return "select";
  return type === "checkbox" ? "check" : type === "radio" || type === "file" ? type : "fill";
}

/** What is in the field; of an editable element, its text. */
export function valueOf(field: Field): string {
  return field.value ?? field.textContent ?? "";
}

/** What kind of thing was entered: by the field's type, else by the shape of the value. */
export function valueClass(type: string | undefined, value: string): string {
  if (type && DATE_TYPES.test(type)) return "date";
  const byType = type ? CLASS_BY_TYPE[type] : undefined;
  if (byType) return byType;
  if (value === "") return "empty";
  if (EMAIL.test(value)) return "email";
  return DATE.test(value) ? "date" : NUMERIC.test(value) ? "number" : "plain";
}

function fileFacts(file: File): FileFacts {
  const ext = /\.(\w{1,10})$/.exec(file.name)?.[1] ?? "";
  return { ext: ext.toLowerCase(), mime: file.type, size: file.size };
}
