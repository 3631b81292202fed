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

// What sorting moves about: the values, what comes along, how many swaps there were.
struct Sorting {
  Idiom& i;
  std::int64_t n;
  Type list, more;
  Interval range, reach;
  std::string swap, after;
  bool carried;
  std::vector<Idiom::Carry> carries;

  Type index() const { return counts(i, {}); }
  Interval places() const { return below(n); }
  Interval counted() const { return below(n * n); }
  Ids swapped(const Ids& q, ValueId a, ValueId b) const;
  Ids exchange(const Ids& now, ValueId wrong, ValueId a, ValueId b) const;
  Ids pass(const Ids& now, const std::vector<Idiom::Carry>& all) const;
  void by_passes() const;
  void until_sorted() const;
  void by_insertion() const;
  void by_selection() const;
};

// Carries of a loop within another, which start from what that one carries.
std::vector<Idiom::Carry> within(std::vector<Idiom::Carry> all, const Ids& now) {
  for (std::size_t k = 0; k < all.size(); ++k) {
    all[k].init = now[k];
    all[k].final = {all[k].names.front() + "_done"};
  }
  return all;
}

Ids Sorting::swapped(const Ids& q, ValueId a, ValueId b) const {
  Ids out = {i.let({"v_swapped"}, swap, {q[0], a, b}, list, range)};
  if (carried) out.push_back(i.let({"w_swapped"}, swap, {q[1], a, b}, more, reach));
  if (q.size() > out.size())
    out.push_back(i.let({"one_more"}, "$0 + 1", {q.back()}, index(), counted()));
  return out;
}

Ids Sorting::exchange(const Ids& now, ValueId wrong, ValueId a, ValueId b) const {
  Parts taken;
  for (const Idiom::Carry& c : carries) taken.push_back({c.names, i.type(c.init), c.range});
  if (now.size() > taken.size()) taken.push_back({{"moves"}, index(), counted()});
  Parts given = taken;
  for (Part& part : given) part.names = {part.names.front() + "_next"};
  return branch(
      i, wrong, now, taken, {"swap", "exchange"}, [&](const Ids& q) { return swapped(q, a, b); },
      {"keep", "leave"}, [](const Ids& q) { return q; }, given);
}

Ids Sorting::pass(const Ids& now, const std::vector<Idiom::Carry>& all) const {
  return i.fori(0, n - 1, {"compare_and_swap", "compare"}, within(all, now), [&](const Ids& p) {
    const ValueId right = i.let({"k", "right"}, "$0 + 1", {p[0]}, index(), places());
    const ValueId wrong = i.let({"wrong", "out_of_order"}, "$0[$1]" + after + "$0[$2]",
                                {p[1], p[0], right}, flags({}), {0, 1});
    return exchange({p.begin() + 1, p.end()}, wrong, p[0], right);
  });
}

void Sorting::by_passes() const {
  repeat(i, 0, n - 1, {"bubble_pass", "one_pass"}, carries,
         [&](const Ids& p) { return pass(p, carries); });
}

void Sorting::until_sorted() const {
  std::vector<Idiom::Carry> inner = carries, outer = carries;
  const ValueId first = count_from(i, {"moves0", "some"}, 1, counted());
  inner.push_back({{"moves", "count"}, first, counted(), {}});
  outer.push_back({{"moves", "count"}, first, counted(), {}});
  i.while_loop(
      outer, {"not_sorted", "moved"},
      [&](const Ids& p) { return Ids{i.let({"go_on"}, "$0 > 0", {p.back()}, flags({}), {0, 1})}; },
      {"one_pass", "bubble_pass"},
      [&](const Ids& p) {
        Ids now = p;
        now.back() = count_from(i, {"fresh"}, 0, counted());
        return pass(now, inner);
      });
}

void Sorting::by_insertion() const {
  i.fori(1, n, {"insert_next", "insert"}, carries, [&](const Ids& p) {
    std::vector<Idiom::Carry> inner = within(carries, {p.begin() + 1, p.end()});
    inner.insert(inner.begin(), {{"j", "at"}, p[0], places(), {}});
    const Ids out = i.while_loop(
        inner, {"before_is_larger", "misplaced"},
        [&](const Ids& q) {
          return Ids{i.let({"go_on"}, "($0 > 0) & ($1[$0 - 1]" + after + "$1[$0])", {q[0], q[1]},
                           flags({}), {0, 1})};
        },
        {"move_down", "step_down"},
        [&](const Ids& q) {
          const ValueId left = i.let({"left"}, "$0 - 1", {q[0]}, index(), places());
          Ids all = swapped({q.begin() + 1, q.end()}, left, q[0]);
          all.insert(all.begin(), left);
          return all;
        });
    return Ids{out.begin() + 1, out.end()};
  });
}

void Sorting::by_selection() const {
  i.fori(0, n - 1, {"select_next", "place_next"}, carries, [&](const Ids& p) {
    const ValueId best =
        i.fori(0, n, {"compare", "look_at"}, {{{"best", "least"}, p[0], places(), {"chosen"}}},
               [&](const Ids& q) {
                 const ValueId found =
                     i.let({"found", "better"}, "($0 > $1) & ($2[$3]" + after + "$2[$0])",
                           {q[0], p[0], p[1], q[1]}, flags({}), {0, 1});
                 return Ids{i.let({"best_next"}, "jnp.where($0, $1, $2)", {found, q[0], q[1]},
                                  index(), places())};
               })[0];
    const ValueId wrong = i.let({"elsewhere"}, "$0 != $1", {best, p[0]}, flags({}), {0, 1});
    return exchange({p.begin() + 1, p.end()}, wrong, p[0], best);
  });
}

// How values are sorted, by swaps of neighbours, by insertion or by selection.
struct SortKind {
  Words called;
  std::string says;
  void (Sorting::*run)() const;
};

const std::vector<SortKind>& sort_kinds() {
  static const std::vector<SortKind> kAll = {
      {{"bubble_sort", "sort_by_swaps"},
       "Sort by passes that swap neighbors.",
       &Sorting::by_passes},
      {{"bubble_until_sorted", "bubble_sort"},
       "Sort by passes that swap neighbors until a pass swaps none.",
       &Sorting::until_sorted},
      {{"insertion_sort", "sort_by_insertion"},
       "Sort by moving each value down to its place.",
       &Sorting::by_insertion},
      {{"selection_sort", "sort_by_selection"},
       "Sort by bringing the first of the rest forward, place after place.",
       &Sorting::by_selection}};
  return kAll;
}

// Sorting in place, with what comes along.
Op sort_by_swaps() {
  return idiom("sort_by_swaps", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 9, 4);
    const SortKind kind = i.random().pick(sort_kinds());
    const bool whole = i.chance(0.3), falls = i.chance(0.3);
    const Type list = whole ? counts(i, {n}) : Type{i.real(), {n}}, places = counts(i, {n});
    const Interval range = whole ? Interval{0, 40} : Interval{-4, 4};
    const ValueId x = i.argument({"values", "keys", "x"}, list, range);
    const auto along = i.between(0, 2);  // nothing, places, a payload
    i.called(kind.called);
    i.summary(kind.says);
    if (along == 1) i.summary("Where each value stood comes along.");
    const Type more = along == 1 ? places : Type{i.real(), {n}};
    const Interval reach = along == 1 ? below(n) : Interval{-3, 3};
    ValueId other = kNoValue;
    if (along == 1)
      other = i.let({"order", "places"}, fmt::format("jnp.arange({})", n), {}, places, reach);
    if (along == 2) other = i.argument({"payload", "weights", "attached"}, more, reach);
    std::vector<Idiom::Carry> carries = {{{"v", "arr"}, x, range, {"sorted_values", "ordered"}}};
    if (along > 0)
      carries.push_back(
          {{"w", "extra"}, other, reach, {along == 1 ? "permutation" : "payload_sorted", "moved"}});
    if (kind.run != &Sorting::until_sorted && i.chance(0.4)) {
      const ValueId none = count_from(i, {"swaps0", "none"}, 0, below(n * n));
      carries.push_back({{"swaps", "count"}, none, below(n * n), {"swap_count", "swaps"}});
    }
    const std::string swap = i.either({"$0.at[jnp.array([$1, $2])].set($0[jnp.array([$2, $1])])",
                                       "$0.at[$1].set($0[$2]).at[$2].set($0[$1])"});
    const Sorting sorting{i,         n,      list, more, range, reach, swap, falls ? " < " : " > ",
                          along > 0, carries};
    (sorting.*kind.run)();
  });
}

// A table over the letters of two sequences, and how a cell follows from its neighbours.
struct Cells {
  Idiom& i;
  std::int64_t n, m;
  std::int64_t kind;  // 0 edits, 1 a common subsequence, 2 a common run, 3 a cheapest path
  ValueId a, b;
  bool slices, near;
  std::int64_t weight;

  Type table() const { return counts(i, {n + 1, m + 1}); }
  Interval cell() const { return below(n + m); }
  ValueId start() const;
  ValueId cheaper(ValueId t, ValueId r, ValueId c) const;
  ValueId matched(ValueId t, ValueId r, ValueId c) const;
  ValueId fill(ValueId t, ValueId r, ValueId c) const;
  ValueId along(ValueId t, ValueId r) const;
};

ValueId Cells::start() const {
  const std::int64_t rows = n + 1, columns = m + 1;
  if (kind == 0) {
    const std::string set = fmt::format(
        "jnp.zeros(({0}, {1}), int).at[0].set(jnp.arange({1})).at[:, 0].set(jnp.arange({0}))", rows,
        columns);
    const std::string where = fmt::format(
        "jnp.where(jnp.arange({0})[:, None] * jnp.arange({1}) == 0, "
        "jnp.arange({0})[:, None] + jnp.arange({1}), 0)",
        rows, columns);
    return i.let({"table", "borders"}, i.either({set, where}), {}, table(), cell());
  }
  if (kind == 3)
    return i.let({"table", "walls"},
                 fmt::format("jnp.full(({}, {}), 99).at[0, 1].set(0)", rows, columns), {}, table(),
                 {0, 99});
  return i.let({"table", "empty"},
               fmt::format("jnp.zeros(({}, {}), ", rows, columns) + i.either({"int)", "$0.dtype)"}),
               {a}, table(), cell());
}

// The cheaper way to a cell: from above or from the left.
ValueId Cells::cheaper(ValueId t, ValueId r, ValueId c) const {
  const Type one = counts(i, {});
  const ValueId cost =
      i.let({"cost", "gap"}, "jnp.abs($0[$1] - $2[$3])", {a, r, b, c}, one, {0, 6});
  const ValueId down = i.let({"from_above", "above"}, "$0[$1, $2 + 1] <= $0[$1 + 1, $2]", {t, r, c},
                             flags({}), {0, 1});
  const std::string across = "$0[$1 + 1, $2] + $3";
  return i.cond(
      down, {}, {}, {"down", "take_above"},
      [&](const Ids&) {
        return Ids{i.let({"from_top"}, "$0[$1, $2 + 1] + $3", {t, r, c, cost}, one, cell())};
      },
      {"right", "take_left"},
      [&](const Ids&) { return Ids{i.let({"across"}, across, {t, r, c, cost}, one, cell())}; },
      {{{"value", "best"}, one, cell()}})[0];
}

// A cell by whether its letters match.
ValueId Cells::matched(ValueId t, ValueId r, ValueId c) const {
  const Type one = counts(i, {});
  const ValueId same =
      i.let({"same", "match"}, near ? "jnp.abs($0[$1] - $2[$3]) <= 1" : "$0[$1] == $2[$3]",
            {a, r, b, c}, flags({}), {0, 1});
  const std::string least =
      fmt::format("1 + jnp.minimum(jnp.minimum($0[$1, $2 + 1], $0[$1 + 1, $2]), $0[$1, $2]{})",
                  weight == 1 ? "" : " + 1");
  const std::string no =
      kind == 1   ? "jnp.maximum($0[$1, $2 + 1], $0[$1 + 1, $2])"
      : kind == 2 ? "jnp.zeros((), $0.dtype)"
      : weight == 1
          ? i.either(
                {least, "1 + jnp.min(jnp.array([$0[$1, $2 + 1], $0[$1 + 1, $2], $0[$1, $2]]))"})
          : least;
  const std::string yes = kind == 0 ? "$0[$1, $2]" : "$0[$1, $2] + 1";
  const auto extend = [&](const Ids& q) { return Ids{i.let({"diagonal"}, yes, q, one, cell())}; };
  if (kind == 2)
    return i.cond(
        same, {}, {}, {"extend"}, [&](const Ids&) { return extend({t, r, c}); }, {"restart"},
        [&](const Ids&) { return Ids{i.let({"around"}, no, {t}, one, cell())}; },
        {{{"value"}, one, cell()}})[0];
  return branch(
      i, same, {t, r, c},
      {{{"u", "now"}, table(), cell()}, {{"i", "r"}, one, below(n)}, {{"j", "c"}, one, below(m)}},
      {"equal", "matched"}, extend, {"different", "unmatched"},
      [&](const Ids& q) { return Ids{i.let({"around"}, no, q, one, cell())}; },
      {{{"value"}, one, cell()}})[0];
}

ValueId Cells::fill(ValueId t, ValueId r, ValueId c) const {
  const ValueId value = kind == 3 ? cheaper(t, r, c) : matched(t, r, c);
  return i.let({"t_next"},
               slices ? "lax.dynamic_update_slice($0, $3[None, None], ($1 + 1, $2 + 1))"
                      : "$0.at[$1 + 1, $2 + 1].set($3)",
               {t, r, c, value}, table(), cell());
}

ValueId Cells::along(ValueId t, ValueId r) const {
  return i.fori(0, m, {"fill_cell", "column_step"}, {{{"t", "tab"}, t, cell(), {"row_filled"}}},
                [&](const Ids& q) { return Ids{fill(q[1], r, q[0])}; })[0];
}

// What two sequences share or what turns one into the other, a cell at a time.
Op cell_by_cell() {
  return idiom("cell_by_cell", kIndexing, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = few(i, 8, 4), m = few(i, 8, 4);
    const auto kind = i.between(0, 3);
    const bool near = kind == 1 && i.chance(0.3);
    const Interval cell = below(n + m), letters{0, kind == 3 || near ? 6.0 : 2.0};
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
    const bool slices = i.chance(0.4), by_scan = i.chance(0.4), last = kind != 2 && i.chance(0.35);
    const Cells cells{i, n, m, kind, a, b, slices, near, i.between(1, 2)};
    const Idiom::Carry carry{{"t", "table"}, cells.start(), cell, {"filled", "table"}};
    ValueId out;
    if (by_scan) {
      const ValueId rows = i.let({"rows", "row_ids"}, fmt::format("jnp.arange({})", n), {},
                                 counts(i, {n}), below(n));
      out =
          i.scan({"fill_row", "row_step"}, {carry}, {{{"r", "row"}, rows}}, {}, [&](const Ids& p) {
             return Ids{cells.along(p[0], p[1])};
           }).final[0];
    } else {
      out = i.fori(0, n, {"fill_row", "row_step"}, {carry},
                   [&](const Ids& p) { return Ids{cells.along(p[1], p[0])}; })[0];
    }
    if (last) {
      i.let({"last_row", "ends"}, "$0[-1, 1:]", {out}, counts(i, {m}), cell);
      return;
    }
    i.let({kind == 0 ? "distance" : "best", "answer"},
          kind == 2 ? i.either({"jnp.max($0)", "$0.max()"})
                    : i.either({"$0[-1, -1]", fmt::format("$0[{}, {}]", n, m)}),
          {out}, counts(i, {}), cell);
    if (kind == 2 || i.chance(0.5)) i.keep(out);
  });
}

// Best ways to split intervals, from the short to the long.
struct Splits {
  Idiom& i;
  std::int64_t n;
  std::int64_t kind;  // 0 a chain of matrices, 1 piles that are merged, 2 a search tree
  ValueId x, sums;
  bool remembers, by_where;
  std::string worst;

  Type table() const { return {i.real(), {n, n}}; }
  Interval at() const { return below(n); }
  // What is paid for [lo, hi] that is split at k.
  ValueId price(ValueId t, ValueId lo, ValueId k, ValueId hi) const;
  Ids consider(const Ids& r, ValueId t, ValueId lo, ValueId hi) const;
  Ids solve(const Ids& tables, ValueId lo, ValueId hi) const;
  Ids place(const Ids& tables, ValueId lo, ValueId length) const;
};

constexpr Interval kPrice{0, 400};

ValueId Splits::price(ValueId t, ValueId lo, ValueId k, ValueId hi) const {
  const Type one = scalar(i);
  const Words names = {"total", "price"};
  if (kind == 0)
    return i.let(names, "$0[$1, $2] + $0[$2 + 1, $3] + $4[$1] * $4[$2 + 1] * $4[$3 + 1]",
                 {t, lo, k, hi, x}, one, kPrice);
  if (kind == 1)
    return i.let(names, "$0[$1, $2] + $0[$2 + 1, $3] + $4[$3 + 1] - $4[$1]", {t, lo, k, hi, sums},
                 one, kPrice);
  const ValueId left =
      i.let({"left"}, "jnp.where($2 > $1, $0[$1, $2 - 1], 0.0)", {t, lo, k}, one, kPrice);
  const ValueId right = i.let(
      {"right"}, fmt::format("jnp.where($1 < $2, $0[jnp.minimum($1 + 1, {}), $2], 0.0)", n - 1),
      {t, k, hi}, one, kPrice);
  return i.let(names, "$0 + $1 + $2[$4 + 1] - $2[$3]", {left, right, sums, lo, hi}, one, kPrice);
}

// One more cut: the next one, the best price, where it was if that is remembered.
Ids Splits::consider(const Ids& r, ValueId t, ValueId lo, ValueId hi) const {
  const Type one = scalar(i), index = counts(i, {});
  const ValueId total = price(t, lo, r[0], hi);
  const ValueId next = i.let({"k_next"}, "$0 + 1", {r[0]}, index, at());
  if (!remembers) {
    const std::string least = by_where ? "jnp.where($0 < $1, $0, $1)" : "jnp.minimum($0, $1)";
    return {next, i.let({"best_next"}, least, {total, r[1]}, one, kPrice)};
  }
  const ValueId wins = i.let({"wins", "better"}, "$0 < $1", {total, r[1]}, flags({}), {0, 1});
  if (by_where) {
    const ValueId low =
        i.let({"best_next"}, "jnp.where($0, $1, $2)", {wins, total, r[1]}, one, kPrice);
    return {next, low,
            i.let({"at_next"}, "jnp.where($0, $1, $2)", {wins, r[0], r[2]}, index, at())};
  }
  const Ids kept = i.cond(
      wins, {}, {}, {"take"}, [&](const Ids&) { return Ids{total, r[0]}; }, {"keep"},
      [&](const Ids&) { return Ids{r[1], r[2]}; },
      {{{"best_next"}, one, kPrice}, {{"at_next"}, index, at()}});
  return {next, kept[0], kept[1]};
}

Ids Splits::solve(const Ids& tables, ValueId lo, ValueId hi) const {
  const ValueId none =
      i.let({"worst", "bound"}, "jnp.asarray(" + worst + ", $0.dtype)", {x}, scalar(i), kPrice);
  std::vector<Idiom::Carry> carries = {{{"k", "cut"}, lo, at(), {}},
                                       {{"best", "least"}, none, kPrice, {"best_cost"}}};
  if (remembers) carries.push_back({{"where", "at"}, lo, at(), {"best_cut"}});
  const Ids best = i.while_loop(
      carries, {"cuts_left"},
      [&](const Ids& r) {
        return Ids{
            i.let({"more"}, kind == 2 ? "$0 <= $1" : "$0 < $1", {r[0], hi}, flags({}), {0, 1})};
      },
      {"try_cut", "consider"}, [&](const Ids& r) { return consider(r, tables[0], lo, hi); });
  Ids out = {
      i.let({"t_set"}, "$0.at[$1, $2].set($3)", {tables[0], lo, hi, best[1]}, table(), kPrice)};
  if (remembers)
    out.push_back(i.let({"s_set"}, "$0.at[$1, $2].set($3)", {tables[1], lo, hi, best[2]},
                        counts(i, {n, n}), at()));
  return out;
}

Ids Splits::place(const Ids& tables, ValueId lo, ValueId length) const {
  const ValueId hi = i.let({"hi", "end"}, "$0 + $1", {lo, length}, counts(i, {}), below(2 * n));
  const ValueId inside =
      i.let({"inside", "fits"}, fmt::format("$0 < {}", n), {hi}, flags({}), {0, 1});
  Parts parts = {{{"t_next"}, table(), kPrice}};
  if (remembers) parts.push_back({{"s_next"}, counts(i, {n, n}), at()});
  return i.cond(
      inside, {}, {}, {"solve_interval", "fill"}, [&](const Ids&) { return solve(tables, lo, hi); },
      {"skip", "outside"}, [&](const Ids&) { return tables; }, parts);
}

// Best ways to split intervals: lengths, places and splits nested.
Op interval_splits() {
  return idiom("interval_splits", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = i.between(4, 6);
    const auto kind = i.between(0, 2);
    const Type table{i.real(), {n, n}};
    static const Words kGiven[] = {
        {"dims", "sizes"}, {"piles", "weights"}, {"frequencies", "weights"}};
    const ValueId x = i.argument(kGiven[kind], {i.real(), {kind == 0 ? n + 1 : n}}, {1, 5});
    static const Words kCalled[] = {{"matrix_chain", "cheapest_chain", "chain_cost"},
                                    {"merge_piles", "cheapest_merges", "merge_cost"},
                                    {"optimal_search_tree", "tree_cost", "expected_depth"}};
    static const Words kSays = {
        "Find the cheapest order to multiply a chain of matrices.",
        "Find the cheapest order to merge neighboring piles.",
        "Find the cheapest binary search tree for keys of these frequencies."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool remembers = i.chance(0.4), by_where = i.chance(0.3);
    const std::string worst = i.either({"1e4", "1e3"});
    ValueId sums = kNoValue;
    if (kind > 0)
      sums = i.let({"prefix", "sums"},
                   i.either({"jnp.concatenate([jnp.zeros(1, $0.dtype), jnp.cumsum($0)])",
                             "jnp.cumsum(jnp.pad($0, (1, 0)))"}),
                   {x}, Shape{n + 1}, {0, 30});
    const ValueId start =
        i.let({"costs", "table"},
              kind == 2 ? "jnp.diag($0)" : fmt::format("jnp.zeros(({0}, {0}), $0.dtype)", n), {x},
              table, kPrice);
    std::vector<Idiom::Carry> carries = {
        {{"t", "costs"}, start, kPrice, {"least_costs", "cost_table"}}};
    if (remembers) {
      const ValueId cuts = i.let({"cuts", "splits"}, fmt::format("jnp.zeros(({0}, {0}), int)", n),
                                 {}, counts(i, {n, n}), below(n));
      carries.push_back({{"s", "cuts"}, cuts, below(n), {"best_cuts", "splits"}});
    }
    const Splits splits{i, n, kind, x, sums, remembers, by_where, worst};
    i.fori(1, n, {"by_length", "length_step"}, carries, [&](const Ids& p) {
      return i.fori(
          0, n - 1, {"by_start", "place_step"}, within(carries, {p.begin() + 1, p.end()}),
          [&](const Ids& q) { return splits.place({q.begin() + 1, q.end()}, q[0], p[0]); });
    });
  });
}

// Sums over divisors: for each number that is allowed, a walk over its multiples.
Op divisor_sums() {
  return idiom("divisor_sums", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 8, 20);
    const bool whole = i.chance(0.4), inverse = i.chance(0.35), best = !inverse && i.chance(0.3),
               squares = i.chance(0.3), by_mask = i.chance(0.5) && !inverse;
    const Type list = whole ? counts(i, {n + 1}) : Type{i.real(), {n + 1}}, index = counts(i, {});
    const Interval range = whole ? Interval{-9, 9} : Interval{-2, 2},
                   sums = whole ? Interval{-80, 80} : Interval{-20, 20}, at = below(2 * n);
    const ValueId f = i.argument({"values", "weights", "f"}, list, range);
    const ValueId mask =
        by_mask ? i.input({"allowed", "used", "mask"}, flags({n + 1}), {0, 1}) : kNoValue;
    i.called({inverse ? "moebius_inversion" : "divisor_sums",
              best ? "best_divisor" : "sum_over_divisors", "walk_multiples"});
    const bool odd = i.chance(0.5);
    const std::string which = by_mask ? "allowed" : odd ? "odd" : "square-free";
    i.summary(inverse   ? "Undo a sum over divisors, number by number."
              : best    ? "Find the largest value among the " + which + " divisors of each number."
              : squares ? "Add the value of each " + which + " number from its square on."
                        : "Add the value of each " + which + " number to its multiples.");
    const ValueId start =
        inverse ? f
        : best ? i.let({"out0", "low"}, whole ? "jnp.full_like($0, -9)" : "jnp.full_like($0, -2.0)",
                       {f}, list, sums)
        : squares ? f
                  : zero_like(i, {"out0", "totals"}, f, sums);
    const std::string put = best ? "$0.at[$1].max($2)"
                            : inverse
                                ? "$0.at[$1].add(-$2)"
                                : i.either({"$0.at[$1].add($2)", "$0.at[$1].set($0[$1] + $2)"});
    const bool by_scan = !inverse && i.chance(0.4);
    const auto visit = [&](ValueId out, ValueId d) {
      const auto walk = [&](const Ids& q) {
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
              return Ids{i.let({"inside"}, fmt::format("$0 <= {}", n), {r[0]}, flags({}), {0, 1})};
            },
            {"next_multiple"},
            [&](const Ids& r) {
              return Ids{i.let({"m_next"}, "$0 + $1", {r[0], d}, index, at),
                         i.let({"acc_next"}, put, {r[1], r[0], value}, list, sums)};
            });
        return Ids{done[1]};
      };
      // The inverse needs every divisor.
      if (inverse) return walk(Ids{out})[0];
      const ValueId use = by_mask ? i.let({"use", "counts"}, "$0[$1]", {mask, d}, flags({}), {0, 1})
                                  : i.let({"use", "counts"},
                                          odd ? i.either({"$0 % 2 == 1", "($0 & 1) == 1"})
                                              : std::string("($0 % 4 != 0) & ($0 % 9 != 0)"),
                                          {d}, flags({}), {0, 1});
      return branch(i, use, {out}, {{{"acc", "table"}, list, sums}}, {"walk", "add_to_multiples"},
                    walk, {"skip", "pass_over"}, [](const Ids& q) { return q; },
                    {{{"out_next"}, list, sums}})[0];
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
    const Words ends = inverse ? Words{"inverted", "restored"} : Words{"totals", "sums"};
    i.fori(1, n + 1, {"visit", "spread_value"}, {{{"out", "totals"}, start, sums, ends}},
           [&](const Ids& p) { return Ids{visit(p[1], p[0])}; });
  });
}

}  // namespace

std::vector<Op> nested_table_idioms() {
  return {sort_by_swaps(), cell_by_cell(), interval_splits(), divisor_sums()};
}

}  // namespace jaxsmith::plan
