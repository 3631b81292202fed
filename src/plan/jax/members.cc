// Members of a family that call the root's function: gradients of it, and its vmapped form.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

// Nodes of the wrapping function. They hold functions and gradients rather than applications of the
// catalogue, so they are written here and not drawn.
class Wrapper {
 public:
  Wrapper(const Program& root, std::string hint) : program_(root), inner_(root.root) {
    Body& function = program_.bodies[static_cast<std::size_t>(inner_)];
    function.placement = Placement::kHelper;
    if (function.returns == Returns::kDict) function.returns = Returns::kTuple;
    entry_ = open(Placement::kEntry, std::move(hint));
    program_.root = entry_;
  }

  BodyId open(Placement placement, std::string hint) {
    Body body;
    body.parent = placement == Placement::kNested ? entry_ : -1;
    body.placement = placement;
    body.hint = std::move(hint);
    program_.bodies.push_back(std::move(body));
    return static_cast<BodyId>(program_.bodies.size()) - 1;
  }

  ValueId value(BodyId body, Type type, std::string hint = {}) {
    Value v;
    v.type = std::move(type);
    v.hint = std::move(hint);
    v.body = body;
    program_.values.push_back(std::move(v));
    return static_cast<ValueId>(program_.values.size()) - 1;
  }

  ValueId parameter(BodyId body, const Value& like, Type type, std::string hint) {
    const ValueId id = value(body, std::move(type), std::move(hint));
    at(id).stats = like.stats;
    program_.bodies[static_cast<std::size_t>(body)].parameters.push_back(id);
    return id;
  }

  Node& node(BodyId body, std::string op, std::string spelling, std::vector<ValueId> operands,
             std::vector<ValueId> results) {
    for (ValueId id : operands) ++at(id).uses;
    Node n;
    n.op = std::move(op);
    n.spelling = std::move(spelling);
    n.operands = std::move(operands);
    n.results = std::move(results);
    auto& nodes = program_.bodies[static_cast<std::size_t>(body)].nodes;
    nodes.push_back(std::move(n));
    return nodes.back();
  }

  void finish(BodyId body, std::vector<ValueId> results, std::vector<int> groups = {}) {
    for (ValueId id : results) ++at(id).uses;
    Body& b = program_.bodies[static_cast<std::size_t>(body)];
    b.results = std::move(results);
    b.result_groups = std::move(groups);
    b.returns = b.results.size() == 1 ? Returns::kSingle : Returns::kTuple;
  }

  void derivative(ValueId value, ValueId derivative, Differentiation kind, std::size_t argument,
                  std::optional<std::size_t> seed = std::nullopt) {
    program_.derivatives.push_back({value, derivative, kind, argument, seed});
  }

  Value& at(ValueId id) { return program_.values[static_cast<std::size_t>(id)]; }
  const Body& inner() const { return program_.bodies[static_cast<std::size_t>(inner_)]; }
  Type result_type(BodyId body) {
    return at(program_.bodies[static_cast<std::size_t>(body)].results[0]).type;
  }
  BodyId inner_id() const { return inner_; }
  BodyId entry() const { return entry_; }
  Program take() { return std::move(program_); }

 private:
  Program program_;
  BodyId inner_;
  BodyId entry_;
};

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

// A body that calls the root's function and makes one scalar of it, nonlinear in every result that
// has a derivative; the others come with it as auxiliary output where `with_rest`.
struct Loss {
  BodyId body;
  std::vector<Type> rest;
};

// How one scalar is made of a result.
struct Penalty {
  std::string spelling;
  bool square;  // else it is flat or straight far from zero
  bool sums;    // elements, rather than taking their mean
};

Loss loss_of(Wrapper& w, Random& random, bool with_rest) {
  const BodyId body = w.open(Placement::kHelper, "loss");
  const std::vector<ValueId> parameters = copy_parameters(w, body);
  std::vector<ValueId> outputs, terms, results;
  Loss loss{body, {}};
  const std::vector<ValueId> originals = w.inner().results;
  for (ValueId id : originals) {
    const Value like = w.at(id);
    const bool real = tensor::is_real(like.type.dtype) && like.grad_arguments != 0;
    outputs.push_back(real || with_rest ? w.value(body, like.type, like.hint) : kNoValue);
    if (real) w.at(outputs.back()).stats = like.stats;
    if (real || !with_rest) continue;
    loss.rest.push_back(like.type);
    results.push_back(outputs.back());
  }
  w.node(body, "call", "$f0(" + holes(0, parameters.size()) + ")", parameters, outputs).bodies = {
      w.inner_id()};
  for (ValueId id : outputs) {
    if (id == kNoValue || std::find(results.begin(), results.end(), id) != results.end()) continue;
    const Type type = w.at(id).type;
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
    const ValueId term = w.value(body, {type.dtype, {}}, "penalty");
    auto [spelling, square, sums] = random.pick(type.rank() == 0 ? kScalar : kReduced);
    // Where tanh or softplus is flat or straight, a gradient does not know the value.
    const Interval reach = practical(w.at(id).stats);
    if (!square && std::max(-reach.lo, reach.hi) > 3) {
      spelling = type.rank() == 0 ? "0.5 * $0**2" : "jnp.mean($0**2)";
      sums = false;
    }
    // In half precision a small term is soon lost in a large sum.
    if (sums && originals.size() > 1 && tensor::byte_size(type.dtype) == 2)
      spelling = "jnp.mean($0**2)";
    // Half precision ends at 65,504: a sum of squares may not.
    if (type.dtype == DType::kF16 && squares_overflow(w.at(id))) {
      const std::string factor = number_text(
          portable::exp2(std::floor(portable::log2(2 / std::max(-reach.lo, reach.hi)))), false);
      spelling = fmt::format(
          fmt::runtime(type.rank() == 0 ? "jnp.tanh({} * $0)" : "jnp.mean(jnp.tanh({} * $0))"),
          factor);
    }
    w.node(body, "call", spelling, {id}, {term});
    terms.push_back(term);
  }
  while (terms.size() > 1) {
    const ValueId total = w.value(
        body, {promoted(w.at(terms[0]).type.dtype, w.at(terms[1]).type.dtype), {}}, "total");
    w.node(body, "call", "$0 + $1", {terms[0], terms[1]}, {total});
    terms.erase(terms.begin());
    terms[0] = total;
  }
  const int rest = static_cast<int>(results.size());
  results.insert(results.begin(), terms[0]);
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

std::string argnums_text(const std::vector<std::int64_t>& numbers) {
  if (numbers.size() == 1) return numbers[0] == 0 ? "" : fmt::format("argnums={}", numbers[0]);
  return "argnums=" + tuple_text(numbers);
}

struct GradientForm {
  bool with_value = false, with_rest = false;
};

// jax.grad or jax.value_and_grad of a loss; with has_aux, what else the root's function gives.
Member scalar_gradient(const Program& root, const std::vector<std::int64_t>& numbers,
                       GradientForm form, Random& random) {
  Wrapper w(root, form.with_value ? "value_and_grads" : "grads");
  const Loss loss = loss_of(w, random, form.with_rest);
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  std::vector<ValueId> value, grads, rest;
  if (form.with_value) value.push_back(w.value(w.entry(), w.result_type(loss.body), "value"));
  for (auto n : numbers) {
    const Value& p = w.at(parameters[static_cast<std::size_t>(n)]);
    grads.push_back(w.value(w.entry(), p.type, "grad"));
    w.at(grads.back()).named_as = parameters[static_cast<std::size_t>(n)];
  }
  for (const Type& type : loss.rest) rest.push_back(w.value(w.entry(), type, "aux"));
  // JAX gives ((value, aux), grads), but (grads, aux): a group where there are several.
  const auto group = [](std::size_t n) { return n > 1 ? static_cast<int>(n) : 0; };
  std::vector<ValueId> results = value;
  std::vector<int> groups;
  if (form.with_value) {
    results.insert(results.end(), rest.begin(), rest.end());
    results.insert(results.end(), grads.begin(), grads.end());
    groups = {group(1 + rest.size()), group(grads.size())};
  } else {
    results.insert(results.end(), grads.begin(), grads.end());
    results.insert(results.end(), rest.begin(), rest.end());
    if (!rest.empty()) groups = {group(grads.size()), group(rest.size())};
  }
  if (groups == std::vector<int>{0, 0}) groups.clear();
  Node& node = w.node(
      w.entry(), "call",
      fmt::format("{}($f0, $options)({})", form.with_value ? "jax.value_and_grad" : "jax.grad",
                  holes(0, parameters.size())),
      parameters, results);
  node.bodies = {loss.body};
  node.attributes["options"] =
      fmt::format("{}{}{}", argnums_text(numbers),
                  numbers == std::vector<std::int64_t>{0} || rest.empty() ? "" : ", ",
                  rest.empty() ? "" : "has_aux=True");
  node.result_groups = groups;
  w.finish(w.entry(), results, node.result_groups);
  for (std::size_t i = 0; i < grads.size() && form.with_value; ++i)
    w.derivative(value[0], grads[i], Differentiation::kReverse,
                 static_cast<std::size_t>(numbers[i]));
  return {w.take(), form.with_value ? "value_and_grad" : "grad", "base"};
}

// A gradient step: parameters minus a multiple of their gradient. The value comes with it, as it
// depends on every argument and a gradient need not.
Member descent(const Program& root, std::int64_t number, Random& random) {
  Wrapper w(root, "descend");
  const BodyId loss = loss_of(w, random, false).body;
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const ValueId x = parameters[static_cast<std::size_t>(number)];
  const bool alone = parameters.size() == 1;
  const ValueId g = w.value(w.entry(), w.at(x).type, "grad");
  std::vector<ValueId> results = {g};
  if (!alone) results.insert(results.begin(), w.value(w.entry(), w.result_type(loss), "value"));
  Node& node = w.node(w.entry(), "call",
                      fmt::format("jax.{}($f0, $argnums)({})", alone ? "grad" : "value_and_grad",
                                  holes(0, parameters.size())),
                      parameters, results);
  node.bodies = {loss};
  node.attributes["argnums"] = argnums_text({number});
  const ValueId out = w.value(w.entry(), w.at(x).type, "updated");
  static const std::vector<std::string> kRates = {"0.1", "0.05", "0.01", "1e-3", "0.5"};
  w.node(w.entry(), "call", "$0 - " + random.pick(kRates) + " * $1", {x, g}, {out});
  w.finish(w.entry(), alone ? std::vector<ValueId>{out} : std::vector<ValueId>{results[0], out});
  return {w.take(), alone ? "grad" : "value_and_grad", "base"};
}

enum class Jacobian { kForward, kReverse, kHessian };

Member jacobian(const Program& root, std::int64_t number, Jacobian kind, Random& random) {
  const bool hessian = kind == Jacobian::kHessian;
  const std::string mode = hessian ? "hessian" : kind == Jacobian::kForward ? "jacfwd" : "jacrev";
  Wrapper w(root, hessian ? "curvature" : "jacobian");
  const BodyId function = hessian ? loss_of(w, random, false).body : w.inner_id();
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
  const std::vector<ValueId> primals = copy_parameters(w, w.entry());
  const Type type = w.at(w.inner().results[0]).type;
  Value like;
  Random spread(root.seed, root.family);
  like.stats = uniform_stats(spread, -1, 1, false);
  const ValueId cotangent = w.parameter(w.entry(), like, type, "cotangent");
  const ValueId out = w.value(w.entry(), type, "out"),
                pullback = w.value(w.entry(), {}, "pullback");
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

}  // namespace

std::optional<Member> gradient_member(const Program& root, const Settings&, Random random) {
  if (!reverse_differentiable(root) || root.devices > 1) return std::nullopt;
  // A derivative is several times its function, a derivative of derivatives many times.
  const Size size_of_root = size_of(root);
  if (size_of_root.nodes > 24 || (size_of_root.derivatives > 0 && size_of_root.nodes > 9))
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
    return jacobian(root, first, random.chance(0.5) ? Jacobian::kForward : Jacobian::kReverse,
                    random);
  }
  // What a loss leaves out no gradient of it can show; it comes along as auxiliary output.
  std::uint32_t shown = 0;
  std::size_t rest = 0;
  for (ValueId id : body.results) {
    const Value& v = root.values[static_cast<std::size_t>(id)];
    const bool in_loss = tensor::is_real(v.type.dtype) && v.grad_arguments != 0;
    if (in_loss)
      shown |= v.sure;
    else
      ++rest;
  }
  const bool all_shown = shown == (1u << body.parameters.size()) - 1;
  if (all_shown && size <= 12 && draw < 0.46 && size_of_root.nodes <= 8 &&
      size_of_root.derivatives == 0)
    return jacobian(root, first, Jacobian::kHessian, random);
  if (all_shown && draw < 0.62) return descent(root, first, random);
  std::vector<std::int64_t> numbers = {first};
  if (candidates.size() > 1 && random.chance(0.7)) numbers = candidates;
  // A gradient alone may not depend on what it is not taken in.
  const bool complete = numbers.size() == body.parameters.size();
  GradientForm form;
  form.with_value = !complete || random.chance(0.3);
  form.with_rest = rest > 0 && (!all_shown || random.chance(0.6));
  // ((value, (aux, aux)), grads) is deeper than people write.
  if (form.with_value && rest > 1) form.with_rest = false;
  if (!all_shown && !form.with_rest) return std::nullopt;
  return scalar_gradient(root, numbers, form, random);
}

std::optional<Member> vmap_member(const Program& root, const Settings& settings, Random random) {
  if (root.devices > 1) return std::nullopt;
  Wrapper w(root, "batched");
  const std::vector<ValueId> originals = w.inner().parameters;
  const auto n = random.pick(settings.sizes);
  std::vector<int> axes(originals.size(), 0);
  for (std::size_t i = 1; i < axes.size(); ++i) {
    if (random.chance(0.35)) axes[i] = -1;  // not mapped
  }
  std::vector<ValueId> parameters;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const Value like = w.at(originals[i]);
    Type type = like.type;
    if (axes[i] == 0 && type.rank() > 0 && random.chance(0.2)) axes[i] = 1;
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
    for (std::size_t i = 0; i < axes.size(); ++i)
      text += fmt::format("{}{}", i ? ", " : "", axes[i] < 0 ? "None" : std::to_string(axes[i]));
    text += axes.size() == 1 ? ",)" : ")";
  }
  Node& node = w.node(w.entry(), "call",
                      fmt::format("jax.vmap($f0, $axes)({})", holes(0, parameters.size())),
                      parameters, results);
  node.bodies = {w.inner_id()};
  node.attributes["axes"] = text;
  w.finish(w.entry(), results);
  return Member{w.take(), "vmap", "base"};
}

}  // namespace jaxsmith::plan
