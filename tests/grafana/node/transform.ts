// Reads a file with [{panel, answers}] and variables as JSON, and prints what each panel shows: fields with values and texts.
import { readFileSync } from 'node:fs';
import { formattedValueToString, type DataFrame } from '@grafana/data';
import { drawn, framesOf } from './frames';

const shown = (frame: DataFrame) =>
  frame.fields.map((field) => ({
    name: field.state!.displayName,
    type: field.type,
    values: field.values,
    texts: field.values.map((value) => formattedValueToString(field.display!(value))),
    colours: field.values.map((value) => field.display!(value).color ?? null),
    links: field.values.map((_, row) => (field.getLinks?.({ valueRowIndex: row }) ?? []).map((link) => link.href)),
  }));

async function main() {
  const { panels, variables, dropEmpty, timeZone } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const all = panels.map(async ({ panel, answers }: any) =>
    (await drawn(panel, framesOf(panel, answers, dropEmpty), variables, timeZone)).map(shown)
  );
  console.log(JSON.stringify(await Promise.all(all)));
}

main();
