// What changes over training: rates by a schedule, averages of weights; layers at rest.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// A scalar's rate at a step: warm up, then one of several decays; by a branch or by where; a
// gradient step at that rate by choice.
Op scheduled_rate() {
  return idiom("scheduled_rate", kConditional, 1.1, kSmooth, [](Idiom& i) {
    const ValueId step = i.argument({"step", "count", "t"}, Type{i.real(), {}}, {0, 100});
    if (i.real() == DType::kBF16) return i.fail();
    const std::int64_t warm = i.between(2, 6) * 10;
    const std::string peak = i.either({"0.1", "0.01", "0.5", "1.0"}), w = fmt::format("{}.0", warm);
    const Type scalar{i.real(), {}};
    i.called({"warmup_schedule", "learning_rate_at", "scheduled_rate"});
    const std::string rest = fmt::format("{}.0", 120 - warm);
    const std::int64_t shape = i.between(0, 3);
    const std::string decay =
        shape == 0
            ? "0.5 * " + peak + " * (1.0 + jnp.cos(jnp.pi * ($0 - " + w + ") / " + rest + "))"
        : shape == 1 ? peak + " * jnp.sqrt(" + w + " / jnp.maximum($0, " + w + "))"
        : shape == 2
            ? peak + " * 0.5 ** (($0 - " + w + ") / " + i.either({"20.0", "30.0", "50.0"}) + ")"
            : peak + " * (1.0 - ($0 - " + w + ") / " + rest + ")";
    if (shape == 0) i.called({"warmup_cosine", "cosine_schedule", "learning_rate_at"});
    if (shape == 1) i.called({"inverse_sqrt_schedule", "noam_schedule", "learning_rate_at"});
    const std::string rise = i.either(
        {peak + " * $0 / " + w, peak + " * ($0 + 1.0) / " + w, peak + " * ($0 / " + w + ") ** 2"});
    // One more than the step reaches the peak a step earlier.
    const bool ahead = rise.find("+ 1.0") != std::string::npos;
    const ValueId early =
        i.let({"warming", "early"}, ahead ? "$0 < " + w : i.either({"$0 < " + w, "$0 <= " + w}),
              {step}, flags({}), {0, 1});
    ValueId lr;
    if (i.chance(0.7)) {
      lr = i.cond(
          early, {step}, {{{"t", "s"}, scalar, {0, 100}}}, {"warm_up", "ramp"},
          [&](const Ids& p) { return Ids{i.let({"rate"}, rise, {p[0]}, Shape{}, {0, 1})}; },
          {"decay", "anneal"},
          [&](const Ids& p) { return Ids{i.let({"rate"}, decay, {p[0]}, Shape{}, {0, 1})}; },
          {{{"learning_rate", "lr", "rate"}, scalar, {0, 1}}})[0];
    } else {
      const ValueId up = i.let({"ramp", "warm"}, rise, {step}, Shape{}, {0, 1});
      const ValueId down = i.let({"decayed", "annealed"}, decay, {step}, Shape{}, {0, 1});
      lr = i.let({"learning_rate", "lr"}, "jnp.where($0, $1, $2)", {early, up, down}, Shape{},
                 {0, 1});
    }
    if (i.chance(0.7)) {
      const ValueId params = i.anchor({"params", "weights"}, 1, 2, {-2, 2});
      const ValueId grads = i.input({"grads", "gradient"}, i.shape(params), {-2, 2});
      i.called({"scheduled_step", "step_with_warmup", "apply_schedule"});
      i.summary("A gradient step at the rate of a schedule with warm-up.");
      i.let({"new_params", "updated"}, i.either({"$0 - $1 * $2", "$0 - $2 * $1"}),
            {params, lr, grads}, i.shape(params), {-3, 3});
    } else {
      i.summary(fmt::format("Warm up for {} steps, then decay.", warm));
    }
  });
}

// Rates by the stage that a step lies in: looked up, or one function a stage.
Op staged_rate() {
  return idiom("staged_rate", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t count = i.between(3, 5);
    const ValueId step = i.argument({"step", "epoch", "t"}, Type{i.real(), {}}, {0, 90});
    const ValueId params = i.anchor({"params", "weights", "w"}, 1, 2, {-2, 2});
    const ValueId grads = i.input({"grads", "gradient"}, i.shape(params), {-2, 2});
    const Shape shape = i.shape(params);
    std::string bounds;
    for (std::int64_t k = 1; k < count; ++k)
      bounds += fmt::format("{}{}.0", k > 1 ? ", " : "", k * 100 / count);
    i.called({"staged_step", "piecewise_schedule_step", "step_by_stage"});
    i.summary(fmt::format("A gradient step by the rule of one of {} stages of training.", count));
    const ValueId stage =
        i.let({"stage", "phase"},
              i.either({"jnp.searchsorted(jnp.array([" + bounds + "], $0.dtype), $0)",
                        "jnp.sum($0 >= jnp.array([" + bounds + "], $0.dtype))",
                        "jnp.digitize($0, jnp.array([" + bounds + "], $0.dtype))"}),
              {step}, Type{i.integer(), {}}, {0, static_cast<double>(count - 1)});
    if (i.chance(0.35)) {
      const double base = i.number({0.5, 0.1, 0.3});
      std::string table;
      const double fall = i.number({0.5, 0.3, 0.1});
      double value = base;
      for (std::int64_t k = 0; k < count; ++k, value *= fall)
        table += (k ? ", " : "") + Idiom::text(value);
      const ValueId rate = i.let(
          {"rate", "lr"},
          i.either({"jnp.array([" + table + "], $0.dtype)[$1]",
                    "jnp.take(jnp.array([" + table + "], $0.dtype), $1)",
                    Idiom::text(base) + " * " + Idiom::text(fall) + " ** $1.astype($0.dtype)"}),
          {step, stage}, Shape{}, {0.01, 0.5});
      i.let({"new_params", "updated"}, "$0 - $1 * $2", {params, rate, grads}, shape, {-3, 3});
      return;
    }
    // Stages in the order in which training has them, of which some are left out.
    const double rate = i.number({0.1, 0.2, 0.3});
    const auto step_of = [&](double share) { return Idiom::text(share * rate) + " * $1"; };
    struct Stage {
      Words names;
      std::string rule;
    };
    std::vector<Stage> stages = {
        {{"warm_up", "ramp"}, "$0 - " + step_of(0.1)},
        {{"clipped_step", "explore"},
         i.either({"$0 - " + step_of(1) + " / jnp.maximum(jnp.linalg.norm($1), 1.0)",
                   "$0 - " + Idiom::text(rate) + " * jnp.clip($1, -1.0, 1.0)"})},
        {{"train", "full_step"}, "$0 - " + step_of(1)},
        {{"decay_step", "regularize"}, i.either({"0.99 * $0 - ", "0.999 * $0 - "}) + step_of(0.5)},
        {{"cool_down", "anneal"}, "$0 - " + step_of(0.05)}};
    while (static_cast<std::int64_t>(stages.size()) > count)
      stages.erase(stages.begin() + i.between(0, static_cast<std::int64_t>(stages.size()) - 1));
    std::vector<Idiom::Branch> branches;
    branches.reserve(stages.size());
    for (const Stage& s : stages)
      branches.push_back({s.names, [&](const Ids& p) {
                            return Ids{i.let({"moved"}, s.rule, p, shape, {-3, 3})};
                          }});
    i.switch_(stage, {params, grads},
              {{{"w", "p"}, i.type(params), {-2, 2}}, {{"g"}, i.type(params), {-2, 2}}}, branches,
              {{{"updated", "new_params"}, i.type(params), {-3, 3}}});
  });
}

// Rates that go up and down again: triangles, cosines with restarts, one cycle; for many steps.
Op cyclic_rate() {
  return idiom("cyclic_rate", kMath, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Shape shape{i.size()};
    const ValueId steps = i.argument({"steps", "epochs", "t"}, Type{i.real(), shape}, {0, 60});
    const std::int64_t period = i.between(2, 5) * 2;
    const std::string n = fmt::format("{}.0", period);
    const std::string low = i.either({"0.01", "0.001", "0.0001"}), high = i.either({"0.1", "0.5"});
    const ValueId phase =
        i.let({"phase", "position"},
              i.either({"jnp.mod($0, " + n + ") / " + n,
                        "$0 / " + n + " - jnp.floor($0 / " + n + ")", "($0 % " + n + ") / " + n}),
              {steps}, shape, {0, 1});
    ValueId wave;
    switch (i.between(0, 2)) {
      case 0:
        i.called({"triangular_schedule", "cyclical_schedule", "cyclic_rate"});
        i.summary("Learning rates that rise and fall in straight lines.");
        wave = i.let(
            {"wave", "height"},
            i.either({"1.0 - jnp.abs(2.0 * $0 - 1.0)", "jnp.minimum(2.0 * $0, 2.0 - 2.0 * $0)",
                      "jnp.where($0 < 0.5, 2.0 * $0, 2.0 - 2.0 * $0)"}),
            {phase}, shape, {0, 1});
        break;
      case 1:
        i.called({"cosine_restarts", "sgdr_schedule", "warm_restarts"});
        i.summary("Cosine decay with warm restarts.");
        wave = i.let(
            {"wave", "height"},
            i.either({"0.5 * (1.0 + jnp.cos(jnp.pi * $0))", "jnp.cos(0.5 * jnp.pi * $0) ** 2"}),
            {phase}, shape, {0, 1});
        break;
      default:
        i.called({"one_cycle", "one_cycle_rate", "rate_cycle"});
        i.summary("A quick rise of the learning rate and a slow fall.");
        wave = i.let({"wave", "height"},
                     i.either({"jnp.where($0 < 0.3, $0 / 0.3, (1.0 - $0) / 0.7)",
                               "jnp.interp($0, jnp.array([0.0, 0.3, 1.0], $0.dtype), "
                               "jnp.array([0.0, 1.0, 0.0], $0.dtype))"}),
                     {phase}, shape, {0, 1});
    }
    if (i.chance(0.45)) {
      const std::string fade = i.either({"0.9", "0.8", "0.5"});
      i.comment("Each cycle is lower than the one before.");
      wave = i.let({"faded", "damped"}, "$0 * " + fade + " ** jnp.floor($1 / " + n + ")",
                   {wave, steps}, shape, {0, 1});
    }
    i.let({"rates", "learning_rates"},
          i.either({low + " + (" + high + " - " + low + ") * $0",
                    high + " * $0 + " + low + " * (1.0 - $0)"}),
          {wave}, shape, {0, 1});
  });
}

// Averages of weights over training: exponential with warm-up, or of all so far; along snapshots.
Op weight_average() {
  return idiom("weight_average", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const ValueId snapshots = i.anchor({"snapshots", "checkpoints", "iterates"}, 2, 3, {-2, 2});
    const Shape one = i.without_axis(snapshots, 0);
    const std::int64_t steps = i.dim(snapshots, 0);
    const std::int64_t form = i.between(0, 2);
    if (form == 2 && steps < 5) return i.fail();
    const double keep = form == 2 ? i.number({0.6, 0.7, 0.65}) : i.number({0.9, 0.8, 0.95, 0.5});
    const bool path = i.chance(0.5);
    const std::vector<Words> kept =
        path ? std::vector<Words>{{"averages", "path"}} : std::vector<Words>{};
    i.called({"ema_weights", "average_weights", "exponential_average"});
    if (form == 0) {
      i.summary("Exponential average of weights over training, bias corrected.");
      const ValueId zero =
          i.let({"start", "zeros"}, "jnp.zeros_like($0[0])", {snapshots}, one, {-1, 1});
      const std::string by = forgetting(i, keep, "$0", "$1");
      const auto out =
          i.scan({"track", "step"}, {{{"average", "ema"}, zero, {-2, 2}, {"last", "ema"}}},
                 {{{"weights", "w"}, snapshots}}, kept, [&](const Ids& p) {
                   const ValueId a = i.let({"mixed", "updated"}, by, {p[0], p[1]}, one, {-2, 2});
                   return path ? Ids{a, a} : Ids{a};
                 });
      i.comment("The average began at zero.");
      i.let({"corrected", "unbiased"},
            fmt::format("$0 / (1.0 - {} ** {})", Idiom::text(keep), steps), {out.final[0]}, one,
            {-2, 2});
      return;
    }
    const ValueId start =
        i.let({"start", "first"}, i.either({"$0[0]", "$0[0, ...]"}), {snapshots}, one, {-2, 2});
    if (form == 1) {
      i.called({"polyak_average", "running_mean", "average_iterates"});
      i.summary("Running mean of the weights along training.");
      i.fori(1, steps, {"fold_in", "step"},
             {{{"mean", "average"}, start, {-2, 2}, {"average", "mean_weights"}}},
             [&](const Ids& p) {
               return Ids{i.let(
                   {"mean_next"},
                   i.either({"$1 + ($2[$0] - $1) / ($0 + 1)", "($0 * $1 + $2[$0]) / ($0 + 1)"}),
                   {p[0], p[1], snapshots}, one, {-2, 2})};
             });
      return;
    }
    Shape fewer = i.shape(snapshots);
    fewer[0] -= 1;
    const ValueId rest = i.let({"later", "rest"}, "$0[1:]", {snapshots}, fewer, {-2, 2});
    i.summary("Exponential average of weights, faster in the beginning.");
    const ValueId decays = i.let(
        {"decays", "rates"},
        fmt::format("jnp.minimum({}, (1.0 + jnp.arange(1, $0.shape[0], dtype=$0.dtype)) / {})",
                    Idiom::text(keep),
                    i.either({"(4.0 + jnp.arange(1, $0.shape[0], dtype=$0.dtype))",
                              "(3.0 + jnp.arange(1, $0.shape[0], dtype=$0.dtype))"})),
        {snapshots}, Shape{steps - 1}, {0.2, 0.9});
    const std::string by = i.either({"$1 * $0 + (1.0 - $1) * $2", "$0 + (1.0 - $1) * ($2 - $0)"});
    i.scan({"track", "step"}, {{{"average", "ema"}, start, {-2, 2}, {"averaged", "ema"}}},
           {{{"decay", "keep"}, decays}, {{"weights", "w"}, rest}}, kept, [&](const Ids& p) {
             const ValueId a = i.let({"mixed", "updated"}, by, {p[0], p[1], p[2]}, one, {-2, 2});
             return path ? Ids{a, a} : Ids{a};
           });
  });
}

// A layer defined by where it comes to rest: iterated until it moves no more.
Op fixed_point() {
  return idiom("equilibrium_state", kLoop, 1.1, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "inputs", "drive"}, 1, 2, {-2, 2});
    const std::int64_t width = i.dim(x, -1);
    const ValueId w = i.input({"kernel", "w", "weights"}, Shape{width, width}, {-1, 1});
    const Shape shape = i.shape(x);
    i.comment("A contraction: the kernel is scaled below a norm of one.");
    const std::string top = i.either({"0.8", "0.9", "0.7", "0.5"});
    const ValueId tame = i.let({"contraction", "scaled"},
                               i.either({top + " * $0 / jnp.linalg.norm($0)",
                                         "$0 * (" + top + " / jnp.sqrt(jnp.sum($0**2)))"}),
                               {w}, Shape{width, width}, {-0.5, 0.5});
    const std::string squash = i.either({"jnp.tanh", "jax.nn.relu", "jnp.sin", "jnp.arctan"});
    const std::string layer = squash + i.either({"($0 @ $1 + $2)", "(jnp.dot($0, $1) + $2)"});
    const double mix = i.number({1, 1, 0.5, 0.7});
    const auto next = [&](ValueId z) {
      const ValueId out = i.let({"z_next", "response"}, layer, {z, tame, x}, shape, {-2, 2});
      return mix == 1
                 ? out
                 : i.let({"damped", "z_mixed"},
                         fmt::format("{} * $0 + {} * $1", Idiom::text(1 - mix), Idiom::text(mix)),
                         {z, out}, shape, {-2, 2});
    };
    const ValueId start = i.let({"start", "z0"}, "jnp.zeros_like($0)", {x}, shape, {-2, 2});
    const std::string tolerance = i.either({"1e-4", "1e-3", "1e-5"});
    const std::int64_t most = i.random().pick(std::vector<std::int64_t>{50, 100, 30});
    const ValueId z = until_settled(
        i, {tolerance, most, 1}, {{{"z", "state"}, start, {-2, 2}, {"rest", "equilibrium"}}},
        {"relax", "iterate"}, [&](const Ids& p) {
          const ValueId z1 = next(p[0]);
          return Ids{z1, i.let({"moved"},
                               i.either({"jnp.max(jnp.abs($0 - $1))", "jnp.linalg.norm($0 - $1)"}),
                               {z1, p[0]}, Shape{}, {0, 1})};
        })[0];
    if (!i.chance(0.4)) {
      i.called({"equilibrium_layer", "fixed_point", "deep_equilibrium"});
      i.summary("State at which a layer comes to rest.");
      i.summary("Iterate a layer until its state stops moving.");
    } else {
      i.called({"equilibrium_energy", "energy_at_rest", "deep_equilibrium"});
      i.summary("Energy of the state at which a layer comes to rest.");
      i.comment("One more application at rest.");
      const ValueId last = i.let({"attached", "response"}, layer, {z, tame, x}, shape, {-2, 2});
      i.let({"pooled", "energy"}, i.either({"jnp.mean($0**2)", "0.5 * jnp.sum($0**2)"}), {last},
            Shape{}, {0, 3});
    }
  });
}

}  // namespace

std::vector<Op> schedule_idioms() {
  return {scheduled_rate(), staged_rate(), cyclic_rate(), weight_average(), fixed_point()};
}

}  // namespace jaxsmith::plan
