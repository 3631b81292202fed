#include "plan/jax/member_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/portable_math.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;

// How one number is made of a residual, $0.
struct Misfit {
  const char* spelling;
  const char* about;
};
// So many, the first ones, keep to what sixteen bits hold.
constexpr std::uint64_t kOfHalf = 4, kNumbersOfHalf = 3;

const std::vector<Misfit>& misfits() {
  static const std::vector<Misfit> kMisfits = {
      {"jnp.mean($0**2)", "mean squared error"},
      {"jnp.mean(jnp.square($0))", "mean squared error"},
      {"jnp.mean($0 * $0)", "mean squared error"},
      {"0.5 * jnp.mean($0**2)", "half the mean squared error"},
      {"0.5 * jnp.sum($0**2)", "half the sum of squared errors"},
      {"jnp.sum(jnp.square($0))", "sum of squared errors"},
      {"jnp.mean(jnp.logaddexp($0, -$0)) - jnp.log(2.0)", "mean log-cosh error"},
      {"jnp.mean(jnp.sqrt($0**2 + 1e-3))", "smoothed mean absolute error"},
      {"jnp.mean(jnp.where(jnp.abs($0) < 1.0, 0.5 * $0**2, jnp.abs($0) - 0.5))",
       "mean Huber loss with threshold 1"}};
  return kMisfits;
}

const std::vector<Misfit>& misfits_of_numbers() {
  static const std::vector<Misfit> kMisfits = {{"$0**2", "squared error"},
                                               {"0.5 * $0**2", "half the squared error"},
                                               {"jnp.square($0)", "squared error"}};
  return kMisfits;
}

bool is_half(const Type& type) { return tensor::byte_size(type.dtype) == 2; }

// Where what was observed lies: where the result does.
Interval observed_range(const Value& v) {
  const Interval reach = practical(v.stats);
  const double middle = 0.5 * (reach.lo + reach.hi), magnitude = std::abs(middle);
  const double half = std::max({0.4 * (reach.hi - reach.lo), 0.05 * magnitude, 0.01});
  const double lo = reach.lo >= 0 ? std::max(0.0, middle - half) : middle - half;
  return {lo, middle + half};
}

bool is_classes(const Subject& subject, const Type& type) {
  constexpr double kFewestBits = 6;
  if (subject.quantity != Quantity::kLogits || !subject.may_have_labels || type.rank() < 2)
    return false;
  const auto classes = static_cast<double>(type.shape.back());
  const auto rows = static_cast<double>(tensor::element_count(type.shape)) / classes;
  return classes >= 2 && rows * portable::log2(classes) >= kFewestBits;
}

// Scores of yes or no, or of classes too few to be told apart by a label alone.
bool is_odds(const Subject& subject, const Type& type) {
  return subject.quantity == Quantity::kLogits && type.rank() > 0 && !is_classes(subject, type);
}

// Of a function under way: what it makes of the root's function and of what stands around it.
struct Writing {
  Wrapper& w;
  BodyId body;
  Random& random;

  ValueId step(std::string spelling, std::vector<ValueId> operands, Type type, Words names) {
    const ValueId out = w.value(body, std::move(type), names.front());
    w.call_it(out, std::move(names), random);
    w.node(body, "call", std::move(spelling), std::move(operands), {out});
    return out;
  }
};

ValueId target_of(Wrapper& w, const Subject& subject, const Value& result, Random& random) {
  if (is_classes(subject, result.type)) {
    Type type{DType::kI32, result.type.shape};
    const auto classes = static_cast<double>(type.shape.back());
    type.shape.pop_back();
    return more_argument(w, type, 0, classes - 1, {"labels", "classes"}, random, true);
  }
  if (is_odds(subject, result.type))
    return more_argument(w, result.type, 0.05, 0.95, {"targets", "target_probs"}, random);
  const Interval range = observed_range(result);
  const Words names = result.type.rank() == 0 ? Words{"target", "observed", "measured"}
                                              : Words{"targets", "observed", "target", "measured"};
  return more_argument(w, result.type, range.lo, range.hi, names, random);
}

ValueId cross_entropy(Writing& s, ValueId logits, ValueId labels, const Type& type) {
  const Type number{type.dtype, {}};
  const ValueId log_probs =
      s.step("jax.nn.log_softmax($0)", {logits}, type, {"log_probs", "log_p"});
  if (s.random.chance(0.5)) {
    Type picked = type;
    picked.shape.back() = 1;
    const ValueId own = s.step("jnp.take_along_axis($0, $1[..., None], axis=-1)",
                               {log_probs, labels}, picked, {"picked", "label_log_probs"});
    return s.step("-jnp.mean($0)", {own}, number, {"cross_entropy", "loss", "nll"});
  }
  const ValueId one_hot =
      s.step(fmt::format("jax.nn.one_hot($0, {}, dtype={})", type.shape.back(), "$1.dtype"),
             {labels, log_probs}, type, {"one_hot", "expected"});
  return s.step("-jnp.mean(jnp.sum($0 * $1, axis=-1))", {one_hot, log_probs}, number,
                {"cross_entropy", "loss", "nll"});
}

// From scores, so that no probability rounds to zero.
ValueId binary_cross_entropy(Writing& s, ValueId logits, ValueId targets, const Type& type) {
  return s.step(s.random.pick(Words{"jnp.mean(jax.nn.softplus($0) - $1 * $0)",
                                    "jnp.mean(jnp.logaddexp($0, 0.0) - $1 * $0)"}),
                {logits, targets}, {type.dtype, {}}, {"cross_entropy", "loss"});
}

ValueId misfit(Writing& s, ValueId given, ValueId target, const Type& type, std::string& about) {
  const bool scalar = type.rank() == 0;
  const auto& all = scalar ? misfits_of_numbers() : misfits();
  const Misfit& how =
      is_half(type) ? all[s.random.below(scalar ? kNumbersOfHalf : kOfHalf)] : s.random.pick(all);
  about = how.about;
  ValueId residual = given;
  if (target != kNoValue)
    residual = s.step("$0 - $1", {given, target}, type, {"residual", "error", "diff"});
  return s.step(how.spelling, {residual}, {type.dtype, {}}, {"loss", "misfit"});
}

bool is_weight(const std::string& word) {
  return word.starts_with("w") || word.starts_with("kernel") || word.starts_with("coef") ||
         word.starts_with("theta") || word.starts_with("param") || word.starts_with("embed");
}

// A little of the weights' squares, now and then.
ValueId with_decay(Writing& s, ValueId loss, const Subject& subject,
                   const std::vector<ValueId>& arguments, const Type& type, std::string& about) {
  constexpr double kDecayed = 0.3;
  if (is_half(type)) return loss;
  for (std::size_t i = 0; i < subject.numbers.size(); ++i) {
    const ValueId id = arguments[static_cast<std::size_t>(subject.numbers[i])];
    const Type of = s.w.at(id).type;
    if (!is_weight(subject.words[i]) || of.rank() == 0 || of.dtype != type.dtype) continue;
    if (!subject.thin && !s.random.chance(kDecayed)) return loss;
    const std::string factor = s.random.pick(Words{"1e-2", "1e-3", "0.1"});
    about += " with weight decay";
    return s.step("$0 + " + factor + " * jnp.sum($1**2)", {loss, id}, {type.dtype, {}},
                  {"total", "regularized", "penalized"});
  }
  return loss;
}

// The root's function of these, in the body; each of its results that is asked for.
std::vector<ValueId> call_root(Writing& s, const std::vector<ValueId>& arguments,
                               const std::vector<std::size_t>& wanted, bool packs) {
  std::vector<ValueId> outputs;
  const std::vector<ValueId> originals = s.w.inner().results;
  for (std::size_t k = 0; k < originals.size(); ++k) {
    const Value like = s.w.at(originals[k]);
    const bool needed = std::ranges::find(wanted, k) != wanted.end();
    outputs.push_back(needed ? s.w.value(s.body, like.type, like.hint) : kNoValue);
    if (!needed) continue;
    s.w.at(outputs.back()).stats = like.stats;
    s.w.at(outputs.back()).names = like.names;
  }
  const std::string spelling = "$f0(" + holes(0, arguments.size()) + ")";
  Node& node = packs ? s.w.call(s.body, spelling, arguments, outputs)
                     : s.w.node(s.body, "call", spelling, arguments, outputs);
  node.bodies = {s.w.inner_id()};
  return outputs;
}

// Parameters of a closure: those that the derivative is taken in.
std::vector<ValueId> close_over(Wrapper& w, BodyId body, const Subject& subject,
                                const std::vector<ValueId>& parameters,
                                std::vector<ValueId>& arguments) {
  static const std::vector<Words> kNames = {{"p", "theta"}, {"q", "other"}, {"r"}, {"s"}};
  std::vector<ValueId> seen = parameters;
  for (std::size_t i = 0; i < subject.numbers.size(); ++i) {
    const auto place = static_cast<std::size_t>(subject.numbers[i]);
    const Value like = w.at(parameters[place]);
    seen[place] = w.parameter(body, like, like.type, like.hint);
    w.at(seen[place]).names = kNames[std::min(i, kNames.size() - 1)];
    if (subject.role == Role::kState && i == 0) w.at(seen[place]).names = {"z", "at"};
    arguments.push_back(parameters[place]);
  }
  return seen;
}

}  // namespace

std::vector<ValueId> copy_parameters(Wrapper& w, BodyId body) {
  std::vector<ValueId> out;
  const std::vector<ValueId> originals = w.inner().parameters;
  for (ValueId id : originals) {
    const Value like = w.at(id);
    out.push_back(w.parameter(body, like, like.type, like.hint));
    w.at(out.back()).named_as = id;
  }
  return out;
}

ValueId more_argument(Wrapper& w, Type type, double lo, double hi, std::vector<std::string> names,
                      Random& random, bool integral) {
  Value like;
  like.stats = uniform_stats(random, lo, hi, integral);
  const ValueId out = w.parameter(w.entry(), like, std::move(type), names.front());
  w.call_it(out, std::move(names), random);
  return out;
}

bool has_misfit(const Program& root, const Subject& subject) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  const Value& v = root.values[static_cast<std::size_t>(body.results[subject.result])];
  const Interval reach = practical(v.stats);
  const double top = std::max(std::abs(reach.lo), std::abs(reach.hi));
  constexpr double kMostHalf = 80, kMost = 1e4;
  return top > 1e-3 && top < (v.type.dtype == DType::kF16 ? kMostHalf : kMost);
}

Objective objective_of(Wrapper& w, const Subject& subject, const std::vector<ValueId>& parameters,
                       bool closed, Random& random) {
  const Value result = w.at(w.inner().results[subject.result]);
  Objective out;
  const bool fits = subject.is_array();
  // The function itself, where it gives the number and at most one thing more.
  const bool direct = !fits && subject.result == 0 && subject.rest.size() <= 1;
  if (direct && !(closed && subject.rest.empty())) {
    out.body = w.inner_id(), out.arguments = parameters, out.words = subject.values;
    for (const std::size_t k : subject.rest) out.rest.push_back(w.inner().results[k]);
    return out;
  }
  if (fits && subject.quantity != Quantity::kResidual)
    out.target = target_of(w, subject, result, random);
  out.closure = closed;
  out.body = w.open(closed ? Placement::kNested : Placement::kHelper,
                    fits ? "loss" : subject.values.front() + "_of");
  std::vector<ValueId> inside;
  ValueId target = out.target;
  if (closed) {
    inside = close_over(w, out.body, subject, parameters, out.arguments);
  } else {
    w.body(out.body).takes_packs = w.hands_on_packs();
    inside = copy_parameters(w, out.body);
    out.arguments = parameters;
    if (target != kNoValue) {
      const Value like = w.at(target);
      target = w.parameter(out.body, like, like.type, like.hint);
      w.at(target).named_as = out.target;
      out.arguments.push_back(out.target);
    }
  }
  Writing s{w, out.body, random};
  std::vector<std::size_t> wanted = subject.rest;
  wanted.push_back(subject.result);
  const std::vector<ValueId> outputs = call_root(s, inside, wanted, !closed);
  ValueId value = outputs[subject.result];
  if (fits) {
    const bool classes = is_classes(subject, result.type);
    const bool odds = is_odds(subject, result.type);
    value = classes ? cross_entropy(s, value, target, result.type)
            : odds  ? binary_cross_entropy(s, value, target, result.type)
                    : misfit(s, value, target, result.type, out.about);
    if (classes) out.about = "cross-entropy";
    if (odds) out.about = "binary cross-entropy";
    value = with_decay(s, value, subject, inside, result.type, out.about);
    out.words = {"loss", "misfit", "loss_value"};
  } else {
    out.words = subject.values;
  }
  std::vector<ValueId> results = {value};
  for (const std::size_t k : subject.rest) results.push_back(outputs[k]);
  out.rest.assign(results.begin() + 1, results.end());
  if (fits) {
    const std::string about = static_cast<char>(std::toupper(out.about[0])) + out.about.substr(1);
    w.introduce(out.body, {"loss", "loss_fn", "objective", "misfit", "$f_loss"},
                {out.target == kNoValue
                     ? about + " of `$f`."
                     : fmt::format("{} of `$f` against `${}`.", about, parameters.size())});
  } else {
    w.introduce(out.body, {subject.values.front() + "_of", "objective"}, {});
  }
  w.finish(out.body, std::move(results));
  return out;
}

Objective closure_of(Wrapper& w, const Subject& subject, const std::vector<ValueId>& parameters,
                     Random& random) {
  Objective out;
  if (subject.complete) {
    out.body = w.inner_id(), out.arguments = parameters;
    return out;
  }
  out.closure = true;
  out.body = w.open(Placement::kNested, "along");
  const std::vector<ValueId> inside = close_over(w, out.body, subject, parameters, out.arguments);
  Writing s{w, out.body, random};
  w.body(out.body).names = {"along", "of_" + subject.words.front(), "model"};
  w.finish(out.body, {call_root(s, inside, {subject.result}, false)[subject.result]});
  return out;
}

}  // namespace jaxsmith::plan
