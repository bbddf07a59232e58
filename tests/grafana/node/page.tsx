// A dashboard's panels in a browser, drawn by Grafana's own components at the places that the dashboard gives them.
import { createRoot } from 'react-dom/client';
import React, { useEffect, useState } from 'react';
import {
  dateTime,
  fieldMatchers,
  FieldMatcherID,
  FieldType,
  formattedValueToString,
  getDisplayProcessor,
  getFieldDisplayName,
  getFieldDisplayValues,
  ThemeContext,
  VizOrientation,
  type DataFrame,
} from '@grafana/data';
import {
  BigValue,
  GlobalStyles,
  PanelChrome,
  PortalContainer,
  preparePlotFrame,
  TimeSeries,
  VizRepeater,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { drawn, framesOf, interpolated, theme } from './frames';

const ROW = 30;
const GAP = 8;

interface Input {
  title: string;
  width: number;
  panels: Array<{ panel: any; answers: any }>;
  variables: Record<string, string>;
}

interface Drawing {
  panel: any;
  frames: DataFrame[];
  width: number;
  height: number;
}

function Stat({ panel, frames, width, height }: Drawing) {
  const { options, fieldConfig } = panel;
  const replaceVariables = (text: string) => text;
  const { reduceOptions } = options;
  const getValues = () =>
    getFieldDisplayValues({ fieldConfig, reduceOptions, replaceVariables, theme, data: frames, timeZone: 'utc' });
  const render = ({ value, width, height, count }: any) => (
    <BigValue
      value={options.textMode === 'name' ? { ...value.display, text: value.display.title } : value.display}
      width={width}
      height={height}
      count={count}
      theme={theme}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
      text={options.text}
      disableWideLayout={!options.wideLayout}
    />
  );
  return (
    <VizRepeater
      getValues={getValues}
      renderValue={render}
      width={width}
      height={height}
      source={frames}
      itemSpacing={3}
      orientation={width > height ? VizOrientation.Vertical : VizOrientation.Horizontal}
      renderCounter={0}
    />
  );
}

function Table({ panel, frames, width, height }: Drawing) {
  if (!frames.some((frame) => frame.length)) {
    return <div style={{ padding: 16 }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  const { cellHeight } = panel.options;
  const { fieldConfig } = panel;
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      cellHeight={cellHeight}
      fieldConfig={fieldConfig}
      structureRev={1}
      enableVirtualization={false}
    />
  );
}

// Numbers on the horizontal axis, as a trend panel has them, or the time of a time series.
function Chart({ panel, frames, width, height }: Drawing) {
  const { xField, legend } = panel.options;
  const places = { next: 0 };
  const plotted = frames.map((frame) => ordered(frame, places, xField));
  const times = frames.flatMap((frame) => frame.fields.filter((field) => field.type === FieldType.time));
  const ends = times.flatMap((field) => field.values);
  const range = { from: dateTime(Math.min(...ends)), to: dateTime(Math.max(...ends)) };
  const prepare = (all: DataFrame[], dimensions: any) =>
    preparePlotFrame(all, { ...dimensions, x: fieldMatchers.get(FieldMatcherID.byName).get(xField) });
  return (
    <TimeSeries
      frames={plotted}
      width={width}
      height={height}
      timeZone="utc"
      timeRange={{ ...range, raw: range }}
      legend={legend}
      options={panel.options}
      structureRev={1}
      {...(xField ? { preparePlotFrame: prepare } : {})}
    />
  );
}

// The field of the axis first; each of the others knows its place, from which it takes its colour.
function ordered(frame: DataFrame, places: { next: number }, xField?: string): DataFrame {
  const named = (field: any) => getFieldDisplayName(field, frame) === xField;
  const fields = [...frame.fields].sort((one, two) => Number(named(two)) - Number(named(one)));
  return {
    ...frame,
    fields: fields.map((field) => {
      const isSeries = field.type === FieldType.number && !named(field);
      const state = isSeries ? { ...field.state, seriesIndex: places.next++ } : field.state;
      // As the panel does: what is no number is a gap.
      const values = isSeries ? field.values.map((value) => (Number.isFinite(value) ? value : null)) : field.values;
      const made = { ...field, state, values };
      return { ...made, display: getDisplayProcessor({ field: made, theme, timeZone: 'utc' }) };
    }),
  };
}

const KINDS: Record<string, (drawing: Drawing) => React.JSX.Element> = {
  stat: Stat,
  table: Table,
  trend: Chart,
  timeseries: Chart,
};

function Panel({ panel, answers, column, variables }: any) {
  const [frames, setFrames] = useState<DataFrame[] | null>(null);
  useEffect(() => void drawn(panel, framesOf(panel, answers ?? {}), variables).then(setFrames), []);
  const { x, y, w, h } = panel.gridPos;
  const place = {
    position: 'absolute' as const,
    left: x * column,
    top: y * (ROW + GAP),
    width: w * column - GAP,
    height: h * (ROW + GAP) - GAP,
  };
  const Kind = KINDS[panel.type];
  return (
    <div style={place}>
      <PanelChrome title={interpolated(panel.title, variables)} width={place.width} height={place.height} padding={panel.type === 'table' ? 'none' : 'md'}>
        {(width, height) => (frames ? <Kind panel={panel} frames={frames} width={width} height={height} /> : null)}
      </PanelChrome>
    </div>
  );
}

function Heading({ panel }: any) {
  const place = { position: 'absolute' as const, top: panel.gridPos.y * (ROW + GAP), left: 4, fontSize: 18, whiteSpace: 'nowrap' as const };
  return <div style={{ ...place, color: theme.colors.text.primary }}>{panel.title}</div>;
}

function Page({ title, width, panels, variables }: Input) {
  const column = (width - GAP) / 24;
  const height = Math.max(...panels.map(({ panel }) => (panel.gridPos.y + panel.gridPos.h) * (ROW + GAP))) + 56;
  const style = { width, height, position: 'relative' as const, background: theme.colors.background.canvas };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div id="page" style={style}>
        <div style={{ padding: '14px 12px', fontSize: 20, color: theme.colors.text.primary }}>{title}</div>
        <div style={{ position: 'absolute', top: 52, left: GAP }}>
          {panels.map(({ panel, answers }) =>
            panel.type === 'row' ? (
              <Heading key={panel.id} panel={panel} />
            ) : (
              <Panel key={panel.id} panel={panel} answers={answers} column={column} variables={variables} />
            )
          )}
        </div>
      </div>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

(window as any).draw = (input: Input) => createRoot(document.getElementById('root')!).render(<Page {...input} />);
