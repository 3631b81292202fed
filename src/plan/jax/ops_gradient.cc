// Gradients: functions drawn for the purpose, differentiated where they stand.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/builder.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

constexpr std::int64_t kMaxJacobian = 512;

// Bounds of a derivative are not known; within these almost all of them lie.
Stats derivative_stats(Random& random) {
  Stats stats = uniform_stats(random, -3, 3, false);
  stats.lo = -200;
  stats.hi = 200;
  return stats;
}

Value derivative_value(Builder& b, Type type, std::string hint) {
  Value v;
  v.type = std::move(type);
  v.stats = derivative_stats(b.random());
  v.any_scale = true;
  v.hint = std::move(hint);
  return v;
}

// Distinct real values to differentiate with respect to, or to hold fixed.
std::vector<ValueId> draw_operands(Builder& b, std::size_t most, std::int64_t max_elements = 4096) {
  std::vector<ValueId> out;
  const DType dtype = b.settings().real;
  const std::size_t wanted = 1 + b.random().below(most);
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto x = b.draw([&](const Value& v) {
      return v.type.dtype == dtype && !v.weak && v.type.rank() <= 3 && magnitude(v.stats) <= 100 &&
             tensor::element_count(v.type.shape) <= max_elements;
    });
    if (x && std::find(out.begin(), out.end(), *x) == out.end()) out.push_back(*x);
  }
  return out;
}

Builder::BodySpec function_spec(Builder& b, const std::vector<ValueId>& operands,
                                std::string hint) {
  Builder::BodySpec spec;
  spec.hint = std::move(hint);
  spec.placement =
      b.depth() == 0 && b.random().chance(0.6) ? Placement::kHelper : Placement::kNested;
  spec.differentiable = true;
  for (ValueId id : operands) {
    auto p = parameter_of(b[id]);
    p.grad_arguments = p.arguments;
    p.hint.clear();
    spec.parameters.push_back(p);
  }
  return spec;
}

// Bends a value, so that derivatives of what comes out depend on what goes in.
std::optional<ValueId> bend(Builder& b, ValueId x) {
  struct Bend {
    std::string name;
    double reach;  // where a function is flat its derivative is zero
  };
  static const std::vector<Bend> kBends = {{"square", 30}, {"tanh", 3},    {"softplus", 10},
                                           {"sin", 10},    {"sigmoid", 3}, {"cos", 10},
                                           {"square", 30}};
  const Bend& bend = b.random().pick(kBends);
  const auto led = b.into(x, {-bend.reach, bend.reach});
  return led ? b.apply(bend.name, {*led}) : std::nullopt;
}

int function_steps(Builder& b) {
  return static_cast<int>(b.random().between(1, b.depth() == 1 ? 6 : 3));
}

// A body that ends in one scalar; with `aux`, in a scalar and something it met on the way.
std::optional<BodyId> loss_body(Builder& b, const std::vector<ValueId>& operands, bool aux) {
  static const std::vector<std::string> kHints = {"loss", "objective", "energy", "cost",
                                                  "potential"};
  Builder::BodySpec spec = function_spec(b, operands, b.random().pick(kHints));
  const DType dtype = b[operands[0]].type.dtype;
  return b.body(spec, [&](const std::vector<ValueId>& p) {
    b.grow(function_steps(b));
    std::optional<ValueId> extra;
    if (aux) {
      extra = b.draw(
          [&](const Value& v) {
            return v.body == b.current() && tensor::is_real(v.type.dtype) && v.grad_arguments != 0;
          },
          false);
      if (!extra || std::find(p.begin(), p.end(), *extra) != p.end()) return false;
    }
    auto out = b.fold();
    if (out) out = bend(b, *out);
    static const std::vector<std::string> kReductions = {"mean", "sum", "mean"};
    if (out && b[*out].type.rank() > 0) out = b.apply(b.random().pick(kReductions), {*out});
    if (out) out = b.convert(*out, dtype);
    if (!out || b[*out].type.rank() != 0 || b[*out].weak) return false;
    if (extra && *extra == *out) return false;
    b.set_results(extra ? std::vector<ValueId>{*out, *extra} : std::vector<ValueId>{*out});
    return true;
  });
}

// A body with one array result, nonlinear in what it takes.
std::optional<BodyId> map_body(Builder& b, const std::vector<ValueId>& operands,
                               std::int64_t max_elements) {
  static const std::vector<std::string> kHints = {"response", "field", "model", "residual",
                                                  "forward"};
  Builder::BodySpec spec = function_spec(b, operands, b.random().pick(kHints));
  const DType dtype = b[operands[0]].type.dtype;
  return b.body(spec, [&](const std::vector<ValueId>&) {
    b.grow(function_steps(b));
    auto out = b.fold();
    if (out) out = bend(b, *out);
    if (out) out = b.convert(*out, dtype);
    if (!out || b[*out].weak || tensor::element_count(b[*out].type.shape) > max_elements)
      return false;
    b.set_results({*out});
    return true;
  });
}

std::uint32_t all_grads(const Builder& b, const std::vector<ValueId>& operands) {
  std::uint32_t bits = 0;
  for (ValueId id : operands) bits |= b[id].grad_arguments;
  return bits;
}

std::string hole_tuple(std::size_t from, std::size_t count) {
  return "(" + holes(from, count) + (count == 1 ? ",)" : ")");
}

std::string argnums(const std::vector<std::int64_t>& numbers) {
  if (numbers == std::vector<std::int64_t>{0}) return "";
  return "argnums=" + (numbers.size() == 1 ? fmt::format("{}", numbers[0]) : tuple_text(numbers));
}

// One of the operands or several.
std::vector<std::int64_t> draw_argnums(Builder& b, std::size_t count) {
  std::vector<std::int64_t> out;
  if (count > 1 && b.random().chance(0.4)) {
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::int64_t>(i));
    return out;
  }
  return {static_cast<std::int64_t>(b.random().below(count))};
}

enum class Form { kGrad, kValueAndGrad, kAux };

Op gradient_of_scalar(std::string name, double weight, Form form) {
  Op op{std::move(name), kGradient, weight, Derivative::kSmooth, {"grads"}};
  op.draw = [form](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 3);
    if (operands.empty()) return false;
    const auto body = loss_body(b, operands, form == Form::kAux);
    if (!body) return false;
    const auto numbers = draw_argnums(b, operands.size());
    draft.operands = operands;
    draft.bodies = {*body};
    const Body& made = b.body_of(*body);
    const bool with_value = form != Form::kGrad;
    const auto from_body = [&](std::size_t i, std::string hint) {
      Value v = b[made.results[i]];
      v.uses = 0, v.facts = 0, v.hint = std::move(hint);
      return v;
    };
    if (with_value) draft.results.push_back(from_body(0, "value"));
    if (form == Form::kAux) draft.results.push_back(from_body(1, "aux"));
    for (auto n : numbers)
      draft.results.push_back(
          derivative_value(b, b[operands[static_cast<std::size_t>(n)]].type, "grad"));
    for (Value& r : draft.results) r.grad_arguments = all_grads(b, operands);
    const int many = numbers.size() > 1 ? static_cast<int>(numbers.size()) : 0;
    if (form == Form::kValueAndGrad && many) draft.result_groups = {0, many};
    if (form == Form::kAux) draft.result_groups = {2, many};
    std::string options = argnums(numbers);
    if (form == Form::kAux) options += options.empty() ? "has_aux=True" : ", has_aux=True";
    draft.attributes["options"] = options;
    draft.spelling = fmt::format("jax.{}($f0, $options)({})",
                                 with_value ? "value_and_grad" : "grad", holes(0, operands.size()));
    return true;
  };
  return op;
}

// jacfwd, jacrev of an array-valued function; hessian of a scalar one.
Op jacobian(std::string name, double weight, bool hessian = false) {
  Op op{name, kGradient, weight, Derivative::kSmooth, {hessian ? "curvature" : "jacobian"}};
  op.draw = [name, hessian](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 2, 24);
    if (operands.empty()) return false;
    const auto number = static_cast<std::int64_t>(b.random().below(operands.size()));
    const Type in = b[operands[static_cast<std::size_t>(number)]].type;
    const auto body = hessian
                          ? loss_body(b, operands, false)
                          : map_body(b, operands, kMaxJacobian / tensor::element_count(in.shape));
    if (!body) return false;
    Type type = hessian ? in : b[b.body_of(*body).results[0]].type;
    type.shape.insert(type.shape.end(), in.shape.begin(), in.shape.end());
    draft.operands = operands;
    draft.bodies = {*body};
    draft.results = {derivative_value(b, type, "")};
    draft.results[0].hint.clear();
    draft.results[0].grad_arguments = all_grads(b, operands);
    draft.attributes["options"] = argnums({number});
    draft.spelling = fmt::format("jax.{}($f0, $options)({})", name, holes(0, operands.size()));
    return true;
  };
  return op;
}

// A direction for each operand: another value of its type, or one made from it.
std::optional<std::vector<ValueId>> directions(Builder& b, const std::vector<ValueId>& operands) {
  std::vector<ValueId> out;
  for (ValueId id : operands) {
    const Type type = b[id].type;
    auto d = b.draw(
        [&](const Value& v) { return v.type == type && !v.weak && magnitude(v.stats) <= 100; });
    static const std::vector<std::string> kMade = {"cos", "tanh", "sigmoid", "sin"};
    if (!d || b.random().chance(0.3)) d = b.apply(b.random().pick(kMade), {id});
    if (!d || b[*d].weak) return std::nullopt;
    out.push_back(*d);
  }
  return out;
}

Op jvp() {
  Op op{"jvp", kGradient, 1.0, Derivative::kSmooth, {"tangent"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 2);
    const auto tangents = operands.empty() ? std::nullopt : directions(b, operands);
    const auto body = tangents ? map_body(b, operands, 2048) : std::nullopt;
    if (!body) return false;
    const std::size_t n = operands.size();
    draft.operands = operands;
    draft.operands.insert(draft.operands.end(), tangents->begin(), tangents->end());
    draft.bodies = {*body};
    Value primal = b[b.body_of(*body).results[0]];
    primal.uses = 0, primal.facts = 0, primal.hint = "primal";
    draft.results = {primal, derivative_value(b, primal.type, "tangent")};
    for (Value& r : draft.results) r.grad_arguments = all_grads(b, draft.operands);
    draft.spelling = fmt::format("jax.jvp($f0, {}, {})", hole_tuple(0, n), hole_tuple(n, n));
    return true;
  };
  return op;
}

// A directional second derivative: jvp of grad.
Op hessian_vector_product() {
  Op op{"hessian_vector_product", kGradient, 0.6, Derivative::kSmooth, {"curvature"}};
  op.draw = [](Builder& b, Draft& draft) {
    auto operands = draw_operands(b, 1);
    if (operands.empty()) return false;
    const auto tangents = directions(b, operands);
    const auto body = tangents ? loss_body(b, operands, false) : std::nullopt;
    if (!body) return false;
    draft.operands = {operands[0], (*tangents)[0]};
    draft.bodies = {*body};
    const Type type = b[operands[0]].type;
    draft.results = {derivative_value(b, type, "slope"), derivative_value(b, type, "curvature")};
    for (Value& r : draft.results) r.grad_arguments = all_grads(b, draft.operands);
    draft.spelling = "jax.jvp(jax.grad($f0), ($0,), ($1,))";
    return true;
  };
  return op;
}

// jax.checkpoint: the same value, its intermediates computed again in a backward pass.
Op checkpoint() {
  Op op{"checkpoint", kGradient, 0.5, Derivative::kSmooth, {"remade"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 2);
    const auto body = operands.empty() ? std::nullopt : map_body(b, operands, 4096);
    if (!body) return false;
    Value result = b[b.body_of(*body).results[0]];
    result.uses = 0, result.facts = 0, result.hint.clear();
    draft.operands = operands;
    draft.bodies = {*body};
    draft.results = {result};
    draft.spelling =
        fmt::format("{}($f0)({})", b.random().chance(0.6) ? "jax.checkpoint" : "jax.remat",
                    holes(0, operands.size()));
    return true;
  };
  return op;
}

// jax.linearize: the value, and the linear map at the point applied to a direction in one
// expression.
Op linearize() {
  Op op{"linearize", kGradient, 0.6, Derivative::kSmooth, {"pushed"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 1);
    const auto tangents = operands.empty() ? std::nullopt : directions(b, operands);
    const auto body = tangents ? map_body(b, operands, 2048) : std::nullopt;
    if (!body) return false;
    draft.operands = {operands[0], (*tangents)[0]};
    draft.bodies = {*body};
    draft.results = {derivative_value(b, b[b.body_of(*body).results[0]].type, "")};
    draft.results[0].hint.clear();
    draft.results[0].grad_arguments = all_grads(b, draft.operands);
    draft.spelling = "jax.linearize($f0, $0)[1]($1)";
    return true;
  };
  return op;
}

// jax.vjp pulled back at once.
Op vjp() {
  Op op{"vjp", kGradient, 1.0, Derivative::kSmooth, {"pulled"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto operands = draw_operands(b, 2);
    const auto body = operands.empty() ? std::nullopt : map_body(b, operands, 2048);
    if (!body) return false;
    const Type out = b[b.body_of(*body).results[0]].type;
    auto cotangent = b.draw(
        [&](const Value& v) { return v.type == out && !v.weak && magnitude(v.stats) <= 100; });
    if (!cotangent) {
      const auto base = b.draw([&](const Value& v) { return tensor::is_real(v.type.dtype); });
      if (base) cotangent = b.coerce(*base, out, {-100, 100});
    }
    if (!cotangent || b[*cotangent].weak) return false;
    draft.operands = operands;
    draft.operands.push_back(*cotangent);
    draft.bodies = {*body};
    for (ValueId id : operands) draft.results.push_back(derivative_value(b, b[id].type, "bar"));
    for (Value& r : draft.results) r.grad_arguments = all_grads(b, draft.operands);
    draft.result_groups = {static_cast<int>(operands.size())};
    draft.spelling =
        fmt::format("jax.vjp($f0, {})[1](${})", holes(0, operands.size()), operands.size());
    return true;
  };
  return op;
}

Op stop_gradient() {
  Op op =
      unary("stop_gradient", kGradient, 0.25, kReal, anywhere(), [](double x) { return x; },
            Bounds::kEnds, Derivative::kZero, {"frozen", "baseline"}, {"lax.stop_gradient($0)"});
  op.traits |= kStopsGradient;
  // It is worth a line only next to what is differentiated.
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x =
        b.draw([&](const Value& v) { return tensor::is_real(v.type.dtype) && v.uses > 0; });
    if (!x) return false;
    draft.operands = {*x};
    return infer(b, draft);
  };
  return op;
}

}  // namespace

std::vector<Op> gradient_ops() {
  return {gradient_of_scalar("grad", 1.6, Form::kGrad),
          gradient_of_scalar("value_and_grad", 1.2, Form::kValueAndGrad),
          gradient_of_scalar("value_and_grad_aux", 0.7, Form::kAux),
          jacobian("jacfwd", 0.8),
          jacobian("jacrev", 0.8),
          jacobian("hessian", 0.7, true),
          jvp(),
          vjp(),
          hessian_vector_product(),
          checkpoint(),
          linearize(),
          stop_gradient()};
}

}  // namespace jaxsmith::plan
