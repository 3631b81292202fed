// Members that follow a change through the root's function, forward or back: by a tangent, a
// cotangent, a Jacobian.
#include <fmt/format.h>

#include <algorithm>

#include "plan/holes.h"
#include "plan/jax/mapping.h"
#include "plan/jax/member_calls.h"
#include "plan/jax/member_forms.h"
#include "plan/jax/member_text.h"

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;
using enum Quantity;

const Body& function_of(const Program& root) {
  return root.bodies[static_cast<std::size_t>(root.root)];
}
const Type& type_of(const Program& root, std::int64_t number) {
  const ValueId id = function_of(root).parameters[static_cast<std::size_t>(number)];
  return root.values[static_cast<std::size_t>(id)].type;
}
const Value& result_value(const Program& root, const Subject& s) {
  return root.values[static_cast<std::size_t>(function_of(root).results[s.result])];
}
bool is_half(const Program& root, const Subject& s) {
  return tensor::byte_size(type_of(root, s.numbers[0]).dtype) == 2 ||
         tensor::byte_size(result_value(root, s).type.dtype) == 2;
}
bool all_numbers(const Program& root, const Subject& s) {
  return std::ranges::all_of(s.numbers,
                             [&](std::int64_t n) { return type_of(root, n).rank() == 0; });
}
// What is only added, so that a derivative in it says nothing.
bool is_added(const Subject& s) {
  const std::string& word = s.words[0];
  return word == "b" || word.starts_with("bias") || word.starts_with("b_") ||
         word.starts_with("shift") || word.starts_with("offset");
}
// Whether something in it bends: the tangent of a linear function is the function again.
bool bends(const Body& body) {
  static const std::vector<std::string> kSigns = {
      "exp(", "log(",   "tanh",    "sigmoid", "sqrt",     "softmax", "**",    "sin(",
      "cos(", "norm",   "elu",     "silu",    "softplus", "/ $",     "solve", "inv(",
      "abs",  "square", "cumprod", "swish",   "max(",     "min(",    "clip",  "where(",
      "erf",  "pdf",    "cdf",     "special", "sinc",     "hypot"};
  return std::ranges::any_of(body.nodes, [](const Node& node) {
    return std::ranges::any_of(kSigns, [&](const std::string& sign) {
      return node.spelling.find(sign) != std::string::npos;
    });
  });
}
bool bends(const Program& root) {
  return std::ranges::any_of(root.bodies, [](const Body& body) { return bends(body); });
}

std::string last_argument(Wrapper& w) {
  return fmt::format("`${}`", w.body(w.entry()).parameters.size() - 1);
}

ValueId change_of(Wrapper& w, ValueId of, const Words& names, Random& random) {
  return more_argument(w, w.at(of).type, -1, 1, names, random);
}

// ---- Forward ----

// A pullback or a linear map: a function among the results.
ValueId function_value(Wrapper& w, std::string hint) {
  const ValueId out = w.value(w.entry(), {}, std::move(hint));
  w.at(out).reserved = w.at(out).weak = true;
  return out;
}

Member tangent(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "directional_derivative");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Objective f = closure_of(w, s, parameters, random);
  const std::size_t n = f.arguments.size();
  std::vector<ValueId> operands = f.arguments;
  for (std::size_t k = 0; k < n; ++k) {
    Words words = {"tangent", "direction", "perturbation"};
    if (n > 1) words = s.words[k].empty() ? Words{"tangent"} : Words{s.words[k] + "_tangent"};
    operands.push_back(change_of(w, f.arguments[k], words, random));
  }
  const std::string along = n == 1 ? last_argument(w) : "the tangents";
  const bool linearized = n == 1 && random.chance(0.35);
  Words names = {"directional_derivative", "jvp_of_$f", "linear_response", "push_forward"};
  w.introduce(w.entry(), names,
              {"`$f` and its directional derivative in " + by(s) + " along " + along + ".",
               "First-order response of `$f` to a change of " + by(s) + " by " + along + ".",
               "Directional derivative in " + by(s) + " along " + along + "."});
  const Type type = result_value(root, s).type;
  const ValueId out = w.value(w.entry(), type, "primal_out"),
                moved = w.value(w.entry(), type, "tangent_out");
  if (linearized) {
    const ValueId map = function_value(w, "f_jvp");
    w.node(w.entry(), "call", "jax.linearize($f0, $0)", {operands[0]}, {out, map}).bodies = {
        f.body};
    w.node(w.entry(), "call", "$0($1)", {map, operands[1]}, {moved});
  } else {
    const std::string comma = n == 1 ? "," : "";
    w.node(w.entry(), "call",
           fmt::format("jax.jvp($f0, ({}{}), ({}{}))", holes(0, n), comma, holes(n, n), comma),
           operands, {out, moved})
        .bodies = {f.body};
  }
  w.finish(w.entry(), {out, moved});
  for (std::size_t i = 0; i < n; ++i)
    w.derivative(out, moved, Differentiation::kTangent, static_cast<std::size_t>(s.numbers[i]),
                 parameters.size() + i);
  return {w.take(), "jvp", "base"};
}

// The value that a function is expected to have nearby.
Member forecast(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "linear_estimate");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Objective f = closure_of(w, s, parameters, random);
  const ValueId p = f.arguments[0];
  const Value like = w.at(p);
  const Type type = result_value(root, s).type;
  const ValueId other = w.parameter(w.entry(), like, like.type, "new_" + s.words[0]);
  w.at(other).names = {"new_" + s.words[0], s.words[0] + "_after"};
  w.introduce(
      w.entry(), {"linear_estimate", "first_order_estimate", "extrapolate"},
      {"First-order estimate of `$f` at " + last_argument(w) + " from its value at " + by(s) + ".",
       "First-order estimate at " + last_argument(w) + "."});
  const ValueId step = entry_step(w, "$0 - $1", {other, p}, like.type, {"change", "step"}, random);
  const ValueId out = w.value(w.entry(), type, "here"), moved = w.value(w.entry(), type, "change");
  w.at(out).names = {"value", "here"}, w.at(moved).names = {"slope_term", "correction"};
  w.node(w.entry(), "call", "jax.jvp($f0, ($0,), ($1,))", {p, step}, {out, moved}).bodies = {
      f.body};
  w.finish(w.entry(), {entry_step(w, "$0 + $1", {out, moved}, type, {"estimate"}, random)});
  return {w.take(), "jvp", "base"};
}

// ---- Back ----

Member cotangent(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "pull_back");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Objective f = closure_of(w, s, parameters, random);
  const Type type = result_value(root, s).type;
  const ValueId given =
      more_argument(w, type, -1, 1, {"cotangent", "grad_out", "upstream"}, random);
  w.introduce(
      w.entry(), {"backward", "pullback", "vjp_of_$f", "backward_pass"},
      {"`$f`, and the cotangent " + last_argument(w) + " pulled back to " + by(s) + ".",
       "Forward pass through `$f`, and backward from " + last_argument(w) + " to " + by(s) + "."});
  const ValueId out = w.value(w.entry(), type, "out"), pullback = function_value(w, "pullback");
  w.node(w.entry(), "call", fmt::format("jax.vjp($f0, {})", holes(0, f.arguments.size())),
         f.arguments, {out, pullback})
      .bodies = {f.body};
  std::vector<ValueId> bars;
  for (const ValueId id : f.arguments) {
    bars.push_back(w.value(w.entry(), w.at(id).type, "grad"));
    w.at(bars.back()).named_as = id;
  }
  // A pullback gives a tuple, also of one.
  w.node(w.entry(), "call", "$0($1)", {pullback, given}, bars).result_groups = {
      static_cast<int>(bars.size())};
  std::vector<ValueId> results = {out};
  results.insert(results.end(), bars.begin(), bars.end());
  w.finish(w.entry(), results);
  for (std::size_t i = 0; i < bars.size(); ++i)
    w.derivative(out, bars[i], Differentiation::kCotangent, static_cast<std::size_t>(s.numbers[i]),
                 parameters.size());
  return {w.take(), "vjp", "base"};
}

// ---- Jacobians ----

constexpr std::int64_t kMostEntries = 256;

// Where a result has an axis as long as one of the argument's, each of its elements may answer one
// of the argument's alone: most of such a Jacobian is zero.
bool may_be_sparse(const Type& out, const Type& in) {
  return std::ranges::any_of(in.shape, [&](std::int64_t n) {
    return n > 1 && std::ranges::find(out.shape, n) != out.shape.end();
  });
}

// The Jacobian of the root's function itself.
ValueId jacobian_of(Wrapper& w, const Subject& s, const std::vector<ValueId>& parameters, Type type,
                    Words names, std::string& mode, Random& random) {
  const Objective f{w.inner_id(), parameters};
  const Type in = w.at(parameters[static_cast<std::size_t>(s.numbers[0])]).type;
  const bool wide = tensor::element_count(in.shape) > tensor::element_count(type.shape);
  const std::string by = wide || random.chance(0.3) ? "jacrev" : "jacfwd";
  mode = in.rank() == 0 ? "jacfwd" : by;
  // Cotangents pulled back have the argument's type.
  if (mode == "jacrev") type.dtype = in.dtype;
  type.shape.insert(type.shape.end(), in.shape.begin(), in.shape.end());
  return derived(w, "jax." + mode, f, s, std::move(type), std::move(names), random);
}

ValueId root_value(Wrapper& w, const std::vector<ValueId>& parameters, const Type& type,
                   Words names, Random& random) {
  return value_of(w, {w.inner_id(), parameters}, type, std::move(names), random);
}

Member jacobian(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "jacobian");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Type type = result_value(root, s).type;
  const bool curve = type_of(root, s.numbers[0]).rank() == 0;
  Words names = curve ? with_argument(s, {"sensitivity_to_", "response_to_"}) : Words{};
  names.insert(names.end(), {curve ? "sensitivity_curve" : "jacobian_of_$f",
                             curve ? "$f_sensitivity" : "linearized_$f"});
  w.introduce(w.entry(), names,
              curve ? Words{"`$f` and how each of its elements changes with " + by(s) + ".",
                            "`$f` and its derivative in " + by(s) + "."}
                    : Words{"`$f` and its Jacobian in " + by(s) + ".",
                            "Linearize `$f` about " + by(s) + ": its value and its Jacobian."});
  const ValueId value = root_value(w, parameters, type, {"value", "out"}, random);
  std::string mode;
  const ValueId result = jacobian_of(
      w, s, parameters, type,
      curve ? Words{"sensitivity", "d_" + s.words[0]} : Words{"jacobian", "jac"}, mode, random);
  w.finish(w.entry(), {value, result});
  w.derivative(value, result, Differentiation::kReverse, static_cast<std::size_t>(s.numbers[0]));
  return {w.take(), mode, "base"};
}

// The spread of a result that independent errors of an argument make, to first order.
Member covariance(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "propagated_covariance");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Type type = result_value(root, s).type, in = type_of(root, s.numbers[0]);
  const ValueId sigma = more_argument(w, in, 0.1, 1, {s.words[0] + "_std", "sigma"}, random);
  w.introduce(
      w.entry(), {"propagated_covariance", "output_covariance", "error_propagation"},
      {"First-order covariance of `$f` for independent errors " + last_argument(w) + " in " +
           by(s) + ".",
       "Propagate the standard errors " + last_argument(w) + " of " + by(s) + " through `$f`."});
  const ValueId value = root_value(w, parameters, type, {"value", "mean"}, random);
  std::string mode;
  const ValueId jac = jacobian_of(w, s, parameters, type, {"jac", "jacobian"}, mode, random);
  const std::int64_t n = type.shape[0];
  const ValueId scaled =
      entry_step(w, "$0 * $1", {jac, sigma}, {type.dtype, {n, in.shape[0]}}, {"scaled"}, random);
  const ValueId out =
      entry_step(w, "$0 @ $0.T", {scaled}, {type.dtype, {n, n}}, {"covariance", "cov"}, random);
  w.finish(w.entry(), {value, out});
  return {w.take(), mode, "base"};
}

// The same of a number, by its gradient.
Member uncertainty(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "uncertainty");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  Objective f{w.inner_id(), parameters};
  f.words = s.values;
  std::vector<ValueId> sigmas;
  for (const std::string& word : s.words)
    sigmas.push_back(more_argument(w, result_value(root, s).type, 0.05, 0.3,
                                   {word + "_std", word + "_error"}, random));
  w.introduce(
      w.entry(), {"$f_uncertainty", "propagated_error", "error_bar"},
      {"`$f` and its standard error for independent errors in " + by(s) + ", to first order."});
  const GradientCall call = call_gradient(w, f, s, true, random);
  const Type type = result_value(root, s).type;
  ValueId out = kNoValue;
  if (is_one(s)) {
    out = entry_step(w, "jnp.abs($0) * $1", {call.grads.values[0], sigmas[0]}, type,
                     {"uncertainty", "std"}, random);
  } else {
    std::vector<ValueId> operands;
    std::string sum;
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      operands.insert(operands.end(), {call.grads.values[i], sigmas[i]});
      sum += fmt::format("{}(${} * ${}) ** 2", i ? " + " : "", 2 * i, 2 * i + 1);
    }
    out = entry_step(w, "jnp.sqrt(" + sum + ")", operands, type, {"uncertainty", "std"}, random);
  }
  w.finish(w.entry(), {call.value[0], out});
  return {w.take(), "value_and_grad", "base"};
}

// ---- Fits ----

// Towards the argument at which the function has a given value.
Member calibration(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "calibrate");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  Objective f{w.inner_id(), parameters};
  f.words = s.values;
  const Interval reach = practical(result_value(root, s).stats);
  const Type type = result_value(root, s).type;
  const ValueId target =
      more_argument(w, type, reach.lo, reach.hi, {"target", "quoted", "measured"}, random);
  Words names = with_argument(s, {"calibrate_", "solve_for_", "implied_"});
  names.push_back("calibration_step");
  w.introduce(w.entry(), names,
              {"One damped Newton step of " + by(s) + " towards the value at which `$f` is " +
                   last_argument(w) + ".",
               "Calibrate " + by(s) + " by one damped Newton step."});
  const GradientCall call = call_gradient(w, f, s, true, random);
  const ValueId gap =
      entry_step(w, "$0 - $1", {call.value[0], target}, type, {"gap", "residual"}, random);
  const std::string damping = random.pick(Words{"1e-3", "1e-2", "0.1"});
  const ValueId p = parameters[static_cast<std::size_t>(s.numbers[0])];
  const ValueId next =
      entry_step(w, "$0 - $1 * $2 / ($2**2 + " + damping + ")", {p, gap, call.grads.values[0]},
                 type, {"next_" + s.words[0], "updated"}, random);
  w.finish(w.entry(), {next, gap});
  return {w.take(), "value_and_grad", "base"};
}

Member gauss_newton(const Program& root, const Subject& s, Random& random) {
  Wrapper w(root, "gauss_newton_step");
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Value result = result_value(root, s);
  const Type in = type_of(root, s.numbers[0]);
  const bool given = s.quantity == kResidual;
  ValueId target = kNoValue;
  if (!given) {
    const Interval reach = practical(result.stats);
    target = more_argument(w, result.type, reach.lo, reach.hi, {"targets", "observed", "measured"},
                           random);
  }
  const std::string what = given ? "the squares of `$f`" : "`$f` to " + last_argument(w);
  w.introduce(w.entry(), {"gauss_newton_step", "levenberg_marquardt_step", "least_squares_step"},
              {std::string("One damped Gauss-Newton step of ") + by(s) +
                   (given ? " on " : ", which fits ") + what + ".",
               "One damped Gauss-Newton step of " + by(s) + "."});
  ValueId residual = root_value(w, parameters, result.type, {"predicted", "model"}, random);
  if (given)
    w.at(residual).names = {"residual"};
  else
    residual = entry_step(w, "$0 - $1", {residual, target}, result.type, {"residual"}, random);
  std::string mode;
  const ValueId jac = jacobian_of(w, s, parameters, result.type, {"jac", "jacobian"}, mode, random);
  const std::string damping = random.pick(Words{"1e-2", "0.1", "1.0"});
  const ValueId p = parameters[static_cast<std::size_t>(s.numbers[0])];
  ValueId step = kNoValue;
  if (in.rank() == 0) {
    step = entry_step(w, "jnp.vdot($0, $1) / (jnp.vdot($0, $0) + " + damping + ")", {jac, residual},
                      in, {"step", "delta"}, random);
  } else {
    const std::int64_t n = in.shape[0], m = tensor::element_count(result.type.shape);
    ValueId rows = jac, flat = residual;
    if (result.type.rank() > 1) {
      rows = entry_step(w, fmt::format("$0.reshape(-1, {})", n), {jac}, {in.dtype, {m, n}},
                        {"rows", "jac_rows"}, random);
      flat = entry_step(w, "$0.ravel()", {residual}, {in.dtype, {m}}, {"flat"}, random);
    }
    const ValueId normal = entry_step(w, fmt::format("$0.T @ $0 + {} * jnp.eye({})", damping, n),
                                      {rows}, {in.dtype, {n, n}}, {"normal", "gram"}, random);
    const ValueId rhs = entry_step(w, "$0.T @ $1", {rows, flat}, in, {"rhs", "gradient"}, random);
    step = entry_step(w, "jnp.linalg.solve($0, $1)", {normal, rhs}, in, {"step", "delta"}, random);
  }
  const ValueId next =
      entry_step(w, "$0 - $1", {p, step}, in, {"next_" + s.words[0], "updated"}, random);
  w.finish(w.entry(), {next});
  return {w.take(), mode, "base"};
}

// ---- When they apply ----

bool alone(const Subject& s) { return s.rest.empty() && s.quantity != kMetric; }
bool goes_along(const Program& root, const Subject& s) {
  const bool number = s.quantity == kNumber && all_numbers(root, s);
  return alone(s) && (s.is_array() || number || s.quantity == kUnnamed);
}
bool has_small_jacobian(const Program& root, const Subject& s) {
  const Type& in = type_of(root, s.numbers[0]);
  const Type& out = result_value(root, s).type;
  return is_one(s) && alone(s) && s.is_array() && !s.thin && in.rank() <= 1 &&
         out.dtype == in.dtype && maps(root) &&
         tensor::element_count(in.shape) * tensor::element_count(out.shape) <= kMostEntries;
}
bool is_named_number(const Program& root, const Subject& s) {
  return alone(s) && (s.quantity == kNumber || s.quantity == kPrice) &&
         s.role == Role::kParameter && all_numbers(root, s) && !is_half(root, s) &&
         std::ranges::all_of(s.numbers, [&](std::int64_t n) {
           return type_of(root, n).dtype == result_value(root, s).type.dtype;
         });
}

}  // namespace

std::vector<DerivativeForm> response_forms() {
  using P = const Program&;
  using S = const Subject&;
  return {
      {"tangent",
       [](P r, S s) {
         const bool few = is_one(s) || (s.complete && s.numbers.size() == 2);
         const bool learnt = s.is_array() && s.role == Role::kParameter;
         return when(few && goes_along(r, s) && !is_added(s) && bends(r) && (!s.thin || is_one(s)),
                     learnt ? 0.5 : 1.2);
       },
       tangent},
      {"forecast", [](P r, S s) { return when(is_named_number(r, s) && is_one(s), 0.8); },
       forecast},
      {"cotangent",
       [](P, S s) {
         return when(alone(s) && s.is_array() && s.quantity != kResidual && !s.thin &&
                         s.numbers.size() <= 4,
                     1.2);
       },
       cotangent},
      {"jacobian",
       [](P r, S s) {
         return when(has_small_jacobian(r, s) &&
                         !may_be_sparse(result_value(r, s).type, type_of(r, s.numbers[0])),
                     1);
       },
       jacobian},
      {"covariance",
       [](P r, S s) {
         return when(has_small_jacobian(r, s) && !is_half(r, s) &&
                         result_value(r, s).type.rank() == 1 &&
                         type_of(r, s.numbers[0]).rank() == 1,
                     0.7);
       },
       covariance},
      {"uncertainty",
       [](P r, S s) { return when(is_named_number(r, s) && s.numbers.size() <= 3, 1.2); },
       uncertainty},
      {"calibration",
       [](P r, S s) {
         const Interval reach = practical(result_value(r, s).stats);
         return when(is_named_number(r, s) && is_one(s) && reach.hi - reach.lo > 0.05, 1);
       },
       calibration},
      {"gauss_newton",
       [](P r, S s) {
         return when(has_small_jacobian(r, s) && !is_half(r, s) && s.role == Role::kParameter &&
                         s.quantity != kLogits && has_misfit(r, s) &&
                         result_value(r, s).type.rank() > 0,
                     1.2);
       },
       gauss_newton},
  };
}

}  // namespace jaxsmith::plan
