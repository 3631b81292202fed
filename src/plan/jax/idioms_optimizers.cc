// Rules that turn gradients into steps: optimisers with state.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

struct Pair {
  ValueId params, grads;
};

Pair params_and_grads(Idiom& i, int min_rank, int max_rank) {
  const ValueId params = i.anchor({"params", "weights", "w"}, min_rank, max_rank, {-2, 2});
  const ValueId grads = i.input({"grads", "gradient", "g"}, i.shape(params), {-2, 2});
  return {params, grads};
}

// The gradient with weight decay in it (coupled), where it is drawn.
ValueId decayed(Idiom& i, const Pair& p, double probability) {
  if (!i.chance(probability)) return p.grads;
  const std::string weight = i.either({"0.01", "0.1", "0.05"});
  i.comment("Weight decay, as a part of the gradient.");
  return i.let({"decayed", "regularized", "g"}, "$0 + " + weight + " * $1", {p.grads, p.params},
               i.shape(p.params), {-2, 2});
}

// The last step of most optimisers.
void descended(Idiom& i, const Pair& p, const std::string& rate, ValueId step) {
  i.let({"new_params", "updated"}, "$0 - " + rate + " * $1", {p.params, step}, i.shape(p.params),
        {-3, 3});
}

// SGD with momentum: heavy ball, Nesterov's, dampened; decay in the gradient or none.
Op momentum_step() {
  return idiom("momentum_step", kArithmetic, 1.2, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 3);
    const Shape shape = i.shape(p.params);
    const ValueId velocity = i.input({"velocity", "momentum", "buffer"}, shape, {-2, 2});
    i.called({"momentum_step", "sgd_update", "heavy_ball_step"});
    i.summary("One step of gradient descent with momentum.");
    const ValueId g = decayed(i, p, 0.35);
    const double keep = i.number({0.9, 0.8, 0.95, 0.5});
    const std::string mu = Idiom::text(keep);
    const bool given = i.chance(0.35);
    const ValueId lr =
        given ? i.input({"learning_rate", "lr", "step_size"}, Shape{}, {0.05, 0.5}) : kNoValue;
    const std::string rate = i.either({"0.1", "0.05", "0.01", "0.02"});
    const std::int64_t form = i.between(0, 3);
    const std::string recall = form == 3 ? forgetting(i, keep, "$0", "$1") : mu + " * $0 + $1";
    if (form == 3) i.summary("Momentum as a moving average of gradients.");
    const ValueId v =
        i.let({"new_velocity", "velocity_next", "v"}, recall, {velocity, g}, shape, {-3, 3});
    ValueId way = v;
    if (form == 1) {
      i.called({"nesterov_step", "nesterov_update", "look_ahead_step"});
      i.summary("Nesterov's step: momentum with a look ahead.");
      way = i.let({"look_ahead", "direction"},
                  i.either({"$1 + " + mu + " * $0", mu + " * $0 + $1"}), {v, g}, shape, {-4, 4});
    } else if (form == 2) {
      i.called({"quasi_hyperbolic_step", "qhm_update", "mixed_momentum_step"});
      i.summary("Mix the gradient with its momentum before the step.");
      const double nu = i.number({0.7, 0.5, 0.8});
      way = i.let({"direction", "mixed"},
                  fmt::format("{} * $1 + {} * $0", Idiom::text(1 - nu), Idiom::text(nu)), {v, g},
                  shape, {-4, 4});
    }
    if (given)
      i.let({"new_params", "updated"}, i.either({"$0 - $2 * $1", "$0 - $1 * $2"}),
            {p.params, way, lr}, shape, {-3, 3});
    else
      descended(i, p, rate, way);
    i.keep(v);
  });
}

// The denominator of an adaptive step.
std::string rooted(Idiom& i) {
  const std::string eps =
      half_precision(i) ? i.either({"1e-3", "1e-4"}) : i.either({"1e-8", "1e-6", "1e-7"});
  return i.either({"(jnp.sqrt($1) + " + eps + ")", "(jnp.sqrt($1) + " + eps + ")",
                   "jnp.sqrt($1 + " + eps + ")"});
}

// Adam and its kin: AdamW, Adamax, Nadam; bias corrected by the number of steps so far.
Op adam_step() {
  return idiom("adam_step", kMath, 1.3, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 2);
    const Shape shape = i.shape(p.params);
    const std::int64_t form = i.between(0, 3);  // Adamax, Nadam, else Adam
    const ValueId first = i.input({"first_moment", "m", "mean"}, shape, {-1, 1});
    const ValueId second = i.input(
        form == 1 ? Words{"max_norm", "u", "gradient_scale"} : Words{"second_moment", "v", "nu"},
        shape, {0.1, 2});
    const bool corrected = i.chance(0.7);
    const ValueId count =
        corrected ? i.argument({"step", "count", "t"}, Type{i.integer(), {}}, {1, 20}) : kNoValue;
    i.called({"adam_step", "adam_update", "adaptive_step"});
    const ValueId g = decayed(i, p, 0.2);
    const double b1 = i.number({0.9, 0.9, 0.95}), b2 = i.number({0.99, 0.95, 0.98});
    const std::string by_mean = forgetting(i, b1, "$0", "$1");
    const ValueId m = i.let({"new_first", "m_next"}, by_mean, {first, g}, shape, {-2, 2});
    if (form != 1) i.summary("One step of Adam on parameters and both moments.");
    ValueId v, top = m;
    if (form == 1) {
      i.called({"adamax_step", "adamax_update", "infinity_norm_step"});
      i.summary("Adamax: Adam with a decaying largest gradient.");
      v = i.let({"new_scale", "u_next"}, "jnp.maximum(" + Idiom::text(b2) + " * $0, jnp.abs($1))",
                {second, g}, shape, {0.1, 2});
    } else {
      const std::string square = i.either({"jnp.square($1)", "$1**2"});
      const std::string by_square = forgetting(i, b2, "$0", square);
      v = i.let({"new_second", "v_next"}, by_square, {second, g}, shape, {0.1, 2});
    }
    if (form == 2) {
      i.called({"nadam_step", "nadam_update", "nesterov_adam_step"});
      i.summary("Nadam: Adam with Nesterov's look ahead.");
      const std::string b = Idiom::text(b1), rest = Idiom::text(1 - b1);
      if (corrected) i.comment("The average is corrected for the step after this one.");
      top = corrected ? i.let({"m_hat", "look_ahead"},
                              b + " * $0 / (1.0 - " + b + " ** ($2 + 1).astype($0.dtype)) + " +
                                  rest + " * $1 / (1.0 - " + b + " ** $2.astype($0.dtype))",
                              {m, g, count}, shape, {-3, 3})
                      : i.let({"look_ahead", "nesterov"}, b + " * $0 + " + rest + " * $1", {m, g},
                              shape, {-2, 2});
    }
    ValueId down = v;
    if (corrected) {
      i.comment(form == 1   ? "The average began at zero."
                : form == 2 ? "The mean of squares began at zero."
                            : "Both averages began at zero.");
      if (form != 2)
        top = i.let({"m_hat", "first_hat"},
                    "$0 / (1.0 - " + Idiom::text(b1) + " ** $1.astype($0.dtype))", {top, count},
                    shape, {-3, 3});
      if (form != 1)
        down = i.let({"v_hat", "second_hat"},
                     "$0 / (1.0 - " + Idiom::text(b2) + " ** $1.astype($0.dtype))", {v, count},
                     shape, {0.1, 9});
    }
    const std::string rate = i.either({"0.01", "0.03", "0.05", "0.02"});
    const std::string under = form == 1 ? "$1" : rooted(i);
    const ValueId step =
        i.let({"step_taken", "update", "direction"}, "$0 / " + under, {top, down}, shape, {-4, 4});
    if (i.chance(0.35)) {
      if (form != 1 && form != 2) i.called({"adamw_step", "adamw_update", "decoupled_adam_step"});
      i.summary("An adaptive step with weight decay beside the gradient.");
      const std::string decay = i.either({"0.1", "0.01", "0.05"});
      i.let({"new_params", "updated"}, "$0 - " + rate + " * ($1 + " + decay + " * $0)",
            {p.params, step}, shape, {-3, 3});
    } else {
      descended(i, p, rate, step);
    }
    i.keep(m);
    i.keep(v);
  });
}

// RMSProp, Adagrad and AdaDelta: steps divided by the size of past gradients.
Op scaled_by_history() {
  return idiom("scaled_by_history", kMath, 1.0, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 2);
    const Shape shape = i.shape(p.params);
    const ValueId past = i.input({"accumulator", "mean_square", "history"}, shape, {0.1, 3});
    const ValueId g = decayed(i, p, 0.2);
    const std::string rate = i.either({"0.1", "0.01", "0.05"});
    const std::int64_t form = i.between(0, 3);
    const double keep = i.number({0.9, 0.95, 0.8});
    const std::string square = i.either({"jnp.square($1)", "$1**2"});
    ValueId sum;
    if (form == 0) {
      i.called({"adagrad_step", "adagrad_update", "accumulated_step"});
      i.summary("Adagrad: steps shrink with the sum of squared gradients.");
      sum = i.let({"new_accumulator", "sum_squares"}, "$0 + " + square, {past, g}, shape, {0.1, 6});
    } else {
      i.called({"rmsprop_step", "rmsprop_update", "scale_by_rms"});
      if (form != 3) i.summary("RMSProp: divide by the root of a running mean of squares.");
      const std::string by = forgetting(i, keep, "$0", square);
      sum = i.let({"new_mean_square", "running"}, by, {past, g}, shape, {0.1, 4});
    }
    ValueId down = sum;
    if (form == 2) {
      const ValueId mean = i.input({"mean_grad", "running_mean"}, shape, {-0.2, 0.2});
      i.summary("RMSProp by the running variance of gradients.");
      const ValueId centre = i.let({"new_mean", "mean_next"},
                                   Idiom::text(keep) + " * $0 + " + Idiom::text(1 - keep) + " * $1",
                                   {mean, g}, shape, {-0.3, 0.3});
      down = i.let({"variance", "centered"}, i.either({"$0 - $1**2", "$0 - jnp.square($1)"}),
                   {sum, centre}, shape, {0.05, 4});
    }
    const std::string under = rooted(i);
    if (form == 3) {
      i.called({"adadelta_step", "adadelta_update", "unitless_step"});
      i.summary("Adadelta: steps as large as the steps before them.");
      const ValueId moved = i.input({"mean_step_square", "past_steps"}, shape, {0.1, 2});
      const std::string eps = half_precision(i) ? "1e-3" : "1e-6";
      const ValueId delta =
          i.let({"delta", "step"}, "jnp.sqrt($0 + " + eps + ") / jnp.sqrt($1 + " + eps + ") * $2",
                {moved, down, g}, shape, {-3, 3});
      i.let({"new_step_square", "steps_next"},
            Idiom::text(keep) + " * $0 + " + Idiom::text(1 - keep) + " * $1**2", {moved, delta},
            shape, {0.1, 3});
      i.let({"new_params", "updated"}, "$0 - $1", {p.params, delta}, shape, {-3, 3});
    } else {
      const ValueId step =
          i.let({"step", "direction", "scaled"}, "$0 / " + under, {g, down}, shape, {-3, 3});
      descended(i, p, rate, step);
    }
    i.keep(sum);
  });
}

// Signs as steps: signSGD, Lion (Chen et al. 2023), Rprop's steps that grow while signs agree.
Op sign_step() {
  return idiom("sign_step", kConditional, 0.9, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 2);
    const Shape shape = i.shape(p.params);
    if (i.chance(0.5)) {
      const ValueId momentum = i.input({"momentum", "m", "average"}, shape, {-1, 1});
      i.called({"lion_step", "lion_update", "signed_momentum_step"});
      i.summary("Lion: the sign of a mixture of gradient and momentum.");
      const double b1 = i.number({0.9, 0.95, 0.8}), b2 = i.number({0.99, 0.98, 0.9});
      const std::string mix = forgetting(i, b1, "$0", "$1"), slow = forgetting(i, b2, "$0", "$1");
      const ValueId mixed =
          i.let({"mixture", "interpolated"}, mix, {momentum, p.grads}, shape, {-1, 1});
      const std::string rate = i.either({"0.01", "0.05", "0.1"});
      const std::string decay = i.either({"", "", " + 0.1 * $0", " + 0.01 * $0"});
      const std::string sign =
          i.either({"jnp.sign($1)", "lax.sign($1)", "jnp.where($1 > 0, 1.0, -1.0)"});
      i.let({"new_params", "updated"},
            decay.empty() ? "$0 - " + rate + " * " + sign
                          : "$0 - " + rate + " * (" + sign + decay + ")",
            {p.params, mixed}, shape, {-2, 2});
      i.let({"new_momentum", "momentum_next"}, slow, {momentum, p.grads}, shape, {-1, 1});
      return;
    }
    const ValueId before = i.input({"previous_grads", "old_grads"}, shape, {-2, 2});
    const ValueId sizes = i.input({"step_sizes", "deltas"}, shape, {0.05, 0.5});
    if (tensor::element_count(shape) < 5) return i.fail();
    i.called({"rprop_step", "resilient_step", "rprop_update"});
    i.summary("Rprop: steps grow while the sign of the gradient stays.");
    const std::string up = i.either({"1.2", "1.2", "1.1"}), down = i.either({"0.5", "0.5", "0.7"});
    const ValueId agree =
        i.let({"agreement", "product"}, i.either({"$0 * $1", "jnp.sign($0) * jnp.sign($1)"}),
              {p.grads, before}, shape, {-3, 3});
    const ValueId now = i.let(
        {"new_sizes", "sizes"},
        i.either({"jnp.where($0 > 0, " + up + " * $1, jnp.where($0 < 0, " + down + " * $1, $1))",
                  "$1 * jnp.where($0 > 0, " + up + ", jnp.where($0 < 0, " + down + ", 1.0))",
                  "jnp.select([$0 > 0, $0 < 0], [" + up + " * $1, " + down + " * $1], $1)"}),
        {agree, sizes}, shape, {0.03, 0.7});
    const bool hold = i.chance(0.5);
    ValueId g = p.grads;
    if (hold) {
      i.comment("No step where the sign has just changed.");
      g = i.let({"kept_grads", "effective"},
                i.either({"jnp.where($0 < 0, 0.0, $1)", "jnp.where($0 >= 0, $1, 0.0)"}),
                {agree, p.grads}, shape, {-2, 2});
    }
    i.let({"new_params", "updated"}, "$0 - jnp.sign($1) * $2", {p.params, g, now}, shape, {-3, 3});
    i.keep(now);
  });
}

// Adafactor (Shazeer and Stern 2018): second moments of a matrix kept as rows and columns.
Op factored_step() {
  return idiom("factored_step", kReduction, 1.1, kSmooth, [](Idiom& i) {
    if (i.real() == DType::kF16) return i.fail();
    const Pair p = params_and_grads(i, 2, 2);
    const Shape shape = i.shape(p.params);
    const ValueId rows = i.input({"row_moment", "v_row", "rows"}, Shape{shape[0]}, {0.3, 2});
    const ValueId columns =
        i.input({"column_moment", "v_col", "columns"}, Shape{shape[1]}, {0.3, 2});
    i.called({"adafactor_step", "factored_step", "adafactor_update"});
    i.summary("Scale a gradient by second moments kept for rows and columns.");
    const std::string eps = half_precision(i) ? "1e-3" : i.either({"1e-6", "1e-8"});
    const ValueId square =
        i.let({"squares", "g2"}, i.either({"$0**2 + " + eps, "jnp.square($0) + " + eps}), {p.grads},
              shape, {0.01, 4});
    const double keep = i.number({0.8, 0.9, 0.95});
    const std::string row_mean = i.either({"jnp.mean($1, axis=1)", "$1.mean(axis=-1)"});
    const std::string column_mean = i.either({"jnp.mean($1, axis=0)", "$1.mean(axis=0)"});
    const std::string by_row =
        Idiom::text(keep) + " * $0 + " + Idiom::text(1 - keep) + " * " + row_mean;
    const std::string by_column =
        Idiom::text(keep) + " * $0 + " + Idiom::text(1 - keep) + " * " + column_mean;
    const ValueId r =
        i.let({"new_rows", "row_next"}, by_row, {rows, square}, Shape{shape[0]}, {0.3, 2});
    const ValueId c = i.let({"new_columns", "column_next"}, by_column, {columns, square},
                            Shape{shape[1]}, {0.3, 2});
    const ValueId estimate =
        i.let({"second_moment", "estimate", "v"},
              i.either({"jnp.outer($0, $1) / jnp.mean($0)", "$0[:, None] * $1 / $0.mean()",
                        "jnp.einsum(\"i,j->ij\", $0 / jnp.mean($0), $1)"}),
              {r, c}, shape, {0.1, 3});
    ValueId step =
        i.let({"direction", "update"}, i.either({"$0 / jnp.sqrt($1)", "$0 * lax.rsqrt($1)"}),
              {p.grads, estimate}, shape, {-3, 3});
    if (i.chance(0.5)) {
      const std::string limit = i.either({"1.0", "0.8"});
      i.comment("No update has a root mean square above the limit.");
      const ValueId rms =
          i.let({"rms", "update_rms"},
                i.either({"jnp.sqrt(jnp.mean($0**2))", "jnp.sqrt(jnp.mean(jnp.square($0)))"}),
                {step}, Shape{}, {0.6, 1.8});
      step = i.let({"clipped", "bounded"}, "$0 / jnp.maximum(1.0, $1 / " + limit + ")", {step, rms},
                   shape, {-2, 2});
    }
    const std::string rate = i.either({"0.01", "0.05", "0.1"});
    if (i.chance(0.4)) {
      const ValueId size =
          i.let({"param_scale", "weight_rms"}, "jnp.maximum(jnp.sqrt(jnp.mean($0**2)), 1e-3)",
                {p.params}, Shape{}, {0.5, 2});
      i.let({"new_params", "updated"}, "$0 - " + rate + " * $2 * $1", {p.params, step, size}, shape,
            {-3, 3});
    } else {
      descended(i, p, rate, step);
    }
    i.keep(r);
    i.keep(c);
  });
}

// A symmetric matrix to the power -1/k by its eigenvalues.
ValueId inverse_root(Idiom& i, ValueId matrix, const std::string& power, Words names) {
  const std::int64_t n = i.dim(matrix, 0);
  const Ids e = i.unpack("jnp.linalg.eigh($0)", {matrix}, {},
                         {{{"eigenvalues", "lam"}, Type{i.real(), {n}}, {0.5, 20}},
                          {{"vectors", "basis"}, Type{i.real(), {n, n}}, {-1, 1}}});
  return i.let(
      std::move(names),
      i.either({"($1 * $0 ** " + power + ") @ $1.T", "$1 @ jnp.diag($0 ** " + power + ") @ $1.T",
                "jnp.einsum(\"ik,k,jk->ij\", $1, $0 ** " + power + ", $1)"}),
      {e[0], e[1]}, Shape{n, n}, {-1, 1.5});
}

// Shampoo (Gupta et al. 2018): a gradient between inverse roots of what its rows and columns have
// been; of both sides or one.
Op shampoo_step() {
  return idiom("shampoo_step", kLinearAlgebra, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId grads = i.anchor({"grads", "gradient", "g"}, 2, 2, {-2, 2});
    const std::int64_t n = i.dim(grads, 0), m = i.dim(grads, 1);
    const bool both = i.chance(0.6);
    const std::string damping = i.either({"0.1", "1.0", "0.5"});
    i.called({"shampoo_step", "precondition", "shampoo_direction"});
    i.summary(both ? "Precondition a gradient from both sides."
                   : "Precondition a gradient by the covariance of its rows.");
    const auto side = [&](const std::string& product, std::int64_t size, Words names) {
      return i.let(std::move(names),
                   product + " + " + damping + fmt::format(" * jnp.eye({}, dtype=$0.dtype)", size),
                   {grads}, Shape{size, size}, {-4, 9});
    };
    const std::string left_product = i.either({"$0 @ $0.T", "jnp.einsum(\"ij,kj->ik\", $0, $0)"});
    const ValueId left = side(left_product, n, {"left", "row_stats"});
    const ValueId a = inverse_root(i, left, both ? "-0.25" : "-0.5", {"left_root", "row_root"});
    ValueId way;
    if (both) {
      const std::string right_product =
          i.either({"$0.T @ $0", "jnp.einsum(\"ij,ik->jk\", $0, $0)"});
      const ValueId right = side(right_product, m, {"right", "column_stats"});
      const ValueId b = inverse_root(i, right, "-0.25", {"right_root", "column_root"});
      way = i.let({"direction", "preconditioned"},
                  i.either({"$0 @ $1 @ $2", "jnp.linalg.multi_dot([$0, $1, $2])"}), {a, grads, b},
                  i.shape(grads), {-1, 1});
    } else {
      way = i.let({"direction", "preconditioned"}, "$0 @ $1", {a, grads}, i.shape(grads), {-1, 1});
    }
    switch (i.between(0, 2)) {
      case 0: {
        i.summary("A step along a gradient that is preconditioned by eigenvalues.");
        const ValueId params = i.input({"params", "weights"}, i.shape(grads), {-2, 2});
        const std::string rate = i.either({"0.1", "0.5", "0.05"});
        i.let({"new_params", "updated"}, "$0 - " + rate + " * $1", {params, way}, i.shape(grads),
              {-2, 2});
        break;
      }
      case 1: {
        i.comment("Only the direction is taken; its length is the gradient's.");
        i.let({"grafted"}, "$1 * (jnp.linalg.norm($0) / jnp.linalg.norm($1))", {grads, way},
              i.shape(grads), {-2, 2});
        break;
      }
      default:
        break;
    }
  });
}

// Orthogonalised momentum (Muon): Newton-Schulz iterations towards the nearest orthogonal matrix.
Op orthogonal_step() {
  return idiom("orthogonal_step", kLoop, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId grads = i.anchor({"momentum", "grads", "update"}, 2, 2, {-2, 2});
    const Shape shape = i.shape(grads);
    i.called({"orthogonalize", "muon_direction", "newton_schulz"});
    i.summary("Bring the singular values of an update nearer to one.");
    const ValueId start =
        i.let({"scaled", "x0"},
              i.either({"$0 / jnp.linalg.norm($0)", "$0 / (jnp.sqrt(jnp.sum($0**2)) + 1e-6)"}),
              {grads}, shape, {-1, 1});
    const std::int64_t steps = i.between(2, 5);
    const bool quintic = i.chance(0.5), wide = shape[0] <= shape[1];
    const std::string gram = wide ? "$0 @ $0.T" : "$0.T @ $0";
    const std::int64_t side = std::min(shape[0], shape[1]);
    const auto step = [&](ValueId x) {
      const ValueId a = i.let({"gram", "a"}, gram, {x}, Shape{side, side}, {-1, 1});
      if (!quintic)
        return i.let({"x_next"}, wide ? "1.5 * $0 - 0.5 * $1 @ $0" : "1.5 * $0 - 0.5 * $0 @ $1",
                     {x, a}, shape, {-1, 1});
      const ValueId b =
          i.let({"poly", "b"}, "-4.775 * $0 + 2.0315 * $0 @ $0", {a}, Shape{side, side}, {-3, 3});
      return i.let({"x_next"}, wide ? "3.4445 * $0 + $1 @ $0" : "3.4445 * $0 + $0 @ $1", {x, b},
                   shape, {-1, 1});
    };
    const ValueId out =
        iterated(i, steps, {"newton_schulz", "refine"},
                 {{"x", "m"}, start, {-1, 1}, {"orthogonal", "direction"}}, step, 0.6);
    if (i.chance(0.5)) {
      const ValueId params = i.input({"params", "weights"}, shape, {-2, 2});
      const std::string rate = i.either({"0.1", "0.05", "0.02"});
      i.summary("A step along an update made orthogonal by Newton-Schulz.");
      i.let({"new_params", "updated"}, "$0 - " + rate + " * $1", {params, out}, shape, {-2, 2});
    }
  });
}

// Layerwise trust: steps as long as the weights are (LARS), not longer than the plain step (LARC)
// or within wide bounds (LAMB).
Op trust_ratio_step() {
  return idiom("trust_ratio_step", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 2);
    const Shape shape = i.shape(p.params);
    const std::string decay = i.either({"0.01", "0.05"});
    const std::string rate = i.either({"0.1", "0.02", "0.2"});
    i.called({"trust_ratio_step", "lars_step", "layerwise_step"});
    i.summary("Scale a step by the length of the weights over its own.");
    i.comment("Decay is part of the update whose length is measured.");
    const ValueId update = i.let({"update", "direction"}, "$0 + " + decay + " * $1",
                                 {p.grads, p.params}, shape, {-2, 2});
    const bool rows = i.rank(p.params) == 2 && i.chance(0.35);
    const std::string axis = rows ? "axis=1, keepdims=True" : "";
    const Shape left = rows ? i.with_last(p.params, 1) : Shape{};
    const std::string norm = rows ? i.either({"jnp.linalg.norm($0, " + axis + ")",
                                              "jnp.sqrt(jnp.sum($0**2, " + axis + "))"})
                                  : i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.sum($0**2))",
                                              "jnp.sqrt(jnp.vdot($0, $0))"});
    if (rows) i.summary("Scale the step of each row by its own trust ratio.");
    const ValueId w = i.let({"weight_norm", "w_norm"}, norm, {p.params}, left, {0.5, 6});
    const ValueId u = i.let({"update_norm", "u_norm"}, norm, {update}, left, {0.5, 6});
    ValueId ratio;
    if (rows || i.chance(0.5)) {
      ratio = i.let(
          {"trust", "ratio"},
          i.either({"$0 / ($1 + 1e-3)", "jnp.where($0 < $1, $0 / ($1 + 1e-3), 1.0)",
                    "jnp.where($1 > 0, $0 / jnp.maximum($1, 1e-3), 1.0)",
                    "jnp.minimum($0 / ($1 + 1e-3), 1.0)", "jnp.minimum($0 / ($1 + 1e-3), 10.0)"}),
          {w, u}, left, {0.3, 2.5});
    } else {
      i.comment("Never further than the plain step.");
      const ValueId small = i.let({"shorter", "lags"}, "$0 < $1", {w, u}, flags({}), {0, 1});
      ratio = i.cond(
          small, {w, u},
          {{{"a"}, Type{i.real(), {}}, {0.5, 6}}, {{"b"}, Type{i.real(), {}}, {0.5, 6}}},
          {"limited", "trusted"},
          [&](const Ids& q) { return Ids{i.let({"r"}, "$0 / ($1 + 1e-3)", q, Shape{}, {0.2, 1})}; },
          {"unlimited", "plain"},
          [&](const Ids& q) {
            return Ids{i.let({"r"}, "jnp.ones_like($0)", {q[0]}, Shape{}, {0.9, 1})};
          },
          {{{"trust", "ratio"}, Type{i.real(), {}}, {0.2, 2}}})[0];
    }
    i.let({"new_params", "updated"}, "$0 - " + rate + " * $1 * $2", {p.params, ratio, update},
          shape, {-3, 3});
  });
}

// Decay of some weights only: where a mask says, or where they are not near zero (proximal steps).
Op masked_decay() {
  return idiom("masked_decay", kConditional, 0.9, kSmooth, [](Idiom& i) {
    const Pair p = params_and_grads(i, 1, 2);
    const Shape shape = i.shape(p.params);
    const std::string rate = i.either({"0.1", "0.05", "0.3"}),
                      weight = i.either({"0.1", "0.5", "0.3"});
    const ValueId moved =
        i.let({"moved", "stepped"}, "$0 - " + rate + " * $1", {p.params, p.grads}, shape, {-2, 2});
    if (i.chance(0.5) && tensor::element_count(shape) >= 5) {
      i.called({"masked_decay_step", "decay_selected", "step_with_mask"});
      i.summary("A gradient step that decays the masked weights alone.");
      const ValueId mask = i.input({"decay_mask", "is_kernel", "decayed"}, flags(shape), {0, 1});
      i.let({"new_params", "updated"},
            i.either({"jnp.where($0, $1 - " + rate + " * " + weight + " * $2, $1)",
                      "$1 - jnp.where($0, " + weight + ", 0.0) * " + rate + " * $2",
                      "lax.select($0, $1 - " + weight + " * " + rate + " * $2, $1)"}),
            {mask, moved, p.params}, shape, {-3, 3});
      return;
    }
    // The proximal map of a step of this length, for a penalty of this weight.
    const std::string by = Idiom::text(std::stod(rate) * i.number({1, 0.5, 2}));
    switch (i.between(0, tensor::element_count(shape) < 5 ? 1 : 2)) {
      case 0:
        i.called({"soft_threshold_step", "ista_step", "lasso_step"});
        i.summary("A proximal step for an absolute-value penalty.");
        i.let({"new_params", "sparse"},
              i.either({"jnp.sign($0) * jnp.maximum(jnp.abs($0) - " + by + ", 0.0)",
                        "jnp.where(jnp.abs($0) > " + by + ", $0 - " + by + " * jnp.sign($0), 0.0)",
                        "jax.nn.relu($0 - " + by + ") - jax.nn.relu(-$0 - " + by + ")"}),
              {moved}, shape, {-2, 2});
        break;
      case 1: {
        i.called({"group_lasso_step", "group_shrinkage", "block_threshold_step"});
        i.summary("A proximal step that shrinks groups of weights as one.");
        const ValueId norm =
            i.let({"norms", "group_norms"}, "jnp.linalg.norm($0, axis=-1, keepdims=True)", {moved},
                  i.with_last(moved, 1), {0.3, 4});
        i.let({"new_params", "shrunk"},
              i.either({"$0 * jnp.maximum(1.0 - " + by + " / $1, 0.0)",
                        "jnp.where($1 > " + by + ", (1.0 - " + by + " / $1) * $0, 0.0)"}),
              {moved, norm}, shape, {-2, 2});
        break;
      }
      default:
        i.called({"projected_step", "projected_gradient", "constrained_step"});
        i.summary("A gradient step back into the set of allowed weights.");
        i.let({"new_params", "projected"},
              i.either({"jnp.clip($0, -1.0, 1.0)", "jnp.maximum($0, 0.0)",
                        "lax.clamp(jnp.array(-1.0, $0.dtype), $0, jnp.array(1.0, $0.dtype))"}),
              {moved}, shape, {-1, 1});
    }
  });
}

}  // namespace

std::vector<Op> optimizer_idioms() {
  return {momentum_step(), adam_step(),       scaled_by_history(), sign_step(),   factored_step(),
          shampoo_step(),  orthogonal_step(), trust_ratio_step(),  masked_decay()};
}

}  // namespace jaxsmith::plan
