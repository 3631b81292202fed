// Data that decide: rules by the size or the condition of what comes in, kinds that are listed
// beside the data, and what a loop over tokens or requests does with each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/holes.h"
#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Parts = std::vector<Part>;
using Bodies = std::vector<BodyId>;

struct Choice {
  Words names;
  std::string spelling;  // of what the branch takes
};

// Some of these, in any order, as branches that give one value.
std::vector<Idiom::Branch> some_of(Idiom& i, std::vector<Choice> choices, std::int64_t count,
                                   const Type& type, Interval range) {
  i.random().shuffle(choices);
  std::vector<Idiom::Branch> out;
  for (std::int64_t k = 0; k < count; ++k) {
    const Choice& each = choices[static_cast<std::size_t>(k)];
    out.push_back({each.names, [&i, spelling = each.spelling, type, range](Ids p) {
                     // Not every way takes the last one, which is no operand of it then.
                     while (!names_operand(spelling, p.size() - 1)) p.pop_back();
                     return Ids{i.let({"out", "changed"}, spelling, p, type, range)};
                   }});
  }
  return out;
}

// A linear system by the way that its condition allows: solved as it is, or regularised.
Op solve_by_condition() {
  return idiom("solve_by_condition", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 6);
    const ValueId a = i.argument({"matrix", "a", "system"}, Type{i.real(), {n, n}}, {-1, 1});
    const bool many = i.chance(0.35);
    const Shape right = many ? Shape{n, i.between(2, 3)} : Shape{n};
    const ValueId b = i.input({"rhs", "b", "targets"}, right, {-2, 2});
    i.called({"solve_by_condition", "robust_solve", "choose_solver"});
    i.summary("Solve a linear system, regularized where it is nearly singular.");
    // Half of the matrices with elements drawn evenly are worse than this.
    static const std::vector<double> kUsual = {3.4, 6.0, 8.5, 11, 13.5};
    const double usual = kUsual[static_cast<std::size_t>(n - 2)] * i.number({1, 1.2, 1.5});
    const Terms of = {{"a", a}, {"t", kNoValue, Idiom::text(std::round(usual * 2) / 2)}};
    ValueId bad;
    if (i.chance(0.4)) {
      bad = test(i, {"ill", "nearly_singular"}, "jnp.linalg.cond({a}) > {t}", of);
    } else {
      const bool gram = i.chance(0.5);
      const ValueId s = i.let({"spectrum", "sigma"},
                              gram ? "jnp.sqrt(jnp.linalg.eigvalsh($0.T @ $0))"
                                   : "jnp.linalg.svd($0, compute_uv=False)",
                              {a}, Shape{n}, {0.05, 2});
      bad = let(i, {"ill", "nearly_singular"},
                gram ? "{s}[-1] > {t} * {s}[0]"
                     : i.either({"{s}[0] > {t} * {s}[-1]", "{s}[-1] / {s}[0] < 1.0 / {t}"}),
                with(of, {{"s", s}}), flags({}), {0, 1});
    }
    const Interval range{-6, 6};
    const Part system{{"m", "a"}, i.type(a), {-1, 1}}, sides{{"v", "y"}, i.type(b), {-2, 2}};
    const std::string ridge = i.either({"0.1", "0.05", "0.2", "0.3"});
    const std::string mended = i.either({"jnp.linalg.solve($0.T @ $0 + " + ridge +
                                             " * jnp.eye($0.shape[0], dtype=$0.dtype), "
                                             "$0.T @ $1)",
                                         "$0.T @ jnp.linalg.solve($0 @ $0.T + " + ridge +
                                             " * jnp.eye($0.shape[0], "
                                             "dtype=$0.dtype), $1)",
                                         "jnp.linalg.pinv($0, rtol=" + ridge + ") @ $1"});
    const std::string plain = i.either(
        {"jnp.linalg.solve($0, $1)", "jnp.linalg.inv($0) @ $1", "jax.scipy.linalg.solve($0, $1)"});
    const bool packed = i.chance(0.3), inverted = i.chance(0.3);
    const auto by = [&](const std::string& spelling) {
      return [&i, spelling, range, right](const Ids& p) {
        return Ids{i.let({"x"}, spelling, p, right, range)};
      };
    };
    const Part result{{"solution", "x"}, i.type(b), range};
    if (inverted) {
      const ValueId good = i.let({"well_posed", "fine"}, i.either({"~$0", "jnp.logical_not($0)"}),
                                 {bad}, flags({}), {0, 1});
      i.cond(good, {a, b}, {system, sides}, {"solve_plain", "direct"}, by(plain),
             {"solve_ridge", "regularized"}, by(mended), {result}, {packed, {}});
    } else {
      i.cond(bad, {a, b}, {system, sides}, {"solve_ridge", "regularized"}, by(mended),
             {"solve_plain", "direct"}, by(plain), {result}, {packed, {}});
    }
  });
}

struct BracketRules {
  bool taxes;
  std::int64_t faded;  // the bracket with a part of the credit; those above have less and less
  std::string part;
  Interval due;
};

// What is due in each bracket, of an amount and the credit or charge.
std::vector<Idiom::Branch> bracket_rules(Idiom& i, const std::vector<double>& rates,
                                         const std::vector<double>& edges,
                                         const BracketRules& how) {
  static const std::vector<Words> kNames = {
      {"lowest", "basic"}, {"middle", "standard"}, {"upper", "higher"}, {"top", "highest"}};
  double paid = 0;
  std::vector<Idiom::Branch> branches;
  for (std::int64_t k = 0; k <= static_cast<std::int64_t>(edges.size()); ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double from = k == 0 ? 0 : edges[at - 1];
    if (k > 0) paid += rates[at - 1] * (from - (k == 1 ? 0 : edges[at - 2]));
    const std::string r = Idiom::text(rates[at]), base = Idiom::text(paid),
                      edge = Idiom::text(from), sign = how.taxes ? " - " : " + ";
    const std::string marginal = k == 0 ? r + " * $0" : base + " + " + r + " * ($0 - " + edge + ")";
    const std::string rest = k < how.faded    ? "$1"
                             : k == how.faded ? how.part + " * $1"
                                              : "$1 / (1.0 + 0.01 * ($0 - " + edge + "))";
    branches.push_back({kNames[at], [&i, marginal, rest, sign, due = how.due](const Ids& p) {
                          return Ids{i.let({"due"}, marginal + sign + rest, p, Shape{}, due)};
                        }});
  }
  return branches;
}

// What is due by the bracket that an amount lies in, each with its own rule: taxes with an
// credit that fades, tariffs with a standing charge.
Op bracket_tariff() {
  return idiom("bracket_tariff", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(6, i.size()), count = i.between(3, 4);
    const bool taxes = i.chance(0.5);
    const ValueId amounts = i.input(
        taxes ? Words{"incomes", "earnings", "income"} : Words{"usage", "consumption", "loads"},
        Shape{n}, {1, 100});
    const ValueId charge = i.input(taxes ? Words{"credit", "tax_credit", "rebate"}
                                         : Words{"standing_charge", "base_fee", "fee"},
                                   Shape{}, {0.5, 5});
    const double first = i.number({20, 25, 30});
    std::vector<double> edges, rates = {i.number({0.1, 0.12, 0.15}), i.number({0.2, 0.22, 0.25}),
                                        i.number({0.3, 0.32, 0.35}), i.number({0.4, 0.42, 0.45})};
    if (!taxes) std::ranges::reverse(rates);
    for (std::int64_t k = 1; k < count; ++k)
      edges.push_back(first + static_cast<double>(k - 1) * (count == 3 ? 35 : 25));
    std::string list;
    for (const double edge : edges) list += (list.empty() ? "" : ", ") + Idiom::text(edge);
    const Type one = scalar(i);
    const Interval due{-5, 50};
    const double share = i.number({0.5, 0.2, 0.1});
    const std::string part = Idiom::text(share),
                      search =
                          i.either({"jnp.searchsorted(jnp.array([" + list + "], $0.dtype), $0)",
                                    "jnp.sum($0 > jnp.array([" + list + "], $0.dtype))",
                                    "jnp.digitize($0, jnp.array([" + list + "], $0.dtype))"});
    const std::int64_t faded = i.between(1, count - 1);
    const std::vector<Idiom::Branch> branches =
        bracket_rules(i, rates, edges, {taxes, faded, part, due});
    const BodyId each = i.function(
        taxes ? Words{"tax_on", "tax_one"} : Words{"bill_for", "price_one"},
        {{taxes ? Words{"income", "amount"} : Words{"used", "amount"}, one, {1, 100}}},
        [&](const Ids& p) {
          const ValueId tier = i.let({"tier", "bracket"}, search, {p[0]}, Type{i.integer(), {}},
                                     {0, static_cast<double>(count - 1)});
          return i.switch_(tier, {p[0], charge},
                           {{{"z", "v"}, one, {1, 100}}, {{"c", "k"}, one, {0.5, 5}}}, branches,
                           {{{"due"}, one, due}});
        });
    const ValueId bill =
        i.let(taxes ? Words{"taxes", "due"} : Words{"bills", "costs"}, "lax.map($f0, $0)",
              {amounts}, Bodies{each}, Type{i.real(), {n}}, due);
    const double drawn = i.random().uniform(), end = taxes ? drawn : 0.3 + 0.7 * drawn;
    const std::string due_on =
        taxes ? "tax on each income by its bracket" : "bill for each amount by its tier";
    if (end < 0.3) {
      i.called({"net_incomes", "incomes_after_tax"});
      i.summary("Take from what comes in the " + due_on + ".");
    } else if (end < 0.6) {
      i.called(taxes ? Words{"effective_tax_rates", "average_tax_rates"}
                     : Words{"average_prices", "price_per_unit"});
      i.summary("Give the " + due_on + " as a share of it.");
    } else if (end < 0.75) {
      i.called(taxes ? Words{"tax_revenue", "total_tax"} : Words{"total_bill", "tariff_revenue"});
      i.summary("Add up the " + due_on + ".");
    } else {
      i.called(taxes ? Words{"income_taxes", "tax_by_bracket", "taxes_due"}
                     : Words{"energy_bills", "tiered_tariff", "bill_by_tier"});
      i.summary("Compute the " + due_on + ".");
    }
    if (end < 0.3)
      i.let({"net", "left_over"}, "$0 - $1", {amounts, bill}, Shape{n}, {0, 70});
    else if (end < 0.6)
      i.let({"effective_rate", "average_rate"}, "$0 / $1", {bill, amounts}, Shape{n}, {-1, 1});
    else if (end < 0.75)
      i.let({"revenue", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {bill}, Shape{},
            {0, 50.0 * static_cast<double>(n)});
  });
}

// A batch of images, each changed as its kind says and as strongly as its number says.
Op augment_by_kind() {
  return idiom("augment_by_kind", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t batch = few(i, 8, 5), side = few(i, 8, 4), count = i.between(3, 5);
    const Type image{i.real(), {side, side}}, all{i.real(), {batch, side, side}};
    const Interval range{-3, 3};
    const ValueId images = i.argument({"images", "batch", "patches"}, all, {-2, 2});
    const ValueId kinds = i.argument({"kinds", "ops", "policy"}, counts(i, {batch}),
                                     {0, static_cast<double>(count - 1)});
    const ValueId strengths =
        i.input({"strengths", "magnitudes", "levels"}, Shape{batch}, {0.3, 1});
    i.called({"augment_by_kind", "apply_policy", "rand_augment"});
    i.summary("Change each image of a batch by the operation that its kind names.");
    i.summary(fmt::format("Apply one of {} augmentations to each image.", count));
    const auto branches =
        some_of(i,
                {{{"flip", "mirror"}, "jnp.flip($0, axis=1)"},
                 {{"turn", "rotate"}, "jnp.rot90($0)"},
                 {{"blend_mirrored", "symmetrize"},
                  "(1.0 - 0.5 * $1) * $0 + 0.5 * $1 * jnp.flip($0, axis=1)"},
                 {{"contrast", "sharpen"}, "jnp.mean($0) + $1 * ($0 - jnp.mean($0))"},
                 {{"brighten", "lighten"}, "$0 + $1"},
                 {{"solarize", "invert_bright"}, "jnp.where($0 > $1, 2.0 * $1 - $0, $0)"},
                 {{"blur", "smooth"},
                  "$0 + 0.25 * $1 * (jnp.roll($0, 1, axis=0) + jnp.roll($0, -1, axis=0) "
                  "- 2.0 * $0)"},
                 {{"erase", "cut_out"}, "$0.at[1:3, 1:3].set($1)"},
                 {{"shift", "translate"}, "jnp.roll($0, 1, axis=1)"},
                 {{"squash", "compress"}, "jnp.tanh($1 * $0)"}},
                count, image, range);
    const bool inside = i.chance(0.3), flattens = i.chance(0.5);
    const BodyId each = i.function(
        {"augment", "augment_one", "change_image"},
        {{{"img", "image"}, image, {-2, 2}},
         {{"kind", "op"}, counts(i, {}), {0, static_cast<double>(count - 1)}},
         {{"s", "strength"}, scalar(i), {0.3, 1}}},
        [&](const Ids& p) {
          const Ids out =
              i.switch_(p[1], {p[0], p[2]},
                        {{{"im", "v"}, image, {-2, 2}}, {{"m", "k"}, scalar(i), {0.3, 1}}},
                        branches, {{{"changed", "augmented"}, image, range}});
          if (!inside) return out;
          return Ids{i.let({"centered"}, i.either({"$0 - jnp.mean($0)", "$0 - $0.mean()"}), out,
                           image, range)};
        },
        {3});
    const ValueId out = i.let({"augmented", "changed"}, "lax.map($f0, ($0, $1, $2))",
                              {images, kinds, strengths}, Bodies{each}, all, range);
    if (!inside && flattens)
      i.let({"flat", "features"},
            i.either({"$0.reshape($0.shape[0], -1)", "jnp.reshape($0, ($0.shape[0], -1))"}), {out},
            Type{i.real(), {batch, side * side}}, range);
  });
}

// A stack of layers of several kinds over one stream: scanned with the kernels, the kind of each by
// lax.switch, as hybrids of attention and others are.
Op hybrid_layers() {
  return idiom("hybrid_layers", kConditional, 1.1, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t tokens = few(i, 16, 3), width = few(i, 12, 3), layers = i.between(4, 6),
                       count = i.between(2, 4);
    const double reach = 1.7 / std::sqrt(static_cast<double>(width));
    const Type stream{i.real(), {tokens, width}}, kernel{i.real(), {width, width}};
    const Interval range{-4, 4};
    const ValueId x = i.argument({"x", "tokens", "hidden"}, stream, {-2, 2});
    const ValueId kernels = i.argument({"kernels", "weights", "layers"},
                                       {i.real(), {layers, width, width}}, {-reach, reach});
    const ValueId kinds = i.argument({"kinds", "layer_types", "pattern"}, counts(i, {layers}),
                                     {0, static_cast<double>(count - 1)});
    i.called({"hybrid_layers", "mixed_stack", "hybrid_forward"});
    i.summary("Run layers of several kinds, as a list says, over one stream.");
    i.summary("Scan a stack whose layers differ in kind.");
    const std::string root = Idiom::text(std::sqrt(static_cast<double>(width)));
    const auto branches = some_of(
        i,
        {{{"attend", "attention"}, "jax.nn.softmax($0 @ $1 @ $0.T / " + root + ", axis=-1) @ $0"},
         {{"mlp", "feed_forward"}, i.either({"jax.nn.gelu($0 @ $1)", "jax.nn.relu($0 @ $1)"})},
         {{"gate", "glu"}, "$0 * jax.nn.sigmoid($0 @ $1)"},
         {{"shift", "token_shift"}, "jnp.pad($0[:-1], ((1, 0), (0, 0))) @ $1"},
         {{"average", "running_mean"},
          "jnp.cumsum($0, axis=0) / jnp.arange(1, $0.shape[0] + 1)[:, None] @ $1"},
         {{"mix", "linear_attention"}, "$0 @ ($0.T @ $0 @ $1) / $0.shape[0]"}},
        count, stream, range);
    const std::int64_t norm = i.between(0, 2);
    const std::string scale = i.either({"0.5", "0.7", "1.0"});
    const bool after = i.chance(0.3), traced = i.chance(0.35), pooled = i.chance(0.4);
    const auto normed = [&](Words names, ValueId h) {
      return i.let(std::move(names),
                   norm == 0 ? "$0 * lax.rsqrt(jnp.mean($0**2, axis=-1, keepdims=True) + 1e-6)"
                   : norm == 1
                       ? "$0 / jnp.sqrt(jnp.mean(jnp.square($0), axis=-1, keepdims=True) + 1e-6)"
                       : "jax.nn.standardize($0, axis=-1)",
                   {h}, stream, range);
    };
    const auto out = i.scan(
        {"layer", "block"}, {{{"h", "stream"}, x, range, traced ? Words{} : Words{"out", "final"}}},
        {{{"w", "kernel"}, kernels}, {{"kind", "layer_type"}, kinds}},
        traced ? std::vector<Words>{{"streams", "activations"}} : std::vector<Words>{},
        [&](const Ids& p) {
          const ValueId in = after ? p[0] : normed({"normed", "z"}, p[0]);
          const Ids made =
              i.switch_(p[2], {in, p[1]},
                        {{{"v", "tokens_in"}, stream, range}, {{"k", "weight"}, kernel, {-1, 1}}},
                        branches, {{{"branch", "delta"}, stream, range}});
          ValueId next =
              i.let({"h_next", "summed"}, scale == "1.0" ? "$0 + $1" : "$0 + " + scale + " * $1",
                    {p[0], made[0]}, stream, range);
          if (after) next = normed({"h_normed", "settled"}, next);
          return traced ? Ids{next, next} : Ids{next};
        });
    if (!traced && pooled)
      i.let({"pooled", "summary"}, i.either({"jnp.mean($0, axis=0)", "jnp.max($0, axis=0)"}),
            {out.final[0]}, Shape{width}, {-2, 2});
  });
}

// A cache whose entry with the least mark makes room for a page; the mark is the time, or the first
// use where there is none.
Ids replaced(Idiom& i, ValueId keys, ValueId used, ValueId page, ValueId now, Interval range,
             Interval marks) {
  const Type row = i.type(keys);
  const ValueId slot = i.let({"slot", "victim"}, i.either({"jnp.argmin($0)", "$0.argmin()"}),
                             {used}, counts(i, {}), {0, static_cast<double>(i.dim(keys, 0) - 1)});
  const ValueId kept = i.let({"stored"}, "$0.at[$1].set($2)", {keys, slot, page}, row, range);
  if (now == kNoValue)
    return {kept, i.let({"restarted"}, "$0.at[$1].set(1)", {used, slot}, row, marks)};
  return {kept, i.let({"stamped"}, "$0.at[$1].set($2)", {used, slot, now}, row, marks)};
}

// Requests to a small cache: what is there is touched, what is not replaces the entry that was not
// used for longest or was used least; hits, or what the misses cost.
Op cache_requests() {
  return idiom("cache_requests", kConditional, 1.0, kZero, [](Idiom& i) {
    const std::int64_t slots = i.between(3, 5), pages = slots + i.between(2, 4),
                       steps = std::clamp<std::int64_t>(i.size(), 10, 64);
    const Interval range{-6, static_cast<double>(pages - 1)}, marks{0, 99};
    const ValueId requests = i.argument({"requests", "accesses", "pages"}, counts(i, {steps}),
                                        {0, static_cast<double>(pages - 1)});
    const bool recent = i.chance(0.6), costs = i.chance(0.5), packed = i.chance(0.5),
               traced = i.chance(0.5), contents = i.chance(0.5);
    const ValueId prices =
        costs ? i.input({"costs", "latency", "penalty"}, Shape{pages}, {0.5, 4}) : kNoValue;
    i.called({recent ? "lru_cache" : "lfu_cache", "simulate_cache", "serve_requests"});
    i.summary(recent ? "Simulate a cache that drops what was not used for longest."
                     : "Simulate a cache that drops what was used least.");
    const Type row = counts(i, {slots}), one = counts(i, {});
    i.comment("Empty slots hold what nobody asks for.");
    const ValueId keys =
        i.let({"cached", "slots"}, fmt::format("-jnp.arange(1, {})", slots + 1), {}, row, range);
    const ValueId marked = i.let(
        {"last_used", "uses"}, recent ? fmt::format("jnp.arange({})", slots) : "jnp.zeros_like($0)",
        recent ? Ids{} : Ids{keys}, row, marks);
    const Type paid{costs ? i.real() : i.integer(), {}};
    const ValueId none =
        costs ? i.let({"spent", "bill"}, "jnp.zeros((), $0.dtype)", {prices}, paid, {0, 90})
              : i.let({"hits", "found"}, "jnp.array(0)", {}, paid, {0, 64});
    std::vector<Idiom::Slice> over = {{{"page", "wanted"}, requests}};
    if (recent)
      over.push_back(
          {{"now", "clock"},
           i.let({"times", "clock"}, fmt::format("jnp.arange({0}, {0} + $0.shape[0])", slots),
                 {requests}, counts(i, {steps}), marks)});
    i.scan({"serve", "access"},
           {{{"keys", "cached_now"}, keys, range, contents ? Words{"contents", "left"} : Words{}},
            {{"used", "marks"}, marked, marks, {}},
            {{"total", "so_far"},
             none,
             {0, 90},
             costs ? Words{"total_cost", "bill"} : Words{"hit_count", "hits"}}},
           over, traced ? std::vector<Words>{{"hit_trace", "served"}} : std::vector<Words>{},
           [&](const Ids& p) {
             const ValueId match = i.let({"match", "same"}, "$0 == $1", {p[0], p[3]},
                                         Type{DType::kBool, {slots}}, {0, 1});
             const ValueId hit = i.let({"hit", "present"}, i.either({"jnp.any($0)", "$0.any()"}),
                                       {match}, flags({}), {0, 1});
             const ValueId now = recent ? p[4] : kNoValue;
             const Parts three = {{{"k", "entries"}, row, range},
                                  {{"m", "stamps"}, row, marks},
                                  {{"n", "tally"}, paid, {0, 90}}};
             const Ids next = i.cond(
                 hit, {p[0], p[1], p[2]}, three, {"touch", "on_hit"},
                 [&](const Ids& q) {
                   const ValueId fresh =
                       recent ? i.let({"stamped"}, "jnp.where($0, $1, $2)", {match, now, q[1]}, row,
                                      marks)
                              : i.let({"counted"}, "$0 + $1", {q[1], match}, row, marks);
                   if (costs) return Ids{q[0], fresh, q[2]};
                   return Ids{q[0], fresh, i.let({"more"}, "$0 + 1", {q[2]}, paid, {0, 64})};
                 },
                 {"replace", "on_miss"},
                 [&](const Ids& q) {
                   Ids out = replaced(i, q[0], q[1], p[3], now, range, marks);
                   out.push_back(costs ? i.let({"charged"}, "$0 + $1[$2]", {q[2], prices, p[3]},
                                               paid, {0, 90})
                                       : q[2]);
                   return out;
                 },
                 {{{"keys_next"}, row, range},
                  {{"used_next"}, row, marks},
                  {{"total_next"}, paid, {0, 90}}},
                 {packed, {}});
             Ids out = next;
             if (traced) out.push_back(hit);
             return out;
           });
  });
}

// What the keys of a calculator that are no digits do to its entry, sign and total.
std::vector<Idiom::Branch> key_actions(Idiom& i, const std::string& done, std::int64_t base,
                                       std::int64_t most, Interval number, Interval total) {
  const Type one = counts(i, {});
  const auto ended = [=, &i](const Ids& q) {
    return i.let({"result"}, done, {q[2], q[1], q[0]}, one, total);
  };
  return {{{"plus", "add"},
           [=, &i](const Ids& q) {
             return Ids{i.let({"cleared"}, "jnp.zeros_like($0)", {q[0]}, one, {-1, 1}),
                        i.let({"positive"}, "jnp.ones_like($0)", {q[1]}, one, {-1, 1}), ended(q)};
           }},
          {{"minus", "subtract"},
           [=, &i](const Ids& q) {
             return Ids{i.let({"cleared"}, "jnp.zeros_like($0)", {q[0]}, one, {-1, 1}),
                        i.let({"negative"}, "-jnp.ones_like($0)", {q[1]}, one, {-1, 1}), ended(q)};
           }},
          {{"recall", "answer"},
           [=, &i](const Ids& q) {
             return Ids{i.let({"recalled"}, fmt::format("$0 % {}", most), {q[2]}, one, number),
                        q[1], q[2]};
           }},
          {{"backspace", "erase_digit"}, [=, &i](const Ids& q) {
             return Ids{i.let({"shorter"}, fmt::format("$0 // {}", base), {q[0]}, one, number),
                        q[1], q[2]};
           }}};
}

// A pocket calculator: keys are digits, signs and one that recalls the result, a branch for each
// kind, with the number under way as the state.
Op press_keys() {
  return idiom("press_keys", kConditional, 1.0, kZero, [](Idiom& i) {
    const std::int64_t steps = std::clamp<std::int64_t>(i.size(), 10, 64), count = i.between(3, 5);
    const std::int64_t base = i.random().pick(std::vector<std::int64_t>{10, 10, 8});
    const std::int64_t most = i.random().pick(std::vector<std::int64_t>{1000, 10000, 100});
    const double top = static_cast<double>(most);
    const Type one = counts(i, {});
    const Interval number{0, top}, total{-50 * top, 50 * top};
    const ValueId keys = i.argument({"keys", "tokens", "presses"}, counts(i, {steps}),
                                    {0, static_cast<double>(base + count - 2)});
    i.called({"press_keys", "evaluate_sum", "calculator"});
    i.summary("Work out what a pocket calculator shows after some keys.");
    i.summary(fmt::format("Read numbers in base {} and the signs between them.", base));
    const bool trace = i.chance(0.4), closes = i.chance(0.6), packed = i.chance(0.4);
    const std::string done = i.either({"$0 + $1 * $2", "$0 + $2 * $1"});
    const auto start = [&](Words names, const std::string& value) {
      return i.let(std::move(names), "jnp.array(" + value + ")", {}, one, {-1, 1});
    };
    std::vector<Idiom::Branch> signs = key_actions(i, done, base, most, number, total);
    signs.resize(static_cast<std::size_t>(count - 1));
    const Parts state = {{{"number", "entry"}, one, number},
                         {{"sign", "direction"}, one, {-1, 1}},
                         {{"total", "acc"}, one, total}};
    const ValueId n0 = start({"entry0", "blank"}, "0"), s0 = start({"sign0", "plus"}, "1"),
                  t0 = start({"total0", "nothing"}, "0");
    const auto out = i.scan(
        {"press", "read_key"},
        {{{"entry", "number"}, n0, number, {"entry", "pending"}},
         {{"sign", "direction"}, s0, {-1, 1}, closes ? Words{"sign", "direction"} : Words{}},
         {{"total", "acc"}, t0, total, {"total", "acc"}}},
        {{{"key", "token"}, keys}},
        trace ? std::vector<Words>{{"shown", "display"}} : std::vector<Words>{}, [&](const Ids& p) {
          const ValueId kind =
              i.let({"kind", "action"},
                    i.either({fmt::format("jnp.maximum($0 - {}, 0)", base - 1),
                              fmt::format("jnp.clip($0 - {}, 0)", base - 1),
                              fmt::format("jnp.where($0 < {}, 0, $0 - {})", base, base - 1)}),
                    {p[3]}, one, {0, static_cast<double>(count - 1)});
          std::vector<Idiom::Branch> branches = {
              {{"digit", "append_digit"}, [&](const Ids& q) {
                 return Ids{i.let({"longer"}, fmt::format("({} * $0 + $1) % {}", base, most),
                                  {q[0], p[3]}, one, number),
                            q[1], q[2]};
               }}};
          branches.insert(branches.end(), signs.begin(), signs.end());
          const Ids next = i.switch_(kind, {p[0], p[1], p[2]}, state, branches,
                                     {{{"entry_next"}, one, number},
                                      {{"sign_next"}, one, {-1, 1}},
                                      {{"total_next"}, one, total}},
                                     {packed, {}});
          Ids all = next;
          if (trace) all.push_back(next[0]);
          return all;
        });
    if (closes)
      i.let({"answer", "result"}, done, {out.final[2], out.final[1], out.final[0]}, one, total);
  });
}

// Rows of a matrix in few levels: those with a wide range around zero, the others from their least
// element or in fine steps.
Op quantize_rows() {
  return idiom("quantize_rows", kConditional, 0.9, kZero, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "weights", "activations"}, 2, 2, {-3, 3});
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1);
    if (rows < 3 || width < 3) return i.fail();
    const Type row{i.real(), {width}}, one = scalar(i);
    const Interval range{-3, 3}, sizes{0.5, 3};
    i.called({"quantize_rows", "adaptive_quantize", "quantize_by_range"});
    i.summary("Quantise each row in the way that suits its range.");
    const std::int64_t measure = i.between(0, 2);
    const auto measured = [&](const std::string& axis) {
      return measure == 2   ? "jnp.std($0" + axis + ")"
             : measure == 1 ? "jnp.sqrt(jnp.mean($0**2" + axis + "))"
                            : "jnp.max(jnp.abs($0)" + axis + ")";
    };
    const ValueId sized =
        i.let({"row_sizes", "spans"}, measured(", axis=-1"), {x}, Shape{rows}, sizes);
    const ValueId usual = i.let({"usual", "typical"}, i.either({"jnp.mean($0)", "$0.mean()"}),
                                {sized}, Shape{}, sizes);
    const std::string levels = i.either({"7.0", "15.0", "3.0", "31.0"});
    const std::int64_t narrow = i.between(0, 2);
    const BodyId each = i.function(
        {"quantize", "quantize_row"}, {{{"r", "row"}, row, range}, {{"size", "span"}, one, sizes}},
        [&](const Ids& p) {
          const ValueId wide =
              test(i, {"wide", "outlier"}, "{s} > {u}", {{"s", p[1]}, {"u", usual}});
          return i.cond(
              wide, {p[0]}, {{{"v", "values"}, row, range}}, {"symmetric", "around_zero"},
              [&](const Ids& q) {
                const ValueId step = i.let({"step", "scale"}, "jnp.max(jnp.abs($0)) / " + levels,
                                           {q[0]}, Shape{}, {0.05, 1});
                return Ids{
                    i.let({"quantized"}, "jnp.round($0 / $1) * $1", {q[0], step}, row, range)};
              },
              narrow == 0 ? Words{"fine_steps", "fine_grid"} : Words{"asymmetric", "from_least"},
              [&](const Ids& q) {
                if (narrow == 0)
                  return Ids{i.let({"fine"}, "jnp.round(64.0 * $0) / 64.0", {q[0]}, row, range)};
                const ValueId low = i.let({"low", "offset"}, i.either({"jnp.min($0)", "$0.min()"}),
                                          {q[0]}, Shape{}, {-3, 0});
                const ValueId step = i.let({"step", "scale"}, "(jnp.max($0) - $1) / " + levels,
                                           {q[0], low}, Shape{}, {0.05, 1});
                return Ids{i.let({"quantized"},
                                 narrow == 1 ? "jnp.round(($0 - $2) / $1) * $1 + $2"
                                             : "jnp.floor(($0 - $2) / $1 + 0.5) * $1 + $2",
                                 {q[0], step, low}, row, range)};
              },
              {{{"levels", "rounded"}, row, range}});
        },
        {2});
    const ValueId out = i.let({"quantized", "rounded"}, "lax.map($f0, ($0, $1))", {x, sized},
                              Bodies{each}, Type{i.real(), {rows, width}}, range);
    if (i.chance(0.5)) {
      i.keep(out);
      i.let({"mse", "distortion"},
            i.either({"jnp.mean(($0 - $1) ** 2)", "jnp.mean(jnp.square($0 - $1))"}), {x, out},
            Shape{}, {0, 1});
    }
  });
}

}  // namespace

std::vector<Op> branch_data_idioms() {
  return {solve_by_condition(), bracket_tariff(),
          augment_by_kind(),    with_traits(kKnownNorm, hybrid_layers()),
          cache_requests(),     press_keys(),
          quantize_rows()};
}

}  // namespace jaxsmith::plan
