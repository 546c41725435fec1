import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../workbench/static/app/workbench/history.js";
import * as trees from "../../workbench/static/app/workbench/tree.js";
import { treeFromJson, treeToJson } from "../../workbench/static/app/workbench/tree_file.js";
import { doc, emoji, seen, shape, t } from "./pieces.mjs";

/** @param {import("../../workbench/static/app/workbench/tree.js").Tree} tree */
const here = (tree) => shape(trees.documentAt(tree, tree.here, "pico"));
const abc = () => trees.adopt(trees.emptyTree(), doc(t(1, "a"), t(2, "b"), t(3, "c")));

test("another token in the middle is a branch, and the old one stays", () => {
  const tree = trees.adopt(abc(), doc(t(1, "a"), t(9, "x")));
  assert.deepEqual(here(tree), [1, 9]);
  const leaves = Object.values(tree.nodes).filter((node) => !node.children.length);
  assert.deepEqual(leaves.map((leaf) => shape(trees.documentAt(tree, leaf.id, "pico"))).sort(), [[1, 2, 3], [1, 9]].sort());
});

test("a branch inside a split emoji is exact", () => {
  const whole = emoji();
  const tree = trees.adopt(trees.emptyTree(), whole);
  const other = doc(...whole.pieces.slice(0, 3), t(8, "", { part: true, spelled: "bytes:\\x98" }));
  const branched = trees.adopt(tree, other);
  assert.deepEqual(trees.documentAt(branched, branched.here, "pico").promptIds, [0, 1, 2, 8]);
});

test("taking in what is there already changes nothing", () => {
  const tree = abc();
  assert.deepEqual(Object.keys(trees.adopt(tree, doc(t(1, "a"), t(2, "b"), t(3, "c"))).nodes), Object.keys(tree.nodes));
});

test("a shorter document is a place on the branch, and its rest stays below", () => {
  const tree = trees.adopt(abc(), doc(t(1, "a")));
  assert.deepEqual(here(tree), [1]);
  assert.equal(Object.keys(tree.nodes).length, 3);
});

test("n continuations are siblings, and only the first is seen", () => {
  const start = abc();
  const tree = trees.grown(start, start.here, [[t(4, "d")], [t(5, "e")], [t(4, "d")]], null);
  assert.equal(trees.nodeOf(tree, start.here).children.length, 3);
  assert.deepEqual(here(tree), [1, 2, 3, 4]);
  assert.deepEqual(trees.nodeOf(tree, start.here).children.map((id) => trees.nodeOf(tree, id).seen), [true, false, false]);
});

test("a pruned branch takes whoever was there to its parent", () => {
  const tree = trees.adopt(abc(), doc(t(1, "a"), t(9, "x")));
  assert.deepEqual(here(trees.pruned(tree, tree.here)), [1]);
});

test("keeping one branch drops what hangs beside it", () => {
  const tree = trees.keptOnly(trees.adopt(abc(), doc(t(1, "a"), t(9, "x"))), "3");
  assert.equal(Object.values(tree.nodes).filter((node) => !node.children.length).length, 1);
});

test("a node is merged with its parent only where no branch would be lost", () => {
  const two = trees.adopt(abc(), doc(t(1, "a"), t(2, "b"), t(3, "c"), t(4, "d")));
  const one = trees.merged(two, two.here);
  assert.deepEqual(here(one), [1, 2, 3, 4]);
  assert.equal(Object.keys(one.nodes).length, 2);
  const branched = trees.adopt(abc(), doc(t(1, "a"), t(9, "x")));
  assert.equal(trees.merged(branched, branched.here), branched);
});

test("a lens of another model is not shown as this one's", () => {
  const tree = trees.adopt(trees.emptyTree(), doc(seen(1, "a", -1)));
  assert.equal(trees.documentAt(tree, tree.here, "pico").lens(0)?.logprob, -1);
  assert.equal(trees.documentAt(tree, tree.here, "nano").lens(0), null);
});

test("undo of a prediction goes back, and redo brings what was there", () => {
  const history = new History().record("before");
  const undone = history.undo("after, and typed");
  assert.equal(undone.present, "before");
  assert.equal(undone.history.redo("before").present, "after, and typed");
});

test("a new prediction ends what could be done again", () => {
  const { history } = new History().record("a").undo("b");
  assert.equal(history.record("a").canRedo, false);
});

test("a thumb stays with its branch, and the same again takes it back", () => {
  const tree = trees.judged(abc(), abc().here, "down");
  assert.equal(trees.nodeOf(tree, tree.here).thumb, "down");
  assert.equal(treeFromJson(JSON.parse(JSON.stringify(treeToJson(tree)))).nodes[tree.here]?.thumb, "down");
  assert.equal(trees.nodeOf(trees.judged(tree, tree.here, "down"), tree.here).thumb, undefined);
});

test("a branch is split at a token, reads the same, and its thumb is that of the end", () => {
  const judged = trees.judged(abc(), abc().here, "up");
  const tree = trees.split(judged, 1);
  assert.deepEqual(here(tree), [1, 2, 3]);
  assert.equal(Object.keys(tree.nodes).length, Object.keys(judged.nodes).length + 1);
  assert.deepEqual(trees.pathTo(tree, tree.here).map(({ pieces, thumb }) => [pieces.length, thumb ?? null]), [[0, null], [1, null], [2, "up"]]);
  assert.equal(trees.split(judged, 0), judged);
  assert.equal(trees.split(judged, 3), judged);
});
