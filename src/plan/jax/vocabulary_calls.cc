// What functions of JAX do, and how those that take functions are called.
#include <fmt/format.h>

#include "plan/jax/vocabulary.h"

namespace jaxsmith::plan {
namespace {

std::string further(const std::string& arguments) {
  return arguments.empty() ? "" : ", " + arguments;
}

}  // namespace

Calls known_calls() {
  Calls out;
  out.loops = {{"lax.map", {.slices = true}},
               {"lax.scan", {.carries = true, .slices = true}},
               {"while_loop", {.carries = true}}};
  out.derivatives = {"grad", "value_and_grad", "jacfwd", "jacrev", "hessian", "jvp",
                     "vjp",  "linearize",      "defvjp", "defjvp"};
  out.directional = {"jvp", "linearize", "defjvp"};
  out.maps = {"vmap", "vectorize"};
  out.orders = {"argmax", "argmin", "nanargmax", "nanargmin", "argsort", "argpartition"};
  out.constants = {"stop_gradient"};
  // A softmax is nearly that of its largest element, where that is far above the others.
  out.thinning = {"max",         "amax",        "nanmax",      "fmax",        "argmax",
                  "nanargmax",   "cummax",      "pmax",        "reduce_max",  "softmax",
                  "log_softmax", "segment_max", "scatter_max", "min",         "amin",
                  "nanmin",      "fmin",        "argmin",      "nanargmin",   "cummin",
                  "pmin",        "reduce_min",  "segment_min", "scatter_min", "maximum",
                  "minimum",     "where",       "argwhere",    "clip"};
  out.thinning_named = {"relu",     "relu6",        "leaky_relu",   "sort",
                        "sorted",   "argsort",      "lexsort",      "sort_key_val",
                        "take",     "sort_complex", "searchsorted", "take_along_axis",
                        "top_k",    "index_take",   "median",       "nanmedian",
                        "quantile", "nanquantile",  "percentile",   "nanpercentile"};
  out.totals = {"sum",         "nansum",         "cumsum", "nancumsum", "psum", "reduce_sum",
                "segment_sum", "cumulative_sum", "mean",   "nanmean",   "pmean"};
  out.total_methods = {"sum", "mean"};
  out.fills = {"zeros_like", "ones_like"};
  out.levels = {{"where", Levels::kByChoice},  {"maximum", Levels::kAtLimit},
                {"minimum", Levels::kAtLimit}, {"relu", Levels::kAlways},
                {"one_hot", Levels::kAlways},  {"sign", Levels::kAlways},
                {"eye", Levels::kAlways}};
  out.meanings = {{"astype", CallMeaning::kConversion},
                  {"asarray", CallMeaning::kConversion},
                  {"convert_element_type", CallMeaning::kConversion},
                  {"max", CallMeaning::kLargest},
                  {"amax", CallMeaning::kLargest},
                  {"maximum", CallMeaning::kAtLeast},
                  {"exp", CallMeaning::kExponential},
                  {"log", CallMeaning::kLogarithm},
                  {"log2", CallMeaning::kLogarithm},
                  {"sqrt", CallMeaning::kRoot},
                  {"rsqrt", CallMeaning::kInverseRoot},
                  {"eye", CallMeaning::kIdentityMatrix},
                  {"identity", CallMeaning::kIdentityMatrix},
                  {"where", CallMeaning::kChoice},
                  {"vmap", CallMeaning::kMap}};
  out.random_modules = {"random", "jr"};
  out.updater = "at";
  out.mapped_axes = "in_axes";
  return out;
}

ControlForms control_forms() {
  return {
      .scan =
          [](const std::string& carries, const std::string& over, std::int64_t length,
             const std::string& options) {
            const std::string of = over.empty() ? fmt::format("None, length={}", length) : over;
            return "lax.scan($f0, " + carries + ", " + of + further(options) + ")";
          },
      .repeat =
          [](std::int64_t first, std::int64_t last, const std::string& carries) {
            return fmt::format("lax.fori_loop({}, {}, $f0, {})", first, last, carries);
          },
      .repeat_while =
          [](const std::string& carries) { return "lax.while_loop($f0, $f1, " + carries + ")"; },
      .either =
          [](const std::string& operands) {
            return "lax.cond($0, $f0, $f1" + further(operands) + ")";
          },
      .one_of =
          [](const std::string& functions, const std::string& operands) {
            return "lax.switch($0, " + functions + further(operands) + ")";
          }};
}

}  // namespace jaxsmith::plan
