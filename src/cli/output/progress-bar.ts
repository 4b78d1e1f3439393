import { Presets, SingleBar } from 'cli-progress';
import type { FinishOptions } from '../../ingest/work/finish-export.ts';
import { duration } from './format.ts';
import { ProgressEstimate, type ProgressFigures } from './progress-estimate.ts';

type Watching = Pick<FinishOptions, 'onBegin' | 'onProgress' | 'onProcessed'>;

export interface Progress extends Watching {
  stop(): void;
}

const redrawMillis = 250;

/** A bar with files, rate and time left, where somebody watches; nothing where the output goes to a file or program. */
export function showProgress(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): Progress {
  if (!stream.isTTY) return { stop: () => undefined };
  const format = ' {bar} {percentage}%  {filesDone}/{files} files  {rate} MB/s  {left}';
  const bar = new SingleBar({ stream, format, hideCursor: true, etaBuffer: 1 }, Presets.shades_classic);
  let estimate: ProgressEstimate | undefined;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    if (estimate !== undefined) drawFigures(bar, estimate.at(Date.now()));
  };
  return {
    onBegin(files) {
      if (files.length === 0) return;
      estimate = new ProgressEstimate(files, Date.now());
      const { bytes } = estimate.at(Date.now());
      bar.start(Math.max(1, bytes), 0, { filesDone: 0, files: files.length, rate: '0', left: '' });
      timer = setInterval(draw, redrawMillis);
    },
    onProgress: ({ fileId, copiedBytes }) => estimate?.copied(fileId, copiedBytes),
    onProcessed: (fileId, outcome) => estimate?.processed(fileId, outcome),
    stop() {
      clearInterval(timer);
      draw();
      bar.stop();
    },
  };
}

function drawFigures(bar: SingleBar, figures: ProgressFigures): void {
  const { bytesDone, filesDone, files, megabytesPerSecond, secondsLeft } = figures;
  const left = secondsLeft === null || filesDone === files ? '' : `${duration(secondsLeft)} left`;
  bar.update(bytesDone, { filesDone, files, rate: megabytesPerSecond.toFixed(1), left });
}
