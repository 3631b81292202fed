// Members of a family that call the root's function: gradients of it, and its vmapped form.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/portable_math.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/member_loss.h"
#include "plan/jax/spread.h"
#include "plan/jax/wrapper.h"
#include "plan/packs.h"
#include "plan/planner.h"
#include "plan/telling.h"

namespace jaxsmith::plan {
namespace {

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
  static const std::vector<std::string> kLengths = {"0.1", "0.2", "0.5"};
  Wrapper w(root, "descend");
  if (takes_whole_packs(root.packs, numbers)) w.hand_on_packs();
  const Loss loss = loss_of(w, parts, random);
  const std::vector<ValueId> parameters = copy_parameters(w, w.entry());
  const GradientCall call = call_gradient(w, parameters, loss, numbers, with_value, random);
  const Gradients& grads = call.grads;
  const bool whole = !grads.packed.empty();
  const bool half = std::ranges::any_of(
      grads.values, [&](ValueId g) { return tensor::byte_size(w.at(g).type.dtype) == 2; });
  w.introduce(w.entry(), {"descend", "gradient_step", "update", "sgd_step", "train_step", "fit_$f"},
              {"One step of gradient descent on the loss.",
               fmt::format("Move `${}` against the gradient of the loss.", numbers[0]),
               "Take a gradient step through `$f`.",
               half ? "Step along the scaled gradient." : "Update by plain gradient descent."});
  std::vector<ValueId> operands, updated;
  for (const std::int64_t number : grads.numbers) {
    operands.push_back(parameters[static_cast<std::size_t>(number)]);
    updated.push_back(w.value(w.entry(), w.at(operands.back()).type, "updated"));
    if (whole) w.at(updated.back()).named_as = operands.back();
  }
  if (!whole) w.at(grads.values[0]).named_as = -1;
  operands.insert(operands.end(), grads.values.begin(), grads.values.end());
  Rate rate = random.pick(kRates);
  // A small step is lost in the last bits of half precision: there it is as long as the rate says.
  std::string by = "{1}";
  if (half) {
    rate = {random.pick(kLengths), true};
    by += " / (jnp.max(jnp.abs({1})) + 1e-3)";
  }
  const std::string form = "{0} - " + rate.text + " * " + by;
  const std::string spelling =
      whole ? fmt::format("jax.tree.map(lambda p, g: {}, $0, ${})",
                          fmt::format(fmt::runtime(form), "p", "g"), updated.size())
            : fmt::format(fmt::runtime(form), "$0", "$1");
  Node& step = w.node(w.entry(), "call", spelling, operands, updated);
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

// Where a result has an axis as long as one of the argument's, each of its elements may answer one
// of the argument's alone: most of such a Jacobian is zero.
bool may_be_sparse(const Type& out, const Type& in) {
  return std::ranges::any_of(in.shape, [&](std::int64_t n) {
    return n > 1 && std::ranges::find(out.shape, n) != out.shape.end();
  });
}

// A residual's product with its Jacobian, which is half the gradient of its squares; or that of a
// Hessian with the argument. `of`: the argument's type, which the product has.
ValueId contracted(Wrapper& w, ValueId left, ValueId right, const Type& of, bool hessian,
                   Random& random) {
  const int summed = hessian ? of.rank() : w.at(left).type.rank();
  const ValueId out = w.value(w.entry(), of, "product");
  w.call_it(out,
            hessian ? std::vector<std::string>{"curvature", "hessian_product", "bend"}
                    : std::vector<std::string>{"gauss_newton", "residual_gradient", "normal"},
            random);
  std::vector<std::string> spellings = {fmt::format("jnp.tensordot($0, $1, axes={})", summed)};
  if (summed == 1 && of.rank() == 1) spellings = {"$0 @ $1", "jnp.dot($0, $1)"};
  w.node(w.entry(), "call", random.pick(spellings), {left, right}, {out});
  return out;
}

void introduce_jacobian(Wrapper& w, std::int64_t number, bool hessian, bool sparse) {
  if (hessian && sparse)
    w.introduce(w.entry(), {"curvature", "hessian_product", "curvature_along", "curvature_of_$f"},
                {fmt::format("Loss and the product of its Hessian with `${}`.", number),
                 fmt::format("How the loss on `$f` curves along `${}`.", number)});
  else if (hessian)
    w.introduce(w.entry(), {"curvature", "loss_hessian", "second_derivatives", "hessian_of_$f"},
                {fmt::format("Loss and its Hessian in `${}`.", number),
                 "Second derivatives of the loss on `$f`."});
  else if (sparse)
    w.introduce(w.entry(),
                {"gauss_newton", "residual_gradient", "normal_equations", "pulled_back_$f"},
                {fmt::format("`$f` and its product with its Jacobian in `${}`.", number),
                 fmt::format("Gradient in `${}` of half the squares of `$f`.", number)});
  else
    w.introduce(w.entry(), {"jacobian", "jacobian_of_$f", "linear_response", "sensitivities"},
                {fmt::format("`$f` and its Jacobian in `${}`.", number),
                 fmt::format("How each output of `$f` answers `${}`.", number)});
}

// `is_thin`: has_thin_gradient.
Member jacobian(const Program& root, std::int64_t number, Jacobian kind, const LossParts& parts,
                bool is_thin, Random& random) {
  const bool hessian = kind == Jacobian::kHessian;
  const std::string mode = hessian ? "hessian" : kind == Jacobian::kForward ? "jacfwd" : "jacrev";
  Wrapper w(root, hessian ? "curvature" : "jacobian");
  const Type to = w.at(w.inner().results[0]).type,
             from = w.at(w.inner().parameters[static_cast<std::size_t>(number)]).type;
  const bool sparse =
      hessian ? from.rank() > 0 && random.chance(0.7)
              : to.dtype == from.dtype && to.rank() > 0 && (may_be_sparse(to, from) || is_thin);
  introduce_jacobian(w, number, hessian, sparse);
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
  const ValueId argument = parameters[static_cast<std::size_t>(number)];
  if (sparse) {
    const ValueId product =
        contracted(w, hessian ? result : value, hessian ? argument : result, in, hessian, random);
    w.finish(w.entry(), {value, product});
    return {w.take(), mode, "base"};
  }
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
         fmt::format("jax.jvp($f0, ({}{}), ({}{}))", holes(0, n), comma, holes(n, n), comma),
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
  out = {{*longest}, {}, {}};
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
  const auto is_thin = [&](std::int64_t n) {
    return has_thin_gradient(root, body.parameters[static_cast<std::size_t>(n)]);
  };
  if (single && all_real && draw < 0.26 && std::ranges::none_of(candidates, is_thin))
    return vjp(root);
  if (single && size * elements(body.results[0]) <= 512 && size > 1 && draw < 0.38 &&
      out.type.rank() + 1 <= 4) {
    return jacobian(root, first, random.chance(0.5) ? Jacobian::kForward : Jacobian::kReverse, {},
                    is_thin(first), random);
  }
  const bool hessian =
      size <= 12 && draw < 0.46 && size_of_root.nodes <= 8 && size_of_root.derivatives == 0;
  bool step = draw < 0.62;
  // With an argument of a pack, in all of the pack where that may be. What is learnt is most often
  // handed over in one.
  const std::vector<std::int64_t> together = with_packs(root.packs, {first}, candidates);
  std::vector<std::int64_t> numbers = hessian ? std::vector{first} : together;
  if (!hessian && !step && candidates.size() > 1 && random.chance(root.packs.empty() ? 0.7 : 0.3))
    numbers = candidates;
  // Where a gradient says little people hold its argument by a penalty, or return what a step
  // gives.
  constexpr std::ptrdiff_t kMostHeld = 2;
  if (!hessian && std::ranges::count_if(numbers, is_thin) > kMostHeld)
    step = true, numbers = together;
  LossParts parts = loss_parts(root, numbers, random);
  if (!step || random.chance(0.3))
    for (const std::int64_t n : numbers)
      if (is_thin(n)) parts.held.push_back(static_cast<std::size_t>(n));
  const auto surely_shown = [&](const std::vector<std::size_t>& results) {
    std::uint32_t bits = 0;
    for (const std::size_t k : results)
      bits |= root.values[static_cast<std::size_t>(body.results[k])].sure;
    return bits;
  };
  const std::uint32_t all = (1u << body.parameters.size()) - 1;
  if ((surely_shown(parts.terms) | surely_shown(parts.rest)) != all) return std::nullopt;
  if (hessian && parts.rest.empty())
    return jacobian(root, first, Jacobian::kHessian, parts, is_thin(first), random);
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
  // What depends on nothing that is mapped would be the same for each example.
  for (const ValueId id : w.inner().results) {
    const std::uint32_t bits = w.at(id).arguments;
    std::optional<std::size_t> first;
    bool differs = false;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (!(bits >> i & 1u)) continue;
      differs = differs || axes[i] >= 0;
      if (!first) first = i;
    }
    if (differs || !first) continue;
    axes[*first] = 0;
    for (const Pack& pack : packs)
      if (whole && std::ranges::find(pack.members, *first) != pack.members.end())
        for (const std::size_t member : pack.members) axes[member] = 0;
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
