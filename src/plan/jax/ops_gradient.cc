// Derivatives by themselves: of a loss in what is learnt, of an energy in positions, of a density
// in what it is of, of a layer or a step of dynamics along a change.
#include <fmt/format.h>

#include <algorithm>

#include "plan/builder.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// A function to differentiate, and what it is called with.
struct Problem {
  BodyId f = -1;
  Ids at;
  std::size_t place = 0;  // of what the derivative is taken in
  Type gives;
  Interval range;
  Words gradient;     // what that is called
  std::string about;  // "a linear model's squared error"

  ValueId x() const { return at[place]; }
  std::string argnums() const { return place == 0 ? "" : fmt::format(", argnums={}", place); }
  std::string holes() const { return "(" + Idiom::holes(0, at.size()) + ")"; }
};

Part part_of(Idiom& i, ValueId id, Words names) {
  const Stats& stats = i.builder()[id].stats;
  return {std::move(names), i.type(id), {stats.lo, stats.hi}};
}

// At the top of the module or where it is used.
BodyId defined(Idiom& i, Words names, std::string summary, std::vector<Part> parts,
               const Idiom::Fill& fill) {
  if (i.builder().depth() == 0 && i.chance(0.6))
    return i.helper(std::move(names), std::move(summary), std::move(parts), fill);
  return i.function(std::move(names), std::move(parts), fill);
}

// ---- Losses ----

// How far a small model is from what was observed, in its weights.
Problem regression(Idiom& i, bool aux) {
  const ValueId x = i.anchor({"x", "features", "inputs"}, 2, 2, {-2, 2});
  const std::int64_t n = i.dim(x, 0), d = i.dim(x, 1);
  if (d < 2 || n < 2) i.fail();
  const ValueId w = i.input({"w", "weights", "theta"}, {d}, {-1, 1});
  const bool binary = i.chance(0.3);
  const ValueId y = i.input({"y", "targets"}, {n}, binary ? Interval{0, 1} : Interval{-2, 2});
  const std::string link =
      binary ? "" : i.either({"", "", "jnp.tanh", "jax.nn.softplus", "jax.nn.relu"});
  const bool decays = i.chance(0.3) && !half_precision(i);
  const bool first = i.chance(0.7);  // the weights
  std::vector<Part> parts = {part_of(i, x, {"x"}), part_of(i, y, {"y"})};
  parts.insert(parts.begin() + (first ? 0 : 2), part_of(i, w, {"w"}));
  Problem out;
  out.place = first ? 0 : 2;
  out.at = first ? Ids{w, x, y} : Ids{x, y, w};
  const std::size_t data = first ? 1 : 0;
  out.gives = scalar(i), out.range = {0, 10};
  out.gradient = {"grads", "grad_w"};
  out.about = binary ? "the logistic loss" : "the squared error of a model that is linear";
  if (!link.empty()) out.about = "the squared error of a one-layer model";
  const std::string misfit =
      i.either({"jnp.mean(({p} - {y}) ** 2)", "0.5 * jnp.mean(jnp.square({p} - {y}))",
                "jnp.mean(({p} - {y}) ** 2)"});
  out.f = defined(
      i, {"loss", "loss_fn", binary ? "logistic_loss" : "mse"}, "", parts, [&](const Ids& p) {
        ValueId h = let(i, {binary ? "logits" : "pred", "z"}, "{x} @ {w}",
                        {{"x", p[data]}, {"w", p[out.place]}}, Shape{n}, {-6, 6});
        if (!link.empty()) h = let(i, {"pred"}, link + "({h})", {{"h", h}}, Shape{n}, {-1, 6});
        const Terms known = {{"p", h}, {"y", p[data + 1]}, {"w", p[out.place]}};
        const std::string form = binary ? "jnp.mean(jax.nn.softplus({p}) - {y} * {p})" : misfit;
        ValueId loss = real(i, {"loss", "cost"}, form, known, {0, 10});
        if (decays)
          loss = real(i, {"total", "penalized"}, "{l} + 1e-2 * jnp.sum({w}**2)",
                      with(known, {{"l", loss}}), {0, 10});
        return aux ? Ids{loss, h} : Ids{loss};
      });
  return out;
}

// ---- Energies and densities, of one array ----

// What springs, wells and walls store.
struct Term1 {
  const char* form;
  const char* about;
  std::int64_t least;  // elements along the first axis
};

Problem energy(Idiom& i, ValueId x) {
  static const std::vector<Term1> kTerms = {
      {"0.5 * {k} * jnp.sum({x}**2)", "a harmonic trap", 1},
      {"{k} * jnp.sum(({x}**2 - 1.0) ** 2)", "a double well", 1},
      {"0.5 * {k} * jnp.sum(jnp.diff({x}, axis=0) ** 2)", "springs between neighbours", 3},
      {"{k} * jnp.sum(1.0 - jnp.cos({x}))", "pendulums", 1},
      {"{k} * jnp.sum(1.0 - jnp.cos(jnp.diff({x}, axis=0)))", "coupled rotors", 3},
      {"0.25 * {k} * jnp.sum({x}**4)", "a quartic trap", 1}};
  const std::int64_t n = i.dim(x, 0);
  std::vector<Term1> fitting;
  for (const Term1& each : kTerms)
    if (n >= each.least) fitting.push_back(each);
  i.random().shuffle(fitting);
  const std::size_t count = 1 + static_cast<std::size_t>(i.between(0, 1));
  const std::vector<std::string> strengths = {i.either({"0.5", "1.5", "2.0"}),
                                              i.either({"0.2", "0.8", "0.1"})};
  Problem out;
  out.at = {x}, out.gives = scalar(i), out.range = {0, 40};
  out.gradient = {"slope", "energy_gradient"};
  out.about = std::string("the energy of ") + fitting[0].about;
  if (count > 1) out.about += std::string(" and ") + fitting[1].about;
  out.f = defined(i, {"energy", "potential"}, "", {part_of(i, x, {"x", "q"})}, [&](const Ids& p) {
    ValueId total = kNoValue;
    for (std::size_t k = 0; k < count; ++k) {
      const ValueId term = real(i, {k ? "coupling" : "stored", "term"}, fitting[k].form,
                                {{"x", p[0]}, {"k", kNoValue, strengths[k]}}, {0, 20});
      total = k == 0
                  ? term
                  : real(i, {"total", "energy"}, "{a} + {b}", {{"a", total}, {"b", term}}, {0, 40});
    }
    return Ids{total};
  });
  return out;
}

Problem density(Idiom& i, ValueId x) {
  static const std::vector<std::pair<const char*, const char*>> kLaws = {
      {"-0.5 * jnp.sum(({x} - {m}) ** 2) / {s} ** 2", "a normal log-density"},
      {"-jnp.sum(jnp.logaddexp({x} - {m}, {m} - {x}))", "a log-density like 1 / cosh"},
      {"-{s} * jnp.sum(jnp.log1p(({x} - {m}) ** 2))", "a heavy-tailed log-density"},
      {"-jnp.sum({s} * jnp.exp({x}) - {m} * {x})", "a log-gamma log-density"}};
  const auto& [form, about] = i.random().pick(kLaws);
  const std::string m = i.either({"0.5", "0.2", "1.0"}), s = i.either({"1.5", "2.0", "0.8"});
  Problem out;
  out.at = {x}, out.gives = scalar(i), out.range = {-60, 0};
  out.gradient = {"score"};
  out.about = about;
  out.f =
      defined(i, {"log_density", "log_prob", "logp"}, "", {part_of(i, x, {"x", "z"})},
              [&, form = form](const Ids& p) {
                return Ids{real(i, {"logp", "log_density"}, form,
                                {{"x", p[0]}, {"m", kNoValue, m}, {"s", kNoValue, s}}, {-60, 0})};
              });
  return out;
}

Problem scalar_problem(Idiom& i) {
  const auto kind = i.between(0, 3);
  if (kind < 2) return regression(i, false);
  const ValueId x = i.anchor(kind == 2 ? Words{"positions", "x", "angles"} : Words{"x", "samples"},
                             1, 2, {-2, 2});
  if (i.dim(x, 0) < 2) i.fail();
  return kind == 2 ? energy(i, x) : density(i, x);
}

// ---- Maps ----

// A layer of a network, or a step of dynamics.
Problem map_problem(Idiom& i, std::int64_t most) {
  const bool layer = i.chance(0.5);
  const ValueId x = layer ? i.anchor({"x", "hidden", "features"}, 1, 2, {-2, 2})
                          : i.anchor({"state", "h", "u"}, 1, 1, {-2, 2});
  const std::int64_t n = i.dim(x, -1);
  if (n < 2 || n > most || (most < 32 && i.rank(x) > 1)) i.fail();
  const std::int64_t m = layer ? few(i, most < 32 ? most : 32) : n;
  const ValueId w =
      i.input(layer ? Words{"w", "weights"} : Words{"coupling", "w_rec"}, {n, m}, {-1, 1});
  const std::string act = i.either({"jnp.tanh", "jax.nn.silu", "jax.nn.softplus", "jax.nn.gelu"});
  const std::string dt = i.either({"0.1", "0.05", "0.2"});
  Problem out;
  out.at = {x, w}, out.gives = {i.real(), i.with_last(x, m)}, out.range = {-4, 4};
  out.gradient = {"grad_x"};
  out.about = layer ? "a layer" : "a step of coupled dynamics";
  if (layer) {
    const ValueId b = i.input({"b", "bias"}, {m}, {-1, 1});
    out.at.push_back(b);
    out.f = defined(i, {"layer", "forward", "dense"}, "",
                    {part_of(i, x, {"x"}), part_of(i, w, {"w"}), part_of(i, b, {"b"})},
                    [&](const Ids& p) {
                      return Ids{let(i, {"out"}, act + "({x} @ {w} + {b})",
                                     {{"x", p[0]}, {"w", p[1]}, {"b", p[2]}}, out.gives, {-4, 4})};
                    });
    return out;
  }
  out.f = defined(i, {"step", "euler_step", "dynamics"}, "",
                  {part_of(i, x, {"u", "h"}), part_of(i, w, {"coupling", "w"})}, [&](const Ids& p) {
                    return Ids{let(i, {"next"}, "{u} + " + dt + " * (jnp.tanh({w} @ {u}) - {u})",
                                   {{"u", p[0]}, {"w", p[1]}}, out.gives, {-4, 4})};
                  });
  return out;
}

// ---- Entries ----

enum class Form { kGrad, kValueAndGrad, kAux };

Op gradient_of_scalar(std::string name, double weight, Form form) {
  return written(std::move(name), kGradient, weight, kSmooth, [form](Idiom& i) {
    const bool aux = form == Form::kAux;
    const Problem f = aux ? regression(i, true) : scalar_problem(i);
    const Type like = i.type(f.x());
    if (form == Form::kGrad) {
      i.summary("Gradient of " + f.about + ".");
      i.let(f.gradient, "jax.grad($f0" + f.argnums() + ")" + f.holes(), f.at, {f.f}, like, {-3, 3});
      return;
    }
    i.summary("Value and gradient of " + f.about + ".");
    std::vector<Part> parts = {{{"loss", "value"}, f.gives, f.range}, {f.gradient, like, {-3, 3}}};
    if (f.gradient[0] == "score") parts[0].names = {"logp"};
    if (f.gradient[0] == "slope") parts[0].names = {"energy"};
    std::vector<int> groups;
    if (aux) {
      const std::int64_t n = i.dim(f.at[f.place == 0 ? 1 : 0], 0);
      parts.insert(parts.begin() + 1, {{"predictions", "pred"}, {i.real(), {n}}, {-6, 6}});
      groups = {2, 0};
    }
    i.unpack(
        "jax.value_and_grad($f0" + f.argnums() + (aux ? ", has_aux=True" : "") + ")" + f.holes(),
        f.at, {f.f}, std::move(parts), std::move(groups));
  });
}

Op jacobian(const std::string& name, double weight) {
  return written(name, kGradient, weight, kSmooth, [name](Idiom& i) {
    const Problem f = map_problem(i, 12);
    Type type = f.gives;
    type.shape.push_back(i.dim(f.x(), -1));
    i.summary("Jacobian of " + f.about + " in its input.");
    i.let({"jac", "jacobian"}, "jax." + name + "($f0)" + f.holes(), f.at, {f.f}, type, {-3, 3});
  });
}

// A short vector's.
Op hessian() {
  return written("hessian", kGradient, 0.7, kSmooth, [](Idiom& i) {
    const std::int64_t n = few(i, 10, 3);
    const ValueId x = i.input({"positions", "x", "angles"}, {n}, {-2, 2});
    const Problem f = energy(i, x);
    i.summary("Stiffness matrix: second derivatives of " + f.about + ".");
    i.let({"stiffness", "hess"},
          i.either({"jax.hessian($f0)($0)", "jax.jacfwd(jax.grad($f0))($0)"}), f.at, {f.f},
          Type{i.real(), {n, n}}, {-6, 12});
  });
}

// A map of its input alone, the others as they are.
BodyId of_input(Idiom& i, const Problem& f) {
  return i.function({"at", "of_input"}, {part_of(i, f.x(), {"z", "p"})}, [&](const Ids& p) {
    Ids at = f.at;
    at[f.place] = p[0];
    return Ids{i.let({"out"}, "$f0" + f.holes(), at, {f.f}, f.gives, f.range)};
  });
}

Op jvp() {
  return written("jvp", kGradient, 1.0, kSmooth, [](Idiom& i) {
    const Problem f = map_problem(i, 64);
    const ValueId v = i.input({"tangent", "direction", "perturbation"}, i.type(f.x()), {-1, 1});
    i.summary("Output of " + f.about + ", and how it answers a change of its input.");
    i.unpack(
        "jax.jvp($f0, ($0,), ($1,))", {f.x(), v}, {of_input(i, f)},
        {{{"out", "value"}, f.gives, f.range}, {{"tangent_out", "response"}, f.gives, {-3, 3}}});
  });
}

// jax.linearize: the linear map at the point applied to a change in one expression.
Op linearize() {
  return written("linearize", kGradient, 0.6, kSmooth, [](Idiom& i) {
    const Problem f = map_problem(i, 64);
    const ValueId v = i.input({"tangent", "direction", "perturbation"}, i.type(f.x()), {-1, 1});
    i.summary("Linear response of " + f.about + " to a change of its input.");
    i.let({"response", "pushed"}, "jax.linearize($f0, $0)[1]($1)", {f.x(), v}, {of_input(i, f)},
          f.gives, {-3, 3});
  });
}

// jax.vjp pulled back at once.
Op vjp() {
  return written("vjp", kGradient, 1.0, kSmooth, [](Idiom& i) {
    const Problem f = map_problem(i, 64);
    const ValueId g = i.input({"cotangent", "grad_out", "upstream"}, f.gives, {-1, 1});
    Ids at = f.at;
    at.push_back(g);
    static const std::vector<Words> kLayer = {{"grad_x"}, {"grad_w"}, {"grad_b"}};
    std::vector<Part> parts;
    for (std::size_t k = 0; k < f.at.size(); ++k)
      parts.push_back({kLayer[k], i.type(f.at[k]), {-3, 3}});
    i.summary("Backward pass through " + f.about + ".");
    const int count = static_cast<int>(f.at.size());
    i.unpack(fmt::format("jax.vjp($f0, {})[1](${})", Idiom::holes(0, f.at.size()), f.at.size()), at,
             {f.f}, std::move(parts), {count});
  });
}

// A directional second derivative: jvp of grad.
Op hessian_vector_product() {
  return written("hessian_vector_product", kGradient, 0.6, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"positions", "x", "angles"}, 1, 2, {-2, 2});
    if (i.dim(x, 0) < 2) i.fail();
    const ValueId v = i.input({"direction", "tangent"}, i.type(x), {-1, 1});
    const Problem f = energy(i, x);
    i.summary("Gradient of " + f.about + ", and its Hessian times a direction.");
    i.unpack("jax.jvp(jax.grad($f0), ($0,), ($1,))", {x, v}, {f.f},
             {{f.gradient, i.type(x), {-6, 6}}, {{"hvp", "curvature"}, i.type(x), {-6, 6}}});
  });
}

// jax.checkpoint: the same value, its intermediates computed again in a backward pass.
Op checkpoint() {
  return written("checkpoint", kGradient, 0.5, kSmooth, [](Idiom& i) {
    const Problem f = map_problem(i, 64);
    const std::string by = i.either({"jax.checkpoint", "jax.checkpoint", "jax.remat"});
    i.summary("Apply " + f.about + ", which a backward pass computes again.");
    i.let({"out", "activations"}, by + "($f0)" + f.holes(), f.at, {f.f}, f.gives, f.range);
  });
}

// Half of an error that learns: no gradient goes into what it is held against.
Op stop_gradient() {
  return written("stop_gradient", kGradient, 0.5, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"estimate", "prediction", "values"}, 0, 3, {-4, 4});
    const ValueId target = i.input({"target", "bootstrap", "returns"}, i.type(x), {-4, 4});
    i.called({"semi_gradient_error", "detached_error", "bootstrap_error"});
    i.summary("Error against a target that no gradient flows into.");
    const ValueId frozen = i.let({"fixed_target", "frozen"},
                                 i.either({"lax.stop_gradient($0)", "jax.lax.stop_gradient($0)"}),
                                 {target}, i.type(x), {-4, 4});
    i.let({"error", "td_error"}, i.either({"$0 - $1", "$1 - $0", "0.5 * ($0 - $1) ** 2"}),
          {x, frozen}, i.type(x), {-8, 32});
  });
}

}  // namespace

std::vector<Op> gradient_ops() {
  return {gradient_of_scalar("grad", 1.6, Form::kGrad),
          gradient_of_scalar("value_and_grad", 1.2, Form::kValueAndGrad),
          gradient_of_scalar("value_and_grad_aux", 0.7, Form::kAux),
          jacobian("jacfwd", 0.8),
          jacobian("jacrev", 0.8),
          hessian(),
          jvp(),
          vjp(),
          hessian_vector_product(),
          checkpoint(),
          linearize(),
          stop_gradient()};
}

}  // namespace jaxsmith::plan
