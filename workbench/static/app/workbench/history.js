/**
 * What predictions replaced, to go back and forth. Apart from the editor's own history of text.
 *
 * @template T
 */
export class History {
  /** @param {readonly T[]} past @param {readonly T[]} future @param {number} most */
  constructor(past = [], future = [], most = 200) {
    this.past = past;
    this.future = future;
    this._most = most;
  }

  get canUndo() {
    return this.past.length > 0;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  /** Before a prediction: what there is then. @param {T} present */
  record(present) {
    return new History([...this.past, present].slice(-this._most), [], this._most);
  }

  /** @param {T} present @returns {{history: History<T>, present: T}} what was written since is there again after a redo */
  undo(present) {
    const before = this.past.at(-1);
    if (before === undefined) return { history: this, present };
    return { history: new History(this.past.slice(0, -1), [present, ...this.future], this._most), present: before };
  }

  /** @param {T} present @returns {{history: History<T>, present: T}} */
  redo(present) {
    const after = this.future[0];
    if (after === undefined) return { history: this, present };
    return { history: new History([...this.past, present], this.future.slice(1), this._most), present: after };
  }
}
