// Algorithms over sequences and graphs: alignments, shortest paths, ranking, messages along edges.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Derivatives are not to be taken of this value.
void no_gradient(Idiom& i, ValueId id) {
  if (id != kNoValue) i.builder().program().values[static_cast<std::size_t>(id)].grad_arguments = 0;
}

// Edges of a directed graph: their two ends, drawn among `nodes`.
struct Edges {
  std::int64_t count;
  ValueId source, target;
};

Edges edges_of(Idiom& i, std::int64_t nodes) {
  const std::int64_t count = i.between(nodes + 2, 2 * nodes + 2);
  const Interval range{0, static_cast<double>(nodes - 1)};
  if (i.chance(0.3)) {
    const ValueId pairs = i.input({"edges", "edge_index"}, counts(i, {2, count}), range);
    const Ids ends = i.unpack("$0", {pairs}, {},
                              {{{"senders", "src"}, counts(i, {count}), range},
                               {{"receivers", "dst"}, counts(i, {count}), range}});
    return {count, ends[0], ends[1]};
  }
  const ValueId source = i.input({"senders", "src", "sources"}, counts(i, {count}), range);
  return {count, source, i.input({"receivers", "dst", "targets"}, counts(i, {count}), range)};
}

// What is found of two sequences, and what it costs.
struct Alignment {
  std::int64_t kind;  // 0 an edit distance, 1 a common subsequence, 2 a local alignment
  std::int64_t m;     // letters along a row
  std::int64_t gap, match, miss, change;
  double top;  // of a cell, but for the weights of kind 2
  Interval cell;
  std::string best;
};

// The next row by what lies above and across alone.
ValueId open_row(Idiom& i, const Alignment& s, ValueId row, ValueId letters, ValueId token) {
  const Type row_type = counts(i, {s.m + 1}), part = counts(i, {s.m});
  const ValueId same =
      i.let({"same", "equal"}, "$0 == $1", {letters, token}, flags(part.shape), {0, 1});
  const std::string above = s.kind == 1   ? "$0[1:]"
                            : s.kind == 0 ? "$0[1:] + 1"
                                          : fmt::format("$0[1:] - {}", s.gap);
  const std::string diagonal =
      s.kind == 1   ? "$0[:-1] + $1"
      : s.kind == 0 ? (s.change == 1 ? "$0[:-1] + (1 - $1)" : "$0[:-1] + jnp.where($1, 0, 2)")
                    : fmt::format("$0[:-1] + jnp.where($1, {}, {})", s.match, -s.miss);
  const ValueId up = i.let({"deleted", "above"}, above, {row}, part, s.cell);
  const ValueId across = i.let({"matched", "diagonal"}, diagonal, {row, same}, part, s.cell);
  const ValueId open =
      i.let({"entered", "arrived"}, s.best + "($0, $1)", {up, across}, part, s.cell);
  const ValueId edge = i.let({"edge", "left_edge"}, s.kind == 0 ? "$0[:1] + 1" : "$0[:1]", {row},
                             counts(i, {1}), s.cell);
  ValueId whole =
      i.let({"opened", "with_edge"}, "jnp.concatenate([$0, $1])", {edge, open}, row_type, s.cell);
  if (s.kind == 2)
    whole = i.let({"restarted", "floored"}, "jnp.maximum($0, 0)", {whole}, row_type, s.cell);
  return whole;
}

// Then along the row, cell by cell.
ValueId fill_by_scan(Idiom& i, const Alignment& s, ValueId whole) {
  const ValueId low = i.let({"left"}, "$0[0]", {whole}, counts(i, {}), s.cell);
  const std::string pass = s.kind == 0   ? "jnp.minimum($1, $0 + 1)"
                           : s.kind == 1 ? "jnp.maximum($1, $0)"
                                         : fmt::format("jnp.maximum($1, $0 - {})", s.gap);
  return i
      .scan({"carry_left", "fill_cell"}, {{{"left", "before"}, low, s.cell, {}}},
            {{{"cell", "value"}, whole}}, {{"row_next", "filled"}},
            [&](const Ids& q) {
              const ValueId v = i.let({"best"}, pass, {q[0], q[1]}, counts(i, {}), s.cell);
              return Ids{v, v};
            })
      .stacked[0];
}

// The same by a running best.
ValueId fill_row(Idiom& i, const Alignment& s, ValueId whole) {
  const Type row_type = counts(i, {s.m + 1});
  if (s.kind == 1)
    return i.let({"row_next", "filled"}, "lax.cummax($0)", {whole}, row_type, s.cell);
  i.comment("Gaps along the row: a running best once their cost is taken out.");
  const ValueId at = i.let({"offsets", "gap_cost"},
                           s.gap == 1 ? fmt::format("jnp.arange({})", s.m + 1)
                                      : fmt::format("{} * jnp.arange({})", s.gap, s.m + 1),
                           {}, row_type, {0, 3 * s.top});
  return i.let({"row_next", "filled"},
               s.kind == 0 ? "$1 + lax.cummin($0 - $1)" : "lax.cummax($0 + $1) - $1", {whole, at},
               row_type, s.cell);
}

// Edit distance, longest common subsequence or a local alignment, row by row; within a row by a
// running minimum or maximum (the cost of a gap taken out first) or by a second scan.
Op align_sequences() {
  return idiom("align_sequences", kLoop, 1.0, kZero, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(6, i.size()),
                       m = std::max<std::int64_t>(6, i.size());
    const auto kind = i.between(0, 2);
    const double top = static_cast<double>(n + m);
    const Interval cell{0, kind == 2 ? 3 * top : top}, letters{0, 4};
    const ValueId a = i.input({"source", "first", "query"}, counts(i, {n}), letters);
    const ValueId b = i.input({"target", "second", "reference"}, counts(i, {m}), letters);
    static const Words kCalled[] = {{"edit_distance", "levenshtein", "edit_table"},
                                    {"longest_common_subsequence", "lcs_length", "lcs_row"},
                                    {"local_alignment", "smith_waterman", "align_scores"}};
    static const Words kSays = {"Compute the edit distance of token sequences, row by row.",
                                "Find how long a common subsequence of two sequences may be.",
                                "Score the best local alignments of two sequences."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool nested = i.chance(0.3), keep = i.chance(0.35);
    const std::int64_t gap = kind == 2 ? i.between(1, 2) : 1, match = i.between(2, 3),
                       miss = i.between(1, 2), change = kind == 0 && i.chance(0.3) ? 2 : 1;
    const Type row_type = counts(i, {m + 1});
    const Alignment s{
        kind, m, gap, match, miss, change, top, cell, kind == 0 ? "jnp.minimum" : "jnp.maximum"};
    const ValueId start = i.let({"row", "first_row"},
                                kind == 0 ? fmt::format("jnp.arange({})", m + 1)
                                          : fmt::format("jnp.zeros({}, $0.dtype)", m + 1),
                                kind == 0 ? Ids{} : Ids{b}, row_type, cell);
    const auto out = i.scan(
        {"fill_row", "next_row", "step"}, {{{"row", "previous"}, start, cell, {"last_row", "row"}}},
        {{{"token", "letter"}, a}},
        keep ? std::vector<Words>{{"corners", "ends"}} : std::vector<Words>{}, [&](const Ids& p) {
          const ValueId row = p[0];
          const ValueId opened = open_row(i, s, row, b, p[1]);
          const ValueId next = nested ? fill_by_scan(i, s, opened) : fill_row(i, s, opened);
          Ids results = {next};
          if (keep)
            results.push_back(i.let({"corner", "row_best"},
                                    kind == 0 ? "$0[-1]" : i.either({"$0[-1]", "$0.max()"}), {next},
                                    counts(i, {}), cell));
          return results;
        });
    if (!keep) return;
    i.let({kind == 0 ? "distance" : "score", "best"}, kind == 0 ? "$0[-1]" : "$0.max()",
          {out.final[0]}, counts(i, {}), cell);
  });
}

// Dynamic time warping of two series by a hard or a soft minimum; a scan over rows with a scan
// along each.
Op time_warping() {
  return idiom("time_warping", kLoop, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size()),
                       m = std::max<std::int64_t>(4, i.size());
    const bool vectors = i.chance(0.3), soft = i.chance(0.4), absolute = i.chance(0.4);
    const std::int64_t width = vectors ? i.between(2, 3) : 1;
    const Interval range{-2, 2}, cost{0, 60};
    const auto series = [&](std::int64_t t) { return vectors ? Shape{t, width} : Shape{t}; };
    const ValueId a = i.input({"series", "query", "x"}, series(n), range);
    const ValueId b = i.input({"template", "reference", "y"}, series(m), range);
    i.called({soft ? "soft_dtw" : "dtw", "warping_distance", "align_series"});
    i.summary(soft ? "Align two series in time with a soft minimum."
                   : "Align two series by dynamic time warping.");
    const ValueId local =
        i.let({"local", "cost"},
              vectors ? (absolute ? "jnp.sum(jnp.abs($0[:, None] - $1[None]), axis=-1)"
                                  : "jnp.sum(($0[:, None] - $1[None]) ** 2, axis=-1)")
                      : (absolute ? "jnp.abs($0[:, None] - $1[None, :])"
                                  : i.either({"($0[:, None] - $1[None, :]) ** 2",
                                              "jnp.square($0[:, None] - $1[None, :])"})),
              {a, b}, {n, m}, {0, 8});
    const std::string wall = i.either({"1e6", "1e4"});
    const std::string sharp = i.either({"0.5", "1.0", "0.1"});
    i.comment("The first row can be entered from the left alone.");
    const ValueId first =
        i.let({"first_row", "row"}, i.either({"jnp.cumsum($0[0])", "$0[0].cumsum()"}), {local}, {m},
              cost);
    const ValueId rest = i.let({"rest", "later"}, "$0[1:]", {local}, {n - 1, m}, {0, 8});
    const bool keep = i.chance(0.3);
    const auto out = i.scan(
        {"fill_row", "next_row"},
        {{{"row", "previous"}, first, cost, keep ? Words{} : Words{"last_row", "row"}}},
        {{{"costs", "local_row"}, rest}},
        keep ? std::vector<Words>{{"table", "rows"}} : std::vector<Words>{}, [&](const Ids& p) {
          const ValueId corner = i.let(
              {"diagonal", "shifted"},
              "jnp.concatenate([jnp.full(1, " + wall + ", $0.dtype), $0[:-1]])", {p[0]}, {m}, cost);
          const ValueId wide = i.let({"wall", "outside"}, "jnp.asarray(" + wall + ", $0.dtype)",
                                     {p[0]}, Shape{}, {0, 60});
          const auto row = i.scan(
              {"fill_cell", "along_row"}, {{{"left", "before"}, wide, cost, {}}},
              {{{"up", "above"}, p[0]}, {{"corner", "diag"}, corner}, {{"c", "local_cost"}, p[1]}},
              {{"row_next", "filled"}}, [&](const Ids& q) {
                ValueId best = kNoValue;
                if (soft) {
                  const ValueId all = i.let({"steps", "options"}, "jnp.stack([$0, $1, $2])",
                                            {q[0], q[1], q[2]}, {3}, cost);
                  best = i.let({"least", "soft_min"},
                               sharp == "1.0"
                                   ? "-jax.nn.logsumexp(-$0)"
                                   : "-" + sharp + " * jax.nn.logsumexp(-$0 / " + sharp + ")",
                               {all}, Shape{}, cost);
                } else {
                  best = i.let({"least", "best"},
                               i.chance(0.5) ? "jnp.minimum($0, jnp.minimum($1, $2))"
                                             : "jnp.minimum(jnp.minimum($0, $1), $2)",
                               {q[0], q[1], q[2]}, Shape{}, cost);
                }
                const ValueId total =
                    i.let({"total"}, i.either({"$0 + $1", "$1 + $0"}), {q[3], best}, Shape{}, cost);
                return Ids{total, total};
              });
          Ids results = {row.stacked[0]};
          if (keep) results.push_back(row.stacked[0]);
          return results;
        });
    if (keep) return;
    i.let({"distance", "alignment_cost"}, i.either({"$0[-1]", fmt::format("$0[-1] / {}", n + m)}),
          {out.final[0]}, Shape{}, {0, 40});
  });
}

// Values of a knapsack for every capacity, sums over what fits in log space, or counts of subsets:
// a scan over items with a shifted table.
Op knapsack() {
  return idiom("knapsack", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t items = std::max<std::int64_t>(3, i.size()), capacity = i.between(8, 20);
    const auto kind = i.between(0, 2);
    const Type weights_type = counts(i, {items});
    const ValueId weights = i.input({"weights", "sizes", "coins"}, weights_type, {1, 6});
    const Type table = kind == 2 ? counts(i, {capacity + 1}) : Type{i.real(), {capacity + 1}};
    const Interval cell{0, kind == 2 ? 1000.0 : 60.0};
    const ValueId values =
        kind == 2 ? kNoValue : i.input({"values", "profits", "gains"}, {items}, {0.5, 8});
    i.called(kind == 2   ? Words{"subset_counts", "count_subsets", "subset_sum_counts"}
             : kind == 1 ? Words{"soft_knapsack", "log_partition_by_capacity", "free_energy_table"}
                         : Words{"knapsack", "best_values", "pack_items"});
    i.summary(kind == 2   ? "Count the subsets of items that add up to each total."
              : kind == 1 ? "Sum over the sets of items that fit, in log space."
                          : "Find the best value that fits into every capacity.");
    const ValueId at = i.let({"capacities", "room"}, fmt::format("jnp.arange({})", capacity + 1),
                             {}, counts(i, {capacity + 1}), {0, static_cast<double>(capacity)});
    const ValueId start =
        kind == 2 ? i.let({"ways", "table"},
                          i.either({"($0 == 0).astype(int)", "jnp.where($0 == 0, 1, 0)"}), {at},
                          table, cell)
                  : i.let({"best", "table"}, fmt::format("jnp.zeros({}, $0.dtype)", capacity + 1),
                          {values}, table, cell);
    std::vector<Idiom::Slice> over = {{{"weight", "w"}, weights}};
    if (values != kNoValue) over.push_back({{"gain", "v"}, values});
    const bool rolled = i.chance(0.35), keep = kind == 0 && i.chance(0.3);
    const auto out = i.scan(
        {"add_item", "consider"}, {{{"table", "best"}, start, cell, {"best", "table"}}}, over,
        keep ? std::vector<Words>{{"history", "progress"}} : std::vector<Words>{},
        [&](const Ids& p) {
          const ValueId left =
              i.let({"left", "remaining"}, "$0 - $1", {at, p[1]}, counts(i, {capacity + 1}),
                    {-6, static_cast<double>(capacity)});
          const ValueId before =
              rolled ? i.let({"before", "without"}, "jnp.roll($0, $1)", {p[0], p[1]}, table, cell)
                     : i.let({"before", "without"},
                             i.either({"$0[jnp.maximum($1, 0)]", "$0[jnp.clip($1, 0)]"}),
                             {p[0], left}, table, cell);
          ValueId next = kNoValue;
          if (kind == 2) {
            next = i.let({"with_item", "updated"}, "$0 + jnp.where($1 >= 0, $2, 0)",
                         {p[0], left, before}, table, cell);
          } else {
            const ValueId taken = i.let({"taken", "with_item"},
                                        kind == 0 ? "jnp.where($0 >= 0, $1 + $2, 0.0)"
                                                  : "jnp.where($0 >= 0, $1 + $2, -jnp.inf)",
                                        {left, before, p[2]}, table, cell);
            next = i.let({"updated", "improved"},
                         kind == 0 ? "jnp.maximum($0, $1)" : "jnp.logaddexp($0, $1)", {p[0], taken},
                         table, cell);
          }
          Ids results = {next};
          if (keep) results.push_back(i.let({"full"}, "$0[-1]", {next}, Shape{}, cell));
          return results;
        });
    if (kind == 0 && i.chance(0.4))
      i.let({"marginal", "worth_of_room"}, "jnp.diff($0)", {out.final[0]}, {capacity}, {0, 8});
  });
}

// All shortest paths: relaxation by one node after the other, or squaring in the (min, +) ring;
// widest paths by the same scheme.
Op shortest_paths() {
  return idiom("shortest_paths", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(3, std::min<std::int64_t>(8, i.size()));
    const bool widest = i.chance(0.25);
    const Interval range{0.1, 5};
    const ValueId lengths =
        i.input({"lengths", "distances", widest ? "capacities" : "weights"}, {n, n}, range);
    const std::string best = widest ? "jnp.maximum" : "jnp.minimum",
                      join = widest ? "jnp.minimum({}, {})" : "{} + {}";
    i.called(widest ? Words{"widest_paths", "bottleneck_paths"}
                    : Words{"shortest_paths", "all_pairs_distances", "floyd_warshall"});
    i.summary(widest ? "Find the widest path between every pair of nodes."
                     : "Find the shortest path between every pair of nodes.");
    ValueId start = lengths;
    if (!widest && i.chance(0.7))
      start = i.let({"dist", "no_loops"},
                    i.either({"jnp.where(jnp.eye($0.shape[0], dtype=bool), 0.0, $0)",
                              "$0 * (1 - jnp.eye($0.shape[0], dtype=$0.dtype))",
                              "jnp.fill_diagonal($0, 0.0, inplace=False)"}),
                    {lengths}, {n, n}, {0, 5});
    if (!widest && i.chance(0.3)) {
      i.comment("Both ways are as long as the shorter one.");
      start = i.let({"dist", "two_way"}, "jnp.minimum($0, $0.T)", {start}, {n, n}, {0, 5});
    }
    const Type square{i.real(), {n, n}};
    const std::vector<Idiom::Carry> carry = {{{"dist", "d"}, start, {0, 5}, {"shortest", "dist"}}};
    ValueId out = kNoValue;
    if (i.chance(0.6)) {
      const std::string through =
          fmt::format(fmt::runtime(join), "$0[:, $1, None]", "$0[$1, None, :]");
      const std::string other = fmt::format(fmt::runtime(join), "$0[:, $1][:, None]", "$0[$1]");
      out = i.fori(0, n, {"relax", "through_node"}, carry, [&](const Ids& p) {
        const ValueId via =
            i.let({"via", "detour"}, i.either({through, other}), {p[1], p[0]}, square, {0, 5});
        return Ids{
            i.let({widest ? "wider" : "shorter"}, best + "($0, $1)", {p[1], via}, square, {0, 5})};
      })[0];
    } else {
      const std::int64_t rounds = n > 4 ? 3 : 2;
      out = i.fori(0, rounds, {"double_reach", "square"}, carry, [&](const Ids& p) {
        const std::string terms =
            fmt::format(fmt::runtime(join), "$0[:, :, None]", "$0[None, :, :]");
        const ValueId via =
            i.let({"via", "joined"},
                  widest ? "jnp.max(" + terms + ", axis=1)" : "jnp.min(" + terms + ", axis=1)",
                  {p[1]}, square, {0, 5});
        return Ids{
            i.let({widest ? "wider" : "shorter"}, best + "($0, $1)", {p[1], via}, square, {0, 5})};
      })[0];
      no_gradient(i, out);  // the same path is found by several sums, which tie but for rounding
    }
    switch (i.between(0, 3)) {
      case 0:
        i.summary("Measure how far the nodes of a graph are from all others.");
        i.let({"closeness", "reach"},
              i.either({"jnp.mean($0, axis=1)", "$0.mean(axis=1)", "jnp.sum($0, axis=1)"}), {out},
              {n}, {0.1, 20});
        break;
      case 1:
        i.let({"eccentricity", "farthest"}, i.either({"jnp.max($0, axis=1)", "$0.max(axis=1)"}),
              {out}, {n}, {0.1, 5});
        break;
      default:
        break;
    }
  });
}

// Bellman and Ford's relaxation over an edge list from one node, by scatter-min or segment_min.
Op relax_edges() {
  return idiom("relax_edges", kLoop, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = i.between(4, 7);
    const Edges e = edges_of(i, n);
    const ValueId lengths = i.input({"lengths", "costs", "weights"}, {e.count}, {0.2, 3});
    const ValueId first = i.input({"offsets", "start_costs", "initial"}, {n}, {0, 12});
    const Interval range{0, 12};
    i.called({"bellman_ford", "relax_edges", "distance_to_sources"});
    i.summary("Relax the edges of a graph until distances settle.");
    const bool scatter = i.chance(0.6), keep = i.chance(0.25);
    const auto step = [&](ValueId d) {
      const ValueId reach =
          i.let({"reach", "candidates"}, "$0[$1] + $2", {d, e.source, lengths}, {e.count}, {0, 15});
      if (scatter)
        return i.let({"relaxed", "nearer"}, "$0.at[$1].min($2)", {d, e.target, reach}, {n}, range);
      const ValueId best = i.let({"arrivals", "best"},
                                 fmt::format("jax.ops.segment_min($0, $1, num_segments={})", n),
                                 {reach, e.target}, {n}, range);
      return i.let({"relaxed", "nearer"}, "jnp.minimum($0, $1)", {d, best}, {n}, range);
    };
    const std::int64_t rounds = n - 1;
    if (keep) {
      i.scan(
          {"relax", "sweep"}, {{{"dist", "d"}, first, range, {"dist", "settled"}}}, {},
          {{"totals", "progress"}},
          [&](const Ids& p) {
            const ValueId next = step(p[0]);
            return Ids{next, i.let({"total"}, "jnp.sum($0)", {next}, Shape{}, {0, 60})};
          },
          "", rounds);
      return;
    }
    i.fori(0, rounds, {"relax", "sweep"}, {{{"dist", "d"}, first, range, {"dist", "settled"}}},
           [&](const Ids& p) { return Ids{step(p[1])}; });
  });
}

// Ranks by a walk on a weighted graph: the power method with restarts, on a matrix or on edges.
Op page_rank() {
  return idiom("page_rank", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(3, i.size()), rounds = i.between(5, 20);
    const double d = i.number({0.85, 0.9, 0.8, 0.5});
    const ValueId links = i.input({"links", "adjacency", "weights"}, {n, n}, {0, 1});
    const bool by_column = i.chance(0.4), personal = i.chance(0.5), keep = i.chance(0.25);
    i.called({"page_rank", "rank_nodes", "stationary_ranks"});
    i.summary(personal ? "Rank nodes by a random walk that restarts at given ones."
                       : "Rank the nodes of a weighted graph by a random walk.");
    const ValueId walk = i.let(
        {"walk", "transition"},
        by_column
            ? i.either({"$0 / jnp.sum($0, axis=0)", "$0 / $0.sum(axis=0)"})
            : i.either({"$0 / jnp.sum($0, axis=1, keepdims=True)", "$0 / $0.sum(axis=1)[:, None]"}),
        {links}, {n, n}, {0, 1});
    const std::string uniform = fmt::format("jnp.full({0}, 1.0 / {0}, $0.dtype)", n);
    ValueId restart = kNoValue;
    if (personal) {
      const ValueId taste = i.input({"preferences", "interest", "restart_weights"}, {n}, {0.1, 2});
      restart = i.let({"restart", "teleport"}, i.either({"$0 / jnp.sum($0)", "$0 / $0.sum()"}),
                      {taste}, {n}, {0, 1});
    } else {
      restart = i.let({"restart", "uniform"}, uniform, {walk}, {n}, {0, 1});
    }
    const auto step = [&](ValueId r) {
      const std::string flow = by_column ? "$1 @ $0" : i.either({"$0 @ $1", "$1.T @ $0"});
      const ValueId moved = i.let({"moved", "flow"}, flow, {r, walk}, {n}, {0, 1});
      return i.let({"rank_next", "mixed"},
                   fmt::format("{} * $0 + {} * $1", Idiom::text(d), Idiom::text(1 - d)),
                   {moved, restart}, {n}, {0, 1});
    };
    const std::vector<Idiom::Carry> carry = {{{"rank", "r"}, restart, {0, 1}, {"ranks", "scores"}}};
    if (keep) {
      if (half_precision(i)) return i.fail();
      i.scan(
          {"walk_step", "power_step"}, carry, {}, {{"change", "residuals"}},
          [&](const Ids& p) {
            const ValueId next = step(p[0]);
            return Ids{
                next, i.let({"moved_by"}, "jnp.abs($0 - $1).max()", {next, p[0]}, Shape{}, {0, 1})};
          },
          "", 5);
      return;
    }
    const ValueId out = i.fori(0, rounds, {"walk_step", "power_step"}, carry,
                               [&](const Ids& p) { return Ids{step(p[1])}; })[0];
    if (i.chance(0.4))
      i.let({"log_ranks", "log_scores"},
            i.either({"jnp.log($0)", fmt::format("jnp.log({}.0 * $0)", n)}), {out}, {n}, {-4, 1});
  });
}

}  // namespace

std::vector<Op> algorithm_idioms() {
  return {align_sequences(), time_warping(), knapsack(),
          shortest_paths(),  relax_edges(),  with_traits(kKnownNorm, page_rank())};
}

}  // namespace jaxsmith::plan
