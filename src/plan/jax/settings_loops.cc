// Settings that put a value into a loop with a purpose of its own: recurrences over time, sweeps,
// iterations towards a solution.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

Interval within(const Featured& f, double factor) { return {-factor * f.reach, factor * f.reach}; }

ValueId zeros_of_slice(Idiom& i, const Featured& f, const Words& names) {
  return i.let(names, "jnp.zeros_like($0[0])", {f.id}, f.with(i.without_axis(f.id, 0)),
               within(f, 1));
}

Op discounted_sum() {
  return setting(
      "discounted_sum", kLoop, 10.0, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::string rate = i.setting({"discount", "gamma"}, {"0.9", "0.8", "0.95"});
        const Type slice = f.with(i.without_axis(f.id, 0));
        const Interval room = within(f, 6);
        const bool bootstrap = i.chance(0.4);
        const ValueId after = bootstrap ? i.argument({"final_value", "bootstrap"}, slice, f.range)
                                        : zeros_of_slice(i, f, {"nothing", "end"});
        f.called(i, "discounted_sum", {"discounted_sum", "discounted_to_go"});
        i.summary("Discounted sum of " + f.noun + " from each step on" +
                  (bootstrap ? ", and of a value at the end." : "."));
        i.scan(
            {"add_discounted", "step_back"}, {{{"later", "rest"}, after, room}},
            {{{"now", "current"}, f.id}}, {{"sums", "to_go"}},
            [&](const Ids& p) {
              const ValueId sum =
                  i.let({"total"}, "$1 + " + rate + " * $0", {p[0], p[1]}, slice, room);
              return Ids{sum, sum};
            },
            "reverse=True");
      });
}

// Welford's recurrence.
Op one_pass_moments() {
  return setting(
      "one_pass_moments", kLoop, 0.8, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t n = f.type.shape[0];
        const Type slice = f.with(i.without_axis(f.id, 0));
        const Interval room = within(f, 2), squares{0, 4 * f.reach * f.reach};
        f.called(i, "variance", {"one_pass_variance", "welford_variance"});
        i.summary("Variance of " + f.noun + " over the first axis in one pass.");
        const ValueId number =
            i.let({"numbers", "counts"}, fmt::format("jnp.arange(1, {}, dtype=$0.dtype)", n + 1),
                  {f.id}, f.with({n}), {1, static_cast<double>(n)});
        const ValueId zero = zeros_of_slice(i, f, {"zero", "none"});
        const auto out = i.scan(
            {"update", "add_one"},
            {{{"mean"}, zero, room}, {{"sum_sq", "m2"}, zero, squares, {"sum_sq", "squares"}}},
            {{{"value", "row"}, f.id}, {{"number", "k"}, number}}, {}, [&](const Ids& p) {
              const ValueId gap = i.let({"gap"}, "$0 - $1", {p[2], p[0]}, slice, room);
              const ValueId next =
                  i.let({"mean_next"}, "$0 + $1 / $2", {p[0], gap, p[3]}, slice, room);
              return Ids{next, i.let({"sum_next"}, "$0 + $1 * ($2 - $3)", {p[1], gap, p[2], next},
                                     slice, squares)};
            });
        i.let({"variance"}, fmt::format("$0 / {}", n), {out.final[1]}, slice, squares);
      });
}

Op driven_oscillator() {
  return setting(
      "driven_oscillator", kLoop, 1.0, kSmooth, reals(1, 2), [](Idiom& i, const Featured& f) {
        const std::string stiffness = i.setting({"stiffness", "k"}, {"0.5", "1.0", "2.0"}),
                          damping = i.setting({"damping", "c"}, {"0.2", "0.5", "0.3"}),
                          dt = i.setting({"dt", "time_step"}, {"0.1", "0.2", "0.05"});
        const Type slice = f.with(i.without_axis(f.id, 0));
        const Interval room = within(f, 3);
        const ValueId rest = zeros_of_slice(i, f, {"rest", "still"});
        f.called(i, "response", {"driven_oscillator", "oscillator_response"});
        i.summary("Motion from rest of a damped oscillator driven by " + f.noun + ".");
        i.scan({"advance", "step"}, {{{"position", "x"}, rest, room}, {{"speed", "v"}, rest, room}},
               {{{"force", "drive"}, f.id}}, {{"positions", "motion"}}, [&](const Ids& p) {
                 const ValueId pull =
                     i.let({"acceleration", "acc"},
                           "$2 - " + stiffness + " * $0 - " + damping + " * $1", p, slice, room);
                 const ValueId v =
                     i.let({"speed_next"}, "$0 + " + dt + " * $1", {p[1], pull}, slice, room);
                 const ValueId x =
                     i.let({"position_next"}, "$0 + " + dt + " * $1", {p[0], v}, slice, room);
                 return Ids{x, v, x};
               });
      });
}

Op resonator() {
  return setting("resonator", kLoop, 0.8, kSmooth, reals(1, 2), [](Idiom& i, const Featured& f) {
    const std::string near = i.either({"0.9", "1.2", "0.6"}), far = i.either({"0.5", "0.6"});
    const Type slice = f.with(i.without_axis(f.id, 0));
    const Interval room = within(f, 5);
    const ValueId rest = zeros_of_slice(i, f, {"rest", "silence"});
    f.called(i, "resonance", {"two_pole_filter", "resonator"});
    i.summary("Filter " + f.noun + " by a resonator with two poles.");
    i.scan({"filter_step", "step"}, {{{"last", "y1"}, rest, room}, {{"before", "y2"}, rest, room}},
           {{{"input", "now"}, f.id}}, {{"filtered", "outputs"}}, [&](const Ids& p) {
             const ValueId y =
                 i.let({"y"}, "$2 + " + near + " * $0 - " + far + " * $1", p, slice, room);
             return Ids{y, p[0], y};
           });
  });
}

Op leading_singular_value() {
  return setting(
      "power_iteration_of", kLoop, 1.2, kSmooth, reals(2, 2), [](Idiom& i, const Featured& f) {
        // A few rounds: once the direction has settled, further ones change nothing.
        const std::int64_t columns = f.type.shape[1], rounds = i.between(2, 5);
        if (f.reach > 10 || f.type.dtype == DType::kF16) Idiom::fail();
        const ValueId guess = i.argument({"guess", "v0"}, f.with({columns}), {0.2, 1});
        f.called(i, "largest_gain", {"leading_singular_value", "spectral_norm"});
        i.summary(
            fmt::format("Largest singular value of {} by {} power iterations.", f.noun, rounds));
        const ValueId v = iterated(
            i, rounds, {"iterate", "multiply"}, {{"v"}, guess, {-1, 1}, {"direction", "v"}},
            [&](ValueId at) {
              const ValueId u = i.let({"u"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {f.id, at},
                                      f.with({f.type.shape[0]}), within(f, 3));
              const ValueId w = i.let({"w"}, "$0.T @ $1", {f.id, u}, f.with({columns}),
                                      within(f, 6 * std::max(1.0, f.reach)));
              return i.let({"v_next"}, "$0 / (jnp.linalg.norm($0) + 1e-6)", {w}, f.with({columns}),
                           {-1, 1});
            },
            0.7);
        i.let({"singular_value", "gain"}, "jnp.linalg.norm($0 @ $1)", {f.id, v}, f.with({}),
              {0, 4 * f.reach});
      });
}

Op screened_poisson() {
  return setting(
      "screened_poisson", kLoop, 1.0, kSmooth, reals(1, 2), [](Idiom& i, const Featured& f) {
        const bool plane = f.rank() == 2;
        const std::int64_t sweeps = i.between(4, 12);
        const std::string screen = i.setting({"screening", "decay"}, {"0.5", "1.0", "0.2"});
        const Interval room = within(f, 2);
        const ValueId guess = i.chance(0.5) ? i.argument({"guess", "initial"}, f.type, f.range)
                                            : zero_like(i, {"initial", "flat"}, f.id, within(f, 1));
        f.called(i, "potential", {"jacobi_sweeps", "relax_potential"});
        i.summary(fmt::format("Screened potential with {} as its source, by {} Jacobi sweeps.",
                              f.noun, sweeps));
        iterated(
            i, sweeps, {"sweep", "relax"}, {{"potential", "u"}, guess, room, {"potential", "u"}},
            [&](ValueId u) {
              const ValueId around =
                  i.let({"neighbors"},
                        plane ? "jnp.roll($0, 1, axis=0) + jnp.roll($0, -1, axis=0) + "
                                "jnp.roll($0, 1, axis=1) + jnp.roll($0, -1, axis=1)"
                              : "jnp.roll($0, 1) + jnp.roll($0, -1)",
                        {u}, f.type, within(f, 6));
              return i.let({"u_next", "relaxed"},
                           fmt::format("($0 + $1) / ({} + {})", plane ? "4.0" : "2.0", screen),
                           {around, f.id}, f.type, room);
            },
            0.7);
      });
}

Op equilibrium_layer() {
  return setting(
      "equilibrium_of", kLoop, 4.0, kSmooth, reals(1, 2), [](Idiom& i, const Featured& f) {
        const std::int64_t width = f.type.shape.back(), rounds = i.between(4, 10);
        if (f.reach > 5 || width > 32) Idiom::fail();
        const double reach = 0.8 / static_cast<double>(std::max<std::int64_t>(width, 2));
        const ValueId w =
            i.argument({"feedback", "weights"}, f.with({width, width}), {-reach, reach});
        f.called(i, "equilibrium", {"equilibrium_layer", "settled_activity"});
        i.summary(fmt::format("Activity of a tanh layer with feedback, fed by {}, after {} rounds.",
                              f.noun, rounds));
        const ValueId start = zero_like(i, {"start", "silent"}, f.id, within(f, 1));
        iterated(
            i, rounds, {"settle", "round"},
            {{"activity", "h"}, start, {-1, 1}, {"equilibrium", "activity"}},
            [&](ValueId h) {
              return i.let({"h_next"},
                           i.either({"jnp.tanh($0 @ $1 + $2)", "jnp.tanh($2 + $0 @ $1)"}),
                           {h, w, f.id}, f.type, {-1, 1});
            },
            0.7);
      });
}

}  // namespace

std::vector<Op> loop_settings() {
  return {discounted_sum(),         one_pass_moments(), driven_oscillator(), resonator(),
          leading_singular_value(), screened_poisson(), equilibrium_layer()};
}

}  // namespace jaxsmith::plan
