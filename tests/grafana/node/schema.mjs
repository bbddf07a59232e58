// Prints what in the dashboards (files, as arguments) is not of Grafana's schema, as JSON: unknown keys are errors.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// A function that gives the validator of a type, or nothing where there is no such type.
function validators(tsconfig) {
  const config = { path: here('schema/types.ts'), tsconfig: here(tsconfig), skipTypeCheck: true };
  const generator = createGenerator({ ...config, additionalProperties: false });
  const ajv = new Ajv({ strict: false, allErrors: true });
  const types = new Set(readFileSync(config.path, 'utf8').match(/(?<=^export (type|interface) )\w+/gm));
  const made = new Map();
  return (type) => {
    if (types.has(type) && !made.has(type)) {
      made.set(type, ajv.compile(generator.createSchema(type)));
    }
    return made.get(type);
  };
}

function panelProblems(panel, check, report) {
  panel.targets.forEach((target) => report(check('Target'), target, `${panel.title}: query ${target.refId}`));
  report(check(`${panel.type}Options`), panel.options, `${panel.title}: options`);
  const { defaults, overrides } = panel.fieldConfig;
  const fields = [defaults, ...overrides.map((each) => field(each.properties))];
  for (const { custom, ...standard } of fields) {
    report(check('Field'), standard, `${panel.title}: fieldConfig`);
    if (custom) {
      report(check(`${panel.type}Custom`), custom, `${panel.title}: custom`);
    }
  }
}

// The properties of an override as the field's configuration that they make.
function field(properties) {
  const made = {};
  for (const { id, value } of properties) {
    const own = id.startsWith('custom.');
    const place = own ? (made.custom ??= {}) : made;
    place[own ? id.slice('custom.'.length) : id] = value;
  }
  return made;
}

function problems(board, check, name) {
  const found = [];
  const report = (validate, data, where) => {
    if (!validate) {
      found.push(`${name}: ${where}: not known for this kind of panel`);
    } else if (!validate(data)) {
      for (const error of validate.errors) {
        const extra = error.params.additionalProperty ?? JSON.stringify(error.params);
        found.push(`${name}: ${where}${error.instancePath} ${error.message}: ${extra}`);
      }
    }
  };
  report(check('Board'), board, board.title);
  board.panels.filter((panel) => panel.type !== 'row').forEach((panel) => panelProblems(panel, check, report));
  return found;
}

const boards = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const versions = { 12: 'schema/tsconfig.json', 13: 'schema/tsconfig-13.json' };
const found = Object.entries(versions).flatMap(([version, tsconfig]) => {
  const check = validators(tsconfig);
  return boards.flatMap((board) => problems(board, check, `Grafana ${version}`));
});
console.log(JSON.stringify(found, null, 2));
