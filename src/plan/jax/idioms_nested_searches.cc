// Searches that follow links: trees that join and grow, patterns along a text.
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

// Edges that join trees: those of a forest, by weight, or the number of parts.
struct Joining {
  Idiom& i;
  std::int64_t nodes;
  bool weighted, marks, halves;
  Type parents, index, one;
  Interval ids, reach;  // of nodes, and of the cost or the number of parts

  // The root of a node's tree, at the top of the module.
  BodyId finder() const;
  // No edge is taken yet.
  std::vector<Idiom::Carry> start(ValueId w) const;
  // The trees and their cost or number after one more edge, and whether it joins two.
  Ids add(BodyId find, const Ids& p) const;
  void part_sizes(BodyId find, ValueId forest) const;
};

BodyId Joining::finder() const {
  const Part tree{{"parent", "up"}, parents, ids};
  return i.helper(
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
}

std::vector<Idiom::Carry> Joining::start(ValueId w) const {
  const ValueId own =
      i.let({"parent0", "own"}, fmt::format("jnp.arange({})", nodes), {}, parents, ids);
  std::vector<Idiom::Carry> carries = {{{"parent", "up"}, own, ids, {"parents", "forest"}}};
  if (weighted)
    carries.push_back({{"cost", "sum_w"},
                       i.let({"cost0"}, "jnp.zeros((), $0.dtype)", {w}, one, reach),
                       reach,
                       {"total_cost", "cost"}});
  else
    carries.push_back({{"parts", "left"},
                       count_from(i, {"parts0"}, nodes, reach),
                       reach,
                       {"part_count", "parts"}});
  return carries;
}

Ids Joining::add(BodyId find, const Ids& p) const {
  const auto root = [&](Words names, ValueId up, ValueId node) {
    return i.call(std::move(names), find, {up, node}, index, ids);
  };
  const ValueId ra = root({"root_a", "ra"}, p[0], p[2]);
  const ValueId rb = root({"root_b", "rb"}, p[0], p[3]);
  const ValueId apart = i.let({"apart", "separate"}, "$0 != $1", {ra, rb}, flags({}), {0, 1});
  const Type carried = i.type(p[1]);
  const Ids next = branch(
      i, apart, {p[0], p[1]}, {{{"up", "trees"}, parents, ids}, {{"c", "so_far"}, carried, reach}},
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
}

void Joining::part_sizes(BodyId find, ValueId forest) const {
  i.comment("Each node counts for its root.");
  const ValueId roots =
      i.let({"roots", "labels"},
            fmt::format("jax.vmap($f0, in_axes=(None, 0))($0, jnp.arange({}))", nodes), {forest},
            std::vector<BodyId>{find}, parents, ids);
  i.let({"sizes", "part_sizes"},
        i.either({fmt::format("jnp.bincount($0, length={})", nodes),
                  fmt::format("jnp.zeros({}, int).at[$0].add(1)", nodes)}),
        {roots}, parents, below(nodes));
}

Op join_trees() {
  return idiom("join_trees", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t nodes = few(i, 8, 4), count = i.between(nodes, nodes + 4);
    const Interval ids{0, static_cast<double>(nodes - 1)};
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
    const Joining of{i,
                     nodes,
                     weighted,
                     marks,
                     halves,
                     counts(i, {nodes}),
                     counts(i, {}),
                     scalar(i),
                     ids,
                     weighted ? Interval{0, 60} : below(nodes)};
    const std::vector<Idiom::Carry> carries = of.start(w);
    std::vector<Idiom::Slice> over = {{{"a", "x"}, us}, {{"b", "y"}, vs}};
    if (weighted) over.push_back({{"w", "price"}, ws});
    const BodyId find = of.finder();
    const auto out = i.scan({"add_edge", "join"}, carries, over, when(marks, {"chosen", "joined"}),
                            [&](const Ids& p) { return of.add(find, p); });
    if (sizes) of.part_sizes(find, out.final[0]);
  });
}

// A pattern that is followed along a text by its borders.
struct Matching {
  Idiom& i;
  std::int64_t n, m;  // letters of the text and the pattern
  ValueId pattern;
  bool tally, overlaps, guarded;

  Interval at() const { return below(m); }
  // Through shorter borders until the letter fits.
  ValueId fall_back(Words names, ValueId from, ValueId borders, ValueId letter) const;
  ValueId extend(Words names, ValueId k, ValueId letter) const;
  ValueId borders(ValueId zero) const;
  Ids read(const Ids& p, ValueId borders) const;
};

ValueId Matching::fall_back(Words names, ValueId from, ValueId borders, ValueId letter) const {
  return i.while_loop(
      {{{"k", "matched"}, from, at(), std::move(names)}}, {"mismatch"},
      [&](const Ids& q) {
        return Ids{i.let({"shorter"}, "($0 > 0) & ($1[$0] != $2)", {q[0], pattern, letter},
                         flags({}), {0, 1})};
      },
      {"fall_back", "next_border"},
      [&](const Ids& q) {
        return Ids{i.let({"border"}, "$0[$1 - 1]", {borders, q[0]}, counts(i, {}), at())};
      })[0];
}

ValueId Matching::extend(Words names, ValueId k, ValueId letter) const {
  const Type index = counts(i, {});
  const ValueId fits =
      i.let({"fits", "same"}, "$0[$1] == $2", {pattern, k, letter}, flags({}), {0, 1});
  if (!guarded)
    return i.let(std::move(names), i.either({"$0 + $1", "jnp.where($1, $0 + 1, $0)"}), {k, fits},
                 index, at());
  return branch(
      i, fits, {k}, {{{"j"}, index, at()}}, {"longer", "extend"},
      [&](const Ids& q) { return Ids{i.let({"one_more"}, "$0 + 1", q, index, at())}; },
      {"as_is", "keep"}, [](const Ids& q) { return q; }, {{std::move(names), index, at()}})[0];
}

ValueId Matching::borders(ValueId zero) const {
  const Type table = counts(i, {m});
  const ValueId none = zero_like(i, {"borders0", "empty"}, pattern, at());
  return i.fori(
      1, m, {"border_step", "extend_border"},
      {{{"borders", "fail"}, none, at(), {"borders", "failure"}},
       {{"k", "length"}, zero, at(), {}}},
      [&](const Ids& p) {
        const ValueId letter =
            i.let({"letter", "c"}, "$0[$1]", {pattern, p[0]}, counts(i, {}), {0, 1});
        const ValueId k = extend({"k_next"}, fall_back({"k_short"}, p[2], p[1], letter), letter);
        return Ids{i.let({"borders_next"}, "$0.at[$1].set($2)", {p[1], p[0], k}, table, at()), k};
      })[0];
}

Ids Matching::read(const Ids& p, ValueId borders) const {
  const Type index = counts(i, {});
  const Interval found = below(n);
  const ValueId letter = p.back();
  const ValueId k =
      extend({"k_read", "reached"}, fall_back({"j_short"}, p[0], borders, letter), letter);
  const ValueId full =
      i.let({"full", "complete"}, fmt::format("$0 == {}", m), {k}, flags({}), {0, 1});
  Parts taken = {{{"s", "r"}, index, at()}}, given = {{{"state_next"}, index, at()}};
  if (tally) {
    taken.push_back({{"h", "t"}, index, found});
    given.push_back({{"hits_next"}, index, found});
  }
  const Ids next = branch(
      i, full, and_when(tally, {k}, p[tally ? 1 : 0]), taken, {"after_match", "report"},
      [&](const Ids& q) {
        Ids out = {overlaps ? i.let({"restart"}, fmt::format("$0[$1 - 1]", m), {borders, q[0]},
                                    index, at())
                            : i.let({"restart"}, "jnp.zeros_like($0)", {q[0]}, index, at())};
        if (tally) out.push_back(i.let({"h_next"}, "$0 + 1", {q[1]}, index, found));
        return out;
      },
      {"go_on", "partial"}, [](const Ids& q) { return q; }, given);
  return and_when(true, next, k);
}

// Occurrences of a pattern by its borders: where a letter does not match, the next shorter one.
Op match_pattern() {
  return idiom("match_pattern", kConditional, 0.8, kNone, [](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 12, 24), m = i.between(4, 5);
    const ValueId text = i.argument({"text", "tokens", "stream"}, counts(i, {n}), {0, 1});
    const ValueId pattern = i.argument({"pattern", "needle", "motif"}, counts(i, {m}), {0, 1});
    i.called({"match_pattern", "kmp_search", "find_occurrences"});
    i.summary("Follow how much of a pattern matches along a text, by the pattern's borders.");
    const bool tally = i.chance(0.6), overlaps = i.chance(0.6), guarded = i.chance(0.5),
               last = i.chance(0.5);
    const Matching of{i, n, m, pattern, tally, overlaps, guarded};
    const ValueId zero = count_from(i, {"none", "k0"}, 0, below(m));
    const ValueId borders = of.borders(zero);
    i.keep(borders);
    std::vector<Idiom::Carry> carries = {
        {{"state", "j"}, zero, below(m), last ? Words{"last_state", "open_match"} : Words{}}};
    if (tally) {
      const ValueId none = count_from(i, {"hits0"}, 0, below(n));
      carries.push_back({{"hits", "count"}, none, below(n), {"occurrences", "hits"}});
    }
    i.scan({"read", "next_letter"}, carries, {{{"letter", "c"}, text}},
           {{"lengths", "matched_lengths"}}, [&](const Ids& p) { return of.read(p, borders); });
  });
}

// A tree that grows by the nearest node: shortest paths, spanning trees, widest paths.
struct Growth {
  Idiom& i;
  std::int64_t n;
  bool widest, parents;
  ValueId edges = kNoValue;
  std::string pick = {}, offer = {};  // of the nearest node, and what a way through it comes to

  Type row() const { return {i.real(), {n}}; }
  Type ids() const { return counts(i, {n}); }
  Interval range() const { return {0, 30}; }
  Interval at() const { return {0, static_cast<double>(n - 1)}; }

  ValueId edges_of(ValueId w, bool mutual, bool sparse) const;
  // The root alone is reached.
  std::vector<Idiom::Carry> start() const;
  Ids settle_nearest(const Ids& p) const;
  // A node's distance (and parent) where the way through u is better.
  Ids relax(const Ids& q, ValueId u, ValueId done) const;
};

ValueId Growth::edges_of(ValueId w, bool mutual, bool sparse) const {
  ValueId out =
      mutual
          ? i.let({"symmetric", "both_ways"},
                  i.either({"0.5 * ($0 + $0.T)", "jnp.maximum($0, $0.T)", "jnp.minimum($0, $0.T)"}),
                  {w}, Shape{n, n}, {0.5, 5})
          : w;
  if (sparse && !widest) {
    i.comment("Long edges cost more than they are long.");
    out = i.let({"open_edges", "edges"}, "jnp.where($0 < 4.0, $0, 9.0)", {out}, Shape{n, n},
                {0.5, 9});
  }
  return out;
}

std::vector<Idiom::Carry> Growth::start() const {
  const auto root = i.between(0, n - 1);
  const std::string far = widest ? "0.0" : i.either({"99.0", "1e3"});
  const ValueId start =
      i.let({"dist0", "far"},
            widest ? fmt::format("jnp.zeros({}, $0.dtype).at[{}].set(9.0)", n, root)
                   : fmt::format("jnp.full({}, {}, $0.dtype).at[{}].set(0.0)", n, far, root),
            {edges}, row(), range());
  const ValueId open =
      i.let({"done0", "open"}, fmt::format("jnp.zeros({}, bool)", n), {}, flags({n}), {0, 1});
  std::vector<Idiom::Carry> carries = {
      {{"dist", "d"}, start, range(), {widest ? "widths" : "distances", "reached"}},
      {{"done", "settled"}, open, {0, 1}, {}}};
  if (parents)
    carries.push_back(
        {{"parent", "via"},
         i.let({"parent0", "own"}, fmt::format("jnp.full({}, {})", n, root), {}, ids(), at()),
         at(),
         {"parents", "tree"}});
  return carries;
}

Ids Growth::settle_nearest(const Ids& p) const {
  const ValueId u = i.let({"u", "nearest"}, pick, {p[1], p[0]}, counts(i, {}), at());
  const ValueId done = i.let({"done_next"}, "$0.at[$1].set(True)", {p[1], u}, flags({n}), {0, 1});
  std::vector<Idiom::Carry> inner = {{{"dist", "d"}, p[0], range(), {"relaxed"}}};
  if (parents) inner.push_back({{"parent", "via"}, p[2], at(), {"parent_relaxed"}});
  const Ids all =
      i.fori(0, n, {"relax", "look_at"}, inner, [&](const Ids& q) { return relax(q, u, done); });
  Ids next = {all[0], done};
  if (parents) next.push_back(all[1]);
  return next;
}

Ids Growth::relax(const Ids& q, ValueId u, ValueId done) const {
  const ValueId through = real(i, {"through", "offer"}, offer,
                               {{"d", q[1]}, {"u", u}, {"w", edges}, {"v", q[0]}}, range());
  const ValueId better =
      i.let({"better", "shorter"}, widest ? "($0 > $1[$2]) & ~$3[$2]" : "($0 < $1[$2]) & ~$3[$2]",
            {through, q[1], q[0], done}, flags({}), {0, 1});
  Ids operands = {q[1]};
  Parts taken = {{{"a", "now"}, row(), range()}}, given = {{{"dist_next"}, row(), range()}};
  if (parents)
    operands.push_back(q[2]), taken.push_back({{"b", "links"}, ids(), at()}),
        given.push_back({{"parent_next"}, ids(), at()});
  return branch(
      i, better, operands, taken, {"improve", "update"},
      [&](const Ids& r) {
        Ids made = {
            i.let({"improved"}, "$0.at[$1].set($2)", {r[0], q[0], through}, row(), range())};
        if (parents)
          made.push_back(i.let({"linked"}, "$0.at[$1].set($2)", {r[1], q[0], u}, ids(), at()));
        return made;
      },
      {"keep", "leave"}, [](const Ids& r) { return r; }, given);
}

Op grow_tree() {
  return idiom("grow_tree", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 7, 4);
    const auto kind = i.between(0, 2);  // Dijkstra, Prim, widest
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
    Growth of{i, n, kind == 2, parents};
    of.edges = of.edges_of(w, mutual, sparse);
    const std::vector<Idiom::Carry> carries = of.start();
    of.pick =
        of.widest
            ? i.either({"jnp.argmax(jnp.where($0, -1.0, $1))", "jnp.where($0, -1.0, $1).argmax()"})
            : i.either({"jnp.argmin(jnp.where($0, 1e4, $1))", "jnp.where($0, 1e4, $1).argmin()"});
    static const Words kOffers = {"{d}[{u}] + {w}[{u}, {v}]", "{w}[{u}, {v}]",
                                  "jnp.minimum({d}[{u}], {w}[{u}, {v}])"};
    of.offer = kOffers[static_cast<std::size_t>(kind)];
    const Ids out = repeat(i, 0, n, {"settle_nearest", "grow"}, carries,
                           [&](const Ids& p) { return of.settle_nearest(p); });
    if (total)
      i.let({"tree_weight", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {out[0]}, scalar(i),
            {0, 40});
  });
}

}  // namespace

std::vector<Op> nested_search_idioms() { return {join_trees(), match_pattern(), grow_tree()}; }

}  // namespace jaxsmith::plan
