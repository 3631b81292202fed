// Members of a family that call the root's function: gradients of it, and its vmapped form.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/spread.h"
#include "plan/jax/wrapper.h"
#include "plan/packs.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

// "$0, $1, $2"
std::string holes(std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out += fmt::format("{}${}", i > from ? ", " : "", i);
  return out;
}

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

// Which results of the root's function a loss is made of, and which come with it as auxiliary
// output, by position. What is in neither is not asked for.
struct LossParts {
  std::vector<std::size_t> terms, rest;

  bool has(std::size_t result) const {
    return std::find(terms.begin(), terms.end(), result) != terms.end();
  }
  bool gives(std::size_t result) const {
    return std::find(rest.begin(), rest.end(), result) != rest.end();
  }
};

// A body that calls the root's function and makes one scalar of some results, nonlinear in each;
// others come with it as auxiliary output.
struct Loss {
  BodyId body;
  std::vector<ValueId> rest;
};

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

Loss loss_of(Wrapper& w, const LossParts& parts, Random& random) {
  const BodyId body = w.open(Placement::kHelper, "loss");
  w.introduce(body, {"loss", "objective", "loss_fn", "cost", "total_loss", "$f_loss"},
              {"Reduce what `$f` gives to one number.", "Scalar loss on the outputs of `$f`.",
               "The objective: `$f` and a penalty on what it gives."});
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
  const int rest = static_cast<int>(results.size());
  results.insert(results.begin(), total_of(w, body, std::move(terms), random));
  w.finish(body, results, rest > 1 ? std::vector<int>{0, rest} : std::vector<int>{});
  return loss;
}

std::uint32_t differentiable_in(const Program& root) {
  std::uint32_t bits = 0;
  for (ValueId id : root.bodies[static_cast<std::size_t>(root.root)].results) {
    const Value& v = root.values[static_cast<std::size_t>(id)];
    if (tensor::is_real(v.type.dtype)) bits |= v.grad_arguments;
  }
  return bits;
}

// Whether derivatives in these arguments are derivatives in whole packs, and in what stands alone.
bool takes_whole_packs(const std::vector<Pack>& packs, const std::vector<std::int64_t>& numbers) {
  return std::ranges::all_of(packs, [&](const Pack& pack) {
    const auto count = std::ranges::count_if(pack.members, [&](std::size_t member) {
      return std::ranges::find(numbers, static_cast<std::int64_t>(member)) != numbers.end();
    });
    return count == 0 || count == static_cast<std::ptrdiff_t>(pack.members.size());
  });
}

// These arguments, and with one that is of a pack the others of it where these are candidates too.
std::vector<std::int64_t> with_packs(const std::vector<Pack>& packs,
                                     std::vector<std::int64_t> numbers,
                                     const std::vector<std::int64_t>& candidates) {
  for (const Pack& pack : packs) {
    const auto is_of = [&](std::int64_t n) {
      return std::ranges::find(pack.members, static_cast<std::size_t>(n)) != pack.members.end();
    };
    const auto complete = static_cast<std::ptrdiff_t>(pack.members.size());
    if (std::ranges::none_of(numbers, is_of)) continue;
    if (std::ranges::count_if(candidates, is_of) != complete) continue;
    for (const std::size_t member : pack.members)
      if (std::ranges::find(numbers, static_cast<std::int64_t>(member)) == numbers.end())
        numbers.push_back(static_cast<std::int64_t>(member));
  }
  std::ranges::sort(numbers);
  return numbers;
}

// Derivatives in the arguments of these numbers: by what stands as one argument, which is what JAX
// counts and what each derivative has the form of.
struct Gradients {
  std::vector<std::int64_t> argnums;
  std::vector<std::int64_t> numbers;  // of each value
  std::vector<ValueId> values;
  std::vector<Packed> packed;
  std::size_t count = 0;  // as JAX gives them
};

Gradients gradients(Wrapper& w, const std::vector<ValueId>& parameters,
                    const std::vector<std::int64_t>& numbers) {
  Gradients out;
  const std::vector<Unit> units = w.units(parameters.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    const auto first = static_cast<std::int64_t>(units[u].members.front());
    if (std::ranges::find(numbers, first) == numbers.end()) continue;
    out.argnums.push_back(static_cast<std::int64_t>(u));
    if (units[u].pack) out.packed.push_back({out.values.size(), *units[u].pack});
    ++out.count;
    for (const std::size_t member : units[u].members) {
      out.values.push_back(w.value(w.entry(), w.at(parameters[member]).type, "grad"));
      w.at(out.values.back()).named_as = parameters[member];
      out.numbers.push_back(static_cast<std::int64_t>(member));
    }
  }
  return out;
}

std::vector<Packed> behind(std::vector<Packed> packed, std::size_t values) {
  for (Packed& each : packed) each.first += values;
  return packed;
}

// What a gradient gives; what has the form of a pack counts as one.
struct GradientCall {
  std::vector<ValueId> value, rest;
  Gradients grads;
  std::vector<int> groups;

  std::vector<ValueId> results() const {
    std::vector<ValueId> out = value;
    const auto& [second, third] =
        value.empty() ? std::tie(grads.values, rest) : std::tie(rest, grads.values);
    out.insert(out.end(), second.begin(), second.end());
    out.insert(out.end(), third.begin(), third.end());
    return out;
  }
  std::vector<Packed> packed() const {
    return behind(grads.packed, value.empty() ? 0 : value.size() + rest.size());
  }
};

// jax.grad or jax.value_and_grad of a loss in the entry; with has_aux, what comes along.
GradientCall call_gradient(Wrapper& w, const std::vector<ValueId>& parameters, const Loss& loss,
                           const std::vector<std::int64_t>& numbers, bool with_value,
                           Random& random) {
  GradientCall out;
  if (with_value) {
    out.value = {w.value(w.entry(), w.result_type(loss.body), "value")};
    w.call_it(out.value[0], {"value", "loss_value", "objective", "current_loss"}, random);
  }
  out.grads = gradients(w, parameters, numbers);
  for (const ValueId id : loss.rest) {
    const Type type = w.at(id).type;
    out.rest.push_back(w.value(w.entry(), type, "aux"));
    if (loss.rest.size() > 1) w.at(out.rest.back()).named_as = id;
  }
  out.groups = gradient_groups(with_value, out.grads.count, out.rest.size());
  Node& node =
      w.call(w.entry(),
             fmt::format("{}($f0, $options)({})", with_value ? "jax.value_and_grad" : "jax.grad",
                         holes(0, parameters.size())),
             parameters, out.results());
  node.bodies = {loss.body};
  const std::string argnums = argnums_text(out.grads.argnums);
  node.attributes["options"] = argnums + (argnums.empty() || out.rest.empty() ? "" : ", ") +
                               (out.rest.empty() ? "" : "has_aux=True");
  node.result_groups = out.groups;
  node.packed_results = out.packed();
  return out;
}

// The gradient of a loss, and what came with it.
Member scalar_gradient(const Program& root, const std::vector<std::int64_t>& numbers,
                       const LossParts& parts, bool with_value, Random& random) {
  Wrapper w(root, with_value ? "value_and_grads" : "grads");
  if (takes_whole_packs(root.packs, numbers)) w.hand_on_packs();
  const Loss loss = loss_of(w, parts, random);
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const std::string by = numbers.size() == 1 ? fmt::format("`${}`", numbers[0]) : "its arguments";
  if (with_value)
    w.introduce(
        w.entry(),
        {"value_and_grads", "loss_and_grads", "evaluate", "loss_with_gradients", "$f_with_grads"},
        {"Loss on `$f` and its gradient in " + by + ".",
         "Evaluate the loss together with its derivative in " + by + ".",
         "One forward and one backward pass through `$f`."});
  else
    w.introduce(w.entry(), {"grads", "gradients", "loss_gradient", "sensitivity", "grad_of_$f"},
                {"Gradient of the loss on `$f` in " + by + ".",
                 "Differentiate the loss with respect to " + by + ".",
                 "How the loss on `$f` changes with " + by + "."});
  const GradientCall call = call_gradient(w, parameters, loss, numbers, with_value, random);
  w.finish(w.entry(), call.results(), call.groups, call.packed());
  const Gradients& grads = call.grads;
  for (std::size_t i = 0; i < grads.values.size() && with_value; ++i)
    w.derivative(call.value[0], grads.values[i], Differentiation::kReverse,
                 static_cast<std::size_t>(grads.numbers[i]));
  return {w.take(), with_value ? "value_and_grad" : "grad", "base"};
}

// How long gradients are, or how large where squares of half precision would be lost: of one as it
// is, of those of a pack each by itself, as the short ones do not show in the length of all.
void add_lengths(Wrapper& w, const Gradients& grads, std::vector<ValueId>& results,
                 std::vector<Packed>& packed) {
  bool half = false;
  std::vector<ValueId> lengths;
  for (const ValueId g : grads.values) {
    const DType dtype = w.at(g).type.dtype;
    half = half || tensor::byte_size(dtype) == 2;
    lengths.push_back(w.value(w.entry(), {dtype, {}}, "grad_norm"));
    w.at(lengths.back()).named_as = w.at(g).named_as;
  }
  std::string spelling;
  if (!grads.packed.empty())
    spelling = half ? "jax.tree.map(lambda g: jnp.max(jnp.abs(g)), $0)"
                    : "jax.tree.map(jnp.linalg.norm, $0)";
  else if (w.at(grads.values[0]).type.rank() == 0)
    spelling = "jnp.abs($0)";
  else
    spelling = half ? "jnp.max(jnp.abs($0))" : "jnp.linalg.norm($0)";
  Node& node = w.node(w.entry(), "call", spelling, grads.values, lengths);
  node.packed_operands = node.packed_results = grads.packed;
  for (const Packed& each : behind(grads.packed, results.size())) packed.push_back(each);
  results.insert(results.end(), lengths.begin(), lengths.end());
}

// A gradient step: parameters, one or a pack of them, minus a multiple of their gradient. The value
// comes with it where there are other arguments, as it depends on all of them and a gradient need
// not; after a small step also how long the gradient was, which the parameters hardly show.
Member descent(const Program& root, const std::vector<std::int64_t>& numbers,
               const LossParts& parts, bool with_value, Random& random) {
  struct Rate {
    std::string text;
    bool small;
  };
  // At 0.5 a step down the sum of squares of what was only moved about leaves nothing.
  static const std::vector<Rate> kRates = {{"0.1", false}, {"0.2", false}, {"0.3", false},
                                           {"0.05", true}, {"0.01", true}, {"1e-3", true}};
  Wrapper w(root, "descend");
  if (takes_whole_packs(root.packs, numbers)) w.hand_on_packs();
  const Loss loss = loss_of(w, parts, random);
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const GradientCall call = call_gradient(w, parameters, loss, numbers, with_value, random);
  const Gradients& grads = call.grads;
  const bool whole = !grads.packed.empty();
  w.introduce(w.entry(), {"descend", "gradient_step", "update", "sgd_step", "train_step", "fit_$f"},
              {"One step of gradient descent on the loss.",
               fmt::format("Move `${}` against the gradient of the loss.", numbers[0]),
               "Take a gradient step through `$f`.", "Update by plain gradient descent."});
  std::vector<ValueId> operands, updated;
  for (const std::int64_t number : grads.numbers) {
    operands.push_back(parameters[static_cast<std::size_t>(number)]);
    updated.push_back(w.value(w.entry(), w.at(operands.back()).type, "updated"));
    if (whole) w.at(updated.back()).named_as = operands.back();
  }
  if (!whole) w.at(grads.values[0]).named_as = -1;
  operands.insert(operands.end(), grads.values.begin(), grads.values.end());
  const Rate rate = random.pick(kRates);
  Node& step = w.node(w.entry(), "call",
                      whole ? fmt::format("jax.tree.map(lambda p, g: p - {} * g, $0, ${})",
                                          rate.text, updated.size())
                            : "$0 - " + rate.text + " * $1",
                      operands, updated);
  step.packed_operands = step.packed_results = grads.packed;
  for (const Packed& each : behind(grads.packed, updated.size()))
    step.packed_operands.push_back(each);
  std::vector<ValueId> results = call.value;
  std::vector<Packed> packed = behind(grads.packed, results.size());
  results.insert(results.end(), updated.begin(), updated.end());
  if (rate.small) add_lengths(w, grads, results, packed);
  results.insert(results.end(), call.rest.begin(), call.rest.end());
  w.finish(w.entry(), results, {}, packed);
  return {w.take(), with_value ? "value_and_grad" : "grad", "base"};
}

enum class Jacobian { kForward, kReverse, kHessian };

Member jacobian(const Program& root, std::int64_t number, Jacobian kind, const LossParts& parts,
                Random& random) {
  const bool hessian = kind == Jacobian::kHessian;
  const std::string mode = hessian ? "hessian" : kind == Jacobian::kForward ? "jacfwd" : "jacrev";
  Wrapper w(root, hessian ? "curvature" : "jacobian");
  if (hessian)
    w.introduce(w.entry(), {"curvature", "loss_hessian", "second_derivatives", "hessian_of_$f"},
                {fmt::format("Loss and its Hessian in `${}`.", number),
                 "Second derivatives of the loss on `$f`."});
  else
    w.introduce(w.entry(), {"jacobian", "jacobian_of_$f", "linear_response", "sensitivities"},
                {fmt::format("`$f` and its Jacobian in `${}`.", number),
                 fmt::format("How each output of `$f` answers `${}`.", number)});
  const BodyId function = hessian ? loss_of(w, parts, random).body : w.inner_id();
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const Type in = w.at(parameters[static_cast<std::size_t>(number)]).type;
  Type out = hessian ? in : w.at(w.inner().results[0]).type;
  out.shape.insert(out.shape.end(), in.shape.begin(), in.shape.end());
  if (kind == Jacobian::kReverse)
    out.dtype = in.dtype;  // cotangents pulled back have the argument's type
  // Beside the function's value: a Jacobian of something linear depends on nothing.
  const ValueId value = w.value(w.entry(), w.result_type(function), hessian ? "value" : "residual");
  w.node(w.entry(), "call", "$f0(" + holes(0, parameters.size()) + ")", parameters, {value})
      .bodies = {function};
  const ValueId result = w.value(w.entry(), out, hessian ? "hessian" : "jacobian");
  Node& node = w.node(w.entry(), "call",
                      fmt::format("jax.{}($f0, $argnums)({})", mode, holes(0, parameters.size())),
                      parameters, {result});
  node.bodies = {function};
  node.attributes["argnums"] = argnums_text({number});
  w.finish(w.entry(), {value, result});
  if (!hessian)
    w.derivative(value, result, Differentiation::kReverse, static_cast<std::size_t>(number));
  return {w.take(), mode, "base"};
}

Member jvp(const Program& root) {
  Wrapper w(root, "push_forward");
  w.introduce(
      w.entry(), {"push_forward", "directional_derivative", "jvp_of_$f", "linearized"},
      {"Value of `$f` and its derivative in a direction.", "Push tangents forward through `$f`."});
  const std::vector<ValueId> primals = copy_parameters(w, w.entry());
  std::vector<ValueId> operands = primals;
  for (ValueId id : primals) {
    Value like = w.at(id);
    Random spread(root.seed, root.family);
    like.stats = uniform_stats(spread, -1, 1, false);
    operands.push_back(w.parameter(w.entry(), like, like.type, "tangent"));
  }
  const Type type = w.at(w.inner().results[0]).type;
  const ValueId out = w.value(w.entry(), type, "primal_out"),
                tangent = w.value(w.entry(), type, "tangent_out");
  const std::size_t n = primals.size();
  const std::string comma = n == 1 ? "," : "";
  w.node(w.entry(), "call",
         fmt::format("jax.jvp($f0, ({}{}), ({}{}))", holes(0, n), comma, holes(n, 2 * n), comma),
         operands, {out, tangent})
      .bodies = {w.inner_id()};
  w.finish(w.entry(), {out, tangent});
  for (std::size_t i = 0; i < n; ++i)
    w.derivative(out, tangent, Differentiation::kTangent, i, n + i);
  return {w.take(), "jvp", "base"};
}

Member vjp(const Program& root) {
  Wrapper w(root, "pull_back");
  w.introduce(
      w.entry(), {"pull_back", "vjp_of_$f", "backward", "backpropagate"},
      {"Value of `$f` and the gradients of its arguments.", "Pull a cotangent back through `$f`."});
  const std::vector<ValueId> primals = copy_parameters(w, w.entry());
  const Type type = w.at(w.inner().results[0]).type;
  Value like;
  Random spread(root.seed, root.family);
  like.stats = uniform_stats(spread, -1, 1, false);
  const ValueId cotangent = w.parameter(w.entry(), like, type, "cotangent");
  const ValueId out = w.value(w.entry(), type, "out"),
                pullback = w.value(w.entry(), {}, "pullback");
  w.at(pullback).reserved = w.at(pullback).weak = true;  // a function, no array
  w.node(w.entry(), "call", fmt::format("jax.vjp($f0, {})", holes(0, primals.size())), primals,
         {out, pullback})
      .bodies = {w.inner_id()};
  std::vector<ValueId> bars;
  for (ValueId id : primals) {
    bars.push_back(w.value(w.entry(), w.at(id).type, "bar"));
    w.at(bars.back()).named_as = id;
  }
  Node& node = w.node(w.entry(), "call", "$0($1)", {pullback, cotangent}, bars);
  // A pullback gives a tuple, also of one.
  node.result_groups = {static_cast<int>(bars.size())};
  std::vector<ValueId> results = {out};
  results.insert(results.end(), bars.begin(), bars.end());
  w.finish(w.entry(), results);
  for (std::size_t i = 0; i < bars.size(); ++i)
    w.derivative(out, bars[i], Differentiation::kCotangent, i, primals.size());
  return {w.take(), "vjp", "base"};
}

struct Size {
  std::size_t nodes = 0, derivatives = 0;
};

Size size_of(const Program& program) {
  Size out;
  for (const Body& body : program.bodies) {
    out.nodes += body.nodes.size();
    for (const Node& node : body.nodes)
      out.derivatives += program.catalogue->named(node.op).category == kGradient;
  }
  return out;
}

// How many nodes of the root a result is made by.
std::size_t way_to(const Program& root, ValueId result) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  std::vector<ValueId> wanted = {result};
  std::size_t count = 0;
  for (std::size_t n = body.nodes.size(); n-- > 0;) {
    const Node& node = body.nodes[n];
    const auto is_wanted = [&](ValueId id) {
      return std::find(wanted.begin(), wanted.end(), id) != wanted.end();
    };
    if (std::none_of(node.results.begin(), node.results.end(), is_wanted)) continue;
    ++count;
    wanted.insert(wanted.end(), node.operands.begin(), node.operands.end());
  }
  return count;
}

// A loss has no part that its gradient in these arguments does not know; now and then it is made of
// one result alone, the one that takes the longest way. All else comes along as it is.
LossParts loss_parts(const Program& root, const std::vector<std::int64_t>& numbers,
                     Random& random) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  std::uint32_t bits = 0;
  for (const std::int64_t n : numbers) bits |= 1u << n;
  LossParts out;
  std::optional<std::size_t> longest;
  for (std::size_t k = 0; k < body.results.size(); ++k) {
    const Value& v = root.values[static_cast<std::size_t>(body.results[k])];
    const bool known = tensor::is_real(v.type.dtype) && (v.grad_arguments & bits) != 0;
    (known ? out.terms : out.rest).push_back(k);
    if (!known || (v.grad_arguments & bits) != bits) continue;
    if (!longest || way_to(root, body.results[k]) > way_to(root, body.results[*longest]))
      longest = k;
  }
  if (!longest || out.terms.size() == 1 || random.chance(0.5)) return out;
  out = {{*longest}, {}};
  for (std::size_t k = 0; k < body.results.size(); ++k)
    if (k != *longest) out.rest.push_back(k);
  return out;
}

}  // namespace

std::optional<Member> gradient_member(const Program& root, const Settings& settings,
                                      Random random) {
  if (!reverse_differentiable(root) || root.devices > 1) return std::nullopt;
  // A derivative is several times its function, a derivative of derivatives many times.
  const Size size_of_root = size_of(root);
  if (size_of_root.nodes > profile_of(settings.size).most_differentiated ||
      (size_of_root.derivatives > 0 && size_of_root.nodes > 9))
    return std::nullopt;
  const std::uint32_t bits = differentiable_in(root);
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  std::vector<std::int64_t> candidates;
  bool all_real = true;
  for (std::size_t i = 0; i < body.parameters.size(); ++i) {
    const Value& p = root.values[static_cast<std::size_t>(body.parameters[i])];
    if (tensor::is_real(p.type.dtype) && (bits >> i & 1u))
      candidates.push_back(static_cast<std::int64_t>(i));
    else
      all_real = false;
  }
  if (candidates.empty()) return std::nullopt;
  const auto elements = [&](ValueId id) {
    return tensor::element_count(root.values[static_cast<std::size_t>(id)].type.shape);
  };
  const std::int64_t first = random.pick(candidates);
  const auto size = elements(body.parameters[static_cast<std::size_t>(first)]);
  const Value& out = root.values[static_cast<std::size_t>(body.results[0])];
  const bool single = body.results.size() == 1 && tensor::is_real(out.type.dtype);
  const double draw = random.uniform();
  if (single && all_real && draw < 0.14) return jvp(root);
  if (single && all_real && draw < 0.26) return vjp(root);
  if (single && size * elements(body.results[0]) <= 512 && size > 1 && draw < 0.38 &&
      out.type.rank() + 1 <= 4) {
    return jacobian(root, first, random.chance(0.5) ? Jacobian::kForward : Jacobian::kReverse, {},
                    random);
  }
  const bool hessian =
      size <= 12 && draw < 0.46 && size_of_root.nodes <= 8 && size_of_root.derivatives == 0;
  const bool step = draw < 0.62;
  // With an argument of a pack, in all of the pack where that may be. What is learnt is most often
  // handed over in one.
  const std::vector<std::int64_t> together = with_packs(root.packs, {first}, candidates);
  std::vector<std::int64_t> numbers = hessian ? std::vector{first} : together;
  if (!hessian && !step && candidates.size() > 1 && random.chance(root.packs.empty() ? 0.7 : 0.3))
    numbers = candidates;
  LossParts parts = loss_parts(root, numbers, random);
  const auto surely_shown = [&](const std::vector<std::size_t>& results) {
    std::uint32_t bits = 0;
    for (const std::size_t k : results)
      bits |= root.values[static_cast<std::size_t>(body.results[k])].sure;
    return bits;
  };
  const std::uint32_t all = (1u << body.parameters.size()) - 1;
  if ((surely_shown(parts.terms) | surely_shown(parts.rest)) != all) return std::nullopt;
  if (hessian && parts.rest.empty())
    return jacobian(root, first, Jacobian::kHessian, parts, random);
  // A gradient alone may not depend on what it is not taken in.
  const bool complete = numbers.size() == body.parameters.size();
  bool with_value = !complete || (!step && random.chance(0.3));
  // ((value, (aux, aux)), grads) is deeper than people write: instead of the value come the results
  // that it is made of.
  if (with_value && parts.rest.size() > 1) {
    with_value = false;
    parts.rest.clear();
    for (std::size_t k = 0; k < body.results.size(); ++k) parts.rest.push_back(k);
  }
  if (step) return descent(root, numbers, parts, with_value, random);
  return scalar_gradient(root, numbers, parts, with_value, random);
}

std::optional<Member> vmap_member(const Program& root, const Settings& settings, Random random) {
  if (root.devices > 1) return std::nullopt;
  for (const Body& body : root.bodies)
    for (const Node& node : body.nodes)
      if (root.catalogue->named(node.op).has(kUnmapped)) return std::nullopt;
  Wrapper w(root, "batched");
  w.introduce(w.entry(), {"batched", "batched_$f", "over_batch", "$f_batch", "per_example"},
              {"Map `$f` over a batch.", "Apply `$f` to each example.",
               "`$f` for many inputs at once.", "Vectorized form of `$f`."});
  const std::vector<Pack> packs = w.packs();
  const std::vector<ValueId> originals = w.inner().parameters;
  const auto n = random.pick(settings.sizes);
  std::vector<int> axes(originals.size(), 0);
  for (std::size_t i = 1; i < axes.size(); ++i) {
    if (random.chance(0.35)) axes[i] = -1;  // not mapped
  }
  // Most people map a pack as a whole.
  std::vector<bool> in_pack(originals.size(), false);
  const bool whole = random.chance(0.75);
  for (const Pack& pack : packs) {
    for (const std::size_t member : pack.members) {
      in_pack[member] = true;
      if (whole) axes[member] = axes[pack.members.front()];
    }
  }
  if (whole) w.hand_on_packs();
  std::vector<ValueId> parameters;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const Value like = w.at(originals[i]);
    Type type = like.type;
    if (axes[i] == 0 && type.rank() > 0 && random.chance(0.2) && !(whole && in_pack[i]))
      axes[i] = 1;
    if (axes[i] >= 0) type.shape.insert(type.shape.begin() + axes[i], n);
    if (type.rank() > settings.max_rank || tensor::element_count(type.shape) > 4096)
      return std::nullopt;
    parameters.push_back(w.parameter(w.entry(), like, type, like.hint));
    w.at(parameters.back()).named_as = originals[i];
  }
  std::vector<ValueId> results;
  const std::vector<ValueId> inner_results = w.inner().results;
  for (ValueId id : inner_results) {
    Value like = w.at(id);
    like.type.shape.insert(like.type.shape.begin(), n);
    results.push_back(w.value(w.entry(), like.type, like.hint));
  }
  std::string text;
  if (std::any_of(axes.begin(), axes.end(), [](int a) { return a != 0; })) {
    text = "in_axes=(";
    const std::vector<Unit> units = w.units(axes.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
      const int axis = axes[units[i].members.front()];
      text += fmt::format("{}{}", i ? ", " : "", axis < 0 ? "None" : std::to_string(axis));
    }
    text += units.size() == 1 ? ",)" : ")";
  }
  Node& node =
      w.call(w.entry(), fmt::format("jax.vmap($f0, $axes)({})", holes(0, parameters.size())),
             parameters, results);
  node.bodies = {w.inner_id()};
  node.attributes["axes"] = text;
  w.finish(w.entry(), results);
  return Member{w.take(), "vmap", "base"};
}

}  // namespace jaxsmith::plan
