// Models that generate: bounds, flows, adversaries.
#include <fmt/format.h>

#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// The evidence bound of a variational autoencoder for given noise: Gaussian posterior, linear
// decoder; likelihood of reals or of bits; a weight or free bits on the divergence.
Op evidence_bound() {
  return idiom("evidence_bound", kMath, 1.2, kSmooth, [](Idiom& i) {
    const ValueId mean = i.anchor({"mean", "mu", "z_mean"}, 2, 2, {-2, 2});
    const Shape shape = i.shape(mean);
    const std::int64_t rows = shape[0], width = i.size();
    const ValueId log_var = i.argument({"log_var", "logvar", "z_log_var"}, i.type(mean), {-2, 1});
    const ValueId noise = i.argument({"noise", "eps", "epsilon"}, i.type(mean), {-2, 2});
    const ValueId x = i.argument({"x", "images", "targets"}, Type{i.real(), {rows, width}}, {0, 1});
    const ValueId decoder =
        i.argument({"decoder", "w_dec", "kernel"}, Type{i.real(), {shape[1], width}}, {-1, 1});
    i.called({"negative_elbo", "vae_loss", "variational_bound"});
    i.summary("Negative evidence bound of a Gaussian autoencoder.");
    i.comment("Reparametrized, so that gradients reach the posterior.");
    const ValueId z =
        i.let({"z", "latent", "sample"},
              i.either({"$0 + jnp.exp(0.5 * $1) * $2", "$0 + jnp.sqrt(jnp.exp($1)) * $2",
                        "$2 * jnp.exp($1 / 2) + $0"}),
              {mean, log_var, noise}, shape, {-4, 4});
    const ValueId out =
        i.let({"decoded", "logits", "reconstruction"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
              {z, decoder}, Shape{rows, width}, {-4, 4});
    const ValueId fit = i.chance(0.5)
                            ? i.let({"reconstruction_loss", "nll"},
                                    i.either({"0.5 * jnp.sum(($1 - $0) ** 2, axis=-1)",
                                              "jnp.sum(jnp.square($0 - $1), axis=1)"}),
                                    {out, x}, Shape{rows}, {1, 20})
                            : i.let({"reconstruction_loss", "nll"},
                                    i.either({"jnp.sum(jax.nn.softplus($0) - $1 * $0, axis=-1)",
                                              "jnp.sum(jnp.logaddexp(0.0, $0) - $0 * $1, axis=1)"}),
                                    {out, x}, Shape{rows}, {1, 20});
    const std::int64_t form = i.between(0, 3);
    ValueId kl;
    if (form == 0) {
      i.summary("Evidence bound with a floor on the information in each unit.");
      const std::string floor = i.either({"0.5", "0.25", "0.3"});
      const ValueId each = i.let({"kl_units", "kl_terms"}, "0.5 * (jnp.exp($1) + $0**2 - 1.0 - $1)",
                                 {mean, log_var}, shape, {0, 3});
      i.comment("Free bits.");
      kl = i.let({"kl", "divergence"},
                 i.either({"jnp.sum(jnp.maximum($0, " + floor + "), axis=-1)",
                           "jnp.maximum($0, " + floor + ").sum(axis=-1)"}),
                 {each}, Shape{rows}, {0.5, 12});
    } else if (form == 1) {
      i.summary("Evidence bound whose divergence is estimated from the sample.");
      kl = i.let({"kl", "log_ratio"}, "0.5 * jnp.sum($0**2 - $1**2 - $2, axis=-1)",
                 {z, noise, log_var}, Shape{rows}, {-3, 12});
    } else {
      kl = i.let({"kl", "divergence"},
                 i.either({"-0.5 * jnp.sum(1.0 + $1 - $0**2 - jnp.exp($1), axis=-1)",
                           "0.5 * jnp.sum(jnp.exp($1) + $0**2 - 1.0 - $1, axis=-1)"}),
                 {mean, log_var}, Shape{rows}, {0.5, 12});
    }
    const std::string beta = form == 3 ? i.either({"4.0 * ", "0.5 * ", "0.1 * "}) : "";
    if (form == 3) i.called({"beta_vae_loss", "weighted_elbo", "negative_elbo"});
    i.let({"loss", "bound"},
          i.either({"jnp.mean($0 + " + beta + "$1)", "jnp.mean($0) + " + beta + "jnp.mean($1)"}),
          {fit, kl}, Shape{}, {2, 30});
  });
}

// Divergences between Gaussians with diagonal covariances.
Op gaussian_divergence() {
  return idiom("gaussian_divergence", kReduction, 0.9, kSmooth, [](Idiom& i) {
    const ValueId m1 = i.anchor({"mean_q", "mu", "mean"}, 2, 2, {-2, 2});
    const Shape shape = i.shape(m1);
    const ValueId m2 = i.input({"mean_p", "prior_mean"}, shape, {-2, 2});
    const ValueId s1 = i.argument({"log_std_q", "log_sigma"}, i.type(m1), {-1, 0.7});
    const ValueId s2 = i.argument({"log_std_p", "prior_log_std"}, i.type(m1), {-1, 0.7});
    const ValueId gap = i.let({"shift", "gap"}, "$0 - $1", {m1, m2}, shape, {-4, 4});
    ValueId each;
    switch (i.between(0, 2)) {
      case 0:
        i.called({"gaussian_kl", "diagonal_kl", "posterior_to_prior"});
        i.summary("Kullback-Leibler divergence between diagonal Gaussians.");
        each = i.let(
            {"terms", "kl_terms"},
            i.either({"$2 - $1 + 0.5 * (jnp.exp(2.0 * ($1 - $2)) + ($0 * jnp.exp(-$2)) ** 2 - 1.0)",
                      "$2 - $1 + (jnp.exp(2.0 * $1) + $0**2) / (2.0 * jnp.exp(2.0 * $2)) - 0.5"}),
            {gap, s1, s2}, shape, {0, 30});
        break;
      case 1: {
        i.called({"wasserstein_gaussians", "gaussian_transport_cost", "w2_squared"});
        i.summary("Squared transport distance between diagonal Gaussians.");
        each = i.let({"terms", "costs"}, "$0**2 + (jnp.exp($1) - jnp.exp($2)) ** 2", {gap, s1, s2},
                     shape, {0, 18});
        break;
      }
      default: {
        i.called({"bhattacharyya_distance", "gaussian_overlap", "hellinger_exponent"});
        i.summary("Bhattacharyya distance between diagonal Gaussians.");
        const ValueId mid = i.let({"middle", "mean_variance"},
                                  i.either({"0.5 * (jnp.exp(2.0 * $0) + jnp.exp(2.0 * $1))",
                                            "(jnp.exp($0) ** 2 + jnp.exp($1) ** 2) / 2"}),
                                  {s1, s2}, shape, {0.2, 4});
        each = i.let({"terms"}, "$0**2 / (8.0 * $1) + 0.5 * (jnp.log($1) - $2 - $3)",
                     {gap, mid, s1, s2}, shape, {0, 10});
      }
    }
    const bool total = i.chance(0.5);
    const ValueId rows =
        i.let({"divergences", "per_row"}, i.either({"jnp.sum($0, axis=-1)", "$0.sum(axis=-1)"}),
              {each}, Shape{shape[0]}, {0, 60});
    if (total)
      i.let({"divergence", "loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {rows}, Shape{},
            {0, 60});
  });
}

// RealNVP's affine coupling, forwards or back: half of the features scale and shift the rest.
Op affine_coupling() {
  return idiom("affine_coupling", kArray, 1.2, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "latents", "features"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1);
    if (width % 2 != 0) return i.fail();
    const std::int64_t part = width / 2;
    const Shape side{rows, part};
    const ValueId w_scale = i.input({"w_scale", "scale_weights"}, Shape{part, part}, {-0.8, 0.8});
    const ValueId w_shift = i.input({"w_shift", "shift_weights"}, Shape{part, part}, {-0.8, 0.8});
    const bool back = i.chance(0.4), alternate = i.chance(0.35);
    i.called({back ? "inverse_coupling" : "affine_coupling", "coupling_layer",
              back ? "undo_coupling" : "real_nvp_layer"});
    i.summary(back ? "Undo an affine coupling layer of a normalizing flow."
                   : "Affine coupling layer of a normalizing flow.");
    ValueId a, b;
    if (alternate) {
      a = i.let({"even", "kept"}, "$0[:, ::2]", {x}, side, {-2, 2});
      b = i.let({"odd", "moved"}, "$0[:, 1::2]", {x}, side, {-2, 2});
    } else {
      const Ids parts = i.unpack(i.either({"jnp.split($0, 2, axis=-1)", "jnp.split($0, 2, axis=1)",
                                           fmt::format("($0[:, :{0}], $0[:, {0}:])", part)}),
                                 {x}, {},
                                 {{{"kept", "a"}, Type{i.real(), side}, {-2, 2}},
                                  {{"moved", "b"}, Type{i.real(), side}, {-2, 2}}});
      a = parts[0], b = parts[1];
    }
    i.comment("Bounded, so that the layer can be undone in floating point.");
    const ValueId log_s = i.let(
        {"log_scale", "s"},
        i.either({"jnp.tanh($0 @ $1)", "0.5 * jnp.tanh($0 @ $1)", "2.0 * jnp.tanh($0 @ $1 / 2.0)"}),
        {a, w_scale}, side, {-0.9, 0.9});
    const ValueId t =
        i.let({"shift", "t"}, i.either({"$0 @ $1", "jnp.dot($0, $1)", "jax.nn.relu($0 @ $1)"}),
              {a, w_shift}, side, {-2, 2});
    const ValueId y = i.let({"transformed", "b_new"},
                            back ? i.either({"($0 - $2) * jnp.exp(-$1)", "($0 - $2) / jnp.exp($1)"})
                                 : i.either({"$0 * jnp.exp($1) + $2", "jnp.exp($1) * $0 + $2"}),
                            {b, log_s, t}, side, {-6, 6});
    if (alternate)
      i.let({"y", "output", "joined"},
            i.either({"jnp.stack([$0, $1], axis=-1).reshape($2.shape)",
                      "jnp.zeros_like($2).at[:, ::2].set($0).at[:, 1::2].set($1)"}),
            {a, y, x}, i.shape(x), {-5, 5});
    else
      i.let({"y", "output", "joined"},
            i.either({"jnp.concatenate([$0, $1], axis=-1)", "jnp.hstack([$0, $1])",
                      "jnp.concatenate([$0, $1], axis=1)"}),
            {a, y}, i.shape(x), {-5, 5});
    if (i.chance(0.7))
      i.let({"log_det"},
            back ? i.either({"-jnp.sum($0, axis=-1)", "-$0.sum(axis=1)"})
                 : i.either({"jnp.sum($0, axis=-1)", "$0.sum(axis=1)"}),
            {log_s}, Shape{rows}, {-3, 3});
  });
}

// Planar and radial flows (Rezende and Mohamed 2015) with their log-determinants.
Op planar_flow() {
  return idiom("planar_flow", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    const ValueId z = i.anchor({"z", "samples", "points"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(z, 0), width = i.dim(z, 1);
    const ValueId b = i.input({"bias", "b", "offset"}, Shape{}, {-1, 1});
    if (i.chance(0.4)) {
      const ValueId centre = i.input({"center", "z0"}, Shape{width}, {-1, 1});
      i.called({"radial_flow", "radial_layer", "radial_transform"});
      i.summary("Radial flow around a center, and its log-determinant.");
      const std::string alpha = i.either({"1.0", "2.0", "0.5"});
      const ValueId off = i.let({"offset", "delta"}, "$0 - $1", {z, centre}, i.shape(z), {-3, 3});
      const ValueId r = i.let({"radius", "r"},
                              i.either({"jnp.linalg.norm($0, axis=-1, keepdims=True)",
                                        "jnp.sqrt(jnp.sum($0**2, axis=1, keepdims=True))"}),
                              {off}, Shape{rows, 1}, {0.5, 4});
      i.comment("Softplus keeps the map invertible.");
      const ValueId beta =
          i.let({"strength", "beta"}, "jax.nn.softplus($0) - " + alpha, {b}, Shape{}, {-0.7, 0.3});
      const ValueId h =
          i.let({"pull", "h"},
                i.either({"$1 / (" + alpha + " + $0)", "$1 * (1.0 / (" + alpha + " + $0))"}),
                {r, beta}, Shape{rows, 1}, {-0.4, 0.3});
      i.let({"moved", "z_new"}, "$0 + $1 * $2", {z, h, off}, i.shape(z), {-3, 3});
      i.let({"log_det"},
            fmt::format("{} * jnp.log1p($1) + jnp.log1p($1 - $2 * $0 / ({} + $0) ** 2)", width - 1,
                        alpha),
            {r, h, beta}, Shape{rows, 1}, {-3, 2});
      return;
    }
    const ValueId u = i.input({"u", "direction"}, Shape{width}, {-1, 1});
    const ValueId w = i.input({"w", "normal"}, Shape{width}, {-1, 1});
    i.called({"planar_flow", "planar_layer", "flow_step"});
    i.summary("Planar flow of samples, and its log-determinant.");
    ValueId way = u;
    if (i.chance(0.6)) {
      i.comment("Makes the map invertible: w @ u stays above minus one.");
      const ValueId dot =
          i.let({"wu", "overlap"}, i.either({"jnp.dot($0, $1)", "$0 @ $1", "jnp.vdot($0, $1)"}),
                {w, u}, Shape{}, {-1.5, 1.5});
      way = i.let({"u_hat", "safe_u"},
                  i.either({"$0 + (jax.nn.softplus($2) - 1.0 - $2) * $1 / jnp.sum($1**2)",
                            "$0 + (jnp.log1p(jnp.exp($2)) - 1.0 - $2) * $1 / jnp.dot($1, $1)"}),
                  {u, w, dot}, Shape{width}, {-2, 2});
    }
    const ValueId act =
        i.let({"activation", "h"}, "jnp.tanh($0 @ $1 + $2)", {z, w, b}, Shape{rows}, {-1, 1});
    i.let({"moved", "z_new"},
          i.either({"$0 + jnp.outer($1, $2)", "$0 + $1[:, None] * $2",
                    "$0 + jnp.einsum(\"n,d->nd\", $1, $2)"}),
          {z, act, way}, i.shape(z), {-4, 4});
    const ValueId slope = i.let({"slope", "psi"}, i.either({"1.0 - $0**2", "1.0 - jnp.square($0)"}),
                                {act}, Shape{rows}, {0.05, 1});
    i.let({"log_det"},
          i.either({"jnp.log(jnp.abs(1.0 + $0 * ($1 @ $2)) + 1e-3)",
                    "jnp.log(jnp.abs(1.0 + $0 * jnp.dot($1, $2)) + 1e-3)"}),
          {slope, way, w}, Shape{rows}, {-3, 1});
  });
}

// A stack of flows along a scan: elementwise scale and leaky bend, with the density at the end.
Op flow_density() {
  return idiom("flow_density", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "samples", "points"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1), layers = i.between(2, 5);
    const ValueId scales =
        i.argument({"log_scales", "log_s"}, Type{i.real(), {layers, width}}, {-0.5, 0.5});
    const ValueId shifts =
        i.argument({"shifts", "biases"}, Type{i.real(), {layers, width}}, {-1, 1});
    const std::int64_t bend = i.between(0, 2);
    const std::string leak = i.either({"0.5", "0.3", "0.7"});
    const ValueId zero =
        i.let({"log_det0", "zeros"},
              i.either({"jnp.zeros($0.shape[0], $0.dtype)", "jnp.zeros_like($0[:, 0])"}), {x},
              Shape{rows}, {-1, 1});
    const auto out = i.scan(
        {"layer", "apply_layer", "step"},
        {{{"z", "h"}, x, {-4, 4}, {"z", "base"}},
         {{"log_det", "total"}, zero, {-4, 4}, {"log_det", "volume"}}},
        {{{"log_s", "s"}, scales}, {{"shift", "t"}, shifts}}, {}, [&](const Ids& p) {
          const ValueId lin = i.let({"stretched", "pre"},
                                    i.either({"$0 * jnp.exp($1) + $2", "($0 + $2) * jnp.exp($1)"}),
                                    {p[0], p[2], p[3]}, i.shape(x), {-4, 4});
          const ValueId grown =
              i.let({"grown"}, "$0 + jnp.sum($1)", {p[1], p[2]}, Shape{rows}, {-4, 4});
          if (bend == 0) return Ids{lin, grown};
          const std::string by = bend == 1 ? "jnp.where($0 > 0, $0, " + leak + " * $0)"
                                           : "$0 + " + leak + " * jnp.tanh($0)";
          const std::string slope =
              bend == 1 ? "jnp.where($0 > 0, 0.0, jnp.log(" + leak + ")).astype($0.dtype)"
                        : "jnp.log1p(" + leak + " * (1.0 - jnp.tanh($0) ** 2))";
          const ValueId bent = i.let({"bent", "z_next"}, by, {lin}, i.shape(x), {-4, 4});
          const ValueId volume = i.let({"log_det_next"}, "$1 + jnp.sum(" + slope + ", axis=-1)",
                                       {lin, grown}, Shape{rows}, {-6, 4});
          return Ids{bent, volume};
        });
    const std::string constant =
        fmt::format("{} * jnp.log(2.0 * jnp.pi)", Idiom::text(0.5 * static_cast<double>(width)));
    const ValueId base = i.let({"base_log_prob", "prior"},
                               i.either({"-0.5 * jnp.sum($0**2, axis=-1) - " + constant,
                                         "jnp.sum(jax.scipy.stats.norm.logpdf($0), axis=-1)"}),
                               {out.final[0]}, Shape{rows}, {-30, -2});
    const ValueId log_prob =
        i.let({"log_prob", "log_density"}, "$0 + $1", {base, out.final[1]}, Shape{rows}, {-30, 2});
    if (i.chance(0.4)) {
      i.called({"flow_nll", "flow_loss", "negative_log_likelihood"});
      i.summary("Mean negative log-density of samples under a stack of invertible layers.");
      i.let({"nll", "loss"}, i.either({"-jnp.mean($0)", "-$0.mean()"}), {log_prob}, Shape{},
            {-2, 30});
    } else {
      i.called({"flow_log_prob", "flow_density", "log_likelihood"});
      i.summary("Log-density of samples under a stack of invertible layers.");
    }
  });
}

// A critic's slope at points between real and generated ones held near one (Gulrajani et al. 2017),
// or its size at the points themselves.
Op gradient_penalty() {
  return idiom("critic_penalty", kGradient, 1.2, kSmooth, [](Idiom& i) {
    const ValueId real = i.anchor({"real", "samples", "data"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(real, 0), width = i.dim(real, 1), units = i.size();
    const bool between = i.chance(0.6);
    const ValueId fake =
        between ? i.argument({"fake", "generated"}, i.type(real), {-2, 2}) : kNoValue;
    const ValueId mixing =
        between ? i.argument({"mixing", "eps", "t"}, Type{i.real(), {rows}}, {0, 1}) : kNoValue;
    const Type w1{i.real(), {width, units}}, w2{i.real(), {units}}, point{i.real(), {width}};
    const ValueId kernel = i.argument({"kernel", "w1"}, w1, {-1, 1});
    const ValueId readout = i.argument({"readout", "w2"}, w2, {-1, 1});
    const std::string squash = i.either({"jnp.tanh", "jax.nn.softplus", "jax.nn.silu", "jnp.sin"});
    const BodyId critic = i.helper(
        {"critic", "discriminator", "score_fn"}, "How real one point looks.",
        {{{"x", "point"}, point, {-2, 2}},
         {{"kernel", "w1"}, w1, {-1, 1}},
         {{"readout", "w2"}, w2, {-1, 1}}},
        [&](const Ids& p) {
          const ValueId h =
              i.let({"hidden", "h"}, squash + "($0 @ $1)", {p[0], p[1]}, Shape{units}, {-1, 1});
          return Ids{i.let({"score"}, i.either({"jnp.dot($0, $1)", "$0 @ $1", "jnp.sum($0 * $1)"}),
                           {h, p[2]}, Shape{}, {-2, 2})};
        });
    i.called({"gradient_penalty", "lipschitz_penalty", "critic_penalty"});
    ValueId at = real;
    if (between) {
      at = i.let(
          {"mixed", "interpolated", "points"},
          i.either({"$2[:, None] * $0 + (1.0 - $2[:, None]) * $1", "$1 + $2[:, None] * ($0 - $1)"}),
          {real, fake, mixing}, i.shape(real), {-2, 2});
    }
    const ValueId slopes = i.let({"slopes", "input_grads"},
                                 "jax.vmap(jax.grad($f0), in_axes=(0, None, None))($0, $1, $2)",
                                 {at, kernel, readout}, {critic}, i.type(real), {-2, 2});
    const ValueId square =
        i.let({"squared_norms", "sq"},
              i.either({"jnp.sum($0**2, axis=-1)", "jnp.einsum(\"nd,nd->n\", $0, $0)",
                        "jnp.sum(jnp.square($0), axis=1)"}),
              {slopes}, Shape{rows}, {0.1, 5});
    const std::string weight = i.either({"10.0", "1.0", "5.0"});
    if (between) {
      const std::string one_sided =
          i.either({"$0 - 1.0", "$0 - 1.0", "jnp.maximum($0 - 1.0, 0.0)"});
      i.summary(one_sided == "$0 - 1.0"
                    ? "Hold the slope of a critic near one between real and fake."
                    : "Hold the slope of a critic at most at one between real and fake.");
      const ValueId norm =
          i.let({"norms", "lengths"}, "jnp.sqrt($0 + 1e-6)", {square}, Shape{rows}, {0.3, 2.5});
      const ValueId excess =
          i.let({"deviation", "excess"}, one_sided, {norm}, Shape{rows}, {-0.8, 2});
      i.let({"penalty"}, weight + i.either({" * jnp.mean($0**2)", " * jnp.mean(jnp.square($0))"}),
            {excess}, Shape{}, {0, 20});
    } else {
      i.called({"r1_penalty", "input_gradient_penalty", "zero_centered_penalty"});
      i.summary("Penalize the slope of a critic at real points.");
      i.let({"penalty"}, "0.5 * " + weight + " * jnp.mean($0)", {square}, Shape{}, {0.5, 20});
    }
  });
}

// What two adversaries minimise, in one of the usual forms; or both at once.
Op adversarial_loss() {
  return idiom("adversarial_loss", kMath, 1.0, kSmooth, [](Idiom& i) {
    const ValueId real = i.anchor({"real_scores", "real_logits", "d_real"}, 1, 2, {-3, 3});
    const ValueId fake = i.input({"fake_scores", "fake_logits", "d_fake"}, i.shape(real), {-3, 3});
    const std::string mean = i.either({"jnp.mean(", "jnp.mean(", "jnp.sum("});
    const std::int64_t form = i.between(0, 4);
    std::string d, g, alone, both;  // what is said of the critic's loss, or of both losses
    if (form == 0) {
      i.called({"gan_losses", "non_saturating_loss", "adversarial_loss"});
      alone = "Logistic loss of a discriminator.";
      both = "Logistic losses of a discriminator and a generator.";
      d = i.either({mean + "jax.nn.softplus(-$0)) + " + mean + "jax.nn.softplus($1))",
                    "-" + mean + "jax.nn.log_sigmoid($0)) - " + mean + "jax.nn.log_sigmoid(-$1))",
                    mean + "jnp.logaddexp(0.0, -$0) + jnp.logaddexp(0.0, $1))"});
      g = i.either({mean + "jax.nn.softplus(-$0))", "-" + mean + "jax.nn.log_sigmoid($0))"});
    } else if (form == 1) {
      i.called({"least_squares_gan", "lsgan_losses", "quadratic_gan_loss"});
      alone = "Least-squares loss of a discriminator.";
      both = "Least-squares losses of a discriminator and a generator.";
      d = i.either({"0.5 * " + mean + "($0 - 1.0) ** 2 + $1**2)",
                    "0.5 * (" + mean + "($0 - 1.0) ** 2) + " + mean + "$1**2))"});
      g = "0.5 * " + mean + "($0 - 1.0) ** 2)";
    } else if (form == 2) {
      i.called({"hinge_gan", "hinge_adversarial_loss", "hinge_losses"});
      alone = "Hinge loss of a discriminator.";
      both = "Hinge losses of a discriminator and a generator.";
      d = i.either({mean + "jax.nn.relu(1.0 - $0)) + " + mean + "jax.nn.relu(1.0 + $1))",
                    mean + "jnp.maximum(1.0 - $0, 0.0) + jnp.maximum(1.0 + $1, 0.0))"});
      g = "-" + mean + "$0)";
    } else if (form == 3) {
      i.called({"wasserstein_losses", "critic_loss", "wgan_loss"});
      alone = "Loss of a Wasserstein critic.";
      both = "Losses of a Wasserstein critic and its generator.";
      d = mean + "$1) - " + mean + "$0) + " + i.either({"0.001", "0.01"}) + " * " + mean + "$0**2)";
      g = "-" + mean + "$0)";
    } else {
      i.called({"relativistic_gan", "relativistic_losses", "relativistic_average_loss"});
      alone = "How much more real the real ones look than the others.";
      both = "Losses of a critic that compares real with others, and of its generator.";
      const bool averages = i.chance(0.5);
      d = averages ? mean + "jax.nn.softplus(jnp.mean($1) - $0)) + " + mean +
                         "jax.nn.softplus($1 - jnp.mean($0)))"
                   : mean + "jax.nn.softplus($1 - $0))";
      g = averages ? mean + "jax.nn.softplus(jnp.mean($1) - $0)) + " + mean +
                         "jax.nn.softplus($1 - jnp.mean($0)))"
                   : mean + "jax.nn.softplus($1 - $0))";
    }
    i.let({"critic_loss", "d_loss"}, d, {real, fake}, Shape{}, {0.2, 8});
    const bool critic_alone = i.chance(0.35);
    i.summary(critic_alone ? alone : both);
    if (critic_alone) return;
    // The generator's scores come first, what it competes with second.
    i.let({"generator_loss", "g_loss"}, g, form == 4 ? Ids{fake, real} : Ids{fake}, Shape{},
          {-2, 8});
  });
}

// Relaxed draws from categories for given uniform noise (Gumbel-softmax), straight through or not.
Op gumbel_softmax() {
  return idiom("gumbel_softmax", kMath, 0.9, kSmooth, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "alpha"}, 1, 2, {-3, 3});
    const Shape shape = i.shape(logits);
    const ValueId uniform =
        i.argument({"uniform", "u", "noise"}, i.type(logits),
                   tensor::byte_size(i.real()) == 2 ? Interval{0.1, 0.75} : Interval{0.05, 0.95});
    i.called({"gumbel_softmax", "concrete_sample", "relaxed_categorical"});
    const ValueId g =
        i.let({"gumbel", "perturbation"}, "-jnp.log(-jnp.log($0))", {uniform}, shape, {-1.1, 3});
    const std::string t = i.either({"0.5", "1.0", "2.0", "0.7"});
    ValueId soft = i.let({"soft", "relaxed", "sample"},
                         i.either({"jax.nn.softmax(($0 + $1) / " + t + ", axis=-1)",
                                   "jax.nn.softmax(($1 + $0) / " + t + ")"}),
                         {logits, g}, shape, {0, 1});
    const std::int64_t then = i.between(0, 3);
    if (then != 1) i.summary("A relaxed draw from categories, for given noise.");
    switch (then) {
      case 0: {
        i.summary("Straight-through draw: one-hot forwards, relaxed backwards.");
        const ValueId hard =
            i.let({"hard", "one_hot"},
                  i.either({"jax.nn.one_hot(jnp.argmax($0, axis=-1), $0.shape[-1], dtype=$0.dtype)",
                            "($0 == jnp.max($0, axis=-1, keepdims=True)).astype($0.dtype)"}),
                  {soft}, shape, {0, 1});
        const ValueId values =
            i.input({"codebook", "embeddings"}, Shape{shape.back(), i.size()}, {-2, 2});
        const ValueId through =
            i.let({"straight_through", "chosen"},
                  i.either({"$0 + $1 - lax.stop_gradient($1)", "lax.stop_gradient($0 - $1) + $1"}),
                  {hard, soft}, shape, {0, 1});
        Shape out = shape;
        out.back() = i.dim(values, 1);
        i.may_hide(through);
        i.let({"selected", "embedding"}, "$0 @ $1", {through, values}, out, {-2, 2});
        i.keep(soft);
        break;
      }
      case 1: {
        const ValueId values =
            i.input({"codebook", "embeddings"}, Shape{shape.back(), i.size()}, {-2, 2});
        Shape out = shape;
        out.back() = i.dim(values, 1);
        i.summary("Mix a codebook by a relaxed draw from categories.");
        i.let({"mixed", "embedding"}, "$0 @ $1", {soft, values}, out, {-2, 2});
        break;
      }
      case 2: {
        i.summary("A relaxed draw and the entropy of what it was drawn from.");
        const ValueId lp = i.let({"log_probs", "logp"}, "jax.nn.log_softmax($0, axis=-1)", {logits},
                                 shape, {-6, 0});
        Shape rows = shape;
        rows.pop_back();
        i.let({"entropy"}, "-jnp.sum(jnp.exp($0) * $0, axis=-1)", {lp}, rows, {0.2, 2});
        break;
      }
      default:
        break;
    }
  });
}

}  // namespace

std::vector<Op> generative_idioms() {
  return {evidence_bound(), gaussian_divergence(), affine_coupling(),  planar_flow(),
          flow_density(),   gradient_penalty(),    adversarial_loss(), gumbel_softmax()};
}

}  // namespace jaxsmith::plan
