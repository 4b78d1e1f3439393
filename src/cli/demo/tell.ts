/** What the demo says: a heading for every chapter of the story, and lines under it. */
export interface Teller {
  chapter(title: string): void;
  line(text: string): void;
  /** A table or other text that stands by itself. */
  block(text: string): void;
}

export function tellTo(stream: { write(text: string): unknown }): Teller {
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      stream.write(`\n${chapters}. ${title}\n`);
    },
    line: (text) => void stream.write(`   ${text}\n`),
    block: (text) => void stream.write(`\n${text.replaceAll(/^/gm, '   ')}\n`),
  };
}
