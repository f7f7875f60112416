import { readFileSync } from "node:fs";

/** The rows of a CSV file with a header, as objects of texts; quotes as in RFC 4180. */
export function readRows(file) {
  const text = readFileSync(file, "utf8");
  const records = [];
  let record = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character !== '"') {
        field += character;
      } else if (text[at + 1] === '"') {
        field += text[++at];
      } else {
        quoted = false;
      }
    } else if (character === '"') {
      quoted = true;
    } else if (character === ",") {
      record.push(field);
      field = "";
    } else if (character === "\n") {
      record.push(field.endsWith("\r") ? field.slice(0, -1) : field);
      records.push(record);
      record = [];
      field = "";
    } else {
      field += character;
    }
  }

  if (field !== "" || record.length > 0) {
    records.push([...record, field]);
  }

  const header = records.shift();
  return records.map((values) => Object.fromEntries(header.map((name, index) => [name, values[index]])));
}
