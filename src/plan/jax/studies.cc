#include "plan/jax/studies.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/jax/catalogue.h"
#include "plan/jax/idiom_forms.h"
#include "plan/jax/mapping.h"
#include "plan/jax/roles.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

// ---- What is studied ----

// The worst that a derivative meets in the function and those within it, and their traits.
struct Inside {
  bool forward = true, reverse = true;
  bool branches = false, derived = false;
  Traits traits = 0;
};

void look_into(const Program& program, BodyId body, Inside& out) {
  for (const Node& node : program.bodies[static_cast<std::size_t>(body)].nodes) {
    const Op* op = program.catalogue->find(node.op);
    if (op == nullptr) continue;
    out.traits |= op->traits;
    out.branches = out.branches || op->category == kConditional;
    out.derived = out.derived || op->category == kGradient;
    out.forward = out.forward && op->derivative != kNone;
    out.reverse = out.reverse && op->derivative != kNone && op->derivative != kForward;
    for (const BodyId inner : node.bodies) look_into(program, inner, out);
  }
}

// A call of a helper, and one array of numbers that it gives.
struct Studied {
  BodyId f = -1;
  Ids at;     // what it is called with
  Ids gives;  // all of its results
  std::size_t result = 0;
  ValueId here = kNoValue;
  Interval range{};
  Inside inside;
  std::string name;  // of the helper
  Quantity quantity = Quantity::kUnnamed;
  std::string word;  // what the result is called

  Shape shape(const Idiom& i) const { return i.shape(here); }
  bool alone() const { return gives.size() == 1; }
};

bool is_number(DType dtype) { return tensor::is_real(dtype) || tensor::is_integer(dtype); }

Quantity quantity(Idiom& i, ValueId result, const Body& helper) {
  const bool alone = helper.results.size() == 1;
  return quantity_of(i.builder()[result], alone ? helper.hint : std::string());
}

Interval bounds(Idiom& i, ValueId id) {
  const Stats& stats = i.builder()[id].stats;
  return {stats.lo, stats.hi};
}

// Only where the call is all that there is: two studies of one function are two functions.
Studied studied(Idiom& i) {
  const Program& program = i.program();
  const Body& root = i.builder().body_of(i.builder().current());
  if (root.nodes.size() != 1) i.fail();
  const Node& node = root.nodes.front();
  if (node.bodies.size() != 1 || !begins_with_call(node)) i.fail();
  const Body& helper = program.bodies[static_cast<std::size_t>(node.bodies[0])];
  if (helper.placement != Placement::kHelper || node.operands.size() != helper.parameters.size())
    i.fail();
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < node.results.size(); ++k)
    if (node.results[k] != kNoValue && is_number(i.type(node.results[k]).dtype) &&
        quantity(i, node.results[k], helper) != Quantity::kMetric)
      numbers.push_back(k);
  if (numbers.empty()) i.fail();
  for (const ValueId id : node.results)  // as another study that was given up has left them
    if (id != kNoValue) i.builder().reserve(id, false);
  const std::size_t result = i.random().pick(numbers);
  Studied out;
  out.f = node.bodies[0], out.at = node.operands, out.gives = node.results;
  out.result = result, out.here = node.results[result], out.name = helper.hint;
  out.quantity = quantity(i, out.here, helper);
  out.word = word_of(i.builder()[out.here]);
  if (out.word.empty() || out.gives.size() == 1) out.word = out.name;
  out.range = practical(i.builder()[out.here].stats);
  look_into(program, out.f, out.inside);
  if (out.inside.derived) i.fail();  // a study already, and few ask for more
  return out;
}

// "option_price_table".
void call_it(Idiom& i, const Studied& s, const Words& what) {
  Words names;
  for (const std::string& each : what)
    if (const std::string name = s.name + "_" + each; name.size() <= 32) names.push_back(name);
  names.insert(names.end(), what.begin(), what.end());
  i.called(std::move(names));
}

// An argument of it, by place.
struct Chosen {
  std::size_t place = 0;
  ValueId id = kNoValue;
  std::string word;  // what it is called
  Role role = Role::kUnknown;
};

bool is_tuned(const Value& v) { return role_of(v) == Role::kParameter; }
bool is_moved(const Value& v) { return role_of(v) == Role::kState; }
// What something goes on from: that an error of it grows or dies out is worth knowing.
bool is_begun_with(const Value& v) {
  const std::string word = word_of(v);
  return is_moved(v) &&
         (word.ends_with("0") || word.starts_with("initial") || word.starts_with("start") ||
          word.starts_with("state") || word.starts_with("position"));
}

template <class Fits>
Chosen choose(Idiom& i, const Studied& s, Fits fits) {
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < s.at.size(); ++k) {
    const Value& v = i.builder()[s.at[k]];
    const bool once = std::ranges::count(s.at, s.at[k]) == 1;
    if (once && v.facts == 0 && !v.reserved && !v.weak && v.literal.empty() && fits(v))
      places.push_back(k);
  }
  if (places.empty()) i.fail();
  const std::size_t place = i.random().pick(places);
  const Value& v = i.builder()[s.at[place]];
  return {place, s.at[place], word_of(v).empty() ? "x" : word_of(v), role_of(v)};
}

// One that its result answers by a derivative that is not zero everywhere, and that people vary.
template <class Fits>
Chosen choose_smooth(Idiom& i, const Studied& s, bool scalars, Fits fits) {
  if (!tensor::is_real(i.type(s.here).dtype)) i.fail();
  const std::uint32_t answers = i.builder()[s.here].grad_arguments;
  return choose(i, s, [&](const Value& v) {
    return tensor::is_real(v.type.dtype) && (v.type.rank() == 0) == scalars &&
           (v.grad_arguments & answers) != 0 && v.stats.hi > v.stats.lo && fits(v);
  });
}
Chosen choose_tuned(Idiom& i, const Studied& s, bool scalars) {
  return choose_smooth(i, s, scalars, is_tuned);
}

// "the option price", "the volatility"; a letter alone is no word.
std::string the(const std::string& word) {
  return word.size() > 2 ? "the " + as_words(word) : "the result";
}
std::string the(const Chosen& x) {
  if (x.word.size() > 2) return "the " + as_words(x.word);
  return x.role == Role::kParameter ? "the parameter" : "the input";
}

// What the call gave is no result beside what the study gives, where no step goes on with it.
void set_aside(Idiom& i, const Studied& s) {
  for (const ValueId id : s.gives)
    if (id != kNoValue && i.builder()[id].uses == 0) i.builder().reserve(id, true);
}

Ids with_another(const Studied& s, std::size_t place, ValueId id) {
  Ids out = s.at;
  out[place] = id;
  return out;
}

// What it gives where it is called with these.
ValueId called_with(Idiom& i, const Studied& s, Words names, Ids at) {
  std::vector<Part> parts(s.gives.size());
  for (std::size_t k = 0; k < parts.size(); ++k)
    parts[k] = {{}, i.type(s.gives[k]), bounds(i, s.gives[k])};
  parts[s.result].names = std::move(names);
  return i.unpack("$f0(" + Idiom::holes(0, at.size()) + ")", at, {s.f}, std::move(parts))[s.result];
}

// The function of one of its arguments, the others as they are.
BodyId of_one(Idiom& i, const Studied& s, const Chosen& x, Words names,
              const std::function<ValueId(ValueId)>& then) {
  return i.function(
      std::move(names), {{{x.word, "x"}, i.type(x.id), bounds(i, x.id)}}, [&](const Ids& p) {
        return Ids{then(called_with(i, s, {"value", "out"}, with_another(s, x.place, p[0])))};
      });
}

double width(Interval range) { return range.hi - range.lo; }

// How steep a function is that goes through one range while its argument goes through another.
Interval slopes(Idiom& i, const Studied& s, const Chosen& x) {
  const double steep = 2 * width(s.range) / std::max(width(bounds(i, x.id)), 1e-3);
  return {-steep, steep};
}

// ---- Derivatives by numbers ----

// One that answers a number that people set: a price, a period, a loss.
Studied number_studied(Idiom& i) {
  if (half_precision(i)) i.fail();
  const Studied s = studied(i);
  if (!s.shape(i).empty() || !s.inside.forward || (s.inside.traits & kUnmapped) != 0) i.fail();
  return s;
}

// How the function answers one of its arguments, in one of the ways that it is written.
ValueId slope_of(Idiom& i, const Studied& s, const Chosen& x, const Words& names, Interval steep) {
  const std::string argnums = x.place == 0 ? "" : fmt::format(", argnums={}", x.place);
  if (s.alone() && i.chance(0.6)) {
    const std::string by = s.inside.reverse ? i.either({"jax.grad", "jax.grad", "jax.jacfwd"})
                                            : std::string("jax.jacfwd");
    return i.let(names, by + "($f0" + argnums + ")(" + Idiom::holes(0, s.at.size()) + ")", s.at,
                 Bodies{s.f}, scalar(i), steep);
  }
  const BodyId f = of_one(i, s, x, {"of_" + x.word, "at"}, [](ValueId v) { return v; });
  if (s.inside.reverse && i.chance(0.4))
    return i.let(names, "jax.grad($f0)($0)", {x.id}, Bodies{f}, scalar(i), steep);
  return i.unpack("jax.jvp($f0, ($0,), (jnp.ones_like($0),))", {x.id}, {f},
                  {{{}, scalar(i), s.range}, {names, scalar(i), steep}})[1];
}

Op sensitivity() {
  return written("sensitivity", kGradient, 0, kSmooth, [](Idiom& i) {
    const Studied s = number_studied(i);
    const Chosen x = choose_tuned(i, s, /*scalars=*/true);
    const Interval steep = slopes(i, s, x), at = bounds(i, x.id);
    const std::string f = the(s.word), by = the(x);
    const bool positive = s.range.lo > 0.05 && at.lo > 0.05;
    const auto way = i.between(positive ? 0 : 1, 4);
    const Words slope_names = {"slope", "d_" + x.word, "sensitivity"};
    if (way == 0) {
      call_it(i, s, {"elasticity_in_" + x.word, "elasticity"});
      i.summary(fmt::format("Relative change of {} for a relative change of {}.", f, by));
      const ValueId slope = slope_of(i, s, x, slope_names, steep);
      real(i, {"elasticity"}, i.either({"{x} * {s} / {f}", "{s} * ({x} / {f})"}),
           {{"f", s.here}, {"x", x.id}, {"s", slope}}, {-3, 3});
      return;
    }
    if (way == 1) {
      call_it(i, s, {"estimate", "first_order"});
      i.summary(fmt::format("First-order estimate of {} at another value of {}.", f, by));
      const ValueId other = i.argument({"new_" + x.word, x.word + "_later"}, scalar(i), at);
      const ValueId slope = slope_of(i, s, x, slope_names, steep);
      real(i, {"estimate", "linear_estimate"},
           i.either({"{f} + {s} * ({o} - {x})", "{f} + ({o} - {x}) * {s}"}),
           {{"f", s.here}, {"x", x.id}, {"o", other}, {"s", slope}}, s.range);
      return;
    }
    if (way == 2) {
      call_it(i, s, {"calibration", "solve_step"});
      i.summary(fmt::format("Move {} one damped Newton step to where {} is as measured.", by, f));
      const ValueId target = i.argument({"target", "measured"}, scalar(i), s.range);
      const std::string damping = i.setting({"damping", "ridge"}, {"0.1", "0.01", "1.0"});
      const ValueId slope = slope_of(i, s, x, slope_names, steep);
      i.comment("Damped, for where the slope is small.");
      real(i, {"calibrated_" + x.word, x.word + "_next"},
           i.either({"{x} - {s} * ({f} - {t}) / ({s}**2 + " + damping + ")",
                     "{x} + ({t} - {f}) * {s} / ({s} * {s} + " + damping + ")"}),
           {{"f", s.here}, {"x", x.id}, {"s", slope}, {"t", target}}, at);
      return;
    }
    if (way == 3) {
      call_it(i, s, {"uncertainty", "error_bar"});
      i.summary(fmt::format("Standard error of {} from that of {}, to first order.", f, by));
      const ValueId sigma = i.argument({x.word + "_error", x.word + "_std"}, scalar(i),
                                       {0.02 * width(at), 0.1 * width(at)});
      const ValueId slope = slope_of(i, s, x, slope_names, steep);
      real(i, {"uncertainty", "error"}, i.either({"jnp.abs({s}) * {e}", "jnp.abs({s} * {e})"}),
           {{"e", sigma}, {"s", slope}}, {0, 0.2 * width(s.range)});
      set_aside(i, s);
      return;
    }
    call_it(i, s, {"sensitivity_to_" + x.word, "sensitivity"});
    i.summary(fmt::format("Value of {}, and its derivative in {}.", f, by));
    slope_of(i, s, x, slope_names, steep);
  });
}

// Two numbers at once, as a gradient.
Op joint_sensitivity() {
  return written("joint_sensitivity", kGradient, 0, kSmooth, [](Idiom& i) {
    const Studied s = number_studied(i);
    if (!s.inside.reverse || !s.alone()) return i.fail();
    Chosen first = choose_tuned(i, s, true);
    Chosen second = choose_tuned(i, s, true);
    if (first.place == second.place) return i.fail();
    if (first.place > second.place) std::swap(first, second);
    const Interval a = slopes(i, s, first), b = slopes(i, s, second);
    const bool errors = i.chance(0.5);
    call_it(
        i, s,
        errors ? Words{"uncertainty", "propagated_error"} : Words{"total_change", "differential"});
    i.summary(errors ? fmt::format("Standard error of {} from those of {} and {}.", the(s.word),
                                   the(first), the(second))
                     : fmt::format("Change of {} to first order as {} and {} change.", the(s.word),
                                   the(first), the(second)));
    const std::string by = i.either({"jax.grad", "jax.jacrev", "jax.jacfwd"});
    const Ids slope = i.unpack(
        fmt::format("{}($f0, argnums=({}, {}))({})", by, first.place, second.place,
                    Idiom::holes(0, s.at.size())),
        s.at, {s.f}, {{{"d_" + first.word}, scalar(i), a}, {{"d_" + second.word}, scalar(i), b}});
    const double most = a.hi + b.hi;
    const auto range = [&](const Chosen& x) {
      const double whole = width(bounds(i, x.id));
      return errors ? Interval{0.02 * whole, 0.1 * whole} : Interval{-0.1 * whole, 0.1 * whole};
    };
    const std::string suffix = errors ? "_std" : "_change";
    const ValueId u = i.argument({first.word + suffix}, scalar(i), range(first));
    const ValueId v = i.argument({second.word + suffix}, scalar(i), range(second));
    const Terms known = {{"a", slope[0]}, {"b", slope[1]}, {"u", u}, {"v", v}};
    if (errors)
      real(i, {"uncertainty", "error"},
           i.either({"jnp.hypot({a} * {u}, {b} * {v})",
                     "jnp.sqrt(({a} * {u}) ** 2 + ({b} * {v}) ** 2)"}),
           known, {0, most});
    else
      real(i, {"total_change", "change"},
           i.either({"{a} * {u} + {b} * {v}", "{u} * {a} + {v} * {b}"}), known, {-most, most});
    set_aside(i, s);
  });
}

// ---- Derivatives of arrays ----

// One step along a gradient of what is made small or large.
Op descent() {
  return written("descent", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    const bool down = s.quantity == Quantity::kLoss || s.quantity == Quantity::kEnergy;
    const bool up = s.quantity == Quantity::kLogDensity || s.quantity == Quantity::kUtility;
    if (!s.shape(i).empty() || !s.inside.reverse || (!down && !up)) return i.fail();
    const Chosen x = s.quantity == Quantity::kEnergy
                         ? choose_smooth(i, s, /*scalars=*/false, is_moved)
                         : choose_tuned(i, s, /*scalars=*/false);
    const Shape shape = i.shape(x.id);
    const std::string sign = down ? " - " : " + ";
    call_it(i, s, down ? Words{"descent_step", "gradient_step"} : Words{"ascent_step", "climb"});
    const std::string argnums = x.place == 0 ? "" : fmt::format(", argnums={}", x.place);
    const Words names = {"grads", "grad_" + x.word};
    const std::string by = i.either({"jax.grad", "jax.grad", "jax.jacrev"});
    const ValueId slope =
        s.alone()
            ? i.let(names, by + "($f0" + argnums + ")(" + Idiom::holes(0, s.at.size()) + ")", s.at,
                    Bodies{s.f}, i.type(x.id), {-1, 1})
            : i.let(names, by + "($f0)($0)", {x.id},
                    Bodies{of_one(i, s, x, {"of_" + x.word, "cost"}, [](ValueId v) { return v; })},
                    i.type(x.id), {-1, 1});
    const Terms known = {{"g", slope}, {"x", x.id}};
    const std::string rate = i.setting({"lr", "step_size"}, {"0.1", "0.05", "0.01"});
    const std::string what =
        fmt::format("{} of {} {} {}", down ? "down the gradient" : "up the gradient", the(s.word),
                    "in", the(x));
    const auto way = i.between(0, 2);
    if (way == 0) {
      i.summary("Take one step " + what + ".");
      let(i, {"updated", "next_" + x.word}, "{x}" + sign + rate + " * {g}", known, shape,
          bounds(i, x.id));
    }
    if (way == 1) {
      i.summary("Take one step " + what + ", of limited length.");
      const ValueId n =
          real(i, {"grad_norm", "norm"},
               i.either({"jnp.sqrt(jnp.sum({g}**2))", "jnp.linalg.norm({g}.ravel())"}), known,
               {0.01, 4});
      let(i, {"updated", "next_" + x.word},
          "{x}" + sign + rate + " * {g} * jnp.minimum(1.0, 1.0 / ({n} + 1e-6))",
          with(known, {{"n", n}}), shape, bounds(i, x.id));
    }
    if (way == 2) {
      i.summary("Take one step with momentum " + what + ".");
      const ValueId memory = i.argument({"momentum", "velocity"}, i.type(x.id), {-1, 1});
      const ValueId v = let(i, {"velocity_next", "momentum_next"},
                            i.either({"0.9 * {m} + {g}", "0.9 * {m} + 0.1 * {g}"}),
                            with(known, {{"m", memory}}), shape, {-1, 1});
      let(i, {"updated", "next_" + x.word}, "{x}" + sign + rate + " * {v}", with(known, {{"v", v}}),
          shape, bounds(i, x.id));
      i.keep(v);
    }
    if (i.chance(0.5)) set_aside(i, s);
  });
}

// The change that a small change of one argument makes.
Op directional() {
  return written("directional", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.inside.forward || s.quantity == Quantity::kUnnamed) return i.fail();
    const bool number = i.chance(0.6);
    const Chosen x = number ? choose_tuned(i, s, true) : choose_smooth(i, s, false, is_begun_with);
    const Interval range{-width(s.range), width(s.range)};
    const ValueId step = i.argument({x.word + "_change", "perturbation"}, i.type(x.id), {-1, 1});
    const BodyId f = of_one(i, s, x, {"of_" + x.word, "at"}, [](ValueId v) { return v; });
    const bool adds = i.chance(0.4);
    call_it(i, s, adds ? Words{"perturbed", "first_order"} : Words{"response", "linear_response"});
    i.summary(
        adds ? fmt::format("First-order estimate of {} after a change of {}.", the(s.word), the(x))
             : fmt::format("First-order change of {} that a change of {} makes.", the(s.word),
                           the(x)));
    const Ids both = i.unpack("jax.jvp($f0, ($0,), ($1,))", {x.id, step}, {f},
                              {{adds ? Words{"value", "out"} : Words{}, i.type(s.here), s.range},
                               {{"response", "change"}, i.type(s.here), range}});
    if (adds)
      let(i, {"estimate", "first_order"}, "{f} + {c}", {{"f", both[0]}, {"c", both[1]}}, s.shape(i),
          s.range);
    set_aside(i, s);
  });
}

// A step of a fit to what was observed.
Op fit_step() {
  return written("fit_step", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    const bool modelled = s.quantity == Quantity::kPrediction || s.quantity == Quantity::kLogits ||
                          s.quantity == Quantity::kNumber || s.quantity == Quantity::kPrice;
    if (!s.inside.reverse || !modelled) return i.fail();
    const Chosen x = choose_tuned(i, s, /*scalars=*/i.chance(0.5));
    const Shape shape = s.shape(i);
    const ValueId observed = i.argument({"observed", "targets"}, i.type(s.here), s.range);
    call_it(i, s, {"fit_step", "fit_" + x.word, "calibration"});
    i.summary(fmt::format("One gradient step of {}, to fit {} to what was observed.", the(x),
                          the(s.word)));
    const double most = width(s.range);
    const std::string total = shape.empty() ? "{}" : "jnp.mean({})";
    const std::string form =
        i.either({"0.5 * {r} ** 2", "{r} ** 2", "{r} ** 2", "jnp.sqrt(1.0 + {r} ** 2)",
                  "jnp.where(jnp.abs({r}) < 1.0, 0.5 * {r} ** 2, jnp.abs({r}) - 0.5)"});
    const BodyId misfit = of_one(i, s, x, {"misfit", "loss", "objective"}, [&](ValueId v) {
      const ValueId r = let(i, {"residual", "error"}, "{v} - {o}", {{"v", v}, {"o", observed}},
                            shape, {-most, most});
      return let(i, {"loss", "cost"}, fmt::format(fmt::runtime(total), form), {{"r", r}}, scalar(i),
                 {0, most * most});
    });
    const Interval steep{-most, most};
    const Ids both = i.unpack("jax.value_and_grad($f0)($0)", {x.id}, {misfit},
                              {{{"loss", "cost"}, scalar(i), {0, most * most}},
                               {{"grad", "slope"}, i.type(x.id), steep}});
    const std::string rate = i.setting({"lr", "rate"}, {"0.1", "0.01", "0.05"});
    const Terms known = {{"g", both[1]}, {"x", x.id}};
    const auto kind = i.between(0, 2);
    if (kind == 0) i.comment("A step has a limit, whatever the slope.");
    let(i, {"fitted_" + x.word, x.word + "_next"},
        kind == 0 ? i.either({"{x} - jnp.clip(" + rate + " * {g}, -0.1, 0.1)",
                              "{x} - " + rate + " * {g} / (1.0 + jnp.abs({g}))"})
                  : "{x} - " + rate + " * {g}",
        known, i.type(x.id), bounds(i, x.id));
    set_aside(i, s);
  });
}

// ---- Tables and scenarios ----

// What people ask of a table: itself, the best of it, what is expected of it.
void summarize(Idiom& i, const Studied& s, const Chosen& x, ValueId xs, ValueId table,
               std::int64_t n) {
  const Shape each = s.shape(i);
  Terms known = {{"t", table}, {"x", xs}};
  const std::string f = the(s.word), by = the(x);
  const bool real_table = tensor::is_real(i.type(table).dtype);
  const bool low = s.quantity == Quantity::kLoss || s.quantity == Quantity::kEnergy;
  const bool high = s.quantity == Quantity::kLogDensity || s.quantity == Quantity::kUtility;
  if (real_table && each.empty() && (low || high) && i.chance(0.7)) {
    call_it(i, s, {"grid_search", "best_" + x.word});
    i.summary(fmt::format("Grid search: {} of {}, that of each candidate, and that at present.",
                          the("best " + x.word), f));
    i.keep(table);
    i.let({"best_" + x.word, "best"},
          std::string("$0[jnp.") + (low ? "argmin" : "argmax") + "($1)]", {xs, table}, i.type(x.id),
          bounds(i, x.id));
    return;
  }
  if (real_table && i.chance(0.12)) {
    call_it(i, s, {"expectation", "expected_value"});
    i.summary(
        fmt::format("Expected {} over a discrete distribution of {}, beside its value at one.",
                    as_words(s.word), by));
    const ValueId w = i.argument({"weights", "probabilities"}, Type{i.real(), {n}}, {0.1, 1});
    known.push_back({"w", w});
    let(i, {"expected", "weighted"},
        each.empty() ? i.either({"{w} @ {t} / jnp.sum({w})", "jnp.average({t}, weights={w})"})
                     : "jnp.average({t}, axis=0, weights={w})",
        known, each, s.range);
    return;
  }
  call_it(i, s, {"table", "sweep_" + x.word, "over_" + x.word});
  i.summary(fmt::format("Tabulate {} over several values of {}, beside its value at one.", f, by));
}

Op table_of_values() {
  return written("table_of_values", kVectorization, 0, kSmooth, [](Idiom& i) {
    const Studied s = studied(i);
    const int most = i.builder().settings().max_rank;
    if (s.inside.traits & (kUnmapped | kOverDevices) || static_cast<int>(s.shape(i).size()) >= most)
      return i.fail();
    // What works element by element takes a table of values as it is.
    if (!worth_mapping(i.builder(), s.f)) return i.fail();
    const Chosen x = choose(i, s, [&](const Value& v) {
      const bool set = v.type.rank() == 0 && role_of(v) != Role::kUnknown;
      const bool moved = is_moved(v) && v.type.rank() == 1 && tensor::is_real(v.type.dtype);
      return is_number(v.type.dtype) && (set || moved) && (v.sure & i.builder()[s.here].sure) != 0;
    });
    const std::int64_t n = few(i, 16);
    Type wide = i.type(x.id), out = i.type(s.here);
    wide.shape.insert(wide.shape.begin(), n);
    out.shape.insert(out.shape.begin(), n);
    if (!i.builder().acceptable_shape(wide.shape) || !i.builder().acceptable_shape(out.shape))
      return i.fail();
    const bool named_so = x.word.ends_with("values");
    const ValueId xs = i.argument({named_so ? "candidates" : x.word + "_values", x.word + "_grid"},
                                  wide, bounds(i, x.id));
    const Words names = {"table", "values"};
    ValueId table = kNoValue;
    // A map over a branch makes a selection of it; a loop over elements keeps it.
    if (s.inside.branches || !s.alone() || i.chance(0.3)) {
      const BodyId f = of_one(i, s, x, {"at", "of_" + x.word}, [](ValueId v) { return v; });
      table = i.let(names,
                    s.inside.branches || i.chance(0.4) ? "lax.map($f0, $0)" : "jax.vmap($f0)($0)",
                    {xs}, Bodies{f}, out, s.range);
    } else {
      std::string axes;
      for (std::size_t k = 0; k < s.at.size(); ++k)
        axes += fmt::format("{}{}", k ? ", " : "", k == x.place ? "0" : "None");
      const std::string in = s.at.size() == 1 ? "" : ", in_axes=(" + axes + ")";
      table = i.let(names, "jax.vmap($f0" + in + ")(" + Idiom::holes(0, s.at.size()) + ")",
                    with_another(s, x.place, xs), Bodies{s.f}, out, s.range);
    }
    // What it is at the value that it was called with stays a result.
    summarize(i, s, x, xs, table, n);
  });
}

// One setting beside another.
Op scenario() {
  return written("scenario", kArithmetic, 0, kSmooth, [](Idiom& i) {
    const Studied s = studied(i);
    const Chosen x = choose(i, s, [&](const Value& v) {
      return is_number(v.type.dtype) && v.type.rank() == 0 && is_tuned(v) &&
             (v.sure & i.builder()[s.here].sure) != 0;
    });
    const Type type = i.type(s.here);
    if (!tensor::is_real(type.dtype) || s.quantity == Quantity::kUnnamed) return i.fail();
    const ValueId changed =
        i.argument({"other_" + x.word, "new_" + x.word}, i.type(x.id), bounds(i, x.id));
    const ValueId other =
        called_with(i, s, {"other", "changed"}, with_another(s, x.place, changed));
    const double most = width(s.range);
    const Terms known = {{"f", s.here}, {"o", other}};
    const std::string f = the(s.word), by = the(x);
    if (s.range.lo > 0.05 && i.chance(0.4)) {
      call_it(i, s, {"relative_change", "ratio"});
      i.summary(fmt::format("Ratio of {} after a change of {} to that before.", f, by));
      let(i, {"ratio"}, "{o} / {f}", known, type, {-2, 3});
      return;
    }
    if (type.rank() > 0 && !half_precision(i) && i.chance(0.4)) {
      call_it(i, s, {"rms_change", "distance"});
      i.summary(fmt::format("Root mean square change of {} as {} changes.", f, by));
      real(i, {"rms_change"}, "jnp.sqrt(jnp.mean(({o} - {f}) ** 2))", known, {0, most});
      return;
    }
    call_it(i, s, {"effect", "change", "effect_of_" + x.word});
    i.summary(fmt::format("Change of {} that another value of {} makes.", f, by));
    let(i, {"change", "effect"}, "{o} - {f}", known, type, {-most, most});
  });
}

}  // namespace

std::vector<Op> study_ops() {
  std::vector<Op> all = {sensitivity(), joint_sensitivity(), descent(), directional(),
                         fit_step(),    table_of_values(),   scenario()};
  for (Op& op : all) op.traits |= kStudy;
  return all;
}

}  // namespace jaxsmith::plan
