// Settings of scalars, of integers, of truth values and of complex numbers.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Words = Idiom::Words;

Accept of_kind(std::uint32_t kinds, int min_rank) {
  return [=](const Value& v) {
    return (kind_of(v.type.dtype) & kinds) != 0 && v.type.rank() >= min_rank &&
           std::ranges::none_of(v.type.shape, [](std::int64_t n) { return n < 2; });
  };
}

Accept counted(int min_rank) {
  return [fits = of_kind(kIntegers, min_rank)](const Value& v) {
    const Interval reach = practical(v.stats);
    return fits(v) && std::max(-reach.lo, reach.hi) <= 1e4 && spread(v.stats) >= 1;
  };
}

// A real array of the program's type beside a value of another kind.
Type real_like(const Idiom& i, const Featured& f) { return {i.real(), f.type.shape}; }

Op power() {
  return setting("power_of_complex", kMath, 2.0, kSmooth, of_kind(kComplexKind, 0),
                 [](Idiom& i, const Featured& f) {
                   const Type out{DType::kF32, f.type.shape};
                   const double r = f.reach, r2 = std::min(1e4, r * r);
                   switch (i.between(0, f.rank() == 0 ? 2 : 3)) {
                     case 0:
                       f.called(i, "power", {"power_spectrum", "power"});
                       i.summary("Power of " + f.noun + ".");
                       i.let({"power", "intensity"},
                             i.either({"jnp.abs($0) ** 2", "$0.real**2 + $0.imag**2",
                                       "jnp.real($0 * jnp.conj($0))"}),
                             {f.id}, out, {0, r2});
                       return;
                     case 1:
                       f.called(i, "decibels", {"level_in_decibels", "log_power"});
                       i.summary("Level of " + f.noun + " in decibels.");
                       i.let({"level", "decibels"}, "20.0 * jnp.log10(jnp.abs($0) + 1e-2)", {f.id},
                             out, {-40, 60});
                       return;
                     case 2:
                       f.called(i, "phase_and_magnitude", {"polar_form", "magnitude_and_phase"});
                       i.summary("Magnitude and phase of " + f.noun + ".");
                       i.let({"magnitude", "amplitude"}, "jnp.abs($0)", {f.id}, out, {0, r});
                       i.let({"phase", "angle"}, "jnp.angle($0)", {f.id}, out, {-3.15, 3.15});
                       return;
                     default: {
                       f.called(i, "mean_power", {"mean_power", "average_power"});
                       i.summary("Mean power of " + f.noun + ".");
                       const ValueId each =
                           i.let({"power", "intensity"}, "jnp.abs($0) ** 2", {f.id}, out, {0, r2});
                       i.let({"mean_power", "energy"}, "jnp.mean($0, axis=-1)", {each},
                             {DType::kF32, i.without_axis(f.id, -1)}, {0, r2});
                     }
                   }
                 });
}

Op counts_beside_expected() {
  return setting(
      "counts_beside_expected", kArithmetic, 2.0, kSmooth, counted(0),
      [](Idiom& i, const Featured& f) {
        const Type each = real_like(i, f);
        const double top = std::max(2.0, f.range.hi);
        const ValueId expected = i.argument({"expected", "predicted", "rates"}, each, {0.5, top});
        struct Form {
          std::string name, says, form;
        };
        static const std::vector<Form> kForms = {
            {"pearson_residuals", "Pearson residuals", "$0 / jnp.sqrt($1)"},
            {"chi_squared_terms", "Terms of the chi-squared statistic", "$0**2 / $1"},
            {"relative_deviation", "Relative deviation", "$0 / $1"}};
        const Form& form = i.random().pick(kForms);
        i.called({form.name, "compare_counts"});
        i.summary(form.says + " of " + f.noun + " from what a model expects.");
        const ValueId gap =
            i.let({"deviation", "surplus"}, "$0 - $1", {f.id, expected}, each, {-2 * top, 2 * top});
        i.let({form.name, "misfit"}, form.form, {gap, expected}, each, {-2 * top, 2 * top});
      });
}

// Integers as scores: a weighted total, a share of each, a table's entries.
Op weigh_counts() {
  return setting(
      "weigh_counts", kReduction, 2.0, kSmooth, counted(1), [](Idiom& i, const Featured& f) {
        const Type each = real_like(i, f);
        const double top = std::max(1.0, f.reach);
        const bool last = f.rank() > 1 && i.chance(0.5);
        const Shape out = last ? i.without_axis(f.id, -1) : Shape{};
        const std::string axis = last ? ", axis=-1" : "";
        const ValueId weights = i.argument({"weights", "prices", "costs"}, each, {0.1, 2});
        const bool mean = i.chance(0.4);
        if (mean)
          f.called(i, "mean_cost", {"mean_cost", "average_cost"});
        else
          f.called(i, "total", {"weighted_total", "total_cost"});
        i.summary((mean ? "Mean of " : "Total of ") + f.noun +
                  (last ? " at their weights, row by row." : " at their weights."));
        const ValueId total =
            i.let({"weighted", "cost"}, "$1 * $0", {f.id, weights}, each, {-2 * top, 2 * top});
        i.let({mean ? "mean_cost" : "total", "total_cost"},
              (mean ? "jnp.mean($0" : "jnp.sum($0") + axis + ")", {total}, {i.real(), out},
              {-20 * top, 20 * top});
      });
}

Op entries_of_table() {
  return setting(
      "entries_of_table", kIndexing, 2.0, kSmooth, counted(0), [](Idiom& i, const Featured& f) {
        const std::int64_t rows = std::max<std::int64_t>(4, i.size()), width = few(i, 8);
        const bool vectors = i.chance(0.5) && f.rank() < 3;
        Shape shape = f.type.shape;
        if (vectors) shape.push_back(width);
        const ValueId table =
            i.argument({"table", "embedding", "levels"},
                       {i.real(), vectors ? Shape{rows, width} : Shape{rows}}, {-1.5, 1.5});
        f.called(i, "lookup", {"embed_ids", "look_up", "table_entries"});
        i.summary("Look up a table's entry for each of " + f.noun + ".");
        const std::string id = fmt::format("$1 % {}", rows);
        const ValueId found =
            i.let({"entries", "embedded"},
                  i.either({"$0[" + id + "]", "jnp.take($0, " + id + ", axis=0)"}), {table, f.id},
                  {i.real(), shape}, {-1.5, 1.5});
        if (shape.empty() || i.chance(0.4)) return;
        i.let({"pooled", "mean_entry"}, "jnp.mean($0, axis=0)", {found},
              {i.real(), i.without_axis(found, 0)}, {-1.5, 1.5});
      });
}

Op flags_as_mask() {
  return setting(
      "flags_as_mask", kReduction, 2.0, kSmooth, of_kind(kBoolKind, 1),
      [](Idiom& i, const Featured& f) {
        const Type each = real_like(i, f);
        const bool last = f.rank() > 1 && i.chance(0.5);
        const Shape out = last ? i.without_axis(f.id, -1) : Shape{};
        const std::string axis = last ? ", axis=-1" : "";
        const ValueId values = i.argument({"values", "measurements", "losses"}, each, {-2, 2});
        const bool mean = i.chance(0.5);
        f.called(i, mean ? "mean" : "sum",
                 {mean ? "mean_where" : "sum_where", mean ? "selected_mean" : "selected_sum"});
        i.summary(std::string(mean ? "Mean" : "Sum") + " of the values selected by " + f.noun +
                  (last ? ", row by row." : "."));
        const ValueId total = i.let({"total", "selected_sum"},
                                    i.either({"jnp.sum(jnp.where($1, $0, 0.0)" + axis + ")",
                                              "jnp.sum($0" + axis + ", where=$1)"}),
                                    {values, f.id}, {i.real(), out}, {-8, 8});
        if (!mean) return;
        const ValueId n =
            i.let({"count", "selected_count"}, "jnp.maximum(jnp.sum($0" + axis + "), 1)", {f.id},
                  counts(i, out), {1, 64});
        i.let({"mean", "selected_mean"}, "$0 / $1", {total, n}, {i.real(), out}, {-2, 2});
      });
}

Op nearest_level() {
  return setting(
      "nearest_level", kIndexing, 5.0, kSmooth, reals(0, 0), [](Idiom& i, const Featured& f) {
        const std::int64_t n = std::max<std::int64_t>(4, i.size());
        const ValueId levels = i.argument({"levels", "grid", "codebook"}, f.with({n}), f.range);
        f.called(i, "nearest", {"nearest_level", "quantize_to_levels"});
        i.summary("Nearest of the levels to " + f.noun + ", and how far it is.");
        const ValueId gaps = i.let({"distances", "gaps"}, "jnp.abs($0 - $1)", {levels, f.id},
                                   f.with({n}), {0, 2 * f.reach});
        i.let({"nearest", "level"}, "$0[jnp.argmin($1)]", {levels, gaps}, f.with({}), f.range);
        i.let({"distance", "gap"}, "jnp.min($0)", {gaps}, f.with({}), {0, f.reach});
      });
}

}  // namespace

std::vector<Op> number_settings() {
  return {power(),         weigh_counts(), counts_beside_expected(), entries_of_table(),
          flags_as_mask(), nearest_level()};
}

}  // namespace jaxsmith::plan
