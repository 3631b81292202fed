// How models are fitted: derivatives of losses, and steps that follow them.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// A loss over rows of data, as a helper: its parameters come first, then the data.
struct Task {
  BodyId loss = -1;
  Ids params, data;
  Parts slots;  // of the helper's parameters, in order

  Ids all() const {
    Ids out = params;
    out.insert(out.end(), data.begin(), data.end());
    return out;
  }
};

// What makes a task: a linear model, with or without intercept, or a hidden layer; and its loss.
struct Wish {
  bool may_hide_layer = true;
  bool may_have_bias = true;
  bool curved = false;    // second derivatives depend on the targets
  bool one_row = false;   // of one example: its features are a vector
  bool repeated = false;  // many steps follow each other: nothing that runs away
};

ValueId residual_loss(Idiom& i, ValueId out, ValueId y, const Shape& shape,
                      const std::string& form) {
  if (form == "logistic") {
    const std::string by =
        i.either({"jnp.logaddexp(0.0, $0) - $1 * $0", "jax.nn.softplus($0) - $1 * $0",
                  "-$1 * jax.nn.log_sigmoid($0) - (1.0 - $1) * jax.nn.log_sigmoid(-$0)"});
    return i.let({"losses", "nll"}, by, {out, y}, shape, {0, 5});
  }
  if (form == "poisson")
    return i.let({"losses", "nll"}, "jnp.exp($0) - $1 * $0", {out, y}, shape, {0, 8});
  const std::string gap = form == "squashed" ? "jnp.tanh($0) - $1" : "$0 - $1";
  const ValueId error = i.let({"error", "residual"}, gap, {out, y}, shape, {-3, 3});
  const std::string by =
      form.starts_with("squa")
          ? i.either({"$0**2", "jnp.square($0)", "0.5 * $0**2", "0.5 * jnp.square($0)"})
      : form == "huber" ? "jnp.where(jnp.abs($0) < 1.0, 0.5 * $0**2, jnp.abs($0) - 0.5)"
                        : i.either({"jnp.log(jnp.cosh($0))", "jnp.sqrt(1.0 + $0**2) - 1.0"});
  return i.let({"losses", "penalties"}, by, {error}, shape, {0, 9});
}

// The body of a task's helper; p as in Task::slots.
Ids task_body(Idiom& i, const Ids& p, bool layer, bool bias, bool one_row, bool penal,
              const std::string& form) {
  const ValueId x = p[p.size() - 2], y = p.back();
  const Shape rows = i.shape(y);
  ValueId out;
  if (layer) {
    const Shape hidden = one_row ? Shape{i.dim(p[0], 1)} : Shape{i.dim(x, 0), i.dim(p[0], 1)};
    const std::string squash =
        i.either({"jnp.tanh", "jax.nn.silu", "jax.nn.softplus", "jax.nn.sigmoid"});
    const ValueId h = i.let({"hidden", "h"}, squash + i.either({"($0 @ $1)", "(jnp.dot($0, $1))"}),
                            {x, p[0]}, hidden, {-1, 1});
    out = i.let({"predictions", "out"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {h, p[1]}, rows,
                {-2, 2});
  } else {
    out = bias ? i.let({"predictions", "logits", "z"},
                       i.either({"$0 @ $1 + $2", "jnp.dot($0, $1) + $2"}), {x, p[0], p[1]}, rows,
                       {-3, 3})
               : i.let({"predictions", "logits", "z"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                       {x, p[0]}, rows, {-3, 3});
  }
  ValueId loss = residual_loss(i, out, y, rows, form);
  if (!one_row)
    loss = i.let({"loss", "mean_loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {loss}, Shape{},
                 {0.1, 5});
  if (penal) {
    const std::string weight = i.either({"0.1", "0.05", "0.5"});
    loss = i.let({"regularized"},
                 "$0 + " + weight + i.either({" * jnp.sum($1**2)", " * jnp.dot($1, $1)"}),
                 {loss, p[0]}, Shape{}, {0.1, 6});
  }
  return {loss};
}

Task task(Idiom& i, Wish wish = {}) {
  Task t;
  const double reach = wish.repeated ? 1 : 2;
  const ValueId x = i.anchor({"features", "inputs", "x"}, 2, 2, {-reach, reach});
  const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1);
  const bool layer = wish.may_hide_layer && i.chance(0.35);
  const bool bias = !layer && wish.may_have_bias && i.chance(0.5);
  Words forms = {"squared", "logistic", "logistic", "poisson", "huber", "smooth", "squashed"};
  if (wish.repeated) forms.erase(forms.begin() + 3);
  const std::string form = wish.curved ? i.either({"squashed", "smooth"}) : i.either(forms);
  const bool unit = form == "logistic";
  const ValueId y = i.argument({unit                ? "labels"
                                : form == "poisson" ? "counts"
                                                    : "targets",
                                "y"},
                               Type{i.real(), {rows}},
                               unit                 ? Interval{0, 1}
                               : form == "poisson"  ? Interval{0, 4}
                               : form == "squashed" ? Interval{-1, 1}
                                                    : Interval{-2, 2});
  const auto slot = [&](Words names, Shape shape, Interval range) {
    t.params.push_back(i.argument(names, Type{i.real(), shape}, range));
    t.slots.push_back({std::move(names), Type{i.real(), std::move(shape)}, range});
  };
  if (layer) {
    const std::int64_t units = i.size();
    slot({"w_hidden", "w1", "kernel"}, {width, units}, {-0.8, 0.8});
    slot({"w_out", "w2", "readout"}, {units}, {-1, 1});
  } else {
    slot({"weights", "w", "theta"}, {width}, {-0.8, 0.8});
    if (bias) slot({"bias", "b", "intercept"}, {}, {-1, 1});
  }
  t.data = {x, y};
  const Shape features = wish.one_row ? Shape{width} : Shape{rows, width};
  t.slots.push_back({{"x", "features"}, Type{i.real(), features}, {-2, 2}});
  t.slots.push_back(
      {{"y", "target"}, Type{i.real(), wish.one_row ? Shape{} : Shape{rows}}, {-2, 2}});
  const std::string kind = form == "logistic"         ? "Logistic loss"
                           : form == "poisson"        ? "Poisson loss"
                           : form.starts_with("squa") ? "Squared error"
                           : form == "huber"          ? "Huber loss"
                                                      : "Robust loss";
  const bool penal = !wish.one_row && !layer && i.chance(0.3);
  const std::string model = std::string(layer                ? " of a network with one hidden layer"
                                        : form == "squashed" ? " of a single tanh unit"
                                                             : " of a linear model") +
                            (penal ? ", with a penalty on its weights." : ".");
  const Words names = form == "logistic"         ? Words{"logistic_loss", "log_loss", "loss"}
                      : form == "poisson"        ? Words{"poisson_loss", "objective", "loss"}
                      : form.starts_with("squa") ? Words{"squared_error", "mse", "loss"}
                                                 : Words{"objective", "robust_loss", "cost"};
  t.loss = i.helper(names, kind + model, t.slots, [&](const Ids& p) {
    return task_body(i, p, layer, bias, wish.one_row, penal, form);
  });
  return t;
}

std::string argnums(std::size_t count) { return count > 1 ? ", argnums=(0, 1)" : ""; }

// What the second of two parameters is tells what both are: weights and bias, or layers' weights.
Words of_parameter(Idiom& i, const Ids& params, std::size_t k, const std::string& what) {
  const bool bias = i.shape(params[1]).empty();
  const Words roles = bias ? Words{"weights", "bias"} : Words{"hidden", "out"};
  return {what + "_" + roles[k], what + (bias ? (k ? "_b" : "_w") : (k ? "_w2" : "_w1"))};
}

// A gradient for each of one or two parameters; `names` of one that is alone.
Parts gradient_parts(Idiom& i, const Ids& params, Words names = {"grads", "grad"}) {
  if (params.size() == 1) return {{std::move(names), i.type(params[0]), {-2, 2}}};
  return {{of_parameter(i, params, 0, "grad"), i.type(params[0]), {-2, 2}},
          {of_parameter(i, params, 1, "grad"), i.type(params[1]), {-2, 2}}};
}

// Gradients of a task's loss at some parameters: one a parameter.
Ids gradients(Idiom& i, const Task& t, const Ids& params, const Ids& data,
              Words names = {"grads", "grad"}) {
  Ids operands = params;
  operands.insert(operands.end(), data.begin(), data.end());
  return i.unpack(
      "jax.grad($f0" + argnums(params.size()) + ")(" + Idiom::holes(0, operands.size()) + ")",
      operands, {t.loss}, gradient_parts(i, params, std::move(names)));
}

std::string rate(Idiom& i) { return i.either({"0.1", "0.05", "0.2", "0.5", "0.3"}); }

// One step of gradient descent on a loss: the gradient as it is or normalised; with the loss or
// not.
Op gradient_step() {
  return idiom("gradient_step", kGradient, 1.5, kSmooth, [](Idiom& i) {
    const Task t = task(i);
    const bool with_value = i.chance(0.55);
    i.called({"gradient_step", "train_step", "update_params"});
    i.summary("One step of gradient descent on the loss of a batch.");
    i.summary("Move the parameters against their gradient.");
    const Ids all = t.all();
    Ids grads;
    if (with_value) {
      i.called({"train_step", "update", "value_and_step"});
      Parts parts = gradient_parts(i, t.params);
      parts.insert(parts.begin(), {{"loss", "value"}, Type{i.real(), {}}, {0.1, 5}});
      const std::vector<int> groups =
          t.params.size() > 1 ? std::vector<int>{0, 2} : std::vector<int>{};
      const Ids out = i.unpack("jax.value_and_grad($f0" + argnums(t.params.size()) + ")(" +
                                   Idiom::holes(0, all.size()) + ")",
                               all, {t.loss}, parts, groups);
      grads.assign(out.begin() + 1, out.end());
    } else {
      grads = gradients(i, t, t.params, t.data);
    }
    const std::string step = rate(i);
    const std::int64_t how = i.between(0, 3);
    if (t.params.size() == 2 && how == 3) {
      i.unpack("jax.tree.map(lambda p, g: p - " + step + " * g, ($0, $1), ($2, $3))",
               {t.params[0], t.params[1], grads[0], grads[1]}, {},
               {{of_parameter(i, t.params, 0, "new"), i.type(t.params[0]), {-2, 2}},
                {of_parameter(i, t.params, 1, "new"), i.type(t.params[1]), {-2, 2}}});
      return;
    }
    ValueId scale = kNoValue;
    if (how == 0 && grads.size() == 2) {
      const std::string most = i.either({"1.0", "0.5"});
      i.called({"clipped_step", "train_step", "step_with_clipping"});
      i.summary("Gradient descent whose gradients are clipped by their common norm.");
      const ValueId norm = i.let({"global_norm", "norm"},
                                 i.either({"jnp.sqrt(jnp.sum($0**2) + jnp.sum($1**2))",
                                           "jnp.sqrt(jnp.vdot($0, $0) + jnp.vdot($1, $1))"}),
                                 grads, Shape{}, {0.2, 3});
      scale = i.let({"scale", "shrink"}, most + " / jnp.maximum($0, " + most + ")", {norm}, Shape{},
                    {0.3, 1});
    }
    for (std::size_t k = 0; k < grads.size(); ++k) {
      ValueId g = grads[k];
      if (scale != kNoValue) {
        g = i.let(of_parameter(i, t.params, k, "clipped"), "$0 * $1", {g, scale}, i.shape(g),
                  {-1, 1});
      } else if (how == 0) {
        i.summary("Gradient descent with a gradient of unit length.");
        g = i.let({"direction", "unit_grad"},
                  i.either({"$0 / (jnp.linalg.norm($0) + 1e-3)",
                            "$0 / jnp.maximum(jnp.linalg.norm($0), 1e-3)"}),
                  {g}, i.shape(g), {-1, 1});
      }
      i.let(grads.size() > 1 ? of_parameter(i, t.params, k, "new") : Words{"updated", "new_params"},
            "$0 - " + step + " * $1", {t.params[k], g}, i.shape(t.params[k]), {-2, 2});
    }
  });
}

// The product of a loss's second derivatives with a direction, without the matrix: forward over
// reverse, reverse over reverse or reverse over forward; alone, as curvature or as a step.
Op hessian_vector_product() {
  return idiom("curvature_product", kGradient, 1.2, kSmooth, [](Idiom& i) {
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false, .curved = true});
    const ValueId w = t.params[0], x = t.data[0], y = t.data[1];
    const Type type = i.type(w);
    const ValueId v = i.argument({"direction", "v", "tangent"}, type, {-1, 1});
    i.called({"hessian_vector_product", "hvp", "curvature_along"});
    i.summary("Apply the Hessian of a loss to a direction without forming it.");
    const auto then = i.between(0, 3);  // curvature, damped, else the product
    ValueId product;
    switch (i.between(0, 2)) {
      case 0: {
        i.comment("Forward over reverse.");
        const BodyId grad = i.function(
            {"grad_at", "slope", "grad_fn"}, {{{"w", "p"}, type, {-1, 1}}}, [&](const Ids& p) {
              return Ids{
                  i.let({"g"}, "jax.grad($f0)($0, $1, $2)", {p[0], x, y}, {t.loss}, type, {-2, 2})};
            });
        const bool with_slope = then > 0 && i.chance(0.4);
        if (with_slope) {
          i.called({"grad_and_hvp", "slope_and_curvature", "hessian_vector_product"});
          i.summary("Give the gradient of a loss and its Hessian times a direction.");
          product = i.unpack(
              "jax.jvp($f0, ($0,), ($1,))", {w, v}, {grad},
              {{{"grads", "slope"}, type, {-2, 2}}, {{"curved", "hvp"}, type, {-3, 3}}})[1];
        } else {
          product = i.let({"curved", "hvp"}, "jax.jvp($f0, ($0,), ($1,))[1]", {w, v}, {grad}, type,
                          {-3, 3});
        }
        break;
      }
      case 1: {
        i.comment("The derivative of the slope along the direction.");
        const BodyId along = i.function(
            {"slope_along", "directional", "projected_grad"}, {{{"w", "p"}, type, {-1, 1}}},
            [&](const Ids& p) {
              const ValueId g = i.let({"g", "grads"}, "jax.grad($f0)($0, $1, $2)", {p[0], x, y},
                                      {t.loss}, type, {-2, 2});
              return Ids{i.let(
                  {"slope"}, i.either({"jnp.vdot($0, $1)", "jnp.dot($0, $1)", "jnp.sum($0 * $1)"}),
                  {g, v}, Shape{}, {-3, 3})};
            });
        product = i.let({"curved", "hvp"}, "jax.grad($f0)($0)", {w}, {along}, type, {-3, 3});
        break;
      }
      default: {
        i.comment("Reverse over forward.");
        const BodyId at = i.function({"loss_at", "objective_at"}, {{{"w", "p"}, type, {-1, 1}}},
                                     [&](const Ids& p) {
                                       return Ids{i.let({"value"}, "$f0($0, $1, $2)", {p[0], x, y},
                                                        {t.loss}, Type{i.real(), {}}, {0, 5})};
                                     });
        const BodyId along = i.function(
            {"slope_along", "directional"}, {{{"w", "p"}, type, {-1, 1}}}, [&](const Ids& p) {
              return Ids{i.let({"slope"}, "jax.jvp($f0, ($0,), ($1,))[1]", {p[0], v}, {at},
                               Type{i.real(), {}}, {-3, 3})};
            });
        product = i.let({"curved", "hvp"}, "jax.grad($f0)($0)", {w}, {along}, type, {-3, 3});
      }
    }
    switch (then) {
      case 0:
        i.called({"curvature_along", "rayleigh_quotient", "directional_curvature"});
        i.summary("Curvature of a loss along a direction.");
        i.let({"curvature", "rayleigh"},
              i.either({"jnp.dot($0, $1) / jnp.dot($0, $0)", "jnp.vdot($0, $1) / jnp.sum($0**2)"}),
              {v, product}, Shape{}, {-3, 3});
        break;
      case 1: {
        const std::string damping = i.either({"0.1", "0.01", "1.0"});
        i.called({"damped_hvp", "damped_curvature_product"});
        i.summary("Apply a damped Hessian to a direction.");
        i.let({"damped"}, "$0 + " + damping + " * $1", {product, v}, type, {-3, 3});
        break;
      }
      default:
        break;
    }
  });
}

// The mean of gradients, each clipped by itself; with noise it keeps the examples private.
void clip_examples(Idiom& i, ValueId grads) {
  const std::int64_t rows = i.dim(grads, 0), width = i.dim(grads, 1);
  i.called({"clip_per_example", "clipped_mean_gradient", "bounded_gradient"});
  i.summary("Mean of gradients that are clipped one example at a time.");
  const std::string limit = i.either({"1.0", "0.5", "0.7"});
  const ValueId norm =
      i.let({"norms", "lengths"},
            i.either({"jnp.linalg.norm($0, axis=1)", "jnp.sqrt(jnp.sum($0**2, axis=-1))"}), {grads},
            Shape{rows}, {0.1, 4});
  const ValueId shrink =
      i.let({"factors", "shrink"}, "jnp.minimum(1.0, " + limit + " / ($0 + 1e-3))", {norm},
            Shape{rows}, {0.2, 1});
  const ValueId mean =
      i.let({"clipped", "mean_grad"},
            i.either({"jnp.mean($0 * $1[:, None], axis=0)", "$1 @ $0 / $0.shape[0]",
                      "jnp.einsum(\"n,nd->d\", $1, $0) / $0.shape[0]"}),
            {grads, shrink}, Shape{width}, {-1, 1});
  if (i.chance(0.5)) {
    const ValueId noise = i.input({"noise", "perturbation"}, Shape{width}, {-1, 1});
    const std::string sigma = i.either({"0.1", "0.5", "0.05"});
    i.called({"private_gradient", "clip_per_example", "dp_sgd_gradient"});
    i.summary("Private gradient: clipped for each example, averaged, noised.");
    i.let({"noisy", "private"}, "$0 + " + sigma + " * $1", {mean, noise}, Shape{width}, {-1, 1});
  }
}

// Gradients of each example: clipped one by one, or compared with their mean.
Op per_example_gradients() {
  return idiom("example_gradients", kVectorization, 1.3, kSmooth, [](Idiom& i) {
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false, .one_row = true});
    const ValueId w = t.params[0];
    const std::int64_t rows = i.dim(t.data[0], 0), width = i.dim(w, 0);
    const Type table{i.real(), {rows, width}};
    i.called({"per_example_gradients", "example_gradients", "individual_gradients"});
    i.summary("Gradient of the loss of each example by itself.");
    const ValueId grads =
        i.let({"grads", "example_grads"},
              i.either({"jax.vmap(jax.grad($f0), in_axes=(None, 0, 0))($0, $1, $2)",
                        "jax.vmap(jax.grad($f0), (None, 0, 0))($0, $1, $2)"}),
              t.all(), {t.loss}, table, {-3, 3});
    switch (i.between(0, 4)) {
      case 0:
        clip_examples(i, grads);
        break;
      case 1: {
        i.called({"gradient_noise_scale", "gradient_variance", "noise_to_signal"});
        i.summary("Spread of the gradients of examples against their mean.");
        const ValueId mean =
            i.let({"mean_grad", "signal"}, "jnp.mean($0, axis=0)", {grads}, Shape{width}, {-2, 2});
        const ValueId spread = i.let({"variance", "noise"},
                                     i.either({"jnp.sum(jnp.var($0, axis=0))",
                                               "jnp.mean(jnp.sum(($0 - $1) ** 2, axis=-1))"}),
                                     {grads, mean}, Shape{}, {0.1, 5});
        i.let({"noise_scale"}, "$0 / (jnp.sum($1**2) + 1e-3)", {spread, mean}, Shape{}, {0.1, 50});
        break;
      }
      case 2: {
        i.called({"empirical_fisher", "gradient_covariance", "outer_product_curvature"});
        i.summary("Mean outer product of the gradients of examples.");
        i.let(
            {"fisher"},
            i.either({"$0.T @ $0 / $0.shape[0]", "jnp.einsum(\"ni,nj->ij\", $0, $0) / $0.shape[0]",
                      "jnp.mean(jax.vmap(jnp.outer)($0, $0), axis=0)"}),
            {grads}, Shape{width, width}, {-3, 3});
        break;
      }
      case 3: {
        i.called({"gradient_similarity", "gradient_agreement", "gradient_kernel"});
        i.summary("Cosine between the gradients of each two examples.");
        const ValueId unit = i.let({"unit", "directions"},
                                   "$0 / (jnp.linalg.norm($0, axis=1, keepdims=True) + " +
                                       std::string(half_precision(i) ? "0.1)" : "1e-3)"),
                                   {grads}, table.shape, {-1, 1});
        i.let({"agreement", "cosines"}, "$0 @ $0.T", {unit}, Shape{rows, rows}, {-1, 1});
        break;
      }
      default:
        i.called({"gradient_norms", "example_importance", "influence_norms"});
        i.summary("Length of each example's gradient.");
        i.let({"norms", "importance"},
              i.either({"jnp.linalg.norm($0, axis=-1)", "jnp.sqrt(jnp.sum($0**2, axis=1) + 1e-6)"}),
              {grads}, Shape{rows}, {0.1, 4});
    }
  });
}

// Newton's step with the full matrix of second derivatives: damped, by solving or by conjugate
// gradients.
Op newton_step() {
  return idiom("newton_step", kGradient, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false});
    const ValueId w = t.params[0];
    const std::int64_t n = i.dim(w, 0);
    i.called({"newton_step", "second_order_step", "damped_newton"});
    i.summary("One damped Newton step on the loss of a small model.");
    const ValueId g = gradients(i, t, t.params, t.data, {"grads", "slope"})[0];
    const ValueId h =
        i.let({"hess", "curvature"},
              i.either({"jax.hessian($f0)($0, $1, $2)", "jax.jacfwd(jax.grad($f0))($0, $1, $2)",
                        "jax.jacrev(jax.grad($f0))($0, $1, $2)"}),
              t.all(), {t.loss}, Type{i.real(), {n, n}}, {-2, 4});
    const std::string damping = i.either({"1.0", "0.5", "2.0"});
    const ValueId system =
        i.let({"damped", "system"},
              i.either({"$0 + " + damping + " * jnp.eye($0.shape[0], dtype=$0.dtype)",
                        "$0 + jnp.diag(jnp.full_like($1, " + damping + "))"}),
              {h, w}, Shape{n, n}, {-2, 5});
    const ValueId step =
        i.let({"step", "direction"},
              i.either({"jnp.linalg.solve($0, $1)",
                        "jax.scipy.sparse.linalg.cg(lambda v: $0 @ v, $1, maxiter=4)[0]"}),
              {system, g}, Shape{n}, {-2, 2});
    const bool decrement = i.chance(0.4);
    const std::string scale = i.either({"$0 - $1", "$0 - 0.5 * $1"});
    i.let({"updated", "new_weights"}, scale, {w, step}, Shape{n}, {-3, 3});
    if (decrement)
      i.let({"decrement", "predicted_decrease"}, "0.5 * jnp.dot($0, $1)", {g, step}, Shape{},
            {0, 3});
  });
}

// Gradients of micro-batches summed in a loop, so that one at a time is in memory.
Op accumulate_gradients() {
  return idiom("accumulate_gradients", kLoop, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t chunks = i.between(2, 5), rows = i.between(2, 6), width = i.size();
    const ValueId x =
        i.argument({"features", "inputs", "x"}, Type{i.real(), {chunks, rows, width}}, {-2, 2});
    const ValueId y =
        i.argument({"targets", "labels", "y"}, Type{i.real(), {chunks, rows}}, {0, 1});
    const ValueId w = i.argument({"weights", "w", "theta"}, Type{i.real(), {width}}, {-0.8, 0.8});
    const std::string form = i.either({"squared", "logistic", "poisson", "smooth"});
    Task t;
    t.slots = {{{"weights", "w"}, i.type(w), {-1, 1}},
               {{"x"}, Type{i.real(), {rows, width}}, {-2, 2}},
               {{"y"}, Type{i.real(), {rows}}, {0, 1}}};
    t.loss =
        i.helper({"loss", "batch_loss", "objective"}, "Loss of one micro-batch.", t.slots,
                 [&](const Ids& p) { return task_body(i, p, false, false, false, false, form); });
    i.called({"accumulate_gradients", "micro_batched_gradient", "accumulate_batches"});
    i.summary("Sum the gradients of micro-batches one after another.");
    const ValueId zero = i.let({"zeros", "start"}, "jnp.zeros_like($0)", {w}, i.shape(w), {-1, 1});
    const std::string form_step = i.either({"$0 - 0.1 * $1", "$0 - 0.5 * $1", "$0 - 0.05 * $1"});
    const bool keep_losses = i.chance(0.5);
    const std::string mean = fmt::format("$0 / {}", chunks);
    ValueId total;
    if (i.chance(0.65)) {
      const auto out = i.scan(
          {"add_batch", "accumulate", "body"},
          {{{"total", "acc"}, zero, {-5, 5}, {"summed", "grad_sum"}}},
          {{{"xb", "x_batch"}, x}, {{"yb", "y_batch"}, y}},
          keep_losses ? std::vector<Words>{{"losses"}} : std::vector<Words>{}, [&](const Ids& p) {
            if (!keep_losses) {
              const ValueId g = i.let({"g", "grads"}, "jax.grad($f0)($0, $1, $2)", {w, p[1], p[2]},
                                      {t.loss}, i.type(w), {-2, 2});
              return Ids{i.let({"next_total"}, "$0 + $1", {p[0], g}, i.shape(w), {-5, 5})};
            }
            const Ids vg =
                i.unpack("jax.value_and_grad($f0)($0, $1, $2)", {w, p[1], p[2]}, {t.loss},
                         {{{"value", "batch_loss"}, Type{i.real(), {}}, {0, 5}},
                          {{"g", "grads"}, i.type(w), {-2, 2}}});
            return Ids{i.let({"next_total"}, "$0 + $1", {p[0], vg[1]}, i.shape(w), {-5, 5}), vg[0]};
          });
      total = out.final[0];
    } else {
      total =
          i.fori(0, chunks, {"add_batch", "body"},
                 {{{"total", "acc"}, zero, {-5, 5}, {"summed", "grad_sum"}}}, [&](const Ids& p) {
                   const std::string at = "jax.grad($f0)($0, $1[$3], $2[$3])";
                   const ValueId g =
                       i.let({"g", "grads"}, at, {w, x, y, p[0]}, {t.loss}, i.type(w), {-2, 2});
                   return Ids{i.let({"next_total"}, "$0 + $1", {p[1], g}, i.shape(w), {-5, 5})};
                 })[0];
    }
    const ValueId g = i.let({"grads", "mean_grad"}, mean, {total}, i.shape(w), {-2, 2});
    if (i.chance(0.6)) i.let({"updated", "new_weights"}, form_step, {w, g}, i.shape(w), {-2, 2});
  });
}

// A whole run of gradient descent in a loop: plain, with momentum or with a rate that decays.
Op train_loop() {
  return idiom("train_loop", kLoop, 1.4, kSmooth, [](Idiom& i) {
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false, .repeated = true});
    const ValueId w = t.params[0], x = t.data[0], y = t.data[1];
    const std::int64_t steps = i.between(3, 12);
    const std::string step = i.either({"0.1", "0.05", "0.2", "0.02"});
    const Shape shape = i.shape(w);
    i.called({"fit", "train", "gradient_descent"});
    i.summary(fmt::format("Minimize a loss by {} steps of gradient descent.", steps));
    const auto grad = [&](ValueId at) {
      return i.let({"g", "grads"}, "jax.grad($f0)($0, $1, $2)", {at, x, y}, {t.loss}, i.type(w),
                   {-2, 2});
    };
    switch (i.between(0, 3)) {
      case 0:
        i.fori(0, steps, {"descend", "step", "body"},
               {{{"w", "params"}, w, {-2, 2}, {"fitted", "trained"}}}, [&](const Ids& p) {
                 const ValueId g = grad(p[1]);
                 return Ids{i.let({"w_next"}, "$0 - " + step + " * $1", {p[1], g}, shape, {-2, 2})};
               });
        break;
      case 1: {
        i.called({"fit_with_momentum", "heavy_ball", "train_with_momentum"});
        i.summary("Gradient descent with a velocity that remembers past gradients.");
        const std::string keep = i.either({"0.9", "0.8", "0.5"});
        const ValueId still =
            i.let({"velocity", "still"}, "jnp.zeros_like($0)", {w}, shape, {-1, 1});
        i.fori(
            0, steps, {"descend", "step", "body"},
            {{{"w", "params"}, w, {-2, 2}, {"fitted", "trained"}},
             {{"v", "velocity"}, still, {-2, 2}, {}}},
            [&](const Ids& p) {
              const ValueId g = grad(p[1]);
              const ValueId v = i.let({"v_next"}, keep + " * $0 + $1", {p[2], g}, shape, {-2, 2});
              return Ids{i.let({"w_next"}, "$0 - " + step + " * $1", {p[1], v}, shape, {-2, 2}), v};
            });
        break;
      }
      case 2:
        i.called({"loss_curve", "train_with_history", "fit"});
        i.summary("Fit a model and record the loss at each step.");
        i.scan(
            {"descend", "step", "update"}, {{{"w", "params"}, w, {-2, 2}, {"fitted", "trained"}}},
            {}, {{"losses", "history"}},
            [&](const Ids& p) {
              const Ids vg = i.unpack("jax.value_and_grad($f0)($0, $1, $2)", {p[0], x, y}, {t.loss},
                                      {{{"value", "loss"}, Type{i.real(), {}}, {0, 5}},
                                       {{"g", "grads"}, i.type(w), {-2, 2}}});
              return Ids{i.let({"w_next"}, "$0 - " + step + " * $1", {p[0], vg[1]}, shape, {-2, 2}),
                         vg[0]};
            },
            "", steps);
        break;
      default: {
        i.called({"fit_with_schedule", "scheduled_descent", "train"});
        i.summary("Gradient descent with a step size of its own for each step.");
        const ValueId rates =
            i.argument({"rates", "step_sizes", "schedule"}, Type{i.real(), {steps}}, {0.1, 0.6});
        const bool path = i.chance(0.5);
        i.scan(
            {"descend", "step", "update"}, {{{"w", "params"}, w, {-2, 2}, {"fitted", "trained"}}},
            {{{"rate", "lr"}, rates}},
            path ? std::vector<Words>{{"gradient_norms", "norms"}} : std::vector<Words>{},
            [&](const Ids& p) {
              const ValueId g = grad(p[0]);
              Ids out = {i.let({"w_next"}, "$0 - $1 * $2", {p[0], p[1], g}, shape, {-2, 2})};
              if (path)
                out.push_back(i.let({"norm"}, "jnp.sqrt(jnp.sum($0**2))", {g}, Shape{}, {0.05, 3}));
              return out;
            });
      }
    }
  });
}

// A gradient through a gradient step: the loss on new data after one or few steps on the old
// (MAML), with respect to where they began or to their size.
Op meta_gradient() {
  return idiom("meta_gradient", kGradient, 1.1, kSmooth, [](Idiom& i) {
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false, .repeated = true});
    const ValueId w = t.params[0], x = t.data[0], y = t.data[1];
    const ValueId x2 = i.argument({"query_x", "held_out_x"}, i.type(x), {-2, 2});
    const ValueId y2 = i.argument({"query_y", "held_out_y"}, i.type(y), {0, 1});
    const bool of_rate = i.chance(0.35);
    const Type scalar{i.real(), {}};
    if (of_rate) {
      const ValueId lr = i.argument({"step_size", "inner_rate"}, scalar, {0.05, 0.5});
      i.called({"hypergradient", "tune_step_size", "rate_gradient"});
      i.summary("Slope of the held-out loss in the step size of training.");
      const BodyId outer = i.function(
          {"held_out_loss", "after_step"}, {{{"lr", "rate"}, scalar, {0.05, 0.5}}},
          [&](const Ids& p) {
            const ValueId g = i.let({"g", "grads"}, "jax.grad($f0)($0, $1, $2)", {w, x, y},
                                    {t.loss}, i.type(w), {-2, 2});
            const ValueId moved =
                i.let({"adapted", "w_next"}, "$0 - $1 * $2", {w, p[0], g}, i.shape(w), {-2, 2});
            return Ids{
                i.let({"value"}, "$f0($0, $1, $2)", {moved, x2, y2}, {t.loss}, scalar, {0, 5})};
          });
      const ValueId slope =
          i.let({"slope", "hypergrad"}, i.either({"jax.grad($f0)($0)", "jax.jacfwd($f0)($0)"}),
                {lr}, {outer}, scalar, {-2, 2});
      if (i.chance(0.6))
        i.let({"new_rate", "tuned"},
              i.either(
                  {"$0 * jnp.exp(-0.5 * $1)", "$0 - 0.1 * $1", "jnp.maximum($0 - 0.1 * $1, 1e-3)"}),
              {lr, slope}, Shape{}, {0.02, 1});
      i.keep(slope);
      return;
    }
    const bool moves = i.chance(0.6);
    i.called(moves ? Words{"maml_step", "meta_step", "adapt_then_improve"}
                   : Words{"meta_gradient", "gradient_after_adaptation"});
    i.summary(moves ? "A step along the gradient of the loss after adaptation."
                    : "Gradient of the loss after adaptation, back to where it began.");
    const std::string inner = i.either({"0.1", "0.3", "0.5"});
    const std::int64_t steps = i.chance(0.5) ? 1 : i.between(2, 4);
    const BodyId outer =
        i.function({"adapted_loss", "outer_loss", "query_loss"},
                   {{{"start", "w0"}, i.type(w), {-1, 1}}}, [&](const Ids& p) {
                     ValueId moved;
                     const auto once = [&](ValueId at) {
                       const ValueId g = i.let({"g", "grads"}, "jax.grad($f0)($0, $1, $2)",
                                               {at, x, y}, {t.loss}, i.type(w), {-2, 2});
                       return i.let({"adapted", "w_next"}, "$0 - " + inner + " * $1", {at, g},
                                    i.shape(w), {-2, 2});
                     };
                     if (steps == 1)
                       moved = once(p[0]);
                     else
                       moved = i.fori(0, steps, {"inner_step", "adapt"},
                                      {{{"fast", "w"}, p[0], {-2, 2}, {"adapted", "fast_weights"}}},
                                      [&](const Ids& q) { return Ids{once(q[1])}; })[0];
                     return Ids{i.let({"value"}, "$f0($0, $1, $2)", {moved, x2, y2}, {t.loss},
                                      scalar, {0, 5})};
                   });
    const ValueId g =
        i.let({"meta_grad", "outer_grad"}, "jax.grad($f0)($0)", {w}, {outer}, i.type(w), {-2, 2});
    if (moves)
      i.let({"updated", "new_start"}, "$0 - " + rate(i) + " * $1", {w, g}, i.shape(w), {-2, 2});
  });
}

// Sharpness-aware minimisation (Foret et al. 2021): the gradient where the loss is worst nearby; or
// where a plain step would lead.
Op sharpness_aware_step() {
  return idiom("sharpness_aware_step", kGradient, 1.0, kSmooth, [](Idiom& i) {
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false});
    const ValueId w = t.params[0];
    const std::string rho = i.either({"0.05", "0.1", "0.5"});
    i.called({"sharpness_aware_step", "sam_step", "flat_minimum_step"});
    const ValueId g = gradients(i, t, t.params, t.data, {"grads", "local_grad"})[0];
    const std::int64_t form = i.between(0, 2);
    if (form < 2) i.summary("Descend along the gradient at the worst point nearby.");
    ValueId away;
    if (form == 0) {
      const ValueId norm =
          i.let({"norm", "length"}, i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.sum($0**2))"}),
                {g}, Shape{}, {0.1, 3});
      away = i.let({"worst", "ascended"},
                   i.either({"$0 + " + rho + " * $1 / ($2 + 1e-3)",
                             "$0 + " + rho + " * $1 / jnp.maximum($2, 1e-3)"}),
                   {w, g, norm}, i.shape(w), {-1, 1});
    } else if (form == 1) {
      i.summary("Sharpness-aware step whose radius follows the size of weights.");
      const ValueId scaled =
          i.let({"scaled", "adaptive_grad"}, "jnp.abs($0) * $1", {w, g}, i.shape(w), {-2, 2});
      away = i.let({"worst", "ascended"},
                   "$0 + " + rho + " * jnp.abs($0) * $1 / (jnp.linalg.norm($1) + 1e-3)",
                   {w, scaled}, i.shape(w), {-1, 1});
    } else {
      i.called({"extragradient_step", "look_ahead_step", "optimistic_step"});
      i.summary("Take the gradient where a plain step would lead.");
      away = i.let({"probe", "look_ahead"}, "$0 - " + rho + " * $1", {w, g}, i.shape(w), {-1, 1});
    }
    const ValueId g2 = gradients(i, t, {away}, t.data, {"sharp_grads", "probe_grad"})[0];
    const std::string step = rate(i);
    i.let({"updated", "new_weights"}, "$0 - " + step + " * $1", {w, g2}, i.shape(w), {-2, 2});
    if (half_precision(i) || !i.chance(0.3)) return;
    i.summary(form < 2 ? "A sharpness-aware step, and how much the loss rises nearby."
                       : "A step by the gradient ahead, and how much the loss changes there.");
    i.let({form < 2 ? "sharpness" : "change", "gap"}, "$f0($0, $2, $3) - $f0($1, $2, $3)",
          {away, w, t.data[0], t.data[1]}, {t.loss}, Type{i.real(), {}}, {-0.5, 0.5});
  });
}

// Steps that shorten until the loss has fallen enough (Armijo's condition).
Op backtracking_search() {
  return idiom("backtracking_search", kLoop, 1.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Task t = task(i, {.may_hide_layer = false, .may_have_bias = false});
    const ValueId w = t.params[0], x = t.data[0], y = t.data[1];
    const Type scalar{i.real(), {}};
    i.called({"backtracking_search", "line_search", "armijo_step_size"});
    i.summary("Shorten a step until the loss falls as its slope promises.");
    const Ids vg =
        i.unpack("jax.value_and_grad($f0)($0, $1, $2)", t.all(), {t.loss},
                 {{{"value", "f0"}, scalar, {0.2, 5}}, {{"grads", "slope"}, i.type(w), {-2, 2}}});
    const ValueId square =
        i.let({"decrease", "slope_sq"},
              i.either({"jnp.sum($0**2)", "jnp.dot($0, $0)", "jnp.vdot($0, $0)"}), {vg[1]}, Shape{},
              {0.1, 6});
    const std::string c = i.either({"0.5", "0.3", "0.1"}), shrink = i.either({"0.5", "0.7", "0.8"}),
                      first = i.either({"8.0", "4.0", "16.0"});
    const ValueId start =
        i.let({"step0", "start"}, "jnp.full_like($0, " + first + ")", {vg[0]}, Shape{}, {0.1, 16});
    const auto moved = [&](ValueId at) {
      return i.let({"trial", "candidate"}, "$0 - $1 * $2", {w, at, vg[1]}, i.shape(w), {-3, 3});
    };
    const ValueId step = i.while_loop(
        {{{"size", "step"}, start, {0.01, 16}, {"step_size", "accepted"}}},
        {"too_long", "not_enough"},
        [&](const Ids& p) {
          const ValueId trial = moved(p[0]);
          return Ids{i.let({"again"}, "($f0($0, $1, $2) > $3 - " + c + " * $4 * $5) & ($4 > 1e-4)",
                           {trial, x, y, vg[0], p[0], square}, {t.loss}, Type{DType::kBool, {}},
                           {0, 1})};
        },
        {"shorten", "backtrack"},
        [&](const Ids& p) {
          return Ids{i.let({"shorter"}, shrink + " * $0", {p[0]}, Shape{}, {0.01, 16})};
        })[0];
    const bool give_step = i.chance(0.3);
    if (give_step) return;
    i.called({"backtracking_step", "line_search", "armijo_step"});
    i.summary("Gradient descent with a backtracking line search.");
    i.let({"updated", "new_weights"}, "$0 - $1 * $2", {w, step, vg[1]}, i.shape(w), {-3, 3});
  });
}

}  // namespace

std::vector<Op> training_idioms() {
  return {gradient_step(), hessian_vector_product(), per_example_gradients(),
          newton_step(),   accumulate_gradients(),   train_loop(),
          meta_gradient(), sharpness_aware_step(),   backtracking_search()};
}

}  // namespace jaxsmith::plan
