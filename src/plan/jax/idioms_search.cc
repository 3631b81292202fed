// Searches, sorting steps, components and cellular automata.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// A search by halving for one query, mapped over all of them: the place in a sorted table by fori,
// with a cond or a where; then interpolation there.
Op binary_search() {
  return idiom("binary_search", kVectorization, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size()),
                       queries = std::max<std::int64_t>(3, i.size());
    const bool interpolates = i.chance(0.45), branches = i.chance(0.45);
    const double top = static_cast<double>(n);
    const Type at = counts(i, {});
    const ValueId raw = i.input({"table", "knots", "levels"}, {n}, {0, 10});
    const ValueId query = i.input({"queries", "targets", "x"}, {queries}, {0, 10});
    i.summary(interpolates ? "Find where queries lie between the entries of a sorted table."
                           : "Find the places of queries in a sorted table by halving.");
    const ValueId table = i.let({"sorted_table", "grid"}, i.either({"jnp.sort($0)", "$0.sort()"}),
                                {raw}, {n}, {0, 10});
    const bool strict = i.chance(0.5);
    i.called({interpolates ? "fractional_places"
              : strict     ? "lower_bound"
                           : "upper_bound",
              "binary_search", "locate"});
    std::int64_t rounds = 1;
    while ((std::int64_t{1} << rounds) <= n) ++rounds;
    const std::string middle =
        i.either({"($0 + $1) // 2", "$0 + ($1 - $0) // 2", "($0 + $1) >> 1"});
    const BodyId search = i.function(
        {"find", "search_one", "locate"}, {{{"q", "target"}, {i.real(), {}}, {0, 10}}},
        [&](const Ids& p) {
          const ValueId zero = i.let({"low"}, "jnp.array(0)", {}, at, {0, top});
          const ValueId size = i.let({"high"}, fmt::format("jnp.array({})", n), {}, at, {0, top});
          const Ids ends = i.fori(
              0, rounds, {"halve", "narrow"},
              {{{"low", "lo"}, zero, {0, top}, {"place", "low"}}, {{"high", "hi"}, size, {0, top}}},
              [&](const Ids& q) {
                const ValueId mid = i.let({"mid", "middle"}, middle, {q[1], q[2]}, at, {0, top});
                const ValueId right =
                    i.let({"right", "go_right"},
                          strict ? "($0[$1] < $2) & ($3 < $4)" : "($0[$1] <= $2) & ($3 < $4)",
                          {table, mid, p[0], q[1], q[2]}, flags({}), {0, 1});
                if (branches) {
                  return i.cond(
                      right, {q[1], q[2]},
                      {{{"a", "lo"}, at, {0, top}}, {{"b", "hi"}, at, {0, top}}}, {"upper_half"},
                      [&](const Ids& r) {
                        return Ids{i.let({"after"}, "$0 + 1", {mid}, at, {0, top}), r[1]};
                      },
                      {"lower_half"}, [&](const Ids& r) { return Ids{r[0], mid}; },
                      {{{"low_next"}, at, {0, top}}, {{"high_next"}, at, {0, top}}});
                }
                const ValueId low = i.let({"low_next"}, "jnp.where($0, $1 + 1, $2)",
                                          {right, mid, q[1]}, at, {0, top});
                return Ids{low, i.let({"high_next"}, "jnp.where($0, $1, $2)", {right, q[2], mid},
                                      at, {0, top})};
              });
          if (!interpolates) return Ids{ends[0]};
          const ValueId values =
              i.let({"cell", "left"}, fmt::format("jnp.clip($0, 1, {}) - 1", n - 1), {ends[0]}, at,
                    {0, top});
          const ValueId fraction =
              i.let({"fraction", "t"}, "($0 - $1[$2]) / ($1[$2 + 1] - $1[$2] + 1e-3)",
                    {p[0], table, values}, Shape{}, {0, 1});
          return Ids{i.let({"position"}, "$0 + jnp.clip($1, 0.0, 1.0)", {values, fraction}, Shape{},
                           {0, top})};
        });
    const Type out = interpolates ? Type{i.real(), {queries}} : counts(i, {queries});
    const ValueId place = i.let({"places", "positions"}, "jax.vmap($f0)($0)", {query},
                                std::vector<BodyId>{search}, out, {0, top});
    if (interpolates) return;
    if (i.chance(0.5))
      i.let({"nearest_above", "upper"}, fmt::format("$0[jnp.minimum($1, {})]", n - 1),
            {table, place}, {queries}, {0, 10});
  });
}

// One step of a beam search: the best continuations of all beams, which beam and token they are,
// and the sequences that grow.
Op beam_step() {
  return idiom("beam_step", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t beams = i.between(2, 4), vocab = i.between(4, 9), length = i.between(2, 5);
    const double top = static_cast<double>(vocab - 1);
    const ValueId scores = i.input({"scores", "beam_scores", "totals"}, {beams}, {-8, 0});
    const ValueId logits = i.input({"logits", "token_logits"}, {beams, vocab}, {-3, 3});
    const ValueId sequences =
        i.input({"sequences", "prefixes", "history"}, counts(i, {beams, length}), {0, top});
    i.called({"beam_step", "extend_beams", "beam_search_step"});
    i.summary("Extend the beams of a search by their best tokens.");
    const ValueId logp =
        i.let({"log_probs", "logp"},
              i.either({"jax.nn.log_softmax($0)", "jax.nn.log_softmax($0, axis=-1)"}), {logits},
              {beams, vocab}, {-8, 0});
    const ValueId joint =
        i.let({"candidates", "joint"}, i.either({"$0[:, None] + $1", "$1 + $0[:, None]"}),
              {scores, logp}, {beams, vocab}, {-16, 0});
    const bool reshaped = i.chance(0.5);
    const Type picked{DType::kI32, {beams}};
    const Ids best = i.unpack(
        fmt::format("lax.top_k($0.{}, {})", reshaped ? "reshape(-1)" : "ravel()", beams), {joint},
        {},
        {{{reshaped ? "new_scores" : "best_scores", "best"}, {i.real(), {beams}}, {-16, 0}},
         {{reshaped ? "picked" : "choice", "flat"},
          picked,
          {0, static_cast<double>(beams * vocab)}}});
    ValueId parent = kNoValue, token = kNoValue;
    if (i.chance(0.5)) {
      parent = i.let({"parents", "beam"}, fmt::format("$0 // {}", vocab), {best[1]}, picked,
                     {0, static_cast<double>(beams - 1)});
      token =
          i.let({"tokens", "chosen"}, fmt::format("$0 % {}", vocab), {best[1]}, picked, {0, top});
    } else {
      const Ids both =
          i.unpack(i.either({fmt::format("jnp.divmod($0, {})", vocab),
                             fmt::format("jnp.unravel_index($0, ({}, {}))", beams, vocab)}),
                   {best[1]}, {},
                   {{{"parents", "beam"}, picked, {0, static_cast<double>(beams - 1)}},
                    {{"tokens", "chosen"}, picked, {0, top}}});
      parent = both[0];
      token = both[1];
    }
    const ValueId kept = i.let({"kept", "prefix"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}),
                               {sequences, parent}, counts(i, {beams, length}), {0, top});
    if (i.chance(0.3)) {
      i.comment("Longer sequences would lose by their length alone.");
      const std::string power = i.either({"0.6", "0.7", "1.0"});
      const ValueId norm = i.let({"normalized", "ranked"},
                                 power == "1.0" ? fmt::format("$0 / {}", length + 1)
                                                : fmt::format("$0 / {}**{}", length + 1, power),
                                 {best[0]}, {beams}, {-8, 0});
      i.let({"lead", "margin"}, "$0[0] - $0", {norm}, {beams}, {0, 3});
    }
    i.let({"grown", "sequences"},
          i.either({"jnp.concatenate([$0, $1[:, None]], axis=1)", "jnp.column_stack([$0, $1])"}),
          {kept, token}, counts(i, {beams, length + 1}), {0, top});
  });
}

// The smallest label that reaches each node: labels pass along edges until none changes.
Op connected_components() {
  return idiom("connected_components", kLoop, 1.0, kForward, [](Idiom& i) {
    // Few edges, so that there is more than one component.
    const std::int64_t n = i.between(8, 14), edges = i.between(n / 2, n - 3);
    const double top = static_cast<double>(n - 1);
    const ValueId a = i.input({"senders", "src", "left"}, counts(i, {edges}), {0, top});
    const ValueId b = i.input({"receivers", "dst", "right"}, counts(i, {edges}), {0, top});
    const Type label = counts(i, {n});
    i.called({"connected_components", "component_labels", "find_components"});
    i.summary("Label the connected components of a graph by their smallest node.");
    const ValueId start =
        i.let({"labels", "nodes"}, fmt::format("jnp.arange({})", n), {}, label, {0, top});
    const bool two = i.chance(0.5), jumps = i.chance(0.5), by_flag = i.chance(0.5);
    const auto pass = [&](ValueId labels) {
      ValueId next = kNoValue;
      if (two) {
        next =
            i.let({"forward", "passed"}, "$0.at[$1].min($0[$2])", {labels, b, a}, label, {0, top});
        next = i.let({"backward", "both_ways"}, "$0.at[$1].min($0[$2])", {next, a, b}, label,
                     {0, top});
      } else {
        const ValueId low = i.let({"lower", "edge_labels"}, "jnp.minimum($0[$1], $0[$2])",
                                  {labels, a, b}, counts(i, {edges}), {0, top});
        next = i.let({"passed"}, "$0.at[$1].min($3).at[$2].min($3)", {labels, a, b, low}, label,
                     {0, top});
      }
      return jumps ? i.let({"jumped", "shortcut"}, "$0[$0]", {next}, label, {0, top}) : next;
    };
    ValueId out = kNoValue;
    if (by_flag) {
      const ValueId flag = i.let({"changed"}, "jnp.array(True)", {}, flags({}), {0, 1});
      out = i.while_loop(
          {{{"labels", "comp"}, start, {0, top}, {"labels", "components"}},
           {{"changed", "moving"}, flag, {0, 1}}},
          {"unsettled", "still_changing"}, [&](const Ids& p) { return Ids{p[1]}; },
          {"spread", "sweep"},
          [&](const Ids& p) {
            const ValueId next = pass(p[0]);
            return Ids{next,
                       i.let({"moved"}, "jnp.any($0 != $1)", {next, p[0]}, flags({}), {0, 1})};
          })[0];
    } else {
      out = i.while_loop(
          {{{"labels", "comp"}, start, {0, top}, {"labels", "components"}}},
          {"unsettled", "some_edge_differs"},
          [&](const Ids& p) {
            return Ids{i.let({"differs"},
                             i.either({"jnp.any($0[$1] != $0[$2])", "($0[$1] != $0[$2]).any()"}),
                             {p[0], a, b}, flags({}), {0, 1})};
          },
          {"spread", "sweep"}, [&](const Ids& p) { return Ids{pass(p[0])}; })[0];
    }
    switch (i.between(0, 3)) {
      case 0:
        i.summary("Count the nodes of each connected component of a graph.");
        i.let({"sizes", "component_sizes"},
              i.either({fmt::format("jnp.bincount($0, length={})", n),
                        fmt::format("jnp.zeros({}, int).at[$0].add(1)", n)}),
              {out}, label, {0, top});
        break;
      case 1:
        i.summary("Find which pairs of nodes of a graph are connected.");
        i.let({"together", "connected"},
              i.either({"$0[:, None] == $0[None, :]", "$0[:, None] == $0"}), {out}, flags({n, n}),
              {0, 1});
        break;
      default:
        break;
    }
  });
}

// Known labels that spread over a similarity graph while the known nodes stay what they are.
Op label_propagation() {
  return idiom("label_propagation", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(4, i.size()), classes = i.between(2, 4),
                       rounds = i.between(3, 12);
    const bool from_points = i.chance(0.4), clamps = i.chance(0.5);
    const double keep = i.number({0.1, 0.2, 0.5, 0.3});
    ValueId weights = kNoValue;
    i.called({"label_propagation", "spread_labels", "propagate_labels"});
    i.summary("Spread labels from known nodes over a similarity graph.");
    if (from_points) {
      const ValueId points =
          i.input({"points", "features", "x"}, {n, i.between(2, 3)}, {-1.5, 1.5});
      const ValueId d =
          i.let({"dist", "squared"}, "jnp.sum(($0[:, None, :] - $0[None, :, :]) ** 2, axis=-1)",
                {points}, {n, n}, {0, 8});
      weights = i.let({"similarity", "affinity"},
                      i.either({"jnp.exp(-$0)", "jnp.exp(-0.5 * $0)", "1.0 / (1.0 + $0)"}), {d},
                      {n, n}, {0, 1});
    } else {
      weights = i.input({"similarity", "affinity", "weights"}, {n, n}, {0.05, 1});
    }
    const ValueId walk =
        i.let({"walk", "transition"},
              i.either({"$0 / jnp.sum($0, axis=1, keepdims=True)", "$0 / $0.sum(axis=1)[:, None]"}),
              {weights}, {n, n}, {0, 1});
    const ValueId seeds = i.input({"seeds", "known", "labels"}, {n, classes}, {0, 1});
    const ValueId mask = clamps ? i.input({"is_known", "labeled"}, flags({n}), {0, 1}) : kNoValue;
    const auto out =
        i.fori(0, rounds, {"spread", "propagate"},
               {{{"beliefs", "scores"}, seeds, {0, 1}, {"beliefs", "scores"}}}, [&](const Ids& p) {
                 const ValueId moved =
                     i.let({"moved", "averaged"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                           {walk, p[1]}, {n, classes}, {0, 1});
                 return Ids{clamps ? i.let({"clamped"}, "jnp.where($0[:, None], $1, $2)",
                                           {mask, seeds, moved}, {n, classes}, {0, 1})
                                   : i.let({"mixed"},
                                           fmt::format("{} * $0 + {} * $1", Idiom::text(keep),
                                                       Idiom::text(1 - keep)),
                                           {seeds, moved}, {n, classes}, {0, 1})};
               });
    if (i.chance(0.4))
      i.let({"probabilities", "posterior"},
            i.either({"$0 / jnp.sum($0, axis=1, keepdims=True)", "$0 / $0.sum(axis=1)[:, None]"}),
            {out[0]}, {n, classes}, {0, 1});
  });
}

// How much of a line intervals cover: sorted by their start, a running end, gaps left out.
Op covered_length() {
  return idiom("covered_length", kReduction, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size());
    const ValueId starts = i.input({"starts", "begin", "left"}, {n}, {0, 10});
    const ValueId lengths = i.input({"lengths", "durations", "widths"}, {n},
                                    {2.0 / static_cast<double>(n), 16.0 / static_cast<double>(n)});
    i.called({"covered_length", "union_length", "busy_time"});
    i.summary("Measure how much of a line a set of intervals covers.");
    const ValueId order =
        i.let({"order", "by_start"}, i.either({"jnp.argsort($0)", "$0.argsort()"}), {starts},
              counts(i, {n}), {0, static_cast<double>(n)});
    const ValueId begin =
        i.let({"begin", "sorted_starts"}, "$0[$1]", {starts, order}, {n}, {0, 10});
    const ValueId end =
        i.let({"end", "sorted_ends"}, "$0 + $1[$2]", {begin, lengths, order}, {n}, {0.2, 12.5});
    const ValueId reach =
        i.let({"reach", "furthest"},
              i.either({"lax.cummax($0)", "lax.associative_scan(jnp.maximum, $0)"}), {end}, {n},
              {0.2, 12.5});
    if (i.chance(0.5)) {
      i.comment("What an interval adds begins where the earlier ones end.");
      const ValueId before = i.let({"before", "earlier"}, "jnp.concatenate([$1[:1], $0[:-1]])",
                                   {reach, begin}, {n}, {0, 12.5});
      const ValueId added = i.let({"added", "gain"}, "jnp.maximum($0 - jnp.maximum($1, $2), 0.0)",
                                  {end, begin, before}, {n}, {0, 2.5});
      if (i.chance(0.4)) {
        i.let({"contributions", "covered"}, "jnp.cumsum($0)", {added}, {n}, {0, 12});
        return;
      }
      i.let({"covered", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {added}, Shape{}, {1, 12});
      return;
    }
    const ValueId gaps = i.let({"gaps", "idle"}, "jnp.maximum($0[1:] - $1[:-1], 0.0)",
                               {begin, reach}, {n - 1}, {0, 4});
    i.summary("Measure the union of intervals by the gaps between them.");
    const ValueId span =
        i.let({"span", "extent"}, "$0[-1] - $1[0]", {reach, begin}, Shape{}, {4, 12});
    const ValueId idle = i.let({"idle_time", "free"}, i.either({"jnp.sum($0)", "$0.sum()"}), {gaps},
                               Shape{}, {0, 6});
    i.let({"covered", "busy"}, "$0 - $1", {span, idle}, Shape{}, {1, 12});
  });
}

// Compare-and-swap rounds of an odd-even network, or one bitonic merge.
Op sorting_network() {
  return idiom("sorting_network", kArray, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Interval range{-3, 3};
    const bool falling = i.chance(0.3);
    if (i.chance(0.5)) {
      const std::int64_t n = i.between(3, 6), rounds = i.chance(0.6) ? 2 * n : i.between(2, n);
      const std::int64_t size = 2 * n;
      const ValueId x = i.input({"values", "keys", "x"}, {size}, range);
      i.called({"odd_even_sort", "transposition_sort", "brick_sort"});
      i.summary(rounds == size ? "Sort a vector by odd-even transpositions."
                               : fmt::format("Run {} rounds of odd-even transpositions.", rounds));
      const ValueId at = i.let({"index", "lane"}, fmt::format("jnp.arange({})", size), {},
                               counts(i, {size}), {0, static_cast<double>(size)});
      i.fori(0, rounds, {"swap_neighbors", "exchange"},
             {{{"x", "values"}, x, range, {"sorted_values", "ordered"}}}, [&](const Ids& p) {
               const ValueId first = i.let({"is_left", "first"}, "($0 + $1) % 2 == 0", {at, p[0]},
                                           flags({size}), {0, 1});
               const ValueId other =
                   i.let({"partner", "mate"},
                         fmt::format("jnp.clip(jnp.where($0, $1 + 1, $1 - 1), 0, {})", size - 1),
                         {first, at}, counts(i, {size}), {0, static_cast<double>(size)});
               const ValueId mate =
                   i.let({"neighbor", "facing"}, "$0[$1]", {p[1], other}, {size}, range);
               return Ids{i.let({"exchanged"},
                                falling ? "jnp.where($0, jnp.maximum($1, $2), jnp.minimum($1, $2))"
                                        : "jnp.where($0, jnp.minimum($1, $2), jnp.maximum($1, $2))",
                                {first, p[1], mate}, {size}, range)};
             });
      return;
    }
    const std::int64_t bits = i.between(2, 4), size = std::int64_t{1} << bits;
    ValueId x = i.input({"values", "keys", "x"}, {size}, range);
    i.called({"bitonic_merge", "bitonic_stage", "half_cleaner"});
    i.summary("Run the half cleaners of a bitonic merge.");
    if (i.chance(0.5)) {
      i.comment("Rising, then falling: what the merge takes.");
      x = i.let(
          {"bitonic", "mountain"},
          fmt::format("jnp.concatenate([jnp.sort($0[:{0}]), jnp.sort($0[{0}:])[::-1]])", size / 2),
          {x}, {size}, range);
      i.summary("Sort two halves and merge them by a bitonic network.");
    }
    for (std::int64_t width = size / 2; width >= 1; width /= 2) {
      const std::int64_t groups = size / (2 * width);
      const ValueId pairs = i.let({"pairs", "halves", "groups", "blocks"},
                                  fmt::format("$0.reshape({}, 2, {})", groups, width), {x},
                                  Shape{groups, 2, width}, range);
      x = i.let(
          {"cleaned", "merged"},
          fmt::format(
              fmt::runtime(falling
                               ? "jnp.stack([$0.max(axis=1), $0.min(axis=1)], axis=1).reshape({})"
                               : "jnp.stack([$0.min(axis=1), $0.max(axis=1)], axis=1).reshape({})"),
              i.chance(0.5) ? fmt::format("{}", size) : "-1"),
          {pairs}, {size}, range);
    }
  });
}

// How many of the eight neighbours on a torus are alive.
ValueId neighbors_of(Idiom& i, ValueId x, std::int64_t how) {
  const Shape shape = i.shape(x);
  const Type cells = i.type(x);
  if (how == 0) {
    const ValueId across =
        i.let({"across", "row_sums"}, "jnp.roll($0, 1, axis=1) + $0 + jnp.roll($0, -1, axis=1)",
              {x}, cells, {0, 3});
    const ValueId all =
        i.let({"block", "nine"}, "jnp.roll($0, 1, axis=0) + $0 + jnp.roll($0, -1, axis=0)",
              {across}, cells, {0, 9});
    return i.let({"neighbors", "around"}, "$0 - $1", {all, x}, cells, {0, 8});
  }
  if (how == 1) {
    const ValueId wide = i.let({"wrapped", "padded"}, "jnp.pad($0, 1, mode=\"wrap\")", {x},
                               counts(i, {shape[0] + 2, shape[1] + 2}), {0, 1});
    const ValueId sums = i.let({"vertical", "column_sums"}, "$0[:-2] + $0[1:-1] + $0[2:]", {wide},
                               counts(i, {shape[0], shape[1] + 2}), {0, 3});
    return i.let({"neighbors", "around"}, "$0[:, :-2] + $0[:, 1:-1] + $0[:, 2:] - $1", {sums, x},
                 cells, {0, 8});
  }
  const std::string kernel = "jnp.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])";
  const ValueId wide = i.let({"wrapped", "padded"}, "jnp.pad($0, 1, mode=\"wrap\")", {x},
                             counts(i, {shape[0] + 2, shape[1] + 2}), {0, 1});
  return i.let({"neighbors", "around"},
               "jax.scipy.signal.convolve2d($0, " + kernel + ", mode=\"valid\")", {wide}, cells,
               {0, 8});
}

// Generations of a cellular automaton: Life and its kin by rolled sums or a convolution, rules of
// three neighbours by a table, majorities.
Op cellular_automaton() {
  return idiom("cellular_automaton", kArray, 1.0, kZero, [](Idiom& i) {
    const auto kind = i.between(0, 2);
    const bool flat = kind == 1;
    const std::int64_t rows = std::max<std::int64_t>(5, i.size()),
                       cols = std::max<std::int64_t>(5, i.size());
    const Shape shape = flat ? Shape{std::max<std::int64_t>(8, cols)} : Shape{rows, cols};
    const Type cells = counts(i, shape);
    const ValueId start = i.input({"cells", "grid", "board"}, cells, {0, 1});
    const std::int64_t generations = i.between(1, kind == 2 ? 2 : 4);  // votes soon agree
    static const std::vector<std::pair<std::string, std::string>> kRules = {
        {"($1 == 3) | (($0 == 1) & ($1 == 2))", "Conway's Game of Life"},
        {"($1 == 3) | (($0 == 0) & ($1 == 6)) | (($0 == 1) & ($1 == 2))", "HighLife"},
        {"($0 == 0) & ($1 == 2)", "the Seeds automaton"},
        {"($1 == 3) | (($0 == 1) & ($1 >= 1) & ($1 <= 5))", "the Maze automaton"}};
    const auto rule = i.random().pick(kRules);
    const std::int64_t number =
        i.random().pick(std::vector<std::int64_t>{30, 90, 110, 150, 54, 184});
    const std::int64_t need = i.between(4, 5);
    if (flat) {
      i.called({"elementary_automaton", fmt::format("rule_{}", number), "evolve_cells"});
      i.summary(fmt::format("Run the elementary cellular automaton of rule {}.", number));
    } else if (kind == 0) {
      i.called({"life_step", "next_generation", "evolve_board"});
      i.summary("Run " + rule.second + " on a torus.");
    } else {
      i.called({"majority_vote", "smooth_cave", "vote_automaton"});
      i.summary("Let the cells of a torus vote with their neighbors.");
    }
    const auto how = i.between(0, 2);
    const bool by_table = i.chance(0.6), diagonal = i.chance(0.7);
    const auto step = [&](ValueId x) {
      if (flat) {
        const ValueId code =
            i.let({"pattern", "code"}, "4 * jnp.roll($0, 1) + 2 * $0 + jnp.roll($0, -1)", {x},
                  cells, {0, 7});
        if (by_table) {
          std::string bits;
          for (int k = 0; k < 8; ++k) bits += fmt::format("{}{}", k ? ", " : "", (number >> k) & 1);
          return i.let({"next_cells", "evolved"}, "jnp.array([" + bits + "])[$0]", {code}, cells,
                       {0, 1});
        }
        return i.let({"next_cells", "evolved"}, fmt::format("({} >> $0) & 1", number), {code},
                     cells, {0, 1});
      }
      const ValueId n = neighbors_of(i, x, how);
      const std::string test = kind == 0  ? rule.first
                               : diagonal ? fmt::format("$1 + $0 >= {}", need)
                                          : fmt::format("$1 >= {}", need);
      const bool own = kind == 0 || diagonal;
      const std::string spelled =
          own ? "(" + test + ").astype(int)" : fmt::format("($0 >= {}).astype(int)", need);
      return i.let({"next_cells", "evolved"}, spelled, own ? Ids{x, n} : Ids{n}, cells, {0, 1});
    };
    if (generations == 1) {
      const ValueId once = step(start);
      if (i.chance(0.4))
        i.let({"changed", "flips"}, i.either({"jnp.sum($0 != $1)", "jnp.abs($0 - $1).sum()"}),
              {once, start}, counts(i, {}), {0, 40});
      return;
    }
    if (i.chance(0.4)) {
      i.scan(
          {"generation", "evolve"}, {{{"cells", "grid"}, start, {0, 1}, {"final_cells", "grid"}}},
          {}, {{"population", "alive"}},
          [&](const Ids& p) {
            const ValueId next = step(p[0]);
            return Ids{next, i.let({"alive", "total"}, "$0.sum()", {next}, counts(i, {}), {0, 40})};
          },
          "", generations);
      return;
    }
    i.fori(0, generations, {"generation", "evolve"},
           {{{"cells", "grid"}, start, {0, 1}, {"final_cells", "evolved"}}},
           [&](const Ids& p) { return Ids{step(p[1])}; });
  });
}

}  // namespace

std::vector<Op> search_idioms() {
  return {binary_search(),  beam_step(),       connected_components(), label_propagation(),
          covered_length(), sorting_network(), cellular_automaton()};
}

}  // namespace jaxsmith::plan
