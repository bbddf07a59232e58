// Prometheus' answers as data frames, as Grafana's data source makes them, and what the panel then does to them.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  FieldConfigOptionsRegistry,
  FieldType,
  formattedValueToString,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
  type DataFrame,
  type Field,
} from '@grafana/data';

export interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: Array<[number, string]>;
}

export type Answers = Record<string, Series[]>;

export const theme = createTheme({ colors: { mode: 'dark' } });

// 13 loads each when it is used, 12 has them all. Two of them are one under two names.
declare const GRAFANA: number;
const transformers = new Map(Object.values(standardTransformers).map((each) => [each.id, each]));
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: (GRAFANA < 13 ? transformation : async () => transformation) as any,
    editor: () => null,
    imageDark: '',
    imageLight: '',
  }))
);

const field = (name: string, type: FieldType, values: unknown[], rest: Partial<Field> = {}): Field => ({
  name,
  type,
  values,
  config: {},
  ...rest,
});

const samples = (series: Series) => series.values ?? (series.value ? [series.value] : []);
const time = (series: Series[]) => series.flatMap(samples).map(([seconds]) => seconds * 1000);
const numbers = (series: Series[]) => series.flatMap(samples).map(([, text]) => Number(text.replace('Inf', 'Infinity')));

// One frame: the time, each label in the order of the alphabet, and the value, named after its query if there are more.
function table(series: Series[], refId: string, only: boolean): DataFrame {
  const labels = [...new Set(series.flatMap((each) => Object.keys(each.metric).sort()))];
  const fields = [
    field('Time', FieldType.time, time(series)),
    ...labels.map((label) => field(label, FieldType.string, series.map((each) => each.metric[label] ?? ''))),
    field(only ? 'Value' : `Value #${refId}`, FieldType.number, numbers(series)),
  ];
  return { refId, fields, length: series.length };
}

// A frame for each series, which the legend names.
function lines(series: Series[], refId: string, legend: string): DataFrame[] {
  return series.map((each) => {
    const named = legend.replace(/{{(\w+)}}/g, (_, label) => each.metric[label] ?? '');
    const config = named ? { displayNameFromDS: named } : {};
    const value = field('Value', FieldType.number, numbers([each]), { labels: each.metric, config });
    return { refId, fields: [field('Time', FieldType.time, time([each])), value], length: samples(each).length };
  });
}

// What the data source gives for a panel. It gives an empty frame for an empty answer, or none with `dropEmpty`.
export function framesOf(panel: any, answers: Answers, dropEmpty = false): DataFrame[] {
  const targets = panel.targets.filter((each: any) => !dropEmpty || answers[each.refId].length);
  return targets.flatMap((target: any) =>
    target.format === 'table'
      ? [table(answers[target.refId], target.refId, targets.length === 1)]
      : lines(answers[target.refId], target.refId, target.legendFormat)
  );
}

// The frames that a panel draws: transformed, with the texts, colours and links of its fields.
export async function drawn(
  panel: any,
  frames: DataFrame[],
  variables: Record<string, string>,
  inTimeZone = 'utc'
): Promise<DataFrame[]> {
  const interpolate = (text: string, scoped?: any) => interpolated(text, variables, scoped?.__dataContext?.value);
  const transformed = await new Promise<DataFrame[]>((resolve, reject) =>
    transformDataFrame(panel.transformations, frames, { interpolate }).subscribe({ next: resolve, error: reject })
  );
  const made = applyFieldOverrides({
    data: transformed,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: registry(panel),
    replaceVariables: interpolate,
    theme,
    timeZone: inTimeZone,
  });
  cacheFieldDisplayNames(made);
  return made;
}

// Variables of the dashboard, and of a link those of the value that it stands at.
export function interpolated(text: string, variables: Record<string, string>, at?: any): string {
  return text.replace(/\$\{([^}:]+)(?::(\w+))?\}/g, (whole, name, format) => {
    const [scope, ...path] = name.split('.');
    if (scope === '__value' && at) {
      const value = at.field.values[at.rowIndex];
      return path[0] === 'raw' ? String(value) : formattedValueToString(at.field.display(value));
    }
    if (scope === '__field' && at) {
      return at.field.labels?.[path[1]] ?? '';
    }
    if (!(name in variables)) {
      return whole;
    }
    return format === 'queryparam' ? `var-${name}=${encodeURIComponent(variables[name])}` : variables[name];
  });
}

// Every property that the panel sets, so that none is left out.
function registry(panel: any): FieldConfigOptionsRegistry {
  const { defaults, overrides } = panel.fieldConfig;
  const ids = new Set<string>([
    ...Object.keys(defaults).filter((id) => id !== 'custom'),
    ...Object.keys(defaults.custom ?? {}).map((id) => `custom.${id}`),
    ...overrides.flatMap((each: any) => each.properties.map((property: any) => property.id)),
  ]);
  const items = [...ids].map((id) => ({
    id,
    path: id.replace(/^custom\./, ''),
    isCustom: id.startsWith('custom.'),
    name: id,
    editor: () => null,
    override: () => null,
    process: (value: unknown) => value,
    shouldApply: () => true,
    settings: {},
  }));
  return new FieldConfigOptionsRegistry(() => items as any);
}
