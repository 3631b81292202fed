// Uses of all that a program does, as one function: mapped over a batch, in a loop, under a
// condition, differentiated. The open root is a call of that function alone, which becomes the use.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/mapping.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/settings.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {
using Words = Idiom::Words;

// The call under way.
struct Whole {
  Idiom& i;
  Builder& b;
  Body& root;
  Node& call;
  BodyId f;

  Value& value(ValueId id) { return b.program().values[static_cast<std::size_t>(id)]; }
  Value& operand(std::size_t k) { return value(call.operands[k]); }
  Value& result() { return value(call.results[0]); }
  std::size_t count() const { return call.operands.size(); }
  bool alone() const { return call.results.size() == 1 && call.results[0] != kNoValue; }

  // "mean_power_of_batch"; what it does, and then.
  void named(const Words& ends, const std::string& then) {
    constexpr std::size_t kLongest = 32;
    const Body& inner = b.body_of(f);
    for (const std::string& end : ends)
      if (!inner.names.empty() && inner.names.front().size() + end.size() <= kLongest)
        root.names.push_back(inner.names.front() + end);
    if (!inner.summaries.empty()) {
      std::string says = inner.summaries.front();
      if (says.ends_with(".")) says.pop_back();
      root.summaries = {says + then + "."};
    }
  }
};

// What is within the function.
struct Within {
  Traits traits = 0;
  bool differentiable = true, steady = true;
  bool bends = false;  // it is not linear, whose gradient would be one number
  bool polar = false;  // phases are in it, which magnitudes do not show
};

void look_into(const Program& program, BodyId body, Within& out) {
  static const std::array<std::string_view, 9> kFewElements = {
      "max(", "min(", "median", "quantile", "sort", "arg", "top_k", "ptp", "round"};
  static const std::array<std::string_view, 11> kBends = {
      "**", "exp(", "log(", "square", "sqrt", "soft", "sigmoid", "tanh", "relu", "cos", "abs"};
  for (const Node& node : program.bodies[static_cast<std::size_t>(body)].nodes) {
    if (const Op* op = program.catalogue->find(node.op)) {
      out.traits |= op->traits;
      out.differentiable = out.differentiable && op->derivative == Derivative::kSmooth;
    }
    out.steady = out.steady && std::ranges::none_of(kFewElements, [&](std::string_view word) {
                   return node.spelling.find(word) != std::string::npos;
                 });
    out.bends = out.bends || std::ranges::any_of(kBends, [&](std::string_view word) {
                  return node.spelling.find(word) != std::string::npos;
                });
    out.polar = out.polar || node.spelling.find("1j") != std::string::npos;
    for (const BodyId inner : node.bodies) look_into(program, inner, out);
  }
}

Within within(Whole& w) {
  Within out;
  look_into(w.b.program(), w.f, out);
  return out;
}

// The type with one more axis in front; nothing where a program has none such.
std::optional<Type> batched(Whole& w, Type type, std::int64_t n) {
  type.shape.insert(type.shape.begin(), n);
  if (type.rank() > w.b.settings().max_rank || !w.b.acceptable_shape(type.shape))
    return std::nullopt;
  return type;
}

// Which operands have an axis of examples: one of reals, and others of its shape beside it.
std::vector<std::size_t> examples(Whole& w) {
  std::vector<std::size_t> reals, out;
  for (std::size_t k = 0; k < w.count(); ++k)
    if (tensor::is_real(w.operand(k).type.dtype) && w.operand(k).facts == 0 &&
        w.operand(k).type.rank() > 0)
      reals.push_back(k);
  if (reals.empty()) return {};
  const std::size_t data = reals.front();  // what the function begins with
  for (std::size_t k = 0; k < w.count(); ++k) {
    const bool beside = w.operand(k).type.shape == w.operand(data).type.shape &&
                        w.operand(k).facts == 0 && w.i.chance(0.85);
    if (k == data || beside) out.push_back(k);
  }
  return out;
}

bool widen_results(Whole& w, std::int64_t n) {
  for (const ValueId id : w.call.results)
    if (id != kNoValue && !batched(w, w.value(id).type, n)) return false;
  for (const ValueId id : w.call.results)
    if (id != kNoValue) w.value(id).type = *batched(w, w.value(id).type, n);
  return true;
}

// Gives the operands the axis, and the results where they have one; false, and nothing is
// changed, where one may not have it.
bool widen(Whole& w, const std::vector<std::size_t>& mapped, std::int64_t n, bool results) {
  for (const std::size_t k : mapped)
    if (!batched(w, w.operand(k).type, n)) return false;
  if (results && !widen_results(w, n)) return false;
  for (const std::size_t k : mapped) w.operand(k).type = *batched(w, w.operand(k).type, n);
  return true;
}

bool map_over_batch(Whole& w) {
  if ((within(w).traits & (kUnmapped | kOverDevices)) != 0) return false;
  if (!worth_mapping(w.b, w.f)) return false;
  const std::vector<std::size_t> mapped = examples(w);
  const std::int64_t n = few(w.i, 16);
  if (mapped.empty() || !widen(w, mapped, n, /*results=*/true)) return false;
  std::string axes;
  for (std::size_t k = 0; k < w.count(); ++k)
    axes += fmt::format("{}{}", k ? ", " : "", std::ranges::count(mapped, k) ? "0" : "None");
  const bool all = mapped.size() == w.count();
  w.call.spelling = fmt::format("jax.vmap($f0{})({})", all ? "" : ", in_axes=(" + axes + ")",
                                Idiom::holes(0, w.count()));
  w.named({"_of_batch", "_per_example"}, ", for each example of a batch");
  return true;
}

// A call of it on one example; the others are as they are. `one` of the place among the mapped.
std::string call_on(Whole& w, const std::vector<std::size_t>& mapped,
                    const std::function<std::string(std::size_t)>& one) {
  std::string out;
  for (std::size_t k = 0; k < w.count(); ++k) {
    const auto at = std::ranges::find(mapped, k);
    out +=
        (k ? ", " : "") + (at == mapped.end() ? fmt::format("${}", k)
                                              : one(static_cast<std::size_t>(at - mapped.begin())));
  }
  return "$f0(" + out + ")";
}

bool loop_over_batch(Whole& w) {
  if ((within(w).traits & kOverDevices) != 0) return false;
  const std::vector<std::size_t> mapped = examples(w);
  const std::int64_t n = few(w.i, 16);
  if (mapped.empty()) return false;
  // What people add up.
  static const Words kSummed = {"loss", "losses", "total", "energy",  "penalty",
                                "cost", "nll",    "power", "misfit",  "log_likelihood",
                                "work", "sum",    "count", "revenue", "log_prob"};
  const bool adds = w.alone() && kind_of(w.result().type.dtype) == kReal && !half_precision(w.i) &&
                    goes_by(w.result(), kSummed) && w.i.chance(0.6);
  if (!widen(w, mapped, n, /*results=*/!adds)) return false;
  if (!adds) {
    std::string rows;
    for (const std::size_t k : mapped) rows += fmt::format("{}${}", rows.empty() ? "" : ", ", k);
    const bool several = mapped.size() > 1;
    const std::string call = call_on(w, mapped, [&](std::size_t k) {
      return several ? fmt::format("row[{}]", k) : std::string("row");
    });
    w.call.spelling = w.count() == 1 ? "lax.map($f0, $0)"
                                     : fmt::format("lax.map(lambda row: {}, {})", call,
                                                   several ? "(" + rows + ")" : rows);
    w.named({"_row_by_row", "_of_rows"}, ", one row after another");
    return true;
  }
  Value& total = w.result();
  const double many = static_cast<double>(n);
  total.stats = uniform_stats(w.i.random(), std::min(0.0, many * total.stats.lo),
                              std::max(0.0, many * total.stats.hi), false);
  w.call.spelling = fmt::format(
      "lax.fori_loop(0, {}, lambda k, total: total + {}, jnp.zeros({}, {}))", n,
      call_on(w, mapped, [&](std::size_t k) { return fmt::format("${}[k]", mapped[k]); }),
      tuple_text(total.type.shape), dtype_text(total.type.dtype));
  w.named({"_total", "_over_batch"}, ", added up over a batch");
  return true;
}

// Without it there is its input, or for a number the mean of that.
bool under_condition(Whole& w) {
  if (!w.alone() || kind_of(w.result().type.dtype) != kReal) return false;
  const Type out = w.result().type;
  // What a result goes by that stands for the input as well.
  static const Words kTreated = {
      "updated",  "noisy",    "perturbed", "jittered",   "smoothed",     "filtered", "clipped",
      "attended", "gated",    "masked",    "normalized", "standardized", "windowed", "tapered",
      "denoised", "shuffled", "quantized", "detrended",  "centered",     "scaled",   "calibrated"};
  // What has a role is another quantity than what comes of it.
  for (const Node& node : w.b.body_of(w.f).nodes)
    if (w.b.catalogue().named(node.op).has(kSetting)) return false;
  std::vector<std::size_t> same, arrays;
  for (std::size_t k = 0; k < w.count(); ++k) {
    if (w.operand(k).type == out && goes_by(w.result(), kTreated)) same.push_back(k);
    if (w.operand(k).type.dtype == out.dtype && w.operand(k).type.rank() > 0) arrays.push_back(k);
  }
  // The plain mean stands for what is one of a kind.
  static const Words kAverages = {"mean",         "average",        "median", "middle",
                                  "trimmed_mean", "geometric_mean", "center", "weighted_mean"};
  const bool mean =
      same.empty() && out.rank() == 0 && !arrays.empty() && goes_by(w.result(), kAverages);
  if (same.size() != 1 && !mean) return false;
  const std::size_t k = w.i.random().pick(mean ? arrays : same);
  const ValueId enabled = w.i.argument({"enabled", "active", "apply"}, flags({}), {0, 1});
  const std::string input = w.count() == 1 ? "value" : fmt::format("args[{}]", k);
  w.call.spelling = fmt::format(
      "lax.cond(${}, $f0, lambda {}: {}, {})", w.count(), w.count() == 1 ? "value" : "*args",
      mean ? "jnp.mean(" + input + ")" : input, Idiom::holes(0, w.count()));
  w.call.operands.push_back(enabled);
  ++w.value(enabled).uses;
  w.result().arguments |= w.value(enabled).arguments;
  w.result().sure |= w.value(enabled).sure;
  w.named({"_if_enabled", "_when_active"},
          mean ? ", or the plain mean of its input where that is off"
               : ", or its input as it is where that is off");
  return true;
}

// "Mean power of the wave.", rather than "Calibrate the wave …".
bool names_a_quantity(const std::string& summary) {
  static const std::array<std::string_view, 12> kHeads = {
      "Mean ",   "Total ",   "Root ",      "Log ", "Expected ",  "Binary ",
      "Squared", "Weighted", "Geometric ", "Sum ", "Quadratic ", "Ridge "};
  return std::ranges::any_of(kHeads,
                             [&](std::string_view head) { return summary.starts_with(head); });
}

bool with_gradient(Whole& w) {
  if (!w.alone() || w.result().type.rank() > 0 || !tensor::is_real(w.result().type.dtype) ||
      half_precision(w.i))
    return false;
  const Within in = within(w);
  if (!in.differentiable || !in.steady || !in.bends ||
      (in.traits & (kManyInstructions | kUnsteadyDerivative | kStopsGradient)) != 0)
    return false;
  std::vector<std::size_t> smooth;
  for (std::size_t k = 0; k < w.count(); ++k)
    if (tensor::is_real(w.operand(k).type.dtype) && w.operand(k).facts == 0 &&
        (w.operand(k).grad_arguments & w.result().grad_arguments) != 0 &&
        !(in.polar && goes_by(w.operand(k), {"phase", "angle"})))
      smooth.push_back(k);
  if (smooth.empty()) return false;
  const std::size_t k = w.i.random().pick(smooth);
  const Value result = w.result(), argument = w.operand(k);
  const double steep = 2 * (result.stats.hi - result.stats.lo) /
                       std::max(argument.stats.hi - argument.stats.lo, 1e-3);
  Value slope = result;
  slope.type = argument.type;
  slope.names = {"gradient", "slope"}, slope.hint = "gradient";
  slope.stats = uniform_stats(w.i.random(), -steep, steep, false);
  slope.any_scale = true, slope.claimed = true;
  const bool both = w.i.chance(0.65);
  w.call.spelling =
      fmt::format("jax.{}($f0{})({})", both ? "value_and_grad" : "grad",
                  k == 0 ? "" : fmt::format(", argnums={}", k), Idiom::holes(0, w.count()));
  if (both) {
    w.call.results.push_back(static_cast<ValueId>(w.b.program().values.size()));
    w.b.program().values.push_back(std::move(slope));
    w.named({"_and_gradient", "_with_slope"}, ", and its gradient");
  } else {
    w.result() = std::move(slope);
    w.named({"_gradient", "_slope"}, "");
    w.root.summaries.clear();
    const Body& inner = w.b.body_of(w.f);
    if (!inner.summaries.empty() && names_a_quantity(inner.summaries.front())) {
      std::string says = inner.summaries.front();
      says[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(says[0])));
      w.root.summaries = {"Gradient of the " + says};
    }
  }
  return true;
}

Op whole(const std::string& name, Category category, bool (*use)(Whole&)) {
  return use_of_function(name, category, [use](Idiom& i) {
    Builder& b = i.builder();
    Body& root = b.open_body();
    if (root.nodes.size() != 1 || !begins_with_call(root.nodes[0])) return false;
    Whole w{i, b, root, root.nodes[0], root.nodes[0].bodies[0]};
    return use(w);
  });
}

}  // namespace

std::vector<Op> whole_settings() {
  return {whole("map_over_batch", kVectorization, map_over_batch),
          whole("loop_over_batch", kLoop, loop_over_batch),
          whole("under_condition", kConditional, under_condition),
          whole("with_gradient", kGradient, with_gradient)};
}

}  // namespace jaxsmith::plan
