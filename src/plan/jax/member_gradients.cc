// Members that take a gradient: as it is, as a force or a step, with second derivatives.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/mapping.h"
#include "plan/jax/member_calls.h"
#include "plan/jax/member_forms.h"
#include "plan/jax/member_text.h"

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;
using enum Quantity;

const Value& argument(const Program& root, std::int64_t number) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  return root.values[static_cast<std::size_t>(body.parameters[static_cast<std::size_t>(number)])];
}

bool is_half(const Program& root, const Subject& s) {
  return std::ranges::any_of(s.numbers, [&](std::int64_t n) {
    return tensor::byte_size(argument(root, n).type.dtype) == 2;
  });
}

bool is_number(const Program& root, const Subject& s) {
  return is_one(s) && argument(root, s.numbers[0]).type.rank() == 0;
}
// A vector for which a matrix of second derivatives is small.
bool is_short(const Program& root, const Subject& s) {
  constexpr std::int64_t kMost = 12;
  if (!is_one(s) || !maps(root)) return false;  // a Hessian is a map
  const Type& type = argument(root, s.numbers[0]).type;
  return type.rank() == 1 && type.shape[0] >= 2 && type.shape[0] <= kMost;
}
bool is_minimized(const Subject& s) {
  return s.quantity == kLoss || s.quantity == kEnergy || s.quantity == kResidual;
}
bool fits(const Program& root, const Subject& s) {
  return s.is_array() && s.role == Role::kParameter && has_misfit(root, s);
}
bool is_scalar(const Subject& s) { return !s.is_array(); }
bool in_single(const Program& root, const Subject& s) {
  return !is_half(root, s) && s.rest.empty() && !s.thin;
}

// The entry of a member: its parameters, and packs handed on where derivatives are of whole ones.
struct Entry {
  Wrapper w;
  std::vector<ValueId> parameters;

  Entry(const Program& root, const Subject& s, std::string hint, bool whole_packs)
      : w(root, std::move(hint)) {
    if (whole_packs && takes_whole_packs(root.packs, s.numbers)) w.hand_on_packs();
    parameters = copy_parameters(w, w.entry());
  }
  ValueId first(const Subject& s) const {
    return parameters[static_cast<std::size_t>(s.numbers[0])];
  }
};

bool of_whole_packs(const Program& root, const Subject& s) {
  return std::ranges::any_of(root.packs, [&](const Pack& pack) {
    return std::ranges::find(s.numbers, static_cast<std::int64_t>(pack.members[0])) !=
           s.numbers.end();
  });
}

// ---- The gradient itself ----

// What a derivative of a price in this argument is called.
Words greek(const std::string& word) {
  if (word.starts_with("spot") || word.starts_with("stock")) return {"delta"};
  if (word.starts_with("vol") || word.starts_with("sigma")) return {"vega"};
  if (word.starts_with("rate") || word == "r") return {"rho"};
  return {};
}

void name_gradients(Wrapper& w, const Gradients& grads, const Subject& s) {
  if (!grads.packed.empty()) return;
  for (std::size_t i = 0; i < grads.values.size(); ++i) {
    Words words;
    if (s.quantity == kPrice) words = greek(s.words[i]);
    if (s.quantity == kLogDensity && grads.values.size() == 1) words = {"score"};
    if (words.empty()) continue;
    w.at(grads.values[i]).named_as = -1;
    w.at(grads.values[i]).names = std::move(words);
  }
}

Member gradient(const Program& root, const Subject& s, Random& random) {
  const bool closed = is_one(s) && !of_whole_packs(root, s) && random.chance(0.35);
  // A derivative alone need not depend on what it is not taken in; that of a misfit does.
  const bool bare = (s.is_array() || (s.complete && is_minimized(s))) && random.chance(0.45);
  Entry e(root, s, bare ? "gradient" : "value_and_grad", !closed);
  const Objective f = objective_of(e.w, s, e.parameters, closed, random);
  introduce_gradient(e.w, s, f, !bare);
  const GradientCall call = call_gradient(e.w, f, s, !bare, random);
  name_gradients(e.w, call.grads, s);
  e.w.finish(e.w.entry(), call.results(), call.groups, call.packed());
  for (std::size_t i = 0; i < call.grads.values.size() && !bare; ++i)
    e.w.derivative(call.value[0], call.grads.values[i], Differentiation::kReverse,
                   static_cast<std::size_t>(call.grads.numbers[i]));
  return {e.w.take(), bare ? "grad" : "value_and_grad", "base"};
}

// Of an energy: what pulls at a position.
Member force(const Program& root, const Subject& s, Random& random) {
  const bool bare = s.complete && random.chance(0.5);
  Entry e(root, s, "force", false);
  const Objective f = objective_of(e.w, s, e.parameters, random.chance(0.4), random);
  e.w.introduce(e.w.entry(),
                bare ? Words{"force", "forces", "conservative_force"}
                     : Words{"energy_and_force", "energy_and_forces"},
                bare ? Words{"Force on " + by(s) + ": minus the gradient of `$f`.",
                             "Negative gradient of `$f` in " + by(s) + "."}
                     : Words{"`$f` and the force on " + by(s) + ", its negative gradient."});
  const GradientCall call = call_gradient(e.w, f, s, !bare, random);
  const ValueId g = call.grads.values[0];
  const ValueId out = entry_step(e.w, "-$0", {g}, e.w.at(g).type, {"force"}, random);
  std::vector<ValueId> results = call.value;
  results.push_back(out);
  e.w.finish(e.w.entry(), std::move(results));
  return {e.w.take(), bare ? "grad" : "value_and_grad", "base"};
}

// ---- Steps ----

// A setting of the entry: an argument with a default, or written out.
std::string setting(Wrapper& w, const Words& names, const Words& values, Random& random) {
  const std::string value = random.pick(values), name = random.pick(names);
  if (!random.chance(0.6)) return value;
  w.body(w.entry()).defaults.emplace_back(name, value);
  return name;
}

// Parameters, one or a pack of them, and a multiple of their gradient.
Member step(const Program& root, const Subject& s, Random& random) {
  const bool up = s.quantity == kLogDensity || s.quantity == kUtility;
  const bool closed = is_one(s) && !of_whole_packs(root, s) && random.chance(0.3);
  Entry e(root, s, "gradient_step", !closed);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, closed, random);
  introduce_step(w, s, f, up);
  const GradientCall call = call_gradient(w, f, s, true, random);
  const Gradients& grads = call.grads;
  const std::string rate =
      setting(w, {"lr", "learning_rate", "step_size"}, {"0.1", "0.05", "0.01", "0.1"}, random);
  const auto form = [&](const std::string& p, const std::string& g) {
    return p + (up ? " + " : " - ") + rate + " * " + g;
  };
  std::vector<ValueId> operands, updated;
  for (const std::int64_t number : grads.numbers) {
    operands.push_back(e.parameters[static_cast<std::size_t>(number)]);
    updated.push_back(w.value(w.entry(), w.at(operands.back()).type, "updated"));
    w.at(updated.back()).named_as = operands.back();
  }
  for (std::size_t i = 0; i < updated.size();) {
    const auto packed = std::ranges::find(grads.packed, i, &Packed::first);
    if (packed == grads.packed.end()) {
      w.node(w.entry(), "call", form("$0", "$1"), {operands[i], grads.values[i]}, {updated[i]});
      ++i;
      continue;
    }
    // A pack as a whole; what is learnt beside it has a step of its own.
    const auto count = static_cast<std::ptrdiff_t>(root.packs[packed->pack].members.size());
    const auto from = static_cast<std::ptrdiff_t>(i);
    std::vector<ValueId> given(operands.begin() + from, operands.begin() + from + count);
    given.insert(given.end(), grads.values.begin() + from, grads.values.begin() + from + count);
    Node& node =
        w.node(w.entry(), "call",
               fmt::format("jax.tree.map(lambda p, g: {}, $0, ${})", form("p", "g"), count), given,
               {updated.begin() + from, updated.begin() + from + count});
    node.packed_operands = {{0, packed->pack}, {static_cast<std::size_t>(count), packed->pack}};
    node.packed_results = {{0, packed->pack}};
    i += static_cast<std::size_t>(count);
  }
  std::vector<ValueId> results = updated;
  const std::vector<Packed> packed = grads.packed;
  results.push_back(call.value[0]);
  results.insert(results.end(), call.rest.begin(), call.rest.end());
  w.finish(w.entry(), std::move(results), {}, packed);
  return {w.take(), "value_and_grad", "base"};
}

// By first and second derivatives.
Member newton(const Program& root, const Subject& s, Random& random) {
  Entry e(root, s, "newton_step", false);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, random.chance(0.5), random);
  const std::string what = said_of(s, f);
  w.introduce(w.entry(), {"newton_step", "newton_update", "damped_newton_step"},
              {"One damped Newton step of " + by(s) + " on " + what + ".",
               "Newton update of " + by(s) + " for " + what + ", damped."});
  const ValueId p = e.first(s);
  const Type type = w.at(p).type;
  const GradientCall call = call_gradient(w, f, s, true, random);
  const ValueId g = call.grads.values[0];
  const std::string damping = setting(w, {"damping", "ridge"}, {"0.1", "1.0", "0.5"}, random);
  ValueId next = kNoValue;
  if (type.rank() == 0) {
    const std::string text = argnums_of(f, s);
    const ValueId h = derived(w, "jax.grad(jax.grad($f0" + text + ")" + text + ")", f, s, type,
                              {"curvature", "hess"}, random);
    next = entry_step(w, "$0 - $1 / (jnp.abs($2) + " + damping + ")", {p, g, h}, type,
                      {"next_" + s.words[0], "updated"}, random);
  } else {
    const std::int64_t n = type.shape[0];
    const ValueId h =
        derived(w, "jax.hessian", f, s, {type.dtype, {n, n}}, {"hessian", "hess"}, random);
    next =
        entry_step(w, fmt::format("$0 - jnp.linalg.solve($2 + {} * jnp.eye({}), $1)", damping, n),
                   {p, g, h}, type, {"next_" + s.words[0], "updated"}, random);
  }
  w.finish(w.entry(), {next, call.value[0]});
  return {w.take(), "hessian", "base"};
}

// ---- Second derivatives ----

// The product of the Hessian with a direction, which does without the Hessian.
Member curvature(const Program& root, const Subject& s, Random& random) {
  Entry e(root, s, "hessian_vector_product", false);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, s.is_array() || !s.complete, random);
  const ValueId p = e.first(s);
  const Type type = w.at(p).type;
  const ValueId v = more_argument(w, type, -1, 1, {"direction", "v", "tangent"}, random);
  const std::string what = said_of(s, f);
  const std::string along = fmt::format("`${}`", w.body(w.entry()).parameters.size() - 1);
  w.introduce(w.entry(), {"hvp", "hessian_vector_product", "grad_and_hvp", "curvature_along"},
              {"Gradient of " + what + " in " + by(s) + ", and its Hessian times " + along + ".",
               "Hessian-vector product of " + what + " in " + by(s) + ", with the gradient."});
  const ValueId g = w.value(w.entry(), type, "grad"), h = w.value(w.entry(), type, "hvp");
  w.at(g).named_as = p;
  w.at(h).names = {"hvp", "curvature"};
  if (random.chance(0.7)) {
    w.node(w.entry(), "call", "jax.jvp(jax.grad($f0), ($0,), ($1,))", {p, v}, {g, h}).bodies = {
        f.body};
  } else {
    w.node(w.entry(), "call", "jax.grad($f0)($0)", {p}, {g}).bodies = {f.body};
    w.node(w.entry(), "call", "jax.grad(lambda p: jnp.vdot(jax.grad($f0)(p), $1))($0)", {p, v}, {h})
        .bodies = {f.body};
  }
  w.finish(w.entry(), {g, h});
  return {w.take(), "jvp", "base"};
}

Member hessian(const Program& root, const Subject& s, Random& random) {
  Entry e(root, s, "hessian", false);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, random.chance(0.4), random);
  const Type type = w.at(e.first(s)).type;
  const bool information = s.quantity == kLogDensity;
  if (information)
    w.introduce(w.entry(), {"observed_information", "information_matrix"},
                {"`$f` and the observed information on " + by(s) + ", minus its Hessian."});
  else if (s.quantity == kEnergy)
    w.introduce(w.entry(), {"stiffness_matrix", "energy_and_stiffness"},
                {"`$f` and the stiffness matrix, its Hessian in " + by(s) + "."});
  else
    w.introduce(
        w.entry(), {"loss_and_hessian", "curvature_matrix"},
        {"The " + (f.about.empty() ? "loss" : f.about) + " and its Hessian in " + by(s) + "."});
  const ValueId value = value_of(w, f, {type.dtype, {}}, f.words, random);
  const std::int64_t n = type.shape[0];
  ValueId h = derived(w, "jax.hessian", f, s, {type.dtype, {n, n}}, {"hessian", "hess"}, random);
  if (information) h = entry_step(w, "-$0", {h}, {type.dtype, {n, n}}, {"information"}, random);
  w.finish(w.entry(), {value, h});
  return {w.take(), "hessian", "base"};
}

// The slope and the curvature of a price in the price of what it is on.
Member second_greek(const Program& root, const Subject& s, Random& random) {
  Entry e(root, s, "delta_gamma", false);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, random.chance(0.4), random);
  const Type type = w.at(e.first(s)).type;
  w.introduce(w.entry(), {"delta_gamma", "price_delta_gamma", "spot_greeks"},
              {"`$f` with its delta and gamma, the derivatives in " + by(s) + "."});
  const GradientCall call = call_gradient(w, f, s, true, random);
  w.at(call.grads.values[0]).named_as = -1;
  w.at(call.grads.values[0]).names = {"delta"};
  const std::string text = argnums_of(f, s);
  const ValueId gamma =
      derived(w, "jax.grad(jax.grad($f0" + text + ")" + text + ")", f, s, type, {"gamma"}, random);
  w.finish(w.entry(), {call.value[0], call.grads.values[0], gamma});
  return {w.take(), "value_and_grad", "base"};
}

// A step of Langevin's equation: along the score, and noise.
Member langevin(const Program& root, const Subject& s, Random& random) {
  Entry e(root, s, "langevin_step", false);
  Wrapper& w = e.w;
  const Objective f = objective_of(w, s, e.parameters, random.chance(0.4), random);
  const ValueId x = e.first(s);
  const Type type = w.at(x).type;
  const ValueId noise = more_argument(w, type, -2, 2, {"noise"}, random);
  w.introduce(w.entry(), {"langevin_step", "ula_step", "langevin_update"},
              {"One step of unadjusted Langevin dynamics of " + by(s) +
               (s.quantity == kEnergy ? " in the energy `$f`." : " towards the density `$f`.")});
  const GradientCall call = call_gradient(w, f, s, true, random);
  const std::string rate = setting(w, {"step_size", "eps"}, {"0.05", "0.1", "0.01"}, random);
  const std::string sign = s.quantity == kEnergy ? " - " : " + ";
  const ValueId moved = entry_step(w, "$0" + sign + rate + " * $1", {x, call.grads.values[0]}, type,
                                   {"drifted", "mean"}, random);
  const ValueId next = entry_step(w, "$0 + jnp.sqrt(2.0 * " + rate + ") * $1", {moved, noise}, type,
                                  {"proposal", "next_" + s.words[0]}, random);
  w.finish(w.entry(), {next, call.value[0]});
  return {w.take(), "value_and_grad", "base"};
}

bool has_gradient(const Program& root, const Subject& s) {
  if (s.thin) return false;
  // A number answers numbers; how it answers a whole array is seldom asked.
  const auto is_number = [&](std::int64_t n) { return argument(root, n).type.rank() == 0; };
  if (s.quantity == kNumber && !std::ranges::all_of(s.numbers, is_number)) return false;
  if (s.is_array()) return fits(root, s);
  return true;
}

}  // namespace

std::vector<DerivativeForm> gradient_forms() {
  using P = const Program&;
  using S = const Subject&;
  return {
      {"gradient", [](P r, S s) { return when(has_gradient(r, s), is_scalar(s) ? 3 : 1.5); },
       gradient},
      {"force",
       [](P r, S s) {
         return when(s.quantity == kEnergy && s.role == Role::kState && is_one(s) &&
                         has_gradient(r, s) && s.rest.empty(),
                     6);
       },
       force},
      {"step",
       [](P r, S s) {
         const bool descends =
             is_minimized(s) || s.quantity == kLogDensity || s.quantity == kUtility || s.is_array();
         const bool moves = s.role == Role::kParameter || s.quantity == kEnergy;
         const bool learns = s.is_array() ? fits(r, s) : moves;
         return when(descends && learns && !is_half(r, s), 2);
       },
       step},
      {"newton",
       [](P r, S s) {
         const bool small = is_number(r, s) || is_short(r, s);
         return when(small && in_single(r, s) && s.role == Role::kParameter &&
                         (s.quantity == kLoss || fits(r, s)),
                     0.7);
       },
       newton},
      {"curvature",
       [](P r, S s) {
         const bool bends = s.quantity == kLoss || s.quantity == kEnergy || fits(r, s);
         return when(bends && is_one(s) && !is_number(r, s) && in_single(r, s), 0.7);
       },
       curvature},
      {"hessian",
       [](P r, S s) {
         const bool bends = s.quantity == kEnergy || s.quantity == kLogDensity;
         return when(bends && is_short(r, s) && in_single(r, s), 0.7);
       },
       hessian},
      {"second_greek",
       [](P r, S s) {
         return when(s.quantity == kPrice && is_number(r, s) && in_single(r, s) &&
                         greek(s.words[0]) == Words{"delta"},
                     3);
       },
       second_greek},
      {"langevin",
       [](P r, S s) {
         const bool density = s.quantity == kLogDensity || s.quantity == kEnergy;
         return when(density && s.role == Role::kState && is_one(s) && in_single(r, s), 1);
       },
       langevin},
  };
}

}  // namespace jaxsmith::plan
