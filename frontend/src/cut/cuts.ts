/**
 * Every species cut across: the ground it lies on and its layers from skin to seed.
 *
 * Colour in this app comes from fruit only, and from here only. Grounds are chosen so that black or white text reads on
 * them (a test holds it at 4.5 : 1).
 */

import { beads, blob, disc, drops, lobed, oval, pips, rays, ring, seeds, spread, star, wedges, type Layer } from "./shapes";

export interface Cut {
  ground: string;
  /** The colour that stands for the species in rings and bars. */
  skin: string;
  layers: readonly Layer[];
}

const cut = (ground: string, skin: string, ...layers: Layer[]): Cut => ({ ground, skin, layers });

const citrus = (ground: string, skin: string, pith: string, flesh: string, count: number, light: string): Cut =>
  cut(
    ground,
    skin,
    disc(96, skin),
    disc(88, pith),
    wedges(count, 13, 78, 0.2, flesh),
    drops(count, 50, 34, 5, light),
    disc(6, pith),
  );

const pome = (ground: string, skin: string, flesh: string, core: string, pip: string): Cut =>
  cut(ground, skin, lobed(96, 5, 0.03, skin), lobed(90, 5, 0.03, flesh), lobed(46, 5, 0.1, core), star(5, 34, 11, flesh, 8), drops(5, 19, 17, 8, pip));

const stone = (ground: string, skin: string, flesh: string, blush: string, pit: string, dark: string): Cut =>
  cut(
    ground,
    skin,
    blob([[0, -88], [56, -82], [93, -24], [78, 52], [22, 94], [-44, 87], [-92, 34], [-86, -42], [-48, -84]], skin),
    blob([[0, -80], [52, -75], [86, -22], [72, 48], [20, 87], [-41, 80], [-85, 31], [-79, -39], [-45, -77]], flesh),
    star(18, 54, 37, blush, 4),
    oval(29, 38, pit),
    oval(13, 27, dark),
    rays(2, 8, 23, 4, pit),
  );

const berry = (ground: string, skin: string, flesh: string, light: string, seed: string, lobes: number): Cut =>
  cut(ground, skin, disc(95, skin), disc(86, flesh), lobed(64, lobes, 0.16, light), spread(34, 14, 56, 4.2, seed), disc(9, flesh));

const drupelets = (ground: string, skin: string, light: string, core: string): Cut =>
  cut(
    ground,
    skin,
    beads(15, 78, 19, skin),
    disc(76, skin),
    beads(15, 75, 12, light),
    beads(11, 52, 13, light, 0.5),
    beads(7, 31, 10, light),
    disc(17, core),
  );

const gourd = (ground: string, skin: string, rind: string, flesh: string, soft: string, seed: string): Cut =>
  cut(ground, skin, disc(95, skin), disc(88, rind), disc(80, flesh), lobed(44, 3, 0.22, soft), drops(6, 27, 15, 5, seed, 0.25), drops(9, 42, 13, 4, seed));

const melonCut = (ground: string, skin: string, rind: string, flesh: string, hollow: string, seed: string): Cut =>
  cut(ground, skin, disc(96, skin), disc(87, rind), disc(79, flesh), lobed(42, 6, 0.12, hollow), drops(12, 31, 15, 5, seed), drops(6, 14, 12, 4, seed));

const leafy = (ground: string, skin: string, ...leaves: string[]): Cut =>
  cut(ground, skin, ...leaves.map((leaf, i) => lobed(97 - i * (82 / leaves.length), 9 - (i % 3) * 2, 0.075, leaf, i * 0.37)));

const rootCut = (ground: string, skin: string, flesh: string, light: string, core: string, rayColour: string): Cut =>
  cut(ground, skin, disc(95, skin), disc(89, flesh), rays(36, 46, 82, 3, light), lobed(42, 10, 0.09, core), rays(10, 12, 32, 3.5, rayColour));

const nutCut = (ground: string, skin: string, shell: string, kernel: string, groove: string): Cut =>
  cut(
    ground,
    skin,
    lobed(95, 14, 0.022, skin),
    disc(82, shell),
    blob([[-7, -66], [-34, -70], [-62, -44], [-66, 4], [-55, 48], [-30, 66], [-8, 56], [-12, 18], [-4, -20]], kernel),
    blob([[7, -66], [34, -70], [62, -44], [66, 4], [55, 48], [30, 66], [8, 56], [12, 18], [4, -20]], kernel),
    blob([[-24, -50], [-40, -38], [-30, -16], [-46, 4], [-32, 22], [-40, 44], [-26, 34], [-20, 8], [-28, -12], [-18, -30]], groove),
    blob([[24, -50], [40, -38], [30, -16], [46, 4], [32, 22], [40, 44], [26, 34], [20, 8], [28, -12], [18, -30]], groove),
  );

export const CUTS: Readonly<Record<string, Cut>> = {
  apple: pome("#ff7a66", "#b5121f", "#fff3d4", "#f8e4b4", "#5b2a12"),
  apricot: stone("#a8d8c9", "#f28a1c", "#ffb445", "#f7941f", "#8a4b17", "#5d2e0b"),
  asparagus: cut("#e7c6e6", "#4f8a34", lobed(94, 7, 0.02, "#4f8a34"), disc(86, "#c6dd8e"), beads(14, 64, 8, "#8fb857"), beads(9, 42, 8, "#8fb857", 0.5), beads(5, 20, 7, "#8fb857")),
  avocado: cut("#f6c667", "#27402a", blob([[0, -97], [36, -80], [66, -30], [80, 22], [66, 72], [0, 96], [-66, 72], [-80, 22], [-66, -30], [-36, -80]], "#27402a"), blob([[0, -90], [31, -74], [59, -27], [73, 22], [60, 67], [0, 89], [-60, 67], [-73, 22], [-59, -27], [-31, -74]], "#9bbf4a"), blob([[0, -78], [24, -62], [48, -22], [60, 24], [50, 58], [0, 77], [-50, 58], [-60, 24], [-48, -22], [-24, -62]], "#f1eba2"), disc(37, "#6e3a16", [0, 27]), oval(10, 14, "#a05f2c", [-13, 14])),
  banana: cut("#8ecbe8", "#f4c816", lobed(95, 5, 0.045, "#f4c816"), lobed(84, 5, 0.03, "#fffbe3"), lobed(52, 3, 0.13, "#f6e9b0"), star(3, 36, 9, "#e3c878", 5), drops(9, 24, 10, 3, "#6b4b1d", 0.5)),
  beetroot: cut("#f4b6c8", "#5a0f35", disc(95, "#5a0f35"), disc(88, "#8f1550"), ring(72, 5, "#c2407d"), ring(55, 5, "#c2407d"), ring(39, 4, "#c2407d"), ring(24, 4, "#c2407d"), disc(11, "#c2407d")),
  blackberry: drupelets("#b9b4f2", "#2a1440", "#59337a", "#d7c9c0"),
  blueberry: cut("#f6d46b", "#31407f", disc(95, "#31407f"), disc(87, "#6f7fc0"), disc(76, "#cfe0b8"), lobed(50, 5, 0.14, "#a9c98c"), spread(22, 12, 44, 3.6, "#7a5a2a"), star(5, 15, 8, "#31407f", 3)),
  cabbage: leafy("#f3a7b9", "#5d9a3c", "#5d9a3c", "#cfe6a0", "#8fc05c", "#e6f2c4", "#a9d074", "#f2f8dc", "#c4e08f", "#fbfdf0"),
  carambola: cut("#7fc9a8", "#d9a600", star(5, 97, 43, "#d9a600", 10), star(5, 88, 38, "#f8e04a", 10), star(5, 50, 20, "#fdf3a4", 6), drops(5, 23, 15, 6, "#8a5a12")),
  carrot: rootCut("#9ad1b0", "#d95d0f", "#f98a2b", "#fdb368", "#f9b24e", "#e5761a"),
  cauliflower: cut("#8fb6e8", "#6fa045", lobed(97, 7, 0.09, "#6fa045"), beads(11, 66, 19, "#f6efd8"), disc(62, "#f6efd8"), beads(11, 64, 12, "#fffbee"), beads(8, 41, 14, "#fffbee", 0.5), beads(5, 20, 12, "#fffbee"), rays(11, 14, 50, 2.5, "#dccfa4", 0.5)),
  cherry: stone("#f9a7b4", "#7d0a22", "#c9183b", "#a10e2b", "#e0b682", "#b58347"),
  "cherry-plum": stone("#f6cf62", "#b3203f", "#f2994a", "#e0702e", "#8c5323", "#5f3412"),
  chestnut: cut("#f2a65e", "#4b2313", lobed(95, 3, 0.05, "#4b2313", 0.5), lobed(86, 3, 0.05, "#8a4a25", 0.5), lobed(78, 3, 0.06, "#f7e3ae", 0.5), rays(2, 10, 52, 4, "#d9b671", 0.25), rays(3, 12, 44, 3, "#d9b671", 0.1), disc(6, "#d9b671")),
  "chilli-pepper": cut("#b8dc8a", "#b10f12", lobed(95, 3, 0.06, "#b10f12"), lobed(84, 3, 0.07, "#e8382a"), lobed(68, 3, 0.12, "#ffd9c2"), star(3, 60, 9, "#f7f0c8", 6, 0.5), beads(6, 38, 7, "#eac35b", 0.25), beads(12, 22, 5, "#eac35b")),
  coconut: cut("#7cc7d8", "#4a2c17", disc(96, "#4a2c17"), rays(60, 86, 96, 2.4, "#7d5230"), disc(86, "#a9794a"), disc(80, "#fffdf6"), disc(54, "#d8e3e0"), oval(40, 37, "#b7c9c8", [5, 7])),
  corn: cut("#9fd08a", "#e8a90c", beads(18, 80, 14, "#e8a90c"), disc(76, "#e8a90c"), beads(18, 78, 10, "#ffe06a"), disc(60, "#fff3c0"), lobed(46, 9, 0.06, "#f3dc92"), disc(28, "#fff8df"), spread(14, 4, 22, 2.6, "#e0c274")),
  cucumber: gourd("#f7b7c4", "#2f6b2c", "#8cc063", "#dff0bd", "#c5e19a", "#fbfbe6"),
  date: cut("#f4c06a", "#4b230f", oval(74, 96, "#4b230f"), oval(66, 88, "#8d4a1c"), oval(50, 73, "#c07a35"), oval(22, 56, "#e3c08a"), oval(7, 47, "#8d5a2a")),
  "dragon-fruit": cut("#b4dd77", "#d81b72", star(12, 98, 78, "#d81b72", 8), disc(80, "#f45fa2"), disc(73, "#fffafc"), spread(64, 4, 66, 2.7, "#1d1220")),
  durian: cut("#f08a5d", "#7b8a2a", star(26, 97, 80, "#7b8a2a", 3), disc(78, "#e9e4b4"), pips(5, 42, 54, 40, "#f6c93b"), pips(5, 42, 26, 17, "#a8642a"), disc(7, "#cfc78a")),
  eggplant: cut("#a8d8a0", "#3a1550", disc(95, "#3a1550"), disc(88, "#eee6c8"), lobed(62, 6, 0.1, "#dfd7a8"), drops(12, 43, 15, 4, "#9a7b3c"), drops(7, 22, 12, 4, "#9a7b3c", 0.5)),
  fig: cut("#8fd0b8", "#4a1d54", blob([[0, -98], [20, -76], [62, -40], [88, 10], [76, 62], [30, 92], [-30, 92], [-76, 62], [-88, 10], [-62, -40], [-20, -76]], "#4a1d54"), blob([[0, -86], [17, -67], [56, -35], [80, 11], [69, 57], [27, 84], [-27, 84], [-69, 57], [-80, 11], [-56, -35], [-17, -67]], "#f4e3cf"), blob([[0, -48], [36, -28], [58, 12], [50, 48], [20, 66], [-20, 66], [-50, 48], [-58, 12], [-36, -28]], "#d3354a"), drops(16, 38, 22, 3.5, "#f7b59a"), spread(26, 6, 34, 2.8, "#ffe3b0")),
  garlic: cut("#c9a7e8", "#b9a4c6", lobed(96, 8, 0.045, "#b9a4c6"), lobed(90, 8, 0.045, "#fbf6f2"), pips(8, 55, 56, 34, "#e6d9e6"), pips(8, 55, 44, 24, "#fffdf4"), pips(8, 53, 22, 6, "#d6dca0"), disc(11, "#cdb8d3")),
  ginger: cut("#f59e7e", "#b58a4a", blob([[-30, -88], [22, -94], [40, -60], [88, -48], [94, 6], [62, 30], [66, 82], [10, 92], [-22, 66], [-72, 74], [-94, 30], [-72, -8], [-84, -52]], "#b58a4a"), blob([[-27, -80], [19, -85], [34, -53], [80, -42], [85, 4], [54, 26], [58, 74], [9, 83], [-21, 58], [-66, 65], [-85, 27], [-63, -8], [-75, -46]], "#f5dd8c"), lobed(46, 7, 0.1, "#eccb66"), spread(30, 6, 40, 2.6, "#d3a63c")),
  gooseberry: cut("#f5b4c8", "#7d9a2a", disc(95, "#7d9a2a"), rays(12, 68, 94, 3, "#c8d873"), disc(84, "#cddf7c"), rays(12, 62, 84, 2.5, "#9fb84a"), disc(62, "#e4eea6"), drops(9, 36, 18, 6, "#6f5a1e"), drops(4, 15, 14, 5, "#6f5a1e", 0.5)),
  grape: cut("#c7de7f", "#4d1c55", disc(95, "#4d1c55"), disc(87, "#8a4a8c"), disc(79, "#d9cf9a"), rays(16, 44, 74, 2.4, "#c0b26c"), lobed(42, 2, 0.18, "#c9bd7c"), drops(2, 24, 30, 12, "#6d4a20", 0.5), drops(2, 18, 22, 9, "#6d4a20")),
  grapefruit: citrus("#ffd15c", "#f08c3e", "#fff1e0", "#ef4b52", 11, "#ff8f88"),
  guava: cut("#f7a6a0", "#8fae3c", lobed(95, 5, 0.02, "#8fae3c"), disc(88, "#f7e7c8"), disc(78, "#f2726f"), disc(50, "#f79a92"), spread(38, 8, 46, 3.6, "#f6e3b0")),
  hazelnut: cut("#a6cf9b", "#6e3d17", lobed(95, 3, 0.025, "#6e3d17"), disc(84, "#b57a3d"), disc(74, "#f3ddae"), disc(66, "#fff4d8"), oval(12, 44, "#ecd3a0"), rays(2, 6, 40, 3, "#c79b56")),
  huckleberry: berry("#f3a25f", "#2b1233", "#5b2a5f", "#9a5a92", "#e8c6d2", 5),
  jackfruit: cut("#8ad0c4", "#8f8a1f", star(40, 97, 87, "#8f8a1f", 2), disc(84, "#f0e2a8"), pips(9, 52, 46, 27, "#f5b820"), pips(9, 56, 22, 13, "#a4642a"), disc(20, "#e2d08a")),
  kiwi: cut("#f4a34b", "#6d4a22", disc(95, "#6d4a22"), disc(88, "#7fae2a"), rays(28, 30, 82, 4, "#a5cc4c"), lobed(30, 10, 0.1, "#f4f2c4"), drops(28, 42, 12, 3.2, "#1f1a10")),
  kohlrabi: cut("#d6a6dd", "#7fae4f", lobed(95, 8, 0.04, "#7fae4f"), lobed(87, 8, 0.035, "#dcedc0"), disc(72, "#f6fae6"), rays(24, 48, 70, 2.4, "#d5e6b4"), lobed(36, 6, 0.08, "#e8f2cc")),
  kumquat: citrus("#7ec8b4", "#f0800f", "#ffd9a0", "#ff9f2e", 6, "#ffc777"),
  leek: cut("#f2b3a2", "#3f7d3a", disc(96, "#3f7d3a"), disc(88, "#8fbf62"), disc(79, "#d8ecb4"), ring(69, 3, "#9fcb78"), ring(59, 3, "#b4d891"), ring(49, 3, "#c6e2a8"), ring(39, 3, "#d3e9ba"), ring(29, 3, "#c6e2a8"), ring(19, 3, "#b4d891"), disc(9, "#9fcb78")),
  lemon: citrus("#8fc7f0", "#f5c400", "#fffbe0", "#ffe14a", 9, "#fff3a6"),
  lettuce: leafy("#f6c0a2", "#3f8f2e", "#3f8f2e", "#8cc84b", "#57a83a", "#b5de72", "#7dc04e", "#d9efa2", "#a5d46a", "#f2f8cf"),
  lime: citrus("#f9a8bf", "#3f8f2b", "#e9f4c0", "#a3d14a", 10, "#d0ea8c"),
  lychee: cut("#a7d8c6", "#c22a45", lobed(95, 22, 0.03, "#c22a45"), disc(83, "#f0a3a8"), disc(78, "#fdf7f4"), ring(58, 3, "#ecdcdc"), oval(28, 37, "#5a2412"), oval(8, 12, "#94522c", [-9, -13])),
  mandarin: citrus("#8dd3cf", "#f27405", "#ffe3bd", "#ff9a1f", 10, "#ffc063"),
  mango: cut("#f2707a", "#e0651f", blob([[-12, -96], [38, -90], [80, -52], [90, 10], [62, 74], [6, 96], [-46, 78], [-78, 24], [-74, -36], [-48, -80]], "#e0651f"), blob([[-11, -88], [35, -82], [73, -47], [82, 9], [57, 67], [5, 88], [-42, 71], [-71, 22], [-67, -33], [-44, -73]], "#ffb52e"), blob([[-8, -66], [22, -60], [46, -30], [50, 12], [34, 50], [4, 66], [-24, 54], [-42, 16], [-40, -24], [-26, -54]], "#ffcf63"), blob([[-4, -52], [14, -46], [28, -22], [30, 12], [20, 40], [4, 52], [-13, 42], [-24, 12], [-22, -20], [-14, -44]], "#f4e4b4"), rays(2, 8, 38, 3, "#d6b872")),
  mangosteen: cut("#f5c46a", "#3c1030", disc(95, "#3c1030"), disc(84, "#8c1f46"), disc(62, "#b83a5e"), pips(6, 32, 50, 30, "#fffaf2"), pips(6, 36, 20, 4, "#e6dccb"), disc(5, "#e6dccb")),
  melon: melonCut("#8fc9ef", "#9a9a4e", "#cfe0a0", "#ff9f45", "#ffc98a", "#fff0c0"),
  mulberry: drupelets("#f7c8a0", "#3a0f2c", "#7d2a58", "#c9d89a"),
  mushroom: cut("#d2b48f", "#7a5a3c", blob([[0, -88], [58, -78], [94, -34], [90, 2], [52, 14], [28, 10], [24, 48], [34, 84], [0, 92], [-34, 84], [-24, 48], [-28, 10], [-52, 14], [-90, 2], [-94, -34], [-58, -78]], "#7a5a3c"), blob([[0, -79], [52, -70], [85, -32], [81, -4], [50, 5], [20, 0], [16, 48], [25, 77], [0, 83], [-25, 77], [-16, 48], [-20, 0], [-50, 5], [-81, -4], [-85, -32], [-52, -70]], "#fbf3e4"), blob([[24, -12], [52, -22], [76, -12], [50, 1], [30, 2]], "#b08a6a"), blob([[-24, -12], [-52, -22], [-76, -12], [-50, 1], [-30, 2]], "#b08a6a")),
  nectarine: stone("#9cd3e6", "#c4262c", "#ffc55c", "#f2683c", "#8f4a1f", "#5c2a0e"),
  olive: cut("#e8b9a0", "#57682a", oval(76, 95, "#57682a"), oval(68, 87, "#a9b258"), oval(34, 55, "#c9a36a"), oval(26, 47, "#8a5f32"), oval(8, 30, "#b98c54")),
  onion: cut("#9cc9c4", "#a85a14", disc(96, "#a85a14"), disc(90, "#e9c48c"), disc(85, "#fdf8ec"), ring(74, 4, "#e3d9b8"), ring(62, 4, "#e3d9b8"), ring(50, 4, "#dfe0b0"), ring(38, 4, "#d6dfa2"), ring(26, 4, "#cbdb94"), oval(9, 13, "#b8cf78")),
  orange: citrus("#7db8ee", "#f07d00", "#fff0d6", "#ff9d1c", 10, "#ffc668"),
  papaya: cut("#8fd3a2", "#d98c1a", oval(80, 97, "#d98c1a"), oval(72, 89, "#ff8a3c"), oval(40, 62, "#ffb877"), spread(46, 4, 34, 5.4, "#2a2320"), spread(46, 4, 34, 1.6, "#6d625a")),
  "passion-fruit": cut("#f5c25b", "#4d1a45", disc(95, "#4d1a45"), disc(86, "#f1d6d0"), disc(70, "#f2b01e"), drops(12, 50, 22, 8, "#2c2018"), drops(7, 27, 20, 7, "#2c2018", 0.5), disc(7, "#ffd85a")),
  peach: stone("#9fdcc0", "#f0705a", "#ffcf86", "#f0584e", "#9a4a2b", "#642a14"),
  pear: cut("#f29a86", "#7f9a1e", blob([[0, -97], [22, -88], [36, -50], [68, 0], [82, 44], [58, 86], [0, 96], [-58, 86], [-82, 44], [-68, 0], [-36, -50], [-22, -88]], "#7f9a1e"), blob([[0, -89], [17, -80], [30, -45], [60, 3], [74, 43], [52, 79], [0, 88], [-52, 79], [-74, 43], [-60, 3], [-30, -45], [-17, -80]], "#fbf4d0"), blob([[0, -4], [28, 16], [36, 42], [20, 64], [0, 70], [-20, 64], [-36, 42], [-28, 16]], "#eedfa0"), blob([[-5, 24], [-14, 34], [-15, 52], [-7, 56], [-3, 40]], "#5a3214"), blob([[5, 24], [14, 34], [15, 52], [7, 56], [3, 40]], "#5a3214"), rays(1, 10, 78, 3, "#eedfa0")),
  pecan: nutCut("#b4d4e8", "#6b3a1a", "#d9b07c", "#b87a3c", "#7d4a1e"),
  pepino: cut("#c9b3ea", "#d9b13a", oval(84, 96, "#d9b13a"), oval(77, 89, "#f9e7a0"), oval(46, 58, "#f6d878"), spread(36, 14, 40, 2.8, "#b98f3a"), oval(14, 20, "#fdf3c8")),
  pepper: cut("#8fd0a8", "#c81414", lobed(96, 4, 0.12, "#c81414", 0.5), lobed(87, 4, 0.12, "#ee3f2e", 0.5), lobed(70, 4, 0.14, "#7f0c10", 0.5), star(4, 62, 9, "#f4a08a", 7), spread(26, 10, 26, 4.4, "#f7e6b0")),
  persimmon: cut("#7fb8d8", "#e0560c", lobed(96, 4, 0.035, "#e0560c", 0.5), lobed(89, 4, 0.035, "#ff9231", 0.5), pips(8, 40, 52, 16, "#ffb763"), pips(8, 42, 24, 6, "#7a3d12"), disc(7, "#ffd39a")),
  physalis: cut("#b7a6e0", "#c9802a", star(5, 98, 74, "#e0b36a", 8), disc(70, "#f29a0f"), disc(64, "#ffb730"), lobed(44, 2, 0.1, "#ffd069"), spread(48, 4, 40, 2.9, "#fff0b4")),
  pineapple: cut("#8ad0b0", "#a8791c", star(22, 97, 86, "#a8791c", 4), disc(84, "#f6cb2c"), rays(22, 34, 78, 4, "#ffe27a"), beads(22, 76, 4.4, "#b57f1a"), disc(26, "#fff0b0"), rays(10, 6, 22, 2.6, "#e6cd74")),
  plum: stone("#f5ce6e", "#3d1a5c", "#f0b13f", "#e08a2f", "#8c5424", "#5c3210"),
  pomegranate: cut("#f6c28b", "#a8182f", lobed(96, 6, 0.025, "#a8182f"), disc(87, "#f9e3b8"), wedges(6, 16, 76, 0.16, "#c9183f"), beads(6, 28, 7, "#f2566e", 0), beads(12, 48, 8, "#f2566e", 0.5), beads(18, 68, 7.4, "#f2566e", 0.5), star(6, 10, 5, "#f9e3b8", 3)),
  pomelo: citrus("#f49a9a", "#a9bf3c", "#fdf6e2", "#f6d977", 14, "#fdeeb4"),
  potato: cut("#8fb5e0", "#a87a40", blob([[-20, -88], [44, -84], [88, -40], [92, 20], [60, 74], [4, 90], [-58, 82], [-94, 36], [-90, -30], [-62, -72]], "#a87a40"), blob([[-18, -81], [41, -77], [81, -37], [85, 18], [55, 68], [4, 83], [-53, 75], [-87, 33], [-83, -28], [-57, -66]], "#f9e9b0"), blob([[-14, -60], [30, -57], [60, -27], [63, 14], [41, 51], [3, 62], [-40, 56], [-65, 24], [-62, -20], [-42, -49]], "#f4dd92"), seeds([[-30, -12], [18, 22], [34, -24], [-12, 38], [-44, 20]], 4, "#dcbc66")),
  "prickly-pear": cut("#9ad6c2", "#b0233f", lobed(95, 9, 0.03, "#b0233f"), disc(86, "#ef6a3c"), disc(64, "#f7934a"), spread(40, 4, 58, 4.4, "#5b2a18"), beads(9, 90, 3, "#ffe2a6", 0.5)),
  quince: pome("#9dbce8", "#d8b41c", "#fdf0b6", "#f3dc82", "#6a3615"),
  rambutan: cut("#f5d36a", "#c2182c", star(34, 98, 70, "#c2182c", 2), disc(72, "#e85a5a"), disc(64, "#fdf7f2"), ring(48, 2.6, "#e9ddd8"), oval(22, 33, "#7a4a22"), oval(6, 12, "#b58450", [-7, -10])),
  raspberry: drupelets("#f7c3d2", "#c2174a", "#f0608a", "#fff3ea"),
  redcurrant: cut("#a9dcc4", "#b30d24", disc(95, "#b30d24"), disc(86, "#e63a48"), rays(10, 48, 84, 2.4, "#f68a86"), disc(56, "#f27a74"), drops(7, 30, 20, 8, "#f9dca4"), drops(3, 10, 14, 6, "#f9dca4", 0.5)),
  salak: cut("#e3c05a", "#5a2f18", star(30, 97, 86, "#5a2f18", 3), disc(84, "#8a5227"), disc(78, "#f9eeca"), rays(3, 14, 78, 4, "#dcc890"), pips(3, 40, 30, 26, "#5b3416", 0.5)),
  strawberry: cut("#a7d98c", "#c90f2e", blob([[0, -78], [48, -92], [86, -58], [82, -4], [50, 56], [0, 97], [-50, 56], [-82, -4], [-86, -58], [-48, -92]], "#c90f2e"), blob([[0, -70], [44, -82], [77, -51], [73, -4], [45, 50], [0, 86], [-45, 50], [-73, -4], [-77, -51], [-44, -82]], "#f5485a"), blob([[0, -56], [30, -62], [52, -36], [48, 0], [28, 40], [0, 64], [-28, 40], [-48, 0], [-52, -36], [-30, -62]], "#fb9a9a"), blob([[0, -46], [14, -44], [22, -20], [16, 14], [0, 42], [-16, 14], [-22, -20], [-14, -44]], "#fff0ea"), rays(14, 34, 56, 2.6, "#fdc9c4")),
  "sugar-apple": cut("#f2b0a0", "#6f9a4a", lobed(96, 13, 0.06, "#6f9a4a"), lobed(86, 13, 0.05, "#dfe6b8"), disc(76, "#fffaf0"), drops(9, 50, 26, 9, "#241a14"), drops(5, 22, 20, 8, "#241a14", 0.5), ring(34, 2.4, "#e6dcc4")),
  "sweet-potato": rootCut("#9fcfe6", "#a8452f", "#f58a3c", "#fba867", "#fb9d54", "#e3722a"),
  tamarillo: cut("#f2c76b", "#7d1524", oval(82, 96, "#7d1524"), oval(75, 89, "#f08a3a"), oval(58, 72, "#f7a850"), pips(2, 30, 48, 42, "#8c1230", 0.25), spread(30, 8, 46, 4, "#2c0d16"), rays(2, 4, 66, 6, "#f7a850")),
  tangelo: citrus("#f2a6b4", "#e2570f", "#ffe0b8", "#ff8222", 12, "#ffb066"),
  tomato: cut("#8fc7a0", "#c41a12", lobed(96, 6, 0.03, "#c41a12"), lobed(89, 6, 0.03, "#f0452f"), wedges(6, 26, 66, 0.24, "#c8271b"), beads(12, 52, 6.2, "#f8d68a", 0.5), beads(6, 34, 5.4, "#f8d68a"), lobed(20, 6, 0.2, "#f78a72")),
  walnut: nutCut("#a8cfae", "#8a5a2b", "#dcbf94", "#e8c98c", "#a87a42"),
  watermelon: cut("#f5cf6a", "#1f5a2c", disc(96, "#1f5a2c"), rays(22, 90, 96, 7, "#4f9a4a"), disc(89, "#d5ecb0"), disc(81, "#f23c4e"), drops(14, 58, 14, 5, "#241414"), drops(9, 34, 13, 5, "#241414", 0.5), disc(13, "#fa6a72")),
  zucchini: gourd("#f3b76e", "#2d5f26", "#a9cf6a", "#f2f6cc", "#e3ecae", "#fffdf0"),
};

/** What stands for a species that has no drawing yet. */
export const PLAIN: Cut = cut("#c9d3cc", "#5d6b62", disc(95, "#5d6b62"), disc(86, "#e9eee9"), wedges(8, 14, 74, 0.2, "#c3ccc5"));

export const cutOf = (species: string | null | undefined): Cut => (species ? (CUTS[species] ?? PLAIN) : PLAIN);
