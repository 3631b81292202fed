#include "plan/jax/member_loss.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/portable_math.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

// Of a sum of reals, as JAX promotes them.
DType promoted(DType x, DType y) {
  if (x == y) return x;
  if (tensor::byte_size(x) == tensor::byte_size(y)) return DType::kF32;  // f16 and bf16
  return tensor::byte_size(x) > tensor::byte_size(y) ? x : y;
}

bool squares_overflow(const Value& v) {
  const Interval reach = practical(v.stats);
  const double top = std::max(std::abs(reach.lo), std::abs(reach.hi));
  return top * top * static_cast<double>(tensor::element_count(v.type.shape)) > 2e4;
}

// How one scalar is made of a result.
struct Penalty {
  std::string spelling;
  bool square;        // else it is flat or straight far from zero
  bool sums;          // elements, rather than taking their mean
  bool aims = false;  // at a target, operand 1
};

// A term of a loss, and how large it is by what is known of the result.
struct Term {
  ValueId value;
  double size;
};

// Sums and means of squares of what a mean and a spread were divided out of do not depend on it.
bool norm_is_known(const Program& program) {
  for (const Body& body : program.bodies)
    for (const Node& node : body.nodes)
      if (const Op* op = program.catalogue->find(node.op); op && op->has(kKnownNorm)) return true;
  return false;
}

Penalty penalty_of(const Value& v, bool alone, bool known_norm, Random& random) {
  static const std::vector<Penalty> kScalar = {{"$0**2", true, false},
                                               {"jnp.square($0)", true, false},
                                               {"jnp.tanh($0)", false, false},
                                               {"jax.nn.softplus($0)", false, false}};
  static const std::vector<Penalty> kReduced = {{"jnp.mean($0**2)", true, false},
                                                {"jnp.sum($0**2)", true, true},
                                                {"jnp.mean(jnp.square($0))", true, false},
                                                {"jnp.sum(jnp.tanh($0))", false, true},
                                                {"jnp.mean(jax.nn.softplus($0))", false, false},
                                                {"(0.5 * $0**2).sum()", true, true}};
  const bool scalar = v.type.rank() == 0;
  Penalty out = random.pick(scalar ? kScalar : kReduced);
  const Interval reach = practical(v.stats);
  const double top = std::max(-reach.lo, reach.hi);
  const auto scaled_tanh = [&] {
    const std::string factor =
        number_text(portable::exp2(std::floor(portable::log2(2 / top))), false);
    out = {fmt::format(fmt::runtime(scalar ? "jnp.tanh({} * $0)" : "jnp.mean(jnp.tanh({} * $0))"),
                       factor),
           false, false};
  };
  // Where tanh or softplus is flat or straight, a gradient does not know the value.
  if (!out.square && top > 3) out = {scalar ? "0.5 * $0**2" : "jnp.mean($0**2)", true, false};
  // In half precision a small term is soon lost in a large sum.
  if (out.sums && !alone && tensor::byte_size(v.type.dtype) == 2)
    out = {"jnp.mean($0**2)", true, false};
  // Whatever treats all elements alike hardly changes there, and its gradient is rounding.
  if (known_norm && !scalar) out = {"jnp.mean(($0 - $1) ** 2)", true, false, true};
  if (out.square && known_norm && scalar) scaled_tanh();
  // Half precision ends at 65,504: a sum of squares may not.
  if (v.type.dtype == DType::kF16 && squares_overflow(v)) scaled_tanh();
  return out;
}

// Of what typical elements give.
double size_of(const Penalty& penalty, const Value& v) {
  double total = 0;
  for (const double p : v.stats.probe) total += penalty.square ? p * p : std::min(std::abs(p), 1.0);
  const double count =
      penalty.sums ? static_cast<double>(tensor::element_count(v.type.shape)) : 1.0;
  return std::max(total / kProbes * count, 1e-3);
}

// Their sum; a term that would hide in another gets a weight, or gives it one.
ValueId total_of(Wrapper& w, BodyId body, std::vector<Term> terms, Random& random) {
  constexpr double kMuchLarger = 8, kSmallestPower = 4;
  while (terms.size() > 1) {
    const Term x = terms[0], y = terms[1];
    const Type type{promoted(w.at(x.value).type.dtype, w.at(y.value).type.dtype), {}};
    const ValueId total = w.value(body, type, "total");
    w.call_it(total, {"total", "total_cost", "objective", "total_loss"}, random);
    const double ratio = std::max(x.size, y.size) / std::min(x.size, y.size);
    const double factor =
        ratio < kMuchLarger
            ? 1
            : portable::pow(10.0, -std::min(std::round(portable::log10(ratio)), kSmallestPower));
    const std::string weight = factor == 1 ? "" : number_text(factor, false) + " * ";
    const bool first = x.size > y.size;
    w.node(body, "call", first ? weight + "$0 + $1" : "$0 + " + weight + "$1", {x.value, y.value},
           {total});
    terms.erase(terms.begin());
    terms[0] = {total, factor * std::max(x.size, y.size) + std::min(x.size, y.size)};
  }
  return terms[0].value;
}

// Numbers that differ along every axis.
ValueId target_of(Wrapper& w, BodyId body, ValueId like) {
  const ValueId target = w.value(body, w.at(like).type, "target");
  w.node(body, "call", "jnp.linspace(-1.0, 1.0, $0.size, dtype=$0.dtype).reshape($0.shape)", {like},
         {target});
  return target;
}

// A penalty on an argument itself, as it keeps weights from growing.
Term ridge(Wrapper& w, BodyId body, ValueId argument, Random& random) {
  const Value like = w.at(argument);
  static const std::vector<std::pair<std::string, double>> kFactors = {
      {"0.5", 0.5}, {"0.1", 0.1}, {"0.05", 0.05}, {"0.01", 0.01}};
  const auto& [text, factor] = random.pick(kFactors);
  const bool sums = tensor::byte_size(like.type.dtype) > 2 && random.chance(0.6);
  const ValueId term = w.value(body, {like.type.dtype, {}}, "ridge");
  w.call_it(term, {"ridge", "decay", "l2", "regularizer"}, random);
  const std::string of = like.type.rank() == 0 ? "$0**2"
                         : sums                ? "jnp.sum($0**2)"
                                               : "jnp.mean($0**2)";
  w.node(body, "call", text + " * " + of, {argument}, {term});
  return {term, factor * size_of({of, true, sums && like.type.rank() > 0}, like)};
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

Loss loss_of(Wrapper& w, const LossParts& parts, Random& random) {
  const BodyId body = w.open(Placement::kHelper, "loss");
  w.introduce(body, {"loss", "objective", "loss_fn", "cost", "total_loss", "$f_loss"},
              {"Reduce what `$f` gives to one number.", "Scalar loss on the outputs of `$f`.",
               "The objective, made of what `$f` gives."});
  w.body(body).takes_packs = w.hands_on_packs();
  const std::vector<ValueId> parameters = copy_parameters(w, body);
  std::vector<ValueId> outputs, results;
  Loss loss{body, {}};
  const std::vector<ValueId> originals = w.inner().results;
  for (std::size_t k = 0; k < originals.size(); ++k) {
    const Value like = w.at(originals[k]);
    const bool needed = parts.has(k) || parts.gives(k);
    outputs.push_back(needed ? w.value(body, like.type, like.hint) : kNoValue);
    if (needed) w.at(outputs.back()).stats = like.stats;
    if (!parts.gives(k)) continue;
    loss.rest.push_back(outputs.back());
    results.push_back(outputs.back());
  }
  w.call(body, "$f0(" + holes(0, parameters.size()) + ")", parameters, outputs).bodies = {
      w.inner_id()};
  const bool known_norm = norm_is_known(w.program());
  std::vector<Term> terms;
  for (const std::size_t k : parts.terms) {
    const ValueId id = outputs[k];
    const Penalty penalty = penalty_of(w.at(id), parts.terms.size() == 1, known_norm, random);
    const ValueId term = w.value(body, {w.at(id).type.dtype, {}}, "penalty");
    std::vector<std::string> words = {"penalty", "cost", "objective"};
    if (penalty.square && !penalty.sums) words.push_back("mean_square");
    if (penalty.square && penalty.sums) words.push_back("energy");
    w.call_it(term, std::move(words), random);
    std::vector<ValueId> operands = {id};
    if (penalty.aims) operands.push_back(target_of(w, body, id));
    w.node(body, "call", penalty.spelling, std::move(operands), {term});
    terms.push_back({term, size_of(penalty, w.at(id))});
  }
  for (const std::size_t k : parts.held) terms.push_back(ridge(w, body, parameters[k], random));
  const int rest = static_cast<int>(results.size());
  results.insert(results.begin(), total_of(w, body, std::move(terms), random));
  w.finish(body, results, rest > 1 ? std::vector<int>{0, rest} : std::vector<int>{});
  return loss;
}

}  // namespace jaxsmith::plan
