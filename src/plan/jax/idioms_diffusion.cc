// Models that generate step by step: diffusion, flow matching, scores, Langevin dynamics.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Signal kept after each step of a noise schedule: linear, cosine or sigmoid; as cumulated.
ValueId kept_signal(Idiom& i, std::int64_t steps, ValueId like) {
  const Shape all{steps};
  switch (i.between(0, 2)) {
    case 0: {
      const std::string top = i.either({"0.2", "0.3", "0.1"}),
                        low = i.either({"0.01", "0.001", "0.02"});
      const ValueId betas =
          i.let({"betas", "noise_rates"},
                fmt::format("jnp.linspace({}, {}, {}, dtype=$0.dtype)", low, top, steps), {like},
                all, {0.001, 0.3});
      return i.let({"alpha_bar", "kept", "alphas_cumprod"},
                   i.either({"jnp.cumprod(1.0 - $0)", "jnp.exp(jnp.cumsum(jnp.log1p(-$0)))",
                             "lax.cumprod(1.0 - $0)"}),
                   {betas}, all, {0.1, 0.99});
    }
    case 1: {
      const ValueId at =
          i.let({"times", "s"},
                fmt::format("(jnp.arange({}, dtype=$0.dtype) + 1.0) / {}", steps, steps + 1),
                {like}, all, {0, 1});
      return i.let(
          {"alpha_bar", "kept"},
          i.either({"jnp.cos(0.5 * jnp.pi * $0) ** 2", "0.5 * (1.0 + jnp.cos(jnp.pi * $0))"}), {at},
          all, {0.02, 0.98});
    }
    default: {
      const ValueId at = i.let({"log_snr", "gamma"},
                               fmt::format("jnp.linspace({}, {}, {}, dtype=$0.dtype)",
                                           i.either({"3.0", "4.0"}), "-3.0", steps),
                               {like}, all, {-3, 4});
      return i.let({"alpha_bar", "kept"}, "jax.nn.sigmoid($0)", {at}, all, {0.05, 0.98});
    }
  }
}

// Data with the noise of a step added, each row at its own; what a network is to predict.
Op forward_noising() {
  return idiom("forward_noising", kIndexing, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x0", "images", "clean"}, 2, 3, {-1, 1});
    const std::int64_t rows = i.dim(x, 0), steps = i.between(5, 20);
    if (rows < 3) return i.fail();
    const ValueId noise = i.argument({"noise", "eps"}, i.type(x), {-2, 2});
    const ValueId t = i.argument({"t", "steps", "timesteps"}, Type{i.integer(), {rows}},
                                 {0, static_cast<double>(steps - 1)});
    i.called({"add_noise", "q_sample", "forward_noising"});
    const ValueId kept = kept_signal(i, steps, x);
    Shape column(i.shape(x).size(), 1);
    column[0] = rows;
    const std::string spread =
        i.rank(x) == 2 ? i.either({"$0[$1][:, None]", "$0[$1, None]", "jnp.take($0, $1)[:, None]"})
                       : i.either({"$0[$1][:, None, None]", "$0[$1].reshape(-1, 1, 1)"});
    const ValueId a =
        i.let({"signal_power", "a", "alpha_t"}, spread, {kept, t}, column, {0.05, 0.98});
    const ValueId noisy = i.let({"noisy", "x_t"},
                                i.either({"jnp.sqrt($1) * $0 + jnp.sqrt(1.0 - $1) * $2",
                                          "$1**0.5 * $0 + (1.0 - $1) ** 0.5 * $2"}),
                                {x, a, noise}, i.shape(x), {-2, 2});
    const std::int64_t goal = i.between(0, 3);
    if (goal != 1) i.summary("Noise each row to its own step of a diffusion.");
    switch (goal) {
      case 0:
        i.called({"velocity_target", "v_prediction_pair", "noisy_and_velocity"});
        i.summary("Noisy rows and the velocity that a network is to predict.");
        i.let({"velocity", "v_target"}, "jnp.sqrt($1) * $2 - jnp.sqrt(1.0 - $1) * $0",
              {x, a, noise}, i.shape(x), {-2, 2});
        break;
      case 1: {
        i.called({"denoising_loss", "diffusion_loss", "noise_prediction_loss"});
        i.summary("Error of a small denoiser at each row's own noise level.");
        const ValueId w = i.argument({"denoiser", "kernel"},
                                     Type{i.real(), {i.dim(x, -1), i.dim(x, -1)}}, {-0.8, 0.8});
        const ValueId guess =
            i.let({"predicted", "eps_hat"}, i.either({"$0 @ $1", "jnp.tanh($0 @ $1)"}), {noisy, w},
                  i.shape(x), {-2, 2});
        const ValueId error = i.let({"errors"}, i.either({"($0 - $1) ** 2", "jnp.square($1 - $0)"}),
                                    {guess, noise}, i.shape(x), {0, 9});
        if (i.chance(0.5)) {
          i.comment("Steps with much signal count less (min-SNR weights).");
          const ValueId weight =
              i.let({"weights", "snr_weights"},
                    i.either({"jnp.minimum($0 / (1.0 - $0), 5.0) * (1.0 - $0) / $0",
                              "jnp.minimum(1.0, 5.0 * (1.0 - $0) / $0)"}),
                    {a}, column, {0.1, 1});
          i.let({"loss"}, "jnp.mean($0 * $1)", {weight, error}, Shape{}, {0.2, 6});
        } else {
          i.let({"loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {error}, Shape{}, {0.2, 6});
        }
        break;
      }
      case 2:
        i.summary("Noise each row to its own step, and give its log signal-to-noise ratio.");
        i.let({"log_snr", "log_ratio"},
              i.either({"jnp.log($0 / (1.0 - $0))", "jnp.log($0) - jnp.log1p(-$0)"}), {a}, column,
              {-3, 4});
        break;
      default:
        break;
    }
  });
}

// A deterministic or noisy way back through a diffusion, with a small network that guesses noise.
Op reverse_diffusion() {
  return idiom("reverse_diffusion", kLoop, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "noise", "x_start"}, 1, 2, {-2, 2});
    const std::int64_t width = i.dim(x, -1), steps = i.between(4, 10);
    const ValueId w = i.input({"kernel", "denoiser", "w"}, Shape{width, width}, {-0.5, 0.5});
    const Shape shape = i.shape(x);
    const std::int64_t form = i.between(0, 2);
    const bool fresh = form == 1;
    Shape each = shape;
    each.insert(each.begin(), steps);
    const ValueId noises =
        fresh ? i.argument({"step_noise", "noises", "eps"}, Type{i.real(), each}, {-1, 1})
              : kNoValue;
    i.called({form == 0   ? "ddim_sample"
              : form == 1 ? "ddpm_sample"
                          : "predict_and_renoise",
              "reverse_diffusion", "denoise"});
    i.summary(form == 0   ? "Walk a diffusion back without adding noise."
              : form == 1 ? "Walk a diffusion back with fresh noise at each step."
                          : "Guess the clean data at each step and go on from there.");
    const ValueId kept = kept_signal(i, steps + 1, x);
    i.comment("From the noisiest step to the first.");
    const ValueId from = i.let({"now", "alpha_now"}, i.either({"$0[1:][::-1]", "jnp.flip($0[1:])"}),
                               {kept}, Shape{steps}, {0.05, 0.95});
    const ValueId to =
        i.let({"before", "alpha_prev"}, i.either({"$0[:-1][::-1]", "jnp.flip($0[:-1])"}), {kept},
              Shape{steps}, {0.1, 0.98});
    const std::string net =
        i.either({"jnp.tanh($0 @ $1)", "jnp.sin($0 @ $1)", "$0 @ $1", "jax.nn.silu($0 @ $1)"});
    const bool path = i.chance(0.3);
    std::vector<Idiom::Slice> over = {{{"a", "now_t"}, from}, {{"a_prev", "prev_t"}, to}};
    if (fresh) over.push_back({{"eps", "noise_t"}, noises});
    i.scan({"denoise_step", "step", "reverse_step"}, {{{"x", "x_t"}, x, {-5, 5}, {"sample", "x0"}}},
           over, path ? std::vector<Words>{{"path", "trajectory"}} : std::vector<Words>{},
           [&](const Ids& p) {
             const ValueId guess = i.let({"eps_hat", "guess"}, net, {p[0], w}, shape, {-2, 2});
             ValueId next;
             if (fresh) {
               const ValueId beta =
                   i.let({"beta", "rate"}, "1.0 - $0 / $1", {p[1], p[2]}, Shape{}, {0.05, 0.6});
               const ValueId mean =
                   i.let({"mean"}, "($0 - $1 / jnp.sqrt(1.0 - $2) * $3) / jnp.sqrt(1.0 - $1)",
                         {p[0], beta, p[1], guess}, shape, {-4, 4});
               next = i.let({"x_next"},
                            i.either({"$0 + jnp.sqrt($1) * $2",
                                      "$0 + jnp.sqrt($1 * (1.0 - $4) / (1.0 - $3)) * $2"}),
                            {mean, beta, p[3], p[1], p[2]}, shape, {-4, 4});
             } else {
               ValueId clean =
                   i.let({"clean", "x0_hat"}, "($0 - jnp.sqrt(1.0 - $1) * $2) / jnp.sqrt($1)",
                         {p[0], p[1], guess}, shape, {-6, 6});
               if (form == 2)
                 clean = i.let({"bounded", "x0_clipped"},
                               i.either({"jnp.clip($0, -1.0, 1.0)", "jnp.tanh($0)"}), {clean},
                               shape, {-1, 1});
               next = i.let({"x_next"}, "jnp.sqrt($0) * $1 + jnp.sqrt(1.0 - $0) * $2",
                            {p[2], clean, guess}, shape, {-4, 4});
             }
             return path ? Ids{next, next} : Ids{next};
           });
  });
}

// Guidance: the guess with a condition pushed away from the one without; rescaled or not.
Op guided_step() {
  return idiom("guided_step", kArithmetic, 0.9, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x_t", "noisy", "latents"}, 2, 3, {-2, 2});
    const Shape shape = i.shape(x);
    const ValueId with = i.argument({"conditional", "eps_cond"}, i.type(x), {-2, 2});
    const ValueId without = i.argument({"unconditional", "eps_uncond"}, i.type(x), {-2, 2});
    const bool given = i.chance(0.4);
    const ValueId strength =
        given ? i.input({"guidance", "scale", "strength"}, Shape{}, {1, 5}) : kNoValue;
    const std::string s = i.either({"2.0", "3.0", "7.5", "1.5"});
    i.called({"guided_step", "classifier_free_guidance", "guided_denoise"});
    i.summary("One step of guided diffusion sampling.");
    ValueId eps =
        given
            ? i.let({"guided", "eps"}, "$1 + $2 * ($0 - $1)", {with, without, strength}, shape,
                    {-9, 9})
            : i.let({"guided", "eps"},
                    i.either({"$1 + " + s + " * ($0 - $1)", s + " * $0 - (" + s + " - 1.0) * $1"}),
                    {with, without}, shape, {-9, 9});
    if (i.chance(0.4)) {
      i.comment("Guidance inflates the guess; its spread is put back.");
      const std::string axes =
          i.rank(x) == 2 ? "axis=-1, keepdims=True"
                         : i.either({"axis=(1, 2), keepdims=True", "axis=-1, keepdims=True"});
      const bool both = axes.find('(') != std::string::npos;
      Shape left = i.with_last(x, 1);
      if (both) left[1] = 1;
      const ValueId fix = i.let({"rescale", "ratio"},
                                "jnp.std($0, " + axes + ") / (jnp.std($1, " + axes + ") + 1e-3)",
                                {with, eps}, left, {0.2, 1});
      const double phi = i.number({0.7, 0.5, 0.3});
      eps = i.let({"rescaled", "eps_fixed"},
                  "$0 * (" + Idiom::text(phi) + " * $1 + " + Idiom::text(1 - phi) + ")", {eps, fix},
                  shape, {-5, 5});
    }
    const double a = i.number({0.5, 0.7, 0.3, 0.8}), b = i.number({0.9, 0.85, 0.95});
    if (i.chance(0.5)) {
      const ValueId clean = i.let({"clean", "x0_hat"},
                                  fmt::format("($0 - jnp.sqrt({}) * $1) / jnp.sqrt({})",
                                              Idiom::text(1 - a), Idiom::text(a)),
                                  {x, eps}, shape, {-9, 9});
      i.let(
          {"x_next", "denoised"},
          fmt::format("jnp.sqrt({}) * $0 + jnp.sqrt({}) * $1", Idiom::text(b), Idiom::text(1 - b)),
          {clean, eps}, shape, {-9, 9});
    } else {
      const ValueId now = i.input({"sigma", "noise_level"}, Shape{shape[0]}, {0.5, 2});
      const std::string column = i.rank(x) == 2 ? "$2[:, None]" : "$2[:, None, None]";
      const std::string shrink = i.either({"0.5", "0.8", "0.7"});
      i.comment("An Euler step toward less noise.");
      i.let({"x_next", "denoised"}, "$0 + (" + shrink + " - 1.0) * " + column + " * $1",
            {x, eps, now}, shape, {-9, 9});
    }
  });
}

// Straight or curved paths between noise and data (flow matching): the loss of a velocity field.
Op flow_matching() {
  return idiom("flow_matching", kVectorization, 1.0, kSmooth, [](Idiom& i) {
    const ValueId data = i.anchor({"data", "x1", "targets"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(data, 0), width = i.dim(data, 1);
    const ValueId noise = i.argument({"noise", "x0", "source"}, i.type(data), {-2, 2});
    const ValueId t = i.argument({"times", "t"}, Type{i.real(), {rows}}, {0, 1});
    const ValueId w = i.argument({"kernel", "w"}, Type{i.real(), {width, width}}, {-0.8, 0.8});
    const ValueId drift = i.argument({"time_weights", "drift"}, Type{i.real(), {width}}, {-1, 1});
    const Type row{i.real(), {width}}, scalar{i.real(), {}};
    const bool curved = i.chance(0.35);
    i.called({"flow_matching_loss", curved ? "path_matching_loss" : "rectified_flow_loss",
              "velocity_matching"});
    i.summary(curved ? "Error of a velocity field on curved paths from noise to data."
                     : "Error of a velocity field on straight paths from noise to data.");
    const std::string squash = i.either(
        {"jnp.tanh($0 @ $1 + $2 * $3)", "jnp.sin($0 @ $1 + $2 * $3)", "$0 @ $1 + $2 * $3"});
    const BodyId one = i.function(
        {"path_error", "sample_loss", "row_loss"},
        {{{"x1", "target"}, row, {-2, 2}},
         {{"x0", "eps"}, row, {-2, 2}},
         {{"t", "s"}, scalar, {0, 1}}},
        [&](const Ids& p) {
          const ValueId at =
              i.let({"point", "x_t"},
                    curved ? "jnp.sin(0.5 * jnp.pi * $2) * $0 + jnp.cos(0.5 * jnp.pi * $2) * $1"
                           : i.either({"$2 * $0 + (1.0 - $2) * $1", "$1 + $2 * ($0 - $1)"}),
                    {p[0], p[1], p[2]}, row.shape, {-2, 2});
          const ValueId v =
              i.let({"velocity", "v"}, squash, {at, w, p[2], drift}, row.shape, {-2, 2});
          const ValueId aim =
              curved ? i.let({"aim", "target_v"},
                             "0.5 * jnp.pi * (jnp.cos(0.5 * jnp.pi * $2) * $0 - jnp.sin(0.5 * "
                             "jnp.pi * $2) * $1)",
                             {p[0], p[1], p[2]}, row.shape, {-4, 4})
                     : i.let({"aim", "target_v"}, "$0 - $1", {p[0], p[1]}, row.shape, {-4, 4});
          return Ids{i.let({"error"},
                           i.either({"jnp.mean(($0 - $1) ** 2)", "jnp.sum(jnp.square($0 - $1))",
                                     "0.5 * jnp.sum(($0 - $1) ** 2)"}),
                           {v, aim}, Shape{}, {0.1, 20})};
        });
    const ValueId errors = i.let(
        {"errors", "losses"},
        i.either({"jax.vmap($f0)($0, $1, $2)", "jax.vmap($f0, in_axes=(0, 0, 0))($0, $1, $2)"}),
        {data, noise, t}, {one}, Type{i.real(), {rows}}, {0.1, 20});
    const std::int64_t end = i.between(0, 2);
    if (end == 0)
      i.let({"loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {errors}, Shape{}, {0.1, 20});
    if (end == 1) {
      i.comment("Late times weigh more.");
      i.let({"loss"}, i.either({"jnp.mean($0 / (1.1 - $1))", "jnp.sum($1 * $0) / jnp.sum($1)"}),
            {errors, t}, Shape{}, {0.1, 20});
    }
  });
}

// Score matching: the trace of a score's Jacobian exactly, by basis vectors, or by a probe.
Op score_matching() {
  return idiom("score_matching", kGradient, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "samples", "points"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1), units = i.size();
    const ValueId w = i.argument({"kernel", "w1"}, Type{i.real(), {width, units}}, {-1, 1});
    const ValueId out = i.argument({"readout", "w2"}, Type{i.real(), {units}}, {-1, 1});
    const bool sliced = i.chance(0.45);
    const ValueId probes =
        sliced ? i.argument({"probes", "directions"}, i.type(x), {-1, 1}) : kNoValue;
    const Type row{i.real(), {width}}, scalar{i.real(), {}};
    const std::string squash =
        i.either({"jnp.tanh($0 @ $1)", "jax.nn.softplus($0 @ $1)", "jnp.sin($0 @ $1)"});
    const BodyId density = i.helper(
        {"log_density", "neg_energy", "potential"}, "Unnormalized log-density of one point.",
        {{{"x", "point"}, row, {-2, 2}},
         {{"kernel", "w1"}, i.type(w), {-1, 1}},
         {{"readout", "w2"}, i.type(out), {-1, 1}}},
        [&](const Ids& p) {
          const ValueId h = i.let({"hidden", "h"}, squash, {p[0], p[1]}, Shape{units}, {-1, 1});
          return Ids{
              i.let({"value"},
                    i.either({"jnp.dot($0, $1) - 0.5 * jnp.sum($2**2)", "$0 @ $1 - 0.5 * $2 @ $2"}),
                    {h, p[2], p[0]}, Shape{}, {-8, 2})};
        });
    const std::string grad = "jax.grad($f0)($0, $1, $2)";
    const auto score_at = [&](ValueId q) {
      return i.let({"g", "s"}, grad, {q, w, out}, {density}, row, {-3, 3});
    };
    i.called({sliced ? "sliced_score_matching" : "score_matching", "score_matching_loss",
              "hyvarinen_loss"});
    i.summary("Fit a density without its normalizer, by its score.");
    const BodyId score = i.function({"score", "score_fn"}, {{{"q", "u"}, row, {-2, 2}}},
                                    [&](const Ids& p) { return Ids{score_at(p[0])}; });
    BodyId one;
    if (sliced) {
      i.summary("Sliced score matching: curvature along one direction a point.");
      one = i.function(
          {"point_loss", "sample_loss"},
          {{{"x", "p"}, row, {-2, 2}}, {{"v", "probe"}, row, {-1, 1}}}, [&](const Ids& p) {
            const Ids both =
                i.unpack("jax.jvp($f0, ($0,), ($1,))", {p[0], p[1]}, {score},
                         {{{"s", "slope"}, row, {-3, 3}}, {{"sv", "curved"}, row, {-3, 3}}});
            return Ids{i.let({"value"},
                             i.either({"jnp.dot($0, $2) + 0.5 * jnp.dot($0, $1) ** 2",
                                       "jnp.vdot($0, $2) + 0.5 * jnp.sum($1**2)"}),
                             {p[1], both[0], both[1]}, Shape{}, {-4, 6})};
          });
    } else {
      one = i.function(
          {"point_loss", "sample_loss"}, {{{"x", "p"}, row, {-2, 2}}}, [&](const Ids& p) {
            const ValueId s = score_at(p[0]);
            const ValueId trace =
                i.let({"trace", "divergence"},
                      i.either({"jnp.trace(jax.jacfwd($f0)($0))", "jnp.trace(jax.jacrev($f0)($0))",
                                "jnp.sum(jnp.diag(jax.jacobian($f0)($0)))"}),
                      {p[0]}, {score}, scalar, {-8, 2});
            return Ids{i.let({"value"},
                             i.either({"$1 + 0.5 * jnp.sum($0**2)", "0.5 * jnp.dot($0, $0) + $1"}),
                             {s, trace}, Shape{}, {-8, 8})};
          });
    }
    const Ids over = sliced ? Ids{x, probes} : Ids{x};
    const ValueId each =
        i.let({"values", "losses"}, sliced ? "jax.vmap($f0)($0, $1)" : "jax.vmap($f0)($0)", over,
              {one}, Type{i.real(), {rows}}, {-8, 8});
    if (i.chance(0.7))
      i.let({"loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {each}, Shape{}, {-6, 6});
  });
}

// Langevin dynamics: climbs a log-density by its gradient, with given noise.
Op langevin_sampler() {
  return idiom("langevin_sampler", kGradient, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"start", "x", "position"}, 1, 2, {-2, 2});
    const Shape shape = i.shape(x);
    const std::int64_t steps = i.between(3, 8);
    Shape each = shape;
    each.insert(each.begin(), steps);
    if (each.size() > 3) return i.fail();
    const ValueId noises =
        i.argument({"noises", "noise", "eps"}, Type{i.real(), each}, {-1.5, 1.5});
    const ValueId centre =
        i.argument({"center", "modes", "loc"}, Type{i.real(), {shape.back()}}, {-1, 1});
    const std::string energy =
        i.either({"0.25 * jnp.sum(($0**2 - 1.0) ** 2) + 0.5 * jnp.sum(($0 - $1) ** 2)",
                  "-jnp.sum(jnp.logaddexp(-0.5 * ($0 - $1) ** 2, -0.5 * ($0 + $1) ** 2))",
                  "jnp.sum(jnp.log1p(($0 - $1) ** 2))", "jnp.sum(jnp.logaddexp($0 - $1, $1 - $0))",
                  "0.5 * jnp.sum(($0 - $1) ** 2) + jnp.sum(jnp.cos(2.0 * $0))"});
    const BodyId potential = i.helper(
        {"energy", "potential", "negative_log_density"},
        "Energy of a state; low where the density is high.",
        {{{"x", "state"}, i.type(x), {-3, 3}}, {{"center", "loc"}, i.type(centre), {-1, 1}}},
        [&](const Ids& p) { return Ids{i.let({"value"}, energy, p, Shape{}, {0, 12})}; });
    const std::string h = i.either({"0.1", "0.05", "0.02"});
    const bool friction = i.chance(0.35), path = i.chance(0.4);
    i.called({friction ? "underdamped_langevin" : "langevin_sample", "langevin_dynamics",
              "sample_by_gradients"});
    i.summary("Draw a sample by noisy steps down an energy.");
    const auto slope = [&](ValueId at) {
      return i.let({"slope", "force"}, "jax.grad($f0)($0, $1)", {at, centre}, {potential},
                   i.type(x), {-6, 6});
    };
    const std::vector<Words> kept =
        path ? std::vector<Words>{{"chain", "path"}} : std::vector<Words>{};
    if (friction) {
      i.summary("Langevin dynamics with momentum and friction.");
      const ValueId still = i.let({"velocity", "still"}, "jnp.zeros_like($0)", {x}, shape, {-1, 1});
      const std::string gamma = i.either({"0.9", "0.8", "0.95"});
      i.scan({"move", "step"},
             {{{"x", "state"}, x, {-3, 3}, {"sample", "last"}},
              {{"v", "velocity"}, still, {-2, 2}, {}}},
             {{{"noise", "eps"}, noises}}, kept, [&](const Ids& p) {
               const ValueId g = slope(p[0]);
               const ValueId v =
                   i.let({"v_next"},
                         gamma + " * $0 - " + h + " * $1 + jnp.sqrt(1.0 - " + gamma + "**2) * $2",
                         {p[1], g, p[2]}, shape, {-2, 2});
               const ValueId next =
                   i.let({"x_next"}, "$0 + " + h + " * $1", {p[0], v}, shape, {-3, 3});
               return path ? Ids{next, v, next} : Ids{next, v};
             });
      return;
    }
    i.scan({"move", "step"}, {{{"x", "state"}, x, {-3, 3}, {"sample", "last"}}},
           {{{"noise", "eps"}, noises}}, kept, [&](const Ids& p) {
             const ValueId g = slope(p[0]);
             const ValueId next =
                 i.let({"x_next"}, "$0 - " + h + " * $1 + jnp.sqrt(2.0 * " + h + ") * $2",
                       {p[0], g, p[1]}, shape, {-3, 3});
             return path ? Ids{next, next} : Ids{next};
           });
  });
}

}  // namespace

std::vector<Op> diffusion_idioms() {
  return {forward_noising(), reverse_diffusion(), guided_step(),
          flow_matching(),   score_matching(),    langevin_sampler()};
}

}  // namespace jaxsmith::plan
