// Tables and orders cell by cell: loops over places within one another that branch on what they
// find.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Parts = std::vector<Part>;

Interval below(std::int64_t n) { return {0, static_cast<double>(n)}; }

// Sorting by swaps of neighbours, by insertion or by selection, with what comes along.
Op sort_by_swaps() {
  return idiom("sort_by_swaps", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 9, 4);
    const auto kind = i.between(0, 3);  // bubble, bubble until sorted, insertion, selection
    const bool whole = i.chance(0.3), falls = i.chance(0.3);
    const Type list = whole ? counts(i, {n}) : Type{i.real(), {n}}, index = counts(i, {}),
               places = counts(i, {n});
    const Interval range = whole ? Interval{0, 40} : Interval{-4, 4}, at = below(n);
    const ValueId x = i.argument({"values", "keys", "x"}, list, range);
    const auto along = i.between(0, 2);  // nothing, places, a payload
    static const Words kCalled[] = {{"bubble_sort", "sort_by_swaps"},
                                    {"bubble_until_sorted", "bubble_sort"},
                                    {"insertion_sort", "sort_by_insertion"},
                                    {"selection_sort", "sort_by_selection"}};
    static const Words kSays = {
        "Sort by passes that swap neighbors.",
        "Sort by passes that swap neighbors until a pass swaps none.",
        "Sort by moving each value down to its place.",
        "Sort by bringing the first of the rest forward, place after place."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    if (along == 1) i.summary("Where each value stood comes along.");
    const Type more = along == 1 ? places : Type{i.real(), {n}};
    const Interval reach = along == 1 ? at : Interval{-3, 3};
    ValueId other = kNoValue;
    if (along == 1)
      other = i.let({"order", "places"}, fmt::format("jnp.arange({})", n), {}, places, at);
    if (along == 2) other = i.argument({"payload", "weights", "attached"}, more, reach);
    const bool carried = along > 0, pairs = i.chance(0.5), tally = kind != 1 && i.chance(0.4);
    Parts state = {{{"v", "arr"}, list, range}};
    std::vector<Idiom::Carry> carries = {{{"v", "arr"}, x, range, {"sorted_values", "ordered"}}};
    if (carried) {
      state.push_back({{"w", "extra"}, more, reach});
      carries.push_back(
          {{"w", "extra"}, other, reach, {along == 1 ? "permutation" : "payload_sorted", "moved"}});
    }
    const Interval counted = below(n * n);
    if (tally) {
      state.push_back({{"swaps", "count"}, index, counted});
      carries.push_back({{"swaps", "count"},
                         count_from(i, {"swaps0", "none"}, 0, counted),
                         counted,
                         {"swap_count", "swaps"}});
    }
    const std::string swap = pairs ? "$0.at[jnp.array([$1, $2])].set($0[jnp.array([$2, $1])])"
                                   : "$0.at[$1].set($0[$2]).at[$2].set($0[$1])";
    const auto swapped = [&](const Ids& q, ValueId a, ValueId b) {
      Ids out = {i.let({"v_swapped"}, swap, {q[0], a, b}, list, range)};
      if (carried) out.push_back(i.let({"w_swapped"}, swap, {q[1], a, b}, more, reach));
      if (q.size() > out.size())
        out.push_back(i.let({"one_more"}, "$0 + 1", {q.back()}, index, counted));
      return out;
    };
    const std::string after = falls ? " < " : " > ";
    const auto exchange = [&](const Ids& state_now, ValueId wrong, ValueId a, ValueId b) {
      Parts given = state;
      if (state_now.size() > given.size()) given.push_back({{"moves"}, index, counted});
      Parts taken = given;
      for (Part& part : given) part.names = {part.names.front() + "_next"};
      return branch(
          i, wrong, state_now, taken, {"swap", "exchange"},
          [&](const Ids& q) { return swapped(q, a, b); }, {"keep", "leave"},
          [](const Ids& q) { return q; }, given);
    };
    const auto next_of = [&](ValueId j) { return i.let({"k", "right"}, "$0 + 1", {j}, index, at); };
    const auto names = [&](std::vector<Idiom::Carry> all, const Ids& now, bool last) {
      for (std::size_t k = 0; k < all.size(); ++k) {
        all[k].init = now[k];
        if (!last) all[k].final = {all[k].names.front() + "_done"};
      }
      return all;
    };
    const auto pass = [&](const Ids& now, const std::vector<Idiom::Carry>& all) {
      return i.fori(
          0, n - 1, {"compare_and_swap", "compare"}, names(all, now, false), [&](const Ids& p) {
            const ValueId right = next_of(p[0]);
            const ValueId wrong = i.let({"wrong", "out_of_order"}, "$0[$1]" + after + "$0[$2]",
                                        {p[1], p[0], right}, flags({}), {0, 1});
            return exchange({p.begin() + 1, p.end()}, wrong, p[0], right);
          });
    };
    if (kind == 0) {
      repeat(i, 0, n - 1, {"bubble_pass", "one_pass"}, carries,
             [&](const Ids& p) { return pass(p, carries); });
      return;
    }
    if (kind == 1) {
      std::vector<Idiom::Carry> inner = carries, outer = carries;
      const ValueId first = count_from(i, {"moves0", "some"}, 1, counted);
      inner.push_back({{"moves", "count"}, first, counted, {"moves_done"}});
      outer.push_back({{"moves", "count"}, first, counted, {}});
      i.while_loop(
          outer, {"not_sorted", "moved"},
          [&](const Ids& p) {
            return Ids{i.let({"go_on"}, "$0 > 0", {p.back()}, flags({}), {0, 1})};
          },
          {"one_pass", "bubble_pass"},
          [&](const Ids& p) {
            Ids now = p;
            now.back() = count_from(i, {"fresh"}, 0, counted);
            return pass(now, inner);
          });
      return;
    }
    if (kind == 2) {
      i.fori(1, n, {"insert_next", "insert"}, carries, [&](const Ids& p) {
        const Ids now{p.begin() + 1, p.end()};
        std::vector<Idiom::Carry> inner = names(carries, now, false);
        inner.insert(inner.begin(), {{"j", "at"}, p[0], at, {}});
        const Ids out = i.while_loop(
            inner, {"before_is_larger", "misplaced"},
            [&](const Ids& q) {
              return Ids{i.let({"go_on"}, "($0 > 0) & ($1[$0 - 1]" + after + "$1[$0])",
                               {q[0], q[1]}, flags({}), {0, 1})};
            },
            {"move_down", "step_down"},
            [&](const Ids& q) {
              const ValueId left = i.let({"left"}, "$0 - 1", {q[0]}, index, at);
              Ids all = swapped({q.begin() + 1, q.end()}, left, q[0]);
              all.insert(all.begin(), left);
              return all;
            });
        return Ids{out.begin() + 1, out.end()};
      });
      return;
    }
    i.fori(0, n - 1, {"select_next", "place_next"}, carries, [&](const Ids& p) {
      const ValueId best =
          i.fori(0, n, {"compare", "look_at"}, {{{"best", "least"}, p[0], at, {"chosen"}}},
                 [&](const Ids& q) {
                   const ValueId found =
                       i.let({"found", "better"}, "($0 > $1) & ($2[$3]" + after + "$2[$0])",
                             {q[0], p[0], p[1], q[1]}, flags({}), {0, 1});
                   return Ids{i.let({"best_next"}, "jnp.where($0, $1, $2)", {found, q[0], q[1]},
                                    index, at)};
                 })[0];
      const ValueId wrong = i.let({"elsewhere"}, "$0 != $1", {best, p[0]}, flags({}), {0, 1});
      return exchange({p.begin() + 1, p.end()}, wrong, p[0], best);
    });
  });
}

// What two sequences share or what turns one into the other, a cell at a time.
Op cell_by_cell() {
  return idiom("cell_by_cell", kIndexing, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = few(i, 8, 4), m = few(i, 8, 4);
    const auto kind = i.between(0, 3);
    const Type table = counts(i, {n + 1, m + 1}), one = counts(i, {});
    const Interval cell = below(n + m), letters{0, kind == 3 ? 6.0 : 2.0};
    const ValueId a = i.argument({"source", "first", "a"}, counts(i, {n}), letters);
    const ValueId b = i.argument({"target", "second", "b"}, counts(i, {m}), letters);
    static const Words kCalled[] = {{"edit_table", "levenshtein_table", "edit_distance"},
                                    {"lcs_table", "longest_common_subsequence"},
                                    {"common_run", "longest_common_substring"},
                                    {"cheapest_path", "grid_path_cost"}};
    static const Words kSays = {"Fill the table of edit distances cell by cell.",
                                "Fill the table of common subsequences cell by cell.",
                                "Find the longest run that two sequences share.",
                                "Find the cheapest monotone path through a grid of differences."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool slices = i.chance(0.4), by_scan = i.chance(0.4), last = kind != 2 && i.chance(0.35),
               near = kind == 1 && i.chance(0.3);
    const auto weight = i.between(1, 2);
    ValueId start;
    if (kind == 0) {
      start =
          i.let({"table", "borders"},
                i.either({fmt::format("jnp.zeros(({0}, {1}), int).at[0].set(jnp.arange({1})).at[:, "
                                      "0].set(jnp.arange({0}))",
                                      n + 1, m + 1),
                          fmt::format("jnp.where(jnp.arange({0})[:, None] * jnp.arange({1}) == 0, "
                                      "jnp.arange({0})[:, None] + jnp.arange({1}), 0)",
                                      n + 1, m + 1)}),
                {}, table, cell);
    } else if (kind == 3) {
      start = i.let({"table", "walls"},
                    fmt::format("jnp.full(({}, {}), 99).at[0, 1].set(0)", n + 1, m + 1), {}, table,
                    {0, 99});
    } else {
      start = i.let({"table", "empty"},
                    i.either({fmt::format("jnp.zeros(({}, {}), int)", n + 1, m + 1),
                              fmt::format("jnp.zeros(({}, {}), $0.dtype)", n + 1, m + 1)}),
                    {a}, table, cell);
    }
    const std::string equal = near ? "jnp.abs($0[$1] - $2[$3]) <= 1" : "$0[$1] == $2[$3]";
    const auto put = [&](ValueId t, ValueId r, ValueId c, ValueId value) {
      return slices ? i.let({"t_next"},
                            "lax.dynamic_update_slice($0, $3[None, None], ($1 + 1, $2 + 1))",
                            {t, r, c, value}, table, cell)
                    : i.let({"t_next"}, "$0.at[$1 + 1, $2 + 1].set($3)", {t, r, c, value}, table,
                            cell);
    };
    const auto fill = [&](ValueId t, ValueId r, ValueId c) {
      if (kind == 3) {
        const ValueId cost =
            i.let({"cost", "gap"}, "jnp.abs($0[$1] - $2[$3])", {a, r, b, c}, one, {0, 6});
        const ValueId down = i.let({"from_above", "above"}, "$0[$1, $2 + 1] <= $0[$1 + 1, $2]",
                                   {t, r, c}, flags({}), {0, 1});
        const ValueId value = i.cond(
            down, {}, {}, {"down", "take_above"},
            [&](const Ids&) {
              return Ids{i.let({"from_top"}, "$0[$1, $2 + 1] + $3", {t, r, c, cost}, one, cell)};
            },
            {"right", "take_left"},
            [&](const Ids&) {
              return Ids{i.let({"across"},
                               weight == 1 ? "$0[$1 + 1, $2] + $3" : "$0[$1 + 1, $2] + 2 * $3",
                               {t, r, c, cost}, one, cell)};
            },
            {{{"value", "best"}, one, cell}})[0];
        return put(t, r, c, value);
      }
      const ValueId same = i.let({"same", "match"}, equal, {a, r, b, c}, flags({}), {0, 1});
      static const Words kYes = {"$0[$1, $2]", "$0[$1, $2] + 1", "$0[$1, $2] + 1"};
      const std::string no =
          kind == 0
              ? i.either({fmt::format("1 + jnp.minimum(jnp.minimum($0[$1, $2 + 1], $0[$1 + 1, "
                                      "$2]), $0[$1, $2] + {})",
                                      weight - 1),
                          "1 + jnp.min(jnp.array([$0[$1, $2 + 1], $0[$1 + 1, $2], $0[$1, $2]]))"})
          : kind == 1 ? "jnp.maximum($0[$1, $2 + 1], $0[$1 + 1, $2])"
                      : "jnp.zeros((), $0.dtype)";
      const Parts taken = {
          {{"u", "now"}, table, cell}, {{"i", "r"}, one, below(n)}, {{"j", "c"}, one, below(m)}};
      const auto matched = [&](const Ids& q) {
        return Ids{i.let({"diagonal"}, kYes[static_cast<std::size_t>(kind)], q, one, cell)};
      };
      const auto unmatched = [&](const Ids& q) {
        return Ids{i.let({"around"}, no, kind == 2 ? Ids{q[0]} : q, one, cell)};
      };
      const ValueId value =
          kind == 2 ? i.cond(
                          same, {}, {}, {"extend"}, [&](const Ids&) { return matched({t, r, c}); },
                          {"restart"}, [&](const Ids&) { return unmatched({t, r, c}); },
                          {{{"value"}, one, cell}})[0]
                    : branch(i, same, {t, r, c}, taken, {"equal", "matched"}, matched,
                             {"different", "unmatched"}, unmatched, {{{"value"}, one, cell}})[0];
      return put(t, r, c, value);
    };
    const auto along = [&](ValueId t, ValueId r) {
      return i.fori(0, m, {"fill_cell", "column_step"}, {{{"t", "tab"}, t, cell, {"row_filled"}}},
                    [&](const Ids& q) { return Ids{fill(q[1], r, q[0])}; })[0];
    };
    ValueId out;
    if (by_scan) {
      const ValueId rows = i.let({"rows", "row_ids"}, fmt::format("jnp.arange({})", n), {},
                                 counts(i, {n}), below(n));
      out = i.scan({"fill_row", "row_step"}, {{{"t", "table"}, start, cell, {"filled", "table"}}},
                   {{{"r", "row"}, rows}}, {}, [&](const Ids& p) { return Ids{along(p[0], p[1])}; })
                .final[0];
    } else {
      out = i.fori(0, n, {"fill_row", "row_step"},
                   {{{"t", "table"}, start, cell, {"filled", "table"}}},
                   [&](const Ids& p) { return Ids{along(p[1], p[0])}; })[0];
    }
    if (last) {
      i.let({"last_row", "ends"}, "$0[-1, 1:]", {out}, counts(i, {m}), cell);
      return;
    }
    i.let({kind == 0 ? "distance" : "best", "answer"},
          kind == 2 ? i.either({"jnp.max($0)", "$0.max()"})
                    : i.either({"$0[-1, -1]", fmt::format("$0[{}, {}]", n, m)}),
          {out}, one, cell);
    if (kind == 2 || i.chance(0.5)) i.keep(out);
  });
}

// Best ways to split intervals: lengths, places and splits nested.
Op interval_splits() {
  return idiom("interval_splits", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = i.between(4, 6);
    const auto kind = i.between(0, 2);  // a chain of matrices, piles that are merged, a search tree
    const Type table{i.real(), {n, n}}, one = scalar(i), index = counts(i, {});
    const Interval cost{0, 400}, at = below(n);
    const std::int64_t given = kind == 0 ? n + 1 : n;
    const ValueId x = i.argument(kind == 0   ? Words{"dims", "sizes"}
                                 : kind == 1 ? Words{"piles", "weights"}
                                             : Words{"frequencies", "weights"},
                                 {i.real(), {given}}, {1, 5});
    static const Words kCalled[] = {{"matrix_chain", "cheapest_chain", "chain_cost"},
                                    {"merge_piles", "cheapest_merges", "merge_cost"},
                                    {"optimal_search_tree", "tree_cost", "expected_depth"}};
    static const Words kSays = {
        "Find the cheapest order to multiply a chain of matrices.",
        "Find the cheapest order to merge neighboring piles.",
        "Find the cheapest binary search tree for keys of these frequencies."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool remembers = i.chance(0.4), by_where = i.chance(0.3), most = i.chance(0.2);
    const std::string worst = most ? "-1.0" : i.either({"1e4", "1e3"}),
                      better = most ? "$0 > $1" : "$0 < $1";
    ValueId sums = kNoValue;
    if (kind > 0)
      sums = i.let({"prefix", "sums"},
                   i.either({"jnp.concatenate([jnp.zeros(1, $0.dtype), jnp.cumsum($0)])",
                             "jnp.cumsum(jnp.pad($0, (1, 0)))"}),
                   {x}, Shape{n + 1}, {0, 30});
    const ValueId start =
        kind == 2 ? i.let({"costs", "table"}, "jnp.diag($0)", {x}, table, cost)
                  : i.let({"costs", "table"}, fmt::format("jnp.zeros(({0}, {0}), $0.dtype)", n),
                          {x}, table, cost);
    std::vector<Idiom::Carry> carries = {{{"t", "costs"}, start, cost, {"filled", "table"}}};
    const ValueId cuts =
        remembers ? i.let({"cuts", "splits"}, fmt::format("jnp.zeros(({0}, {0}), int)", n), {},
                          counts(i, {n, n}), at)
                  : kNoValue;
    if (remembers) carries.push_back({{"s", "cuts"}, cuts, at, {"best_cuts", "splits"}});
    const auto split_cost = [&](ValueId t, ValueId lo, ValueId k, ValueId hi) {
      if (kind == 0)
        return i.let({"total", "price"},
                     "$0[$1, $2] + $0[$2 + 1, $3] + $4[$1] * $4[$2 + 1] * $4[$3 + 1]",
                     {t, lo, k, hi, x}, one, cost);
      if (kind == 1)
        return i.let({"total", "price"}, "$0[$1, $2] + $0[$2 + 1, $3] + $4[$3 + 1] - $4[$1]",
                     {t, lo, k, hi, sums}, one, cost);
      const ValueId left =
          i.let({"left"}, "jnp.where($2 > $1, $0[$1, $2 - 1], 0.0)", {t, lo, k}, one, cost);
      const ValueId right = i.let(
          {"right"}, fmt::format("jnp.where($1 < $2, $0[jnp.minimum($1 + 1, {}), $2], 0.0)", n - 1),
          {t, k, hi}, one, cost);
      return i.let({"total", "price"}, "$0 + $1 + $2[$4 + 1] - $2[$3]", {left, right, sums, lo, hi},
                   one, cost);
    };
    i.fori(1, n, {"by_length", "length_step"}, carries, [&](const Ids& p) {
      std::vector<Idiom::Carry> inner = carries;
      for (std::size_t k = 0; k < inner.size(); ++k)
        inner[k].init = p[k + 1], inner[k].final = {inner[k].names.front() + "_done"};
      const ValueId length = p[0];
      return i.fori(0, n - 1, {"by_start", "place_step"}, inner, [&](const Ids& q) {
        const ValueId lo = q[0];
        const ValueId hi = i.let({"hi", "end"}, "$0 + $1", {lo, length}, index, below(2 * n));
        const ValueId inside =
            i.let({"inside", "fits"}, fmt::format("$0 < {}", n), {hi}, flags({}), {0, 1});
        Parts parts = {{{"t_next"}, table, cost}};
        if (remembers) parts.push_back({{"s_next"}, counts(i, {n, n}), at});
        const auto solve = [&](const Ids&) {
          const ValueId none =
              i.let({"worst", "bound"}, "jnp.asarray(" + worst + ", $0.dtype)", {x}, one, cost);
          const Ids best = i.while_loop(
              {{{"k", "cut"}, lo, at, {}},
               {{"best", "least"}, none, cost, {"best_cost"}},
               {{"where", "at"}, lo, at, remembers ? Words{"best_cut"} : Words{}}},
              {"cuts_left"},
              [&](const Ids& r) {
                return Ids{i.let({"more"}, kind == 2 ? "$0 <= $1" : "$0 < $1", {r[0], hi},
                                 flags({}), {0, 1})};
              },
              {"try_cut", "consider"},
              [&](const Ids& r) {
                const ValueId total = split_cost(q[1], lo, r[0], hi);
                const ValueId wins =
                    i.let({"wins", "better"}, better, {total, r[1]}, flags({}), {0, 1});
                const ValueId next = i.let({"k_next"}, "$0 + 1", {r[0]}, index, at);
                if (by_where) {
                  const ValueId low =
                      i.let({"best_next"}, "jnp.where($0, $1, $2)", {wins, total, r[1]}, one, cost);
                  return Ids{
                      next, low,
                      i.let({"at_next"}, "jnp.where($0, $1, $2)", {wins, r[0], r[2]}, index, at)};
                }
                const Ids kept = i.cond(
                    wins, {}, {}, {"take"}, [&](const Ids&) { return Ids{total, r[0]}; }, {"keep"},
                    [&](const Ids&) { return Ids{r[1], r[2]}; },
                    {{{"best_next"}, one, cost}, {{"at_next"}, index, at}});
                return Ids{next, kept[0], kept[1]};
              });
          Ids out = {
              i.let({"t_set"}, "$0.at[$1, $2].set($3)", {q[1], lo, hi, best[1]}, table, cost)};
          if (remembers)
            out.push_back(i.let({"s_set"}, "$0.at[$1, $2].set($3)", {q[2], lo, hi, best[2]},
                                counts(i, {n, n}), at));
          return out;
        };
        return i.cond(
            inside, {}, {}, {"solve_interval", "fill"}, solve, {"skip", "outside"},
            [&](const Ids&) { return remembers ? Ids{q[1], q[2]} : Ids{q[1]}; }, parts);
      });
    });
  });
}

// Edges that join trees: those of a forest, by weight, or the number of parts.
Op join_trees() {
  return idiom("join_trees", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t nodes = few(i, 8, 4), count = i.between(nodes, nodes + 4);
    const Type parents = counts(i, {nodes}), index = counts(i, {}), one = scalar(i);
    const Interval ids{0, static_cast<double>(nodes - 1)}, total{0, 60};
    const bool weighted = i.chance(0.65), marks = i.chance(0.5), halves = i.chance(0.4),
               sizes = !weighted && i.chance(0.5);
    const ValueId from = i.argument({"senders", "src", "u"}, counts(i, {count}), ids);
    const ValueId to = i.argument({"receivers", "dst", "v"}, counts(i, {count}), ids);
    const ValueId w =
        weighted ? i.argument({"weights", "costs", "lengths"}, {i.real(), {count}}, {0.5, 5})
                 : kNoValue;
    i.called(weighted ? Words{"minimum_spanning_forest", "kruskal", "spanning_weight"}
                      : Words{"union_find", "join_components", "count_parts"});
    i.summary(weighted ? "Build a forest of the cheapest edges that join trees."
                       : "Join the ends of edges into parts.");
    ValueId us = from, vs = to, ws = w;
    if (weighted) {
      const ValueId order =
          i.let({"order", "by_weight"}, i.either({"jnp.argsort($0)", "$0.argsort()"}), {w},
                counts(i, {count}), below(count));
      us = i.let({"us", "first_ends"}, "$0[$1]", {from, order}, counts(i, {count}), ids);
      vs = i.let({"vs", "second_ends"}, "$0[$1]", {to, order}, counts(i, {count}), ids);
      ws = i.let({"ws", "sorted_weights"}, "$0[$1]", {w, order}, Shape{count}, {0.5, 5});
    }
    const ValueId start =
        i.let({"parent0", "own"}, fmt::format("jnp.arange({})", nodes), {}, parents, ids);
    std::vector<Idiom::Carry> carries = {{{"parent", "up"}, start, ids, {"parents", "forest"}}};
    if (weighted)
      carries.push_back({{"cost", "sum_w"},
                         i.let({"cost0"}, "jnp.zeros((), $0.dtype)", {w}, one, total),
                         total,
                         {"total_cost", "cost"}});
    else
      carries.push_back({{"parts", "left"},
                         count_from(i, {"parts0"}, nodes, below(nodes)),
                         below(nodes),
                         {"part_count", "parts"}});
    std::vector<Idiom::Slice> over = {{{"a", "x"}, us}, {{"b", "y"}, vs}};
    if (weighted) over.push_back({{"w", "price"}, ws});
    const Part tree{{"parent", "up"}, parents, ids};
    const BodyId find = i.helper(
        {"find_root", "find"}, "Climb to the root of a node's tree.",
        {tree, {{"start", "leaf"}, index, ids}}, [&](const Ids& r) {
          const ValueId up = r[0];
          return Ids{i.while_loop(
              {{{"node", "k"}, r[1], ids, {"root"}}}, {"not_root"},
              [&](const Ids& q) {
                return Ids{i.let({"higher"}, "$0[$1] != $1", {up, q[0]}, flags({}), {0, 1})};
              },
              {"climb"},
              [&](const Ids& q) {
                return Ids{
                    i.let({"above"}, halves ? "$0[$0[$1]]" : "$0[$1]", {up, q[0]}, index, ids)};
              })[0]};
        });
    const auto root = [&](Words names, ValueId up, ValueId node) {
      return i.call(std::move(names), find, {up, node}, index, ids);
    };
    const auto out = i.scan(
        {"add_edge", "join"}, carries, over, when(marks, {"chosen", "joined"}), [&](const Ids& p) {
          const ValueId ra = root({"root_a", "ra"}, p[0], p[2]);
          const ValueId rb = root({"root_b", "rb"}, p[0], p[3]);
          const ValueId apart =
              i.let({"apart", "separate"}, "$0 != $1", {ra, rb}, flags({}), {0, 1});
          const Type carried = i.type(p[1]);
          const Interval reach = weighted ? total : below(nodes);
          const Ids next = branch(
              i, apart, {p[0], p[1]},
              {{{"up", "trees"}, parents, ids}, {{"c", "so_far"}, carried, reach}},
              {"unite", "merge"},
              [&](const Ids& q) {
                const ValueId lower =
                    i.let({"united"},
                          i.chance(0.5) ? "$0.at[jnp.maximum($1, $2)].set(jnp.minimum($1, $2))"
                                        : "$0.at[$2].set($1)",
                          {q[0], ra, rb}, parents, ids);
                return Ids{lower, weighted ? i.let({"paid"}, "$0 + $1", {q[1], p[4]}, one, reach)
                                           : i.let({"fewer"}, "$0 - 1", {q[1]}, index, reach)};
              },
              {"skip", "already_joined"}, [](const Ids& q) { return q; },
              {{{"parent_next"}, parents, ids}, {{"c_next"}, carried, reach}});
          return and_when(marks, next, apart);
        });
    if (!sizes) return;
    i.comment("Each node counts for its root.");
    const ValueId roots =
        i.let({"roots", "labels"},
              fmt::format("jax.vmap($f0, in_axes=(None, 0))($0, jnp.arange({}))", nodes),
              {out.final[0]}, std::vector<BodyId>{find}, parents, ids);
    i.let({"sizes", "part_sizes"},
          i.either({fmt::format("jnp.bincount($0, length={})", nodes),
                    fmt::format("jnp.zeros({}, int).at[$0].add(1)", nodes)}),
          {roots}, parents, below(nodes));
  });
}

// Occurrences of a pattern by its borders: where a letter does not match, the next shorter one.
Op match_pattern() {
  return idiom("match_pattern", kConditional, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 12, 24), m = i.between(2, 4);
    const Type index = counts(i, {}), table = counts(i, {m});
    const Interval at = below(m);
    const ValueId text = i.argument({"text", "tokens", "stream"}, counts(i, {n}), {0, 1});
    const ValueId pattern = i.argument({"pattern", "needle", "motif"}, counts(i, {m}), {0, 1});
    i.called({"match_pattern", "kmp_search", "find_occurrences"});
    i.summary("Follow how much of a pattern matches along a text, by the pattern's borders.");
    const auto kind = i.between(0, 2);
    const bool overlaps = i.chance(0.6), guarded = i.chance(0.5);
    // Falls back through shorter borders until the letter fits.
    const auto fall_back = [&](Words names, ValueId from, ValueId borders, ValueId letter) {
      return i.while_loop(
          {{{"k", "matched"}, from, at, std::move(names)}}, {"mismatch"},
          [&](const Ids& q) {
            return Ids{i.let({"shorter"}, "($0 > 0) & ($1[$0] != $2)", {q[0], pattern, letter},
                             flags({}), {0, 1})};
          },
          {"fall_back", "next_border"},
          [&](const Ids& q) {
            return Ids{i.let({"border"}, "$0[$1 - 1]", {borders, q[0]}, index, at)};
          })[0];
    };
    const auto extend = [&](Words names, ValueId k, ValueId letter) {
      const ValueId fits =
          i.let({"fits", "same"}, "$0[$1] == $2", {pattern, k, letter}, flags({}), {0, 1});
      return guarded ? branch(
                           i, fits, {k}, {{{"j"}, index, at}}, {"longer", "extend"},
                           [&](const Ids& q) {
                             return Ids{i.let({"one_more"}, "$0 + 1", q, index, at)};
                           },
                           {"as_is", "keep"}, [](const Ids& q) { return q; },
                           {{std::move(names), index, at}})[0]
                     : i.let(std::move(names), i.either({"$0 + $1", "jnp.where($1, $0 + 1, $0)"}),
                             {k, fits}, index, at);
    };
    const ValueId none =
        i.let({"borders0", "empty"},
              i.either({"jnp.zeros_like($0)", fmt::format("jnp.zeros({}, $0.dtype)", m)}),
              {pattern}, table, at);
    const ValueId zero = count_from(i, {"none", "k0"}, 0, at);
    const ValueId borders = i.fori(
        1, m, {"border_step", "extend_border"},
        {{{"borders", "fail"}, none, at, {"borders", "failure"}}, {{"k", "length"}, zero, at, {}}},
        [&](const Ids& p) {
          const ValueId letter = i.let({"letter", "c"}, "$0[$1]", {pattern, p[0]}, index, {0, 1});
          const ValueId k = extend({"k_next"}, fall_back({"k_short"}, p[2], p[1], letter), letter);
          return Ids{i.let({"borders_next"}, "$0.at[$1].set($2)", {p[1], p[0], k}, table, at), k};
        })[0];
    const Interval found = below(n);
    std::vector<Idiom::Carry> carries = {
        {{"state", "j"}, zero, at, kind == 1 ? Words{} : Words{"last_state", "open_match"}}};
    if (kind == 0)
      carries.push_back(
          {{"hits", "count"}, count_from(i, {"hits0"}, 0, found), found, {"occurrences", "hits"}});
    i.scan(
        {"read", "next_letter"}, carries, {{{"letter", "c"}, text}},
        when(kind > 0, {kind == 1 ? "ends" : "lengths", "matches"}), [&](const Ids& p) {
          const ValueId letter = p.back();
          const ValueId k =
              extend({"k_read", "reached"}, fall_back({"j_short"}, p[0], borders, letter), letter);
          const ValueId full =
              i.let({"full", "complete"}, fmt::format("$0 == {}", m), {k}, flags({}), {0, 1});
          Parts taken = {{{"s", "r"}, index, at}}, given = {{{"state_next"}, index, at}};
          Ids operands = {k};
          if (kind == 0)
            taken.push_back({{"h", "t"}, index, found}),
                given.push_back({{"hits_next"}, index, found}), operands.push_back(p[1]);
          const Ids next = branch(
              i, full, operands, taken, {"count_match", "report"},
              [&](const Ids& q) {
                Ids out = {overlaps ? i.let({"restart"}, fmt::format("$0[$1 - 1]", m),
                                            {borders, q[0]}, index, at)
                                    : i.let({"restart"}, "jnp.zeros_like($0)", {q[0]}, index, at)};
                if (kind == 0) out.push_back(i.let({"h_next"}, "$0 + 1", {q[1]}, index, found));
                return out;
              },
              {"go_on", "partial"}, [](const Ids& q) { return q; }, given);
          return and_when(kind > 0, next, kind == 1 ? full : k);
        });
  });
}

// A tree that grows by the nearest node: shortest paths, spanning trees, widest paths.
Op grow_tree() {
  return idiom("grow_tree", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 7, 4);
    const auto kind = i.between(0, 2);  // Dijkstra, Prim, widest
    const Type row{i.real(), {n}}, one = scalar(i), index = counts(i, {}), ids = counts(i, {n});
    const Interval range{0, 30}, at{0, static_cast<double>(n - 1)};
    const ValueId w = i.argument({"lengths", "weights", "costs"}, {i.real(), {n, n}}, {0.5, 5});
    static const Words kCalled[] = {{"dijkstra", "shortest_distances", "distances_from"},
                                    {"prim", "spanning_tree", "tree_weight"},
                                    {"widest_paths", "bottleneck_capacity", "capacities_from"}};
    static const Words kSays = {"Find shortest distances from a node, nearest first.",
                                "Grow a minimum spanning tree from a node.",
                                "Find the widest paths from a node."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool sparse = i.chance(0.4), parents = i.chance(0.5), mutual = kind == 1 || i.chance(0.4),
               total = kind == 1 && i.chance(0.6);
    ValueId edges = mutual ? i.let({"symmetric", "both_ways"},
                                   i.either({"0.5 * ($0 + $0.T)", "jnp.maximum($0, $0.T)",
                                             "jnp.minimum($0, $0.T)"}),
                                   {w}, Shape{n, n}, {0.5, 5})
                           : w;
    if (sparse && kind != 2) {
      i.comment("Long edges are closed.");
      edges = i.let({"open_edges", "edges"}, "jnp.where($0 < 4.0, $0, 9.0)", {edges}, Shape{n, n},
                    {0.5, 9});
    }
    const auto root = i.between(0, n - 1);
    const bool widest = kind == 2;
    const std::string far = widest ? "0.0" : i.either({"99.0", "1e3"});
    const ValueId start =
        i.let({"dist0", "far"},
              widest ? fmt::format("jnp.zeros({}, $0.dtype).at[{}].set(9.0)", n, root)
                     : fmt::format("jnp.full({}, {}, $0.dtype).at[{}].set(0.0)", n, far, root),
              {edges}, row, range);
    const ValueId open =
        i.let({"done0", "open"}, fmt::format("jnp.zeros({}, bool)", n), {}, flags({n}), {0, 1});
    std::vector<Idiom::Carry> carries = {
        {{"dist", "d"}, start, range, {widest ? "widths" : "distances", "reached"}},
        {{"done", "settled"}, open, {0, 1}, {}}};
    if (parents)
      carries.push_back(
          {{"parent", "via"},
           i.let({"parent0", "own"}, fmt::format("jnp.full({}, {})", n, root), {}, ids, at),
           at,
           {"parents", "tree"}});
    const std::string pick =
        widest
            ? i.either({"jnp.argmax(jnp.where($0, -1.0, $1))", "jnp.where($0, -1.0, $1).argmax()"})
            : i.either({"jnp.argmin(jnp.where($0, 1e4, $1))", "jnp.where($0, 1e4, $1).argmin()"});
    const Ids out = repeat(i, 0, n, {"settle_nearest", "grow"}, carries, [&](const Ids& p) {
      const ValueId u = i.let({"u", "nearest"}, pick, {p[1], p[0]}, index, at);
      const ValueId done =
          i.let({"done_next"}, "$0.at[$1].set(True)", {p[1], u}, flags({n}), {0, 1});
      std::vector<Idiom::Carry> inner = {{{"dist", "d"}, p[0], range, {"relaxed"}}};
      if (parents) inner.push_back({{"parent", "via"}, p[2], at, {"parent_relaxed"}});
      const Ids all = i.fori(0, n, {"relax", "look_at"}, inner, [&](const Ids& q) {
        const ValueId through = i.let({"through", "offer"},
                                      kind == 0   ? "$0[$1] + $2[$1, $3]"
                                      : kind == 1 ? "$2[$1, $3]"
                                                  : "jnp.minimum($0[$1], $2[$1, $3])",
                                      {q[1], u, edges, q[0]}, one, range);
        const ValueId better = i.let({"better", "shorter"},
                                     widest ? "($0 > $1[$2]) & ~$3[$2]" : "($0 < $1[$2]) & ~$3[$2]",
                                     {through, q[1], q[0], done}, flags({}), {0, 1});
        Ids operands = {q[1]};
        Parts taken = {{{"a", "now"}, row, range}}, given = {{{"dist_next"}, row, range}};
        if (parents)
          operands.push_back(q[2]), taken.push_back({{"b", "links"}, ids, at}),
              given.push_back({{"parent_next"}, ids, at});
        return branch(
            i, better, operands, taken, {"improve", "update"},
            [&](const Ids& r) {
              Ids made = {
                  i.let({"improved"}, "$0.at[$1].set($2)", {r[0], q[0], through}, row, range)};
              if (parents)
                made.push_back(i.let({"linked"}, "$0.at[$1].set($2)", {r[1], q[0], u}, ids, at));
              return made;
            },
            {"keep", "leave"}, [](const Ids& r) { return r; }, given);
      });
      Ids next = {all[0], done};
      if (parents) next.push_back(all[1]);
      return next;
    });
    if (total)
      i.let({"tree_weight", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {out[0]}, one,
            {0, 40});
  });
}

// Sums over divisors: for each number that is allowed, a walk over its multiples.
Op divisor_sums() {
  return idiom("divisor_sums", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 8, 20);
    const bool whole = i.chance(0.4), inverse = i.chance(0.35), best = !inverse && i.chance(0.3),
               squares = i.chance(0.3), by_mask = i.chance(0.5);
    const Type list = whole ? counts(i, {n + 1}) : Type{i.real(), {n + 1}}, index = counts(i, {});
    const Interval range = whole ? Interval{-9, 9} : Interval{-2, 2},
                   sums = whole ? Interval{-80, 80} : Interval{-20, 20}, at = below(2 * n);
    const ValueId f = i.argument({"values", "weights", "f"}, list, range);
    const ValueId mask =
        by_mask ? i.input({"allowed", "used", "mask"}, flags({n + 1}), {0, 1}) : kNoValue;
    i.called({inverse ? "moebius_inversion" : "divisor_sums",
              best ? "best_divisor" : "sum_over_divisors", "walk_multiples"});
    i.summary(inverse   ? "Undo a sum over divisors, number by number."
              : best    ? "Find the largest value among the divisors of each number."
              : squares ? "Add each number's value to its multiples from its square on."
                        : "Add each number's value to all of its multiples.");
    const ValueId start =
        inverse ? f
        : best ? i.let({"out0", "low"}, whole ? "jnp.full_like($0, -9)" : "jnp.full_like($0, -2.0)",
                       {f}, list, sums)
               : zero_like(i, {"out0", "totals"}, f, sums);
    const std::string put = best ? "$0.at[$1].max($2)"
                            : inverse
                                ? "$0.at[$1].add(-$2)"
                                : i.either({"$0.at[$1].add($2)", "$0.at[$1].set($0[$1] + $2)"});
    const bool by_scan = !inverse && i.chance(0.4);
    const auto visit = [&](ValueId out, ValueId d) {
      const ValueId use =
          by_mask ? i.let({"use", "counts"}, "$0[$1]", {mask, d}, flags({}), {0, 1})
                  : i.let({"use", "counts"},
                          i.either({"$0 % 4 != 0", "$0 % 2 == 1", "($0 % 4 != 0) & ($0 % 9 != 0)"}),
                          {d}, flags({}), {0, 1});
      return branch(
          i, use, {out}, {{{"acc", "table"}, list, sums}}, {"walk", "add_to_multiples"},
          [&](const Ids& q) {
            const ValueId value = i.let({"value", "share"}, "$0[$1]", {inverse ? q[0] : f, d},
                                        Type{list.dtype, {}}, range);
            const ValueId first =
                inverse || squares
                    ? i.let({"first", "m0"}, inverse ? "2 * $0" : "$0 * $0", {d}, index, at)
                    : d;
            const Ids done = i.while_loop(
                {{{"m", "multiple"}, first, at, {}}, {{"acc", "table"}, q[0], sums, {"walked"}}},
                {"within"},
                [&](const Ids& r) {
                  return Ids{
                      i.let({"inside"}, fmt::format("$0 <= {}", n), {r[0]}, flags({}), {0, 1})};
                },
                {"next_multiple"},
                [&](const Ids& r) {
                  return Ids{i.let({"m_next"}, "$0 + $1", {r[0], d}, index, at),
                             i.let({"acc_next"}, put, {r[1], r[0], value}, list, sums)};
                });
            return Ids{done[1]};
          },
          {"skip", "pass_over"}, [](const Ids& q) { return q; }, {{{"out_next"}, list, sums}})[0];
    };
    if (by_scan) {
      const ValueId numbers = i.let(
          {"numbers", "divisors"},
          i.either({fmt::format("jnp.arange(1, {})", n + 1), fmt::format("jnp.arange({}) + 1", n)}),
          {}, counts(i, {n}), at);
      i.scan({"visit", "spread_value"}, {{{"out", "totals"}, start, sums, {"totals", "sums"}}},
             {{{"d", "divisor"}, numbers}}, {},
             [&](const Ids& p) { return Ids{visit(p[0], p[1])}; });
      return;
    }
    i.fori(1, n + 1, {"visit", "spread_value"},
           {{{"out", "totals"}, start, sums, {inverse ? "inverted" : "totals", "sums"}}},
           [&](const Ids& p) { return Ids{visit(p[1], p[0])}; });
  });
}

}  // namespace

std::vector<Op> nested_table_idioms() {
  return {sort_by_swaps(), cell_by_cell(), interval_splits(), join_trees(),
          match_pattern(), grow_tree(),    divisor_sums()};
}

}  // namespace jaxsmith::plan
